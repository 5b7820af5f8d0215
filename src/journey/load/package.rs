//! The directory of a journey: the only place it may read from, and what has been read of it.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;

use super::digest;
use super::schemas::PackageSchema;
use super::walk::or_here;

/// Files of one journey.
pub(super) const FILES_MAX: usize = 200;
/// Bytes of all files of one journey together.
pub(super) const BYTES_MAX: u64 = 20 << 20;

/// A directory with journeys and what they refer to; shared by all its journeys, so that each file is read once.
pub(super) struct Package {
    pub(super) directory: PathBuf,
    real: OnceLock<Option<PathBuf>>,
    files: Mutex<HashMap<String, Result<PackageFile, FileProblem>>>,
    pub(super) schemas: Mutex<HashMap<String, Result<PackageSchema, FileProblem>>>,
}

#[derive(Clone)]
pub(super) struct PackageFile {
    pub(super) bytes: Bytes,
    pub(super) sha256: Arc<str>,
}

/// Why a file cannot be used; completes the place where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileProblem {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl FileProblem {
    pub(super) fn new(message: impl Into<String>, help: &str) -> Self {
        Self { message: message.into(), help: Some(help.to_owned()) }
    }
}

impl Package {
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_path_buf(),
            real: OnceLock::new(),
            files: Mutex::default(),
            schemas: Mutex::default(),
        }
    }

    /// The file at a path of the package, read at its first use.
    pub(super) fn file(&self, path: &str) -> Result<PackageFile, FileProblem> {
        let known = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        known.unwrap_or_else(|| {
            let read = self.read(path);
            self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), read.clone());
            read
        })
    }

    fn read(&self, path: &str) -> Result<PackageFile, FileProblem> {
        well_formed(path)?;
        let failed = |error: &io::Error| match error.kind() {
            io::ErrorKind::NotFound => FileProblem {
                message: format!("there is no file `{path}`"),
                help: Some(format!("paths are relative to the directory of the journey, `{}`", self.shown())),
            },
            _ => FileProblem::new(format!("file `{path}` cannot be read: {error}"), "check its permissions"),
        };
        let real = self.directory.join(path).canonicalize().map_err(|error| failed(&error))?;
        let root = self.real.get_or_init(|| or_here(&self.directory).canonicalize().ok());
        if !root.as_ref().is_some_and(|root| real.starts_with(root)) {
            return Err(FileProblem::new(
                format!("file `{path}` leads out of the directory of the journey"),
                "copy the file into the directory: links may not leave it",
            ));
        }
        let metadata = fs::metadata(&real).map_err(|error| failed(&error))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a directory" } else { "not a regular file" };
            return Err(FileProblem::new(format!("`{path}` is {what}"), "name a regular file"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(BYTES_MAX)).unwrap_or(0) + 1);
        let file = fs::File::open(&real).map_err(|error| failed(&error))?;
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(too_many_bytes());
        }
        Ok(PackageFile { sha256: digest::sha256(&bytes).into(), bytes: bytes.into() })
    }

    fn shown(&self) -> String {
        or_here(&self.directory).display().to_string()
    }
}

pub(super) fn too_many_bytes() -> FileProblem {
    FileProblem::new("the files of this journey have more than 20 MiB together", "send smaller files")
}

pub(super) fn too_many_files() -> FileProblem {
    FileProblem::new(format!("the journey uses more than {FILES_MAX} files"), "split the journey")
}

/// Paths that mean the same on every machine and cannot climb.
fn well_formed(path: &str) -> Result<(), FileProblem> {
    let bad = |what: &str, help: &str| Err(FileProblem::new(format!("path `{path}` {what}"), help));
    if path.is_empty() {
        return bad("is empty", "name a file, for example `fixtures/order.json`");
    }
    if path.contains("${") {
        return bad("holds a template", "paths are fixed, so that a reviewer sees every file");
    }
    if let Some(stranger) = path.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))) {
        return bad(&format!("holds `{stranger}`"), "paths are made of `A-Z a-z 0-9 . _ - /`");
    }
    if path.starts_with('/') {
        return bad("is absolute", "paths are relative to the directory of the journey");
    }
    if path.split('/').any(|part| part == "..") {
        return bad("climbs with `..`", "a journey reads nothing outside its own directory");
    }
    if path.split('/').any(|part| part.is_empty() || part == ".") {
        return bad("has an empty part", "write it without `./` and `//`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_climb_or_differ_between_machines_are_refused() {
        for (path, problem) in [
            ("a.json", None),
            ("fixtures/A-b_c.1/x", None),
            ("", Some("path `` is empty")),
            ("/etc/passwd", Some("path `/etc/passwd` is absolute")),
            ("a/../../b", Some("path `a/../../b` climbs with `..`")),
            ("./a", Some("path `./a` has an empty part")),
            ("a//b", Some("path `a//b` has an empty part")),
            ("a b", Some("path `a b` holds ` `")),
            ("a\\b", Some("path `a\\b` holds `\\`")),
            ("${x}", Some("path `${x}` holds a template")),
        ] {
            assert_eq!(well_formed(path).err().map(|problem| problem.message).as_deref(), problem, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_may_not_leave_and_only_regular_files_are_read() {
        let outside = tempfile::tempdir().expect("directory");
        let inside = tempfile::tempdir().expect("directory");
        fs::write(outside.path().join("secret"), "x").expect("written");
        fs::write(inside.path().join("own"), "y").expect("written");
        fs::create_dir(inside.path().join("folder")).expect("made");
        for (from, to) in [
            (outside.path().join("secret"), "file-out"),
            (outside.path().to_path_buf(), "folder-out"),
            (inside.path().join("own"), "file-in"),
        ] {
            std::os::unix::fs::symlink(from, inside.path().join(to)).expect("linked");
        }
        let package = Package::new(inside.path());
        for (path, read) in [
            ("own", Ok("y")),
            ("file-in", Ok("y")),
            ("file-out", Err("file `file-out` leads out of the directory of the journey")),
            ("folder-out/secret", Err("file `folder-out/secret` leads out of the directory of the journey")),
            ("folder", Err("`folder` is a directory")),
            ("nothing", Err("there is no file `nothing`")),
        ] {
            let found = package.file(path);
            let found = found.as_ref().map(|file| &file.bytes[..]).map_err(|problem| problem.message.as_str());
            assert_eq!(found, read.map(str::as_bytes), "{path}");
        }
    }
}
