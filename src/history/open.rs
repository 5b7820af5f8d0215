//! Opening the store: refuse what would do harm, set aside what is broken, and start in any other case.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connection::{Database, Found, open_for_writing};
use super::lock::{DirectoryLock, LockError};
use crate::base::time::Timestamp;

/// Broken files that are kept; older ones are removed, so that a disk that breaks files does not fill as well.
const SET_ASIDE_MAX: usize = 2;

/// Why the daemon must not start with this directory.
#[derive(Debug)]
pub enum OpenError {
    /// The directory cannot be made or written.
    Directory { path: PathBuf, source: io::Error },
    /// Another daemon uses it.
    Locked { path: PathBuf, by: Option<u32> },
    /// A newer program wrote it; its file is left alone.
    Newer { path: PathBuf, found: i64, known: i64 },
    /// The file is not broken, yet cannot be used: rights, the disk.
    Unusable { path: PathBuf, source: rusqlite::Error },
    /// The file is broken and cannot be moved away.
    NotSetAside { path: PathBuf, source: io::Error },
    /// The thread that writes cannot be started.
    Thread(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory { path, source } => {
                write!(f, "the storage directory `{}` cannot be written: {source}", path.display())
            }
            Self::Locked { path, by: Some(process) } => {
                write!(
                    f,
                    "the storage directory `{}` is in use by another forerunner, process {process}",
                    path.display()
                )
            }
            Self::Locked { path, by: None } => {
                write!(f, "the storage directory `{}` is in use by another forerunner", path.display())
            }
            Self::Newer { path, found, known } => write!(
                f,
                "`{}` was written by a newer forerunner: its schema is version {found}, this program knows up to {known}",
                path.display()
            ),
            Self::Unusable { path, source } => write!(f, "`{}` cannot be used: {source}", path.display()),
            Self::NotSetAside { path, source } => {
                write!(f, "`{}` is damaged and cannot be moved away: {source}", path.display())
            }
            Self::Thread(source) => write!(f, "the thread that writes cannot be started: {source}"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Directory { source, .. } | Self::NotSetAside { source, .. } | Self::Thread(source) => Some(source),
            Self::Unusable { source, .. } => Some(source),
            Self::Locked { .. } | Self::Newer { .. } => None,
        }
    }
}

impl OpenError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Directory { .. } => "give its owner the right to write there, or set `storage.path`",
            Self::Locked { .. } => "stop the other one, or give this one a `storage.path` of its own",
            Self::Newer { .. } => "run the newer program, or move the file away to begin a new one",
            Self::Unusable { .. } => "check the rights of the file and the space on its disk",
            Self::NotSetAside { .. } => "move it away by hand",
            Self::Thread(_) => "check the limit of threads and memory of this process",
        }
    }
}

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Where a broken file was moved, and why; history begins anew. To be said loudly.
    pub set_aside: Option<SetAside>,
    /// Counts that the last process left behind and that are now in the roll-ups, rows.
    pub recovered: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// What the file held, in words.
    pub noun: &'static str,
    pub path: PathBuf,
    pub reason: String,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the {} was damaged ({}) and moved to `{}`; a new one begins",
            self.noun,
            self.reason,
            self.path.display()
        )
    }
}

/// Makes the directory if it is missing and takes its lock.
pub(super) fn lock(directory: &Path) -> Result<DirectoryLock, OpenError> {
    let at = |source| OpenError::Directory { path: directory.to_owned(), source };
    fs::create_dir_all(directory).map_err(at)?;
    DirectoryLock::take(directory).map_err(|error| match error {
        LockError::Held(by) => OpenError::Locked { path: directory.to_owned(), by },
        LockError::Io(source) => at(source),
    })
}

/// The database of a locked directory; a damaged one is moved away first.
pub(super) fn open_file(
    database: &Database,
    directory: &Path,
    now: Timestamp,
) -> Result<(Connection, Option<SetAside>), OpenError> {
    let path = database.path(directory);
    let unusable = |source| OpenError::Unusable { path: path.clone(), source };
    let reason = match open_for_writing(database, &path).map_err(unusable)? {
        Found::Usable(file) => return Ok((file, None)),
        Found::Newer(found) => return Err(OpenError::Newer { path, found, known: database.version() }),
        Found::Damaged(reason) => reason,
    };
    let aside =
        set_aside(database, directory, now).map_err(|source| OpenError::NotSetAside { path: path.clone(), source })?;
    match open_for_writing(database, &path).map_err(unusable)? {
        Found::Usable(file) => Ok((file, Some(SetAside { noun: database.noun, path: aside, reason }))),
        Found::Newer(found) => Err(OpenError::Newer { path, found, known: database.version() }),
        Found::Damaged(reason) => {
            Err(OpenError::NotSetAside { path, source: io::Error::new(io::ErrorKind::InvalidData, reason) })
        }
    }
}

/// Moves the database and its log away, to `history.db.corrupt-20261122T080000Z`.
pub(super) fn set_aside(database: &Database, directory: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let stamp = now.rfc3339_seconds().replace(['-', ':'], "");
    let mut aside = directory.join(format!("{}{ASIDE}{stamp}", database.name));
    let mut number = 2;
    while aside.exists() {
        aside = directory.join(format!("{}{ASIDE}{stamp}-{number}", database.name));
        number += 1;
    }
    fs::rename(database.path(directory), &aside)?;
    // Without its log the file is what it was a while ago, which is better than nothing.
    for suffix in ["-wal", "-shm"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        match fs::rename(with(&database.path(directory)), with(&aside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    remove_old(database, directory)?;
    Ok(aside)
}

const ASIDE: &str = ".corrupt-";

fn remove_old(database: &Database, directory: &Path) -> io::Result<()> {
    let prefix = format!("{}{ASIDE}", database.name);
    let mut names: Vec<String> = fs::read_dir(directory)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(&prefix) && !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort_unstable();
    names.truncate(names.len().saturating_sub(SET_ASIDE_MAX));
    for name in names {
        for suffix in ["", "-wal", "-shm"] {
            match fs::remove_file(directory.join(format!("{name}{suffix}"))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
