//! Space held back, so that what must not be lost can be written on a disk that something else has filled.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Thousands of changes with their messages.
const BYTES: usize = 16 << 20;

pub(super) struct Reserve {
    path: PathBuf,
    held: bool,
}

impl Reserve {
    /// Takes the space if there is some; on a small or full disk there is no reserve, which is no reason not to start.
    pub(super) fn make(directory: &Path) -> Self {
        let mut reserve = Self { path: directory.join("forerunner.reserve"), held: false };
        reserve.held =
            fs::metadata(&reserve.path).is_ok_and(|file| file.len() == BYTES as u64) || reserve.fill().is_ok();
        reserve
    }

    /// Gives the space back. Whether there was any.
    pub(super) fn give_up(&mut self) -> bool {
        std::mem::take(&mut self.held) && fs::remove_file(&self.path).is_ok()
    }

    /// Takes the space again after it was needed, once writing has worked.
    pub(super) fn restore(&mut self) {
        if !self.held {
            self.held = self.fill().is_ok();
        }
    }

    /// Written, not only claimed: a file of holes holds no space.
    fn fill(&self) -> io::Result<()> {
        let written = File::create(&self.path).and_then(|mut file| {
            let block = vec![0; 1 << 16];
            (0..BYTES / block.len()).try_for_each(|_| file.write_all(&block))
        });
        if written.is_err() {
            // Half a reserve would keep others from the little that is left.
            let _ = fs::remove_file(&self.path);
        }
        written
    }
}
