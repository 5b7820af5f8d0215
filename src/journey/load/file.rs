//! One file with journeys: read, parsed, and every document turned into a definition as far as it goes.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dropped::Dropped;
use super::kind::{FileKind, kind_of, looks_like_journey};
use super::walk::{Candidate, shown, unreadable};
use super::{Configs, digest, rules};
use crate::base::diagnostic::{Diagnostic, Related};
use crate::base::shape::{Reader, Shape as _};
use crate::base::span::{Source, Span};
use crate::base::yaml::rules::NODES;
use crate::base::yaml::{FILE_BYTES_MAX, Node, Tree, parse};
use crate::journey::definition::{Definition, JourneyForm, LANGUAGE_VERSION, values};

/// A file as it was read, once.
pub(super) struct JourneyFile {
    pub(super) path: PathBuf,
    /// Lower-case hexadecimal, of the bytes that were parsed.
    pub(super) sha256: String,
    pub(super) documents: Vec<Document>,
    /// Of the text and of single values; what needs other files is found when the journeys are compiled.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// It holds no journey but a configuration, which is read elsewhere.
    pub(super) is_config: bool,
}

/// The text of a file, and the digest of its bytes.
pub(super) struct FileText {
    pub(super) text: String,
    sha256: String,
}

/// A file that cannot be read as text.
pub(super) struct Unread {
    pub(super) problem: Diagnostic,
    /// Whether what could be seen of it looks like a journey.
    journey: bool,
}

pub(super) struct Document {
    /// None: too little could be read to go on with.
    pub(super) definition: Option<Arc<Definition>>,
    /// Something in it is wrong already: what it lacks because of that.
    pub(super) dropped: Option<Dropped>,
}

impl Document {
    pub(super) fn has_errors(&self) -> bool {
        self.definition.is_none() || self.dropped.is_some()
    }
}

impl JourneyFile {
    /// The directory that paths in its journeys are relative to.
    pub(super) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The journey with this id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.documents
            .iter()
            .position(|document| document.definition.as_ref().is_some_and(|definition| definition.id() == id))
    }
}

/// Reads a file as text.
pub(super) fn text(path: &Path) -> Result<FileText, Unread> {
    let empty = || Source::new(shown(path), "");
    let bytes = bounded_bytes(path).map_err(|error| Unread { problem: unreadable(path, &error), journey: true })?;
    if bytes.len() > FILE_BYTES_MAX {
        let rule = &crate::base::yaml::rules::FILE_SIZE;
        let problem = Diagnostic::new(rule, &empty(), Span::default(), "the file is larger than 1 MiB");
        return Err(Unread {
            problem: problem.help("split it into several files"),
            journey: looks_like_journey(&bytes),
        });
    }
    let sha256 = digest::sha256(&bytes);
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let message = format!("the file is not UTF-8: the byte at offset {offset} belongs to no character");
        let problem = Diagnostic::new(&rules::UNREADABLE, &empty(), Span::default(), message).help("save it as UTF-8");
        Unread { problem, journey: looks_like_journey(error.as_bytes()) }
    })?;
    Ok(FileText { text, sha256 })
}

