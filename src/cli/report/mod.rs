//! Runs, for people and for the machines that people use: one rendering per file of this folder.

pub mod json;
pub mod junit;
pub mod repeat;
pub mod tap;
pub mod tree;

mod bars;
mod failing;
mod trace;
mod verdict;

use std::io;
use std::time::Duration;

use clap::ValueEnum;

use crate::model::run::Run;

/// What goes to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// A tree of steps with their phases
    #[default]
    Human,
    /// One JSON document with all evidence
    Json,
    /// JUnit XML
    Junit,
    /// TAP, read by harnesses of versions 13 and 14
    Tap,
}

/// What goes to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Junit,
    Tap,
    Json,
    Har,
}

/// What else the human form shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Every exchange whole.
    pub trace: bool,
    /// Every journey ran several times: runs that passed take one line, and the spread of each step follows.
    pub repeated: bool,
    /// What runs may do was said by flags, so that a refusal names the flag.
    pub by_flags: bool,
}

/// Writes all runs to standard output's form. `elapsed` is the time of the whole command.
///
/// # Errors
/// Those of `out`.
pub fn write(
    format: RunFormat,
    runs: &[Run],
    elapsed: Duration,
    shown: Shown,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        RunFormat::Human => {
            for run in runs {
                tree::write(run, shown, out)?;
            }
            if shown.repeated {
                repeat::write(runs, out)?;
            }
            tree::write_summary(runs, elapsed, out)
        }
        RunFormat::Json => json::write(runs, out),
        RunFormat::Junit => junit::write(runs, elapsed, out),
        RunFormat::Tap => tap::write(runs, out),
    }
}

/// Writes all runs in the form of a report file.
///
/// # Errors
/// Those of `out`.
pub fn write_report(format: ReportFormat, runs: &[Run], elapsed: Duration, out: &mut dyn io::Write) -> io::Result<()> {
    match format {
        ReportFormat::Junit => junit::write(runs, elapsed, out),
        ReportFormat::Tap => tap::write(runs, out),
        ReportFormat::Json => json::write(runs, out),
        ReportFormat::Har => {
            serde_json::to_writer_pretty(&mut *out, &crate::har::log(runs))?;
            writeln!(out)
        }
    }
}

#[cfg(test)]
mod tests;
