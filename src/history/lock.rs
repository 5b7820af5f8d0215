//! Keeps a second daemon away from the same directory: two writers would each believe to know what the file holds.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

/// Held until dropped, or until the process ends in whatever way: the operating system gives it back.
pub struct DirectoryLock(#[expect(dead_code, reason = "held, not used")] File);

#[derive(Debug)]
pub enum LockError {
    /// The process that holds it, if it said so.
    Held(Option<u32>),
    Io(io::Error),
}

impl DirectoryLock {
    /// Takes the lock of a directory, `history.lock` in it.
    ///
    /// # Errors
    /// Another process holds it, or the file cannot be made.
    pub fn take(directory: &Path) -> Result<Self, LockError> {
        let path = directory.join("history.lock");
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(LockError::Io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let said = file.take(20).read_to_string(&mut holder).ok();
                return Err(LockError::Held(said.and_then(|_| holder.trim().parse().ok())));
            }
            Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
        }
        // Only for people; a full disk must not keep us from starting.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}
