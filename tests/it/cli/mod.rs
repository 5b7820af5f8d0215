//! Runs the real program against peers on loopback and looks at what it prints, what it sends and how it ends.

mod alert;
mod catch;
mod check;
mod demo;
mod health;
mod interrupt;
mod new;
mod options;
mod outputs;
mod refusals;
mod well_formed;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tempfile::TempDir;
use tokio::process::Command;

/// A directory with files, in which the program runs.
pub struct Desk {
    directory: TempDir,
    environment: Vec<(String, String)>,
}

/// How a command ended, and what it printed.
#[derive(Debug)]
pub struct Ran {
    /// None if it was ended by a signal.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Desk {
    #[must_use]
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), environment: Vec::new() }
    }

    /// With one more file.
    #[must_use]
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it stands in a directory")).expect("made");
        std::fs::write(path, text).expect("written");
        self
    }

    /// With one more variable in the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    #[must_use]
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a text")
    }

    /// The program with the words of a command line, which hold no blanks themselves.
    #[must_use]
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_forerunner"));
        command.args(line.split_whitespace()).current_dir(self.directory.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG"] {
            command.env_remove(variable);
        }
        command.envs(self.environment.iter().cloned());
        command
    }

    pub async fn run(&self, line: &str) -> Ran {
        Ran::of(self.command(line).output().await.expect("it starts"))
    }
}

impl Ran {
    #[must_use]
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It ended with this code; if not, what it said is shown.
    #[track_caller]
    pub fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        assert!(self.out.contains(text), "`{text}` is not in standard output:\n{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn complains(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "`{text}` is not in standard error:\n{}\n{}", self.err, self.out);
        self
    }

    #[track_caller]
    pub fn says_nowhere(&self, text: &str) -> &Self {
        assert!(!self.out.contains(text) && !self.err.contains(text), "`{text}` is in\n{}\n{}", self.out, self.err);
        self
    }
}

/// A journey of one host called `site`, with these steps.
#[must_use]
pub fn journey(id: &str, site: SocketAddr, steps: &str) -> String {
    needing(id, site, "", steps)
}

/// Likewise, with more under `needs`.
#[must_use]
pub fn needing(id: &str, site: SocketAddr, needs: &str, steps: &str) -> String {
    format!("forerunner: 1\njourney: {id}\nneeds:\n  hosts: {{ site: \"http://{site}\" }}\n{needs}steps:\n{steps}")
}

/// Runs `forerunner test` against loopback.
#[must_use]
pub fn test(rest: &str) -> String {
    format!("test --allow private-addresses {rest}")
}

#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
