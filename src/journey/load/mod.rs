//! From files that people wrote to journeys ready to be bound: everything is read, checked and compiled once.

mod checks;
mod digest;
mod draft;
mod dropped;
mod file;
pub mod hosts;
mod http;
mod ids;
mod inputs;
mod kept;
mod kind;
mod library;
mod limits;
mod package;
mod parallel;
mod part;
pub mod rules;
mod schemas;
mod step;
#[cfg(test)]
mod tests;
mod uses;
mod vars;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use self::library::{Library, Located};
use super::definition::Definition;
use super::resolved::{Limits, Part};
use crate::base::diagnostic::Diagnostic;
use crate::base::span::{Source, Span};
use crate::expectation::filter::regex::remembering;
use crate::expectation::schema::Schema;
use crate::model::authority::DeclaredHost;
use crate::model::run::Digest;
pub use kind::{FileKind, kind_of};

/// A journey without errors.
pub struct Loaded {
    pub definition: Arc<Definition>,
    /// `sha256:` of the manifest: the journey's own file and every file of the package it uses.
    pub digest: Digest,
    /// The directory that paths in it are relative to; empty for the present one.
    pub directory: PathBuf,
    /// `needs.hosts`, in order: the position is the `HostIndex`.
    pub hosts: Vec<DeclaredHost>,
    /// `needs.inputs`, in order.
    pub inputs: Vec<Input>,
    pub part: Arc<Part>,
    /// What it asks for, defaults filled in.
    pub limits: Limits,
}

/// A declared input, ready to judge what a binding gives.
pub struct Input {
    pub name: String,
    pub schema: Schema,
    /// None: a value must be given.
    pub default: Option<Json>,
}

/// What came of a set of files.
#[derive(Default)]
pub struct Report {
    /// Journeys without errors, in the order of files and documents.
    pub journeys: Vec<Arc<Loaded>>,
    /// Of all files, sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// Journey files read, and journeys found in them, bad ones included.
    pub files: usize,
    pub documents: usize,
    /// The files, each with the number of journeys in it.
    pub counted: Vec<(PathBuf, usize)>,
    /// Configuration files among them, left for whoever reads those; see [`survey`].
    pub configs: Vec<PathBuf>,
}

/// Loads journey files; directories are walked for `*.yaml` and `*.yml` that hold journeys (a `forerunner:` key).
///
/// A file that is named itself must hold a journey. Hidden files and directories below a named one are passed over,
/// links to directories are not followed.
#[must_use]
pub fn load(paths: &[PathBuf]) -> Report {
    report(paths, Configs::Refused)
}

/// The same, for files of both kinds: a configuration is no mistake, and its path stands in the report.
#[must_use]
pub fn survey(paths: &[PathBuf]) -> Report {
    report(paths, Configs::Listed)
}

/// What a configuration among the files is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Configs {
    /// A mistake, where the file was named.
    Refused,
    /// Somebody else's to read.
    Listed,
}

fn report(paths: &[PathBuf], configs: Configs) -> Report {
    let found = walk::find(paths);
    let read = parallel::map(&found.files, |candidate| remembering(|| file::read(candidate, configs)));
    let (configs, files): (Vec<_>, Vec<_>) = read.into_iter().flatten().partition(|file| file.is_config);
    let files: Vec<_> = files.into_iter().map(Arc::new).collect();
    let library = Library::new(&files);
    let journeys: Vec<_> = files
        .iter()
        .flat_map(|file| (0..file.documents.len()).map(|index| Located { file: Arc::clone(file), index }))
        .collect();
    let compiled = parallel::map(&journeys, |journey| remembering(|| part::compile(&library, journey)));
    let mut report = Report {
        files: files.len(),
        documents: journeys.len(),
        counted: files.iter().map(|file| (file.path.clone(), file.documents.len())).collect(),
        diagnostics: found.diagnostics,
        journeys: Vec::new(),
        configs: configs.into_iter().map(|file| file.path).collect(),
    };
    report.diagnostics.extend(files.iter().flat_map(|file| file.diagnostics.iter().cloned()));
    for (loaded, diagnostics) in compiled {
        report.diagnostics.extend(diagnostics);
        report.journeys.extend(loaded.map(Arc::new));
    }
    sort(&mut report.diagnostics);
    report
}

/// By file and place, each once.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|one, other| {
        let key = |problem: &Diagnostic| (problem.span, problem.rule.id);
        one.source.name.cmp(&other.source.name).then_with(|| key(one).cmp(&key(other)))
    });
    diagnostics.dedup();
}

/// Reads one file as text to be parsed.
///
/// # Errors
/// It cannot be read, is too large or is not UTF-8: the problem, ready to be shown.
pub fn read_source(path: &Path) -> Result<Arc<Source>, Box<Diagnostic>> {
    file::text(path).map(|text| Source::new(walk::shown(path), text.text)).map_err(|unread| Box::new(unread.problem))
}

/// The answer to a path below which there is nothing to read.
#[must_use]
pub fn nothing_found(path: &Path) -> Diagnostic {
    let source = Source::new(walk::shown(path), "");
    Diagnostic::new(&rules::NO_JOURNEY, &source, Span::default(), "there is no journey and no configuration here")
        .help("name a file that starts with `forerunner: 1`, or a directory of such files")
}