/// Reads a file. None: it holds no journey, and need not.
pub(super) fn read(candidate: &Candidate, configs: Configs) -> Option<JourneyFile> {
    let path = &candidate.path;
    let file = |sha256: String, diagnostics: Vec<Diagnostic>| JourneyFile {
        path: path.clone(),
        sha256,
        documents: Vec::new(),
        diagnostics,
        is_config: false,
    };
    let FileText { text, sha256 } = match text(path) {
        Ok(text) => text,
        Err(Unread { problem, journey }) => {
            return (candidate.named || journey).then(|| file(String::new(), vec![problem]));
        }
    };
    // Most files beside journeys are told without being parsed.
    let may_be_config = configs == Configs::Listed && text.contains("runs");
    if !candidate.named && !may_be_config && !text.contains("forerunner") {
        return None;
    }
    let source = Source::new(shown(path), text);
    let parsed = parse(&source);
    let has = |wanted| parsed.documents.iter().any(|document| kind_of(document) == wanted);
    if !has(FileKind::Journey) {
        if configs == Configs::Listed && (has(FileKind::Config) || is_long_config(&source, &parsed.diagnostics)) {
            return Some(JourneyFile { is_config: true, ..file(sha256, Vec::new()) });
        }
        let broken = !parsed.diagnostics.is_empty() && looks_like_journey(source.text.as_bytes());
        if !candidate.named && !broken {
            return None;
        }
        let mut diagnostics = parsed.diagnostics;
        if !diagnostics.iter().any(Diagnostic::is_error) {
            diagnostics.push(no_journey(&source, &parsed.documents));
        }
        return Some(file(sha256, diagnostics));
    }
    let mut file = file(sha256, parsed.diagnostics);
    let mut ids: HashMap<String, Span> = HashMap::new();
    for node in &parsed.documents {
        let mut reader = Reader::new(Arc::clone(&source));
        let form = read_form(node, &mut reader);
        if let Some(form) = &form {
            let id = &form.journey;
            if let Some(first) = ids.get(&id.value).copied() {
                let message = format!("journey `{}` is already in this file", id.value);
                let problem = reader.report(&rules::DUPLICATE_ID, id.span, message);
                problem.help = Some("journeys of a file are told apart by their ids: give it another".to_owned());
                problem.related.push(Related { span: first, note: "the first is here".to_owned() });
            } else {
                ids.insert(id.value.clone(), id.span);
            }
        }
        let text_is_wrong =
            file.diagnostics.iter().any(|problem| problem.is_error() && covers(node.span, problem.span));
        let is_wrong = text_is_wrong || reader.diagnostics.iter().any(Diagnostic::is_error);
        let dropped = form.as_ref().filter(|_| is_wrong).map(|form| Dropped::of(node, form));
        let definition = form.map(|form| Arc::new(Definition { source: Arc::clone(&source), form }));
        file.documents.push(Document { definition, dropped });
        file.diagnostics.append(&mut reader.diagnostics);
    }
    Some(file)
}

/// A configuration with more entries than a stranger's file may have; it is read elsewhere, by bounds of its own.
fn is_long_config(source: &Source, problems: &[Diagnostic]) -> bool {
    let begins = |key: &str| source.text.lines().any(|line| line.starts_with(key));
    problems.iter().any(|problem| problem.rule.id == NODES.id) && begins("runs:") && !begins("forerunner:")
}

fn covers(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.start <= outer.end
}

/// One byte more than may be, so that too large is told without reading all of it.
fn bounded_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(FILE_BYTES_MAX) + 1);
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn no_journey(source: &Arc<Source>, documents: &[Node]) -> Diagnostic {
    let config = documents.iter().any(|document| kind_of(document) == FileKind::Config);
    let span = documents.first().map(|document| document.span.within(0, source.line(1).len())).unwrap_or_default();
    let help = if config {
        "it has `runs`, so it is a configuration: name the files of the journeys themselves"
    } else {
        "a journey starts with `forerunner: 1`"
    };
    Diagnostic::new(&rules::NO_JOURNEY, source, span, "there is no journey in this file").help(help)
}

/// Reads one document, unless it is written in another version of the language.
fn read_form(node: &Node, reader: &mut Reader) -> Option<JourneyForm> {
    let version = match &node.tree {
        Tree::Map(entries) => entries.iter().find(|entry| entry.key.value == "forerunner").map(|entry| &entry.value),
        _ => None,
    };
    if let Some(Node { span, tree: Tree::Number(number) }) = version
        && number.as_u64() != Some(LANGUAGE_VERSION)
    {
        let newer = number.as_f64().is_some_and(|number| number > 1.0);
        let (message, help) = if newer {
            let message = format!(
                "it needs a newer forerunner: it is written in version {number} of the language, this one reads {LANGUAGE_VERSION}"
            );
            (message, "install a newer forerunner".to_owned())
        } else {
            (format!("there is no version {number} of the language"), format!("write `forerunner: {LANGUAGE_VERSION}`"))
        };
        reader.report(&rules::LANGUAGE_VERSION, *span, message).help = Some(help);
        return None;
    }
    let form = JourneyForm::read(node, reader)?;
    values::check(&form, reader);
    Some(form)
}
