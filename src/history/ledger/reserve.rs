//! Space held back, so that what must not be lost can be written on a disk that something else has filled.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::history::room::Room;

/// Thousands of changes with their messages.
const BYTES: usize = 16 << 20;

/// It is held exactly while the room is not for incidents alone.
pub(super) struct Reserve {
    path: PathBuf,
    room: Room,
}

impl Reserve {
    /// Takes the space if there is some; on a small or full disk there is no reserve, which is no reason not to start.
    pub(super) fn make(directory: &Path, room: Room) -> Self {
        let reserve = Self { path: directory.join("forerunner.reserve"), room };
        let there = fs::metadata(&reserve.path).is_ok_and(|file| file.len() == BYTES as u64);
        reserve.room.keep_for_incidents(!there && reserve.fill().is_err());
        reserve
    }

    /// Gives the space back. Whether there was any.
    pub(super) fn give_up(&self) -> bool {
        let held = !self.room.is_for_incidents();
        // First, so that nobody else of us takes what is given.
        self.room.keep_for_incidents(true);
        held && fs::remove_file(&self.path).is_ok()
    }

    /// Takes the space again after it was needed, once writing has worked.
    pub(super) fn restore(&self) {
        if self.room.is_for_incidents() {
            self.room.keep_for_incidents(self.fill().is_err());
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
