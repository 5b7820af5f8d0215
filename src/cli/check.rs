//! `forerunner check`: every problem of every file, in one go.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

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
    // A file may be found both in a directory and by a configuration.
    let mut counted: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let mut count = |files: &[(PathBuf, usize)]| {
        for (path, journeys) in files {
            counted.insert(path.canonicalize().unwrap_or_else(|_| path.clone()), *journeys);
        }
    };
    count(&report.counted);
    for path in &report.configs {
        let configuration = config::load(path);
        count(&[(path.clone(), 0)]);
        count(&configuration.counted);
        report.diagnostics.extend(configuration.diagnostics);
    }
    load::sort(&mut report.diagnostics);
    let checked = Checked { files: counted.len(), journeys: counted.values().sum() };
    if checked.files == 0 && report.diagnostics.is_empty() {
        report.diagnostics.extend(arguments.files.iter().map(|path| load::nothing_found(path)));
    }
    // A reader that has seen enough does not make a broken definition whole.
    paint::quietly(diagnostics::write(arguments.format, &report.diagnostics, checked, out))?;
    let exit = if report.diagnostics.iter().any(Diagnostic::is_error) { Exit::Invalid } else { Exit::Ok };
    // The program ends here; giving thousands of journeys back piece by piece would take a tenth of its time.
    std::mem::forget(report);
    Ok(exit)
}
