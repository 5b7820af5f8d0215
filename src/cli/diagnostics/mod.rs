//! Problems of files, for people and for the machines that people use: one rendering per file of this folder.

pub mod github;
pub mod human;
pub mod json;
pub mod sarif;

mod excerpt;

use std::cmp::Ordering;
use std::io;

use clap::ValueEnum;

use crate::base::diagnostic::Diagnostic;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiagnosticFormat {
    /// Messages with the source line and a caret
    #[default]
    Human,
    /// One JSON document
    Json,
    /// Workflow commands that become annotations of a pull request
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    pub files: usize,
    pub journeys: usize,
}

/// Writes the problems in order of file and place, each once, whatever order they were found in.
///
/// # Errors
/// Those of `out`.
pub fn write(
    format: DiagnosticFormat,
    diagnostics: &[Diagnostic],
    checked: Checked,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let diagnostics = in_order(diagnostics);
    match format {
        DiagnosticFormat::Human => human::write(&diagnostics, checked, out),
        DiagnosticFormat::Json => json::write(&diagnostics, checked, out),
        DiagnosticFormat::Github => github::write(&diagnostics, out),
        DiagnosticFormat::Sarif => sarif::write(&diagnostics, out),
    }
}

/// By file, place, severity and rule; what says the same about the same place stays once.
fn in_order(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by(|a, b| compare(a, b));
    sorted.dedup_by(|a, b| compare(a, b) == Ordering::Equal);
    sorted
}

fn compare(a: &Diagnostic, b: &Diagnostic) -> Ordering {
    let place = |it: &Diagnostic| (it.span.start, it.span.end, it.rule.severity, it.rule.id);
    a.source.name.cmp(&b.source.name).then_with(|| place(a).cmp(&place(b))).then_with(|| a.message.cmp(&b.message))
}

/// `1 error`, `2 errors`.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
