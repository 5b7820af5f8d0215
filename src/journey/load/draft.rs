//! A part in the making: what the compilers of steps, bodies and conditions share and leave their findings in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::digest::Manifest;
use super::file::JourneyFile;
use super::library::{Folder, Library, Located};
use super::package::{BYTES_MAX, FILES_MAX, FileProblem, PackageFile, too_many_bytes, too_many_files};
use super::uses::{Trouble, UsedPart};
use super::{limits, rules};
use crate::base::diagnostic::{Diagnostic, Rule};
use crate::base::secret::HostIndex;
use crate::base::span::{Span, Spanned};
use crate::journey::definition::Definition;
use crate::journey::resolved::Limits;
use crate::model::run::Place;

/// Longest line that a place quotes, in characters: a file may be one line of 1 MiB.
const PLACE_TEXT_MAX: usize = 400;

/// What is made for one journey: shared by its own part and by those of the journeys it uses.
pub(super) struct Compiler<'l> {
    pub(super) library: &'l Library,
    pub(super) folder: Arc<Folder>,
    /// Names of the hosts of the journey that runs: the positions are what all parts refer to.
    pub(super) hosts: Vec<String>,
    pub(super) manifest: Manifest,
    /// Of the files of the package, together.
    pub(super) bytes: u64,
    pub(super) used: HashMap<(PathBuf, usize), UsedPart>,
    /// The journeys that are being compiled: the journey itself, what it uses, and so on.
    pub(super) stack: Vec<Located>,
}

/// One definition on its way to a part.
pub(super) struct Draft<'c, 'l> {
    pub(super) shared: &'c mut Compiler<'l>,
    pub(super) file: Arc<JourneyFile>,
    pub(super) definition: Arc<Definition>,
    pub(super) limits: Limits,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Files that bodies send.
    pub(super) files: BTreeMap<String, Bytes>,
    /// Names that some step keeps.
    pub(super) kept: HashSet<String>,
    pub(super) used: BTreeMap<String, Arc<Definition>>,
    /// How many journeys deep its uses go; 0 without any.
    pub(super) height: usize,
    /// What is wrong with the graph of uses below it.
    pub(super) trouble: Option<Trouble>,
}

impl<'c, 'l> Draft<'c, 'l> {
    pub(super) fn new(shared: &'c mut Compiler<'l>, file: &Arc<JourneyFile>, definition: &Arc<Definition>) -> Self {
        let kept = definition.all_steps().flat_map(|step| &step.keep.0).map(|keep| keep.name.value.clone()).collect();
        Self {
            shared,
            file: Arc::clone(file),
            definition: Arc::clone(definition),
            limits: limits::asked(definition.form.limits.as_ref()),
            diagnostics: Vec::new(),
            files: BTreeMap::new(),
            kept,
            used: BTreeMap::new(),
            height: 0,
            trouble: None,
        }
    }

    /// Notes a problem; the answer is the note, to add to.
    pub(super) fn report(&mut self, rule: &'static Rule, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let index = self.diagnostics.len();
        self.diagnostics.push(Diagnostic::new(rule, &self.definition.source, span, message));
        &mut self.diagnostics[index]
    }

    pub(super) fn report_file(&mut self, rule: &'static Rule, span: Span, problem: FileProblem) {
        self.report(rule, span, problem.message).help = problem.help;
    }

    pub(super) fn place(&self, span: Span) -> Place {
        let source = &self.definition.source;
        let position = source.position(span.start);
        Place {
            file: source.name.clone(),
            line: position.line,
            column: position.column,
            text: source.line(position.line).chars().take(PLACE_TEXT_MAX).collect(),
        }
    }

    /// The position of a host in the journey that runs. That a name is none of a declared host is said by the checks.
    pub(super) fn host(&self, name: &str) -> Option<HostIndex> {
        let position = self.shared.hosts.iter().position(|known| known == name)?;
        u8::try_from(position).ok().map(HostIndex)
    }

    /// A file of the package, counted among those of the journey. Trouble is reported where the file is named.
    pub(super) fn package_file(&mut self, path: &Spanned<String>) -> Option<PackageFile> {
        let read = self.shared.folder.package.file(&path.value).and_then(|file| {
            self.shared.count(&path.value, &file)?;
            Ok(file)
        });
        read.map_err(|problem| self.report_file(&rules::PACKAGE_FILE, path.span, problem)).ok()
    }
}

impl Compiler<'_> {
    /// Lists a file in the manifest of the journey.
    ///
    /// # Errors
    /// The journey uses too many files, or too large ones.
    pub(super) fn count(&mut self, path: &str, file: &PackageFile) -> Result<(), FileProblem> {
        if self.manifest.add(path, &file.sha256) {
            self.bytes += file.bytes.len() as u64;
        }
        if self.manifest.len() > FILES_MAX {
            return Err(too_many_files());
        }
        if self.bytes > BYTES_MAX {
            return Err(too_many_bytes());
        }
        Ok(())
    }
}
