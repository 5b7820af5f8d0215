//! Which journeys a `test` runs, and bound to what: the configuration, or the flags.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::binding;
use crate::base::diagnostic::{Diagnostic, nearest};
use crate::cli::arguments::Test;
use crate::cli::diagnostics::Checked;
use crate::config;
use crate::journey::binding::secret::SecretText;
use crate::journey::load;
use crate::journey::resolved::Journey;

/// What runs.
pub(super) struct Chosen {
    pub(super) journeys: Vec<Arc<Journey>>,
    /// As the configuration has it.
    pub(super) vantage: Option<String>,
    pub(super) contact: Option<String>,
}

/// Why nothing runs.
pub(super) enum Refused {
    Usage(String),
    Invalid(Vec<Diagnostic>, Checked),
}

pub(super) fn choose(arguments: &Test) -> Result<Chosen, Refused> {
    match &arguments.config {
        Some(path) => configured(arguments, path),
        None => flagged(arguments),
    }
}

/// The entries of the configuration whose journeys stand in the named files.
fn configured(arguments: &Test, path: &Path) -> Result<Chosen, Refused> {
    let flags = [
        ("--set", arguments.inputs.is_empty()),
        ("--secret", arguments.secrets.is_empty()),
        ("--host", arguments.hosts.is_empty()),
        ("--allow", arguments.allow.is_empty()),
    ];
    if let Some((flag, _)) = flags.into_iter().find(|(_, unused)| !unused) {
        return Err(Refused::Usage(format!("`{flag}` does not go with `--config`, which says all that")));
    }
    let configuration = config::load(path);
    refuse_errors(&configuration.diagnostics, configuration.files + 1, configuration.documents)?;
    let named: Vec<PathBuf> = arguments.files.iter().map(|file| real(file)).collect();
    let runs = configuration.runs.iter().filter(|run| {
        let file = real(Path::new(&run.file));
        named.iter().any(|named| file.starts_with(named))
    });
    let journeys: Vec<_> = runs.map(|run| Arc::clone(&run.journey)).collect();
    if journeys.is_empty() {
        let files: Vec<_> = arguments.files.iter().map(|file| format!("`{}`", file.display())).collect();
        return Err(Refused::Usage(format!("`{}` runs no journey of {}", path.display(), files.join(", "))));
    }
    Ok(Chosen { journeys: only(arguments, journeys)?, vantage: configuration.vantage, contact: configuration.contact })
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Every journey in the named files, bound by flags.
fn flagged(arguments: &Test) -> Result<Chosen, Refused> {
    if let Some(given) = arguments.secrets.iter().find(|given| SecretText::parse(&given.source).is_none()) {
        // What was given may be the secret itself, so it is not repeated.
        let name = &given.name;
        return Err(Refused::Usage(format!(
            "`--secret {name}=…` does not say where the secret is held; write `--secret {name}=env:NAME` or \
             `--secret {name}=file:PATH`, never the value itself"
        )));
    }
    let mut report = load::load(&arguments.files);
    let checked = Checked { files: report.files, journeys: report.documents };
    if report.documents == 0 && !report.diagnostics.iter().any(Diagnostic::is_error) {
        report.diagnostics.extend(arguments.files.iter().map(|path| load::nothing_found(path)));
    }
    refuse_errors(&report.diagnostics, checked.files, checked.journeys)?;
    let mut loaded = report.journeys;
    if !arguments.only.is_empty() {
        let known: Vec<_> = loaded.iter().map(|loaded| loaded.definition.id().to_owned()).collect();
        check_only(arguments, &known)?;
        loaded.retain(|loaded| arguments.only.iter().any(|id| id == loaded.definition.id()));
    }
    let journeys =
        binding::bind_all(arguments, &loaded).map_err(|diagnostics| Refused::Invalid(diagnostics, checked))?;
    Ok(Chosen { journeys, vantage: None, contact: None })
}

fn refuse_errors(diagnostics: &[Diagnostic], files: usize, journeys: usize) -> Result<(), Refused> {
    if diagnostics.iter().any(Diagnostic::is_error) {
        let errors = diagnostics.iter().filter(|problem| problem.is_error()).cloned().collect();
        return Err(Refused::Invalid(errors, Checked { files, journeys }));
    }
    Ok(())
}

fn only(arguments: &Test, journeys: Vec<Arc<Journey>>) -> Result<Vec<Arc<Journey>>, Refused> {
    if arguments.only.is_empty() {
        return Ok(journeys);
    }
    // A run name picks one variant, the id of a journey all of them.
    let known: Vec<_> = journeys.iter().flat_map(|journey| [journey.name.clone(), journey.id.clone()]).collect();
    check_only(arguments, &known)?;
    let picked = |journey: &Journey| arguments.only.iter().any(|id| *id == journey.name || *id == journey.id);
    Ok(journeys.into_iter().filter(|journey| picked(journey)).collect())
}

fn check_only(arguments: &Test, known: &[String]) -> Result<(), Refused> {
    for id in &arguments.only {
        if !known.contains(id) {
            let hint = nearest(id, known.iter().map(String::as_str)).map(|meant| format!("; did you mean `{meant}`?"));
            let message = format!("`--only {id}`: there is no such journey{}", hint.unwrap_or_default());
            return Err(Refused::Usage(message));
        }
    }
    Ok(())
}
