//! A system file held in memory and read again when it changes, so that look-ups do not read files.

use std::fs::Metadata;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A file and what was made of it.
pub struct Watched<T> {
    path: PathBuf,
    parse: fn(&str) -> T,
    held: Mutex<Option<(Stamp, Arc<T>)>>,
}

/// What changes when a file does.
type Stamp = (Option<SystemTime>, u64);

impl<T> Watched<T> {
    pub fn new(path: impl Into<PathBuf>, parse: fn(&str) -> T) -> Self {
        Self { path: path.into(), parse, held: Mutex::new(None) }
    }

    /// The file as it is now. A `stat` of a local file takes about a microsecond and is made in
    /// place; reading is left to the blocking threads.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn get(&self) -> io::Result<Arc<T>> {
        let stamp = stamp(&std::fs::metadata(&self.path)?);
        if let Some((_, held)) = self.held().as_ref().filter(|(seen, _)| *seen == stamp) {
            return Ok(Arc::clone(held));
        }
        let bytes = tokio::fs::read(&self.path).await?;
        let parsed = Arc::new((self.parse)(&String::from_utf8_lossy(&bytes)));
        *self.held() = Some((stamp, Arc::clone(&parsed)));
        Ok(parsed)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<(Stamp, Arc<T>)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(metadata: &Metadata) -> Stamp {
    (metadata.modified().ok(), metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_changed_file_is_read_again_and_an_unchanged_one_is_not() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "one").expect("written");
        let watched = Watched::new(file.path(), str::to_owned);
        let first = watched.get().await.expect("readable");
        assert_eq!(*first, "one");
        assert!(Arc::ptr_eq(&first, &watched.get().await.expect("readable")));
        std::fs::write(file.path(), "another").expect("written");
        assert_eq!(*watched.get().await.expect("readable"), "another");
    }

    #[tokio::test]
    async fn a_missing_file_is_an_error_each_time() {
        let watched = Watched::new("/nowhere/at/all", str::to_owned);
        let error = watched.get().await.expect_err("no such file");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
