//! What runs right now, on one line of a terminal that is rewritten; nothing where nobody watches.

use std::io::{self, IsTerminal, Write};

use crate::base::printable::printable_within;

/// Narrow terminals would wrap a longer line, and then it could not be rewritten.
const COLUMNS: usize = 79;

pub struct Progress<W: Write> {
    out: W,
    watched: bool,
    runs_done: usize,
    runs: usize,
    shown: bool,
}

impl Progress<io::Stderr> {
    /// For this many runs, on standard error.
    #[must_use]
    pub fn stderr(runs: usize) -> Self {
        let steerable = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        Self::new(io::stderr(), io::stderr().is_terminal() && steerable, runs)
    }
}

impl<W: Write> Progress<W> {
    pub fn new(out: W, watched: bool, runs: usize) -> Self {
        Self { out, watched, runs_done: 0, runs, shown: false }
    }

    /// A step of a run starts.
    pub fn step(&mut self, run: &str, step: &str) {
        let count = format!("{}/{}", self.runs_done, self.runs);
        let line = printable_within(&format!("{count} {run}: {step}"), COLUMNS);
        self.rewrite(&line);
    }

    /// A run ended.
    pub fn run_done(&mut self) {
        self.runs_done += 1;
    }

    /// Takes the line away, before anything else is printed to the terminal.
    pub fn clear(&mut self) {
        if self.shown {
            self.rewrite("");
            self.shown = false;
        }
    }

    /// Progress that cannot be written is not worth a word.
    fn rewrite(&mut self, line: &str) {
        if self.watched {
            let _ = write!(self.out, "\r\u{1b}[2K{line}").and_then(|()| self.out.flush());
            self.shown = true;
        }
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(watched: bool) -> String {
        let mut out = Vec::new();
        let mut progress = Progress::new(&mut out, watched, 2);
        progress.clear();
        progress.step("home", "open-home");
        progress.run_done();
        progress.step("home", "evil\u{1b}[2J\n");
        progress.clear();
        drop(progress);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn one_line_is_rewritten_and_taken_away() {
        let start = "\r\u{1b}[2K";
        assert_eq!(output(true), format!("{start}0/2 home: open-home{start}1/2 home: evil\\u{{1b}}[2J\\n{start}"));
    }

    #[test]
    fn without_a_terminal_nothing_is_printed() {
        assert_eq!(output(false), "");
    }
}
