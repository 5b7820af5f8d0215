//! What people write, and what loading says about it or makes of it.

mod compiled;
mod example;
mod files;
mod many;
mod mistakes;
mod uses;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::{Loaded, Report, load};
use crate::base::diagnostic::Diagnostic;

/// What every journey begins with that is about something else.
const HEAD: &str = "forerunner: 1\njourney: a\nneeds: { hosts: { site: https://www.example.org } }\n";

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    directory
}

/// Loads the first of the files, which is named.
fn load_first(files: &[(&str, &str)]) -> (TempDir, Report) {
    let directory = directory(files);
    let report = load(&[directory.path().join(files[0].0)]);
    (directory, report)
}

/// `rule line:column message` of an error, and the same of a warning behind `warning`.
fn line(problem: &Diagnostic) -> String {
    let severity = if problem.is_error() { "" } else { "warning " };
    format!("{severity}{} {} {}", problem.rule.id, problem.position(), problem.message)
}

/// Everything that is said about a text.
fn said(report: &Report) -> Vec<String> {
    report.diagnostics.iter().map(line).collect()
}

/// Loads files and compares the errors that are found; `DIR` stands for their directory.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let (directory, report) = load_first(files);
    let shown = directory.path().display().to_string();
    let errors: Vec<_> = report.diagnostics.iter().filter(|problem| problem.is_error()).map(line).collect();
    let errors: Vec<_> = errors.iter().map(|error| error.replace(&shown, "DIR")).collect();
    assert_eq!(errors, expected, "{}", files[0].1);
    for problem in report.diagnostics.iter().filter(|problem| problem.is_error()) {
        assert!(!problem.message.ends_with('.'), "{}", problem.message);
    }
}

/// The one journey of a text that is in order.
fn loaded(text: &str) -> Arc<Loaded> {
    let (_directory, report) = load_first(&[("a.yaml", text)]);
    assert_eq!(report.journeys.len(), 1, "{:?}", said(&report));
    Arc::clone(&report.journeys[0])
}

fn journey_path(directory: &TempDir, name: &str) -> std::path::PathBuf {
    Path::new(directory.path()).join(name)
}
