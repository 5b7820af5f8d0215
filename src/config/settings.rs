//! The settings of a daemon alone, for those who ask it something: the journeys are not read, however many there are.

use std::path::Path;
use std::sync::Arc;

use super::daemon::DaemonSettings;
use super::form::ConfigForm;
use crate::base::diagnostic::Diagnostic;
use crate::base::shape::{Reader, Shape as _};
use crate::base::yaml;
use crate::journey::load::read_source;

/// Reads the file, and nothing that it names.
///
/// # Errors
/// Why the file says nothing, or the first thing in it that cannot be used.
pub fn settings(path: &Path) -> Result<DaemonSettings, String> {
    let told = |problem: &Diagnostic| format!("{}:{}: {}", problem.source.name, problem.position(), problem.message);
    let source = read_source(path).map_err(|problem| told(&problem))?;
    let parsed = yaml::parse_own(&source);
    let mut reader = Reader::new(Arc::clone(&source));
    reader.diagnostics = parsed.diagnostics;
    let directory = path.parent().unwrap_or_else(|| Path::new(""));
    let form = match parsed.documents.as_slice() {
        [document] => ConfigForm::read(document, &mut reader),
        _ => None,
    };
    let settings = form.map(|form| DaemonSettings::of(&form, directory, &mut reader));
    match (settings, reader.diagnostics.iter().find(|problem| problem.is_error())) {
        (_, Some(problem)) => Err(told(problem)),
        (Some(settings), None) => Ok(settings),
        (None, None) => Err(format!("`{}` is not a configuration", source.name)),
    }
}
