//! Finds the files that paths stand for: themselves, or the YAML files below a directory, always in the same order.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::rules;
use crate::base::diagnostic::Diagnostic;
use crate::base::span::{Source, Span};

/// Files found below all directories together; more are a mistaken path, such as `/`.
const FILES_MAX: usize = 100_000;

/// A file to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// Named by a person, so it must hold a journey; one met in a directory may be something else.
    pub(super) named: bool,
}

#[derive(Default)]
pub(super) struct Found {
    pub(super) files: Vec<Candidate>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Looks up the paths in their order; what is below a directory is sorted by name. A file that is met twice counts once.
pub(super) fn find(paths: &[PathBuf]) -> Found {
    let mut walk = Walk { found: Found::default(), seen: HashSet::new(), full: false };
    for path in paths {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => walk.directory(path),
            Ok(_) => walk.file(path, true),
            Err(error) => walk.trouble(path, &error),
        }
    }
    walk.found
}

/// A path as people read it: without a leading `./`.
pub(super) fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// Names of the YAML files directly in a directory, sorted. Links to files count, hidden files do not.
pub(super) fn yaml_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(entries(directory)?.into_iter().filter(|entry| entry.is_yaml).map(|entry| entry.path).collect())
}

/// Answers are the same as those of the operating system, but for the path of the present directory.
pub(super) fn or_here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}

struct Walk {
    found: Found,
    /// Parent directories by their real path, and names: a directory is looked up once, not once a file.
    seen: HashSet<(PathBuf, PathBuf)>,
    full: bool,
}

struct Entry {
    path: PathBuf,
    is_directory: bool,
    is_yaml: bool,
}

impl Walk {
    fn trouble(&mut self, path: &Path, error: &io::Error) {
        self.found.diagnostics.push(unreadable(path, error));
    }

    fn file(&mut self, path: &Path, named: bool) {
        let parent = or_here(path.parent().unwrap_or(Path::new("")));
        let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_path_buf());
        self.keep(&parent, path, named);
    }

    fn keep(&mut self, real_parent: &Path, path: &Path, named: bool) {
        let name = path.file_name().map(PathBuf::from).unwrap_or_default();
        if self.seen.insert((real_parent.to_path_buf(), name)) {
            self.found.files.push(Candidate { path: path.to_path_buf(), named });
        } else if named && let Some(earlier) = self.found.files.iter_mut().find(|earlier| earlier.path == path) {
            earlier.named = true;
        }
    }

    /// Depth first without recursion: the depth of a tree of directories is not ours to trust.
    fn directory(&mut self, root: &Path) {
        let mut waiting = vec![root.to_path_buf()];
        while let Some(directory) = waiting.pop() {
            if self.full {
                return;
            }
            let found = match entries(&directory) {
                Ok(found) => found,
                Err(error) => {
                    self.trouble(&directory, &error);
                    continue;
                }
            };
            let real = directory.canonicalize().unwrap_or_else(|_| directory.clone());
            for entry in found.iter().filter(|entry| entry.is_yaml) {
                if self.found.files.len() >= FILES_MAX {
                    self.full = true;
                    let source = Source::new(shown(root), "");
                    let message = format!("there are more than {FILES_MAX} YAML files below this directory");
                    self.found.diagnostics.push(
                        Diagnostic::new(&rules::FILE_COUNT, &source, Span::default(), message)
                            .help("name the directory that holds the journeys"),
                    );
                    return;
                }
                self.keep(&real, &entry.path, false);
            }
            waiting.extend(found.into_iter().rev().filter(|entry| entry.is_directory).map(|entry| entry.path));
        }
    }
}

/// The visible entries of a directory, sorted by name. Links to directories are left out, so that a walk ends.
fn entries(directory: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(or_here(directory))? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let path = directory.join(&name);
        let kind = entry.file_type()?;
        let is_file = kind.is_file() || (kind.is_symlink() && fs::metadata(&path).is_ok_and(|real| real.is_file()));
        let is_yaml = is_file && path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        found.push(Entry { path, is_directory: kind.is_dir(), is_yaml });
    }
    found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// The answer to a path that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let what = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => format!("it cannot be read: {error}"),
    };
    let source = Source::new(shown(path), "");
    Diagnostic::new(&rules::UNREADABLE, &source, Span::default(), what).help("check the path and its permissions")
}
