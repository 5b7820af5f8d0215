//! `forerunner check`: every problem of every file, in one go.

use std::io::Write;

use super::arguments::Check;
use super::diagnostics::{self, Checked};
use super::exit::Exit;
use super::paint;
use crate::base::diagnostic::Diagnostic;
use crate::config;
use crate::journey::load;

/// # Errors
/// The answer cannot be written.
pub fn run(arguments: &Check, out: &mut dyn Write) -> std::io::Result<Exit> {
    let mut report = load::survey(&arguments.files);
    let mut checked = Checked { files: report.files, journeys: report.documents };
    for path in &report.configs {
        let configuration = config::load(path);
        checked.files += 1 + configuration.files;
        checked.journeys += configuration.documents;
        report.diagnostics.extend(configuration.diagnostics);
    }
    if checked.files == 0 && report.diagnostics.is_empty() {
        report.diagnostics.extend(arguments.files.iter().map(|path| load::nothing_found(path)));
    }
    // A reader that has seen enough does not make a broken definition whole.
    paint::quietly(diagnostics::write(arguments.format, &report.diagnostics, checked, out))?;
    Ok(if report.diagnostics.iter().any(Diagnostic::is_error) { Exit::Invalid } else { Exit::Ok })
}
