//! Whose the room on the disk is: incidents come first, and while theirs is not held back, runs are not written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared by the two that write into one directory.
#[derive(Clone, Default)]
pub(super) struct Room {
    for_incidents: Arc<AtomicBool>,
}

impl Room {
    /// Whether what is left is for incidents alone.
    pub(super) fn is_for_incidents(&self) -> bool {
        self.for_incidents.load(Ordering::Acquire)
    }

    pub(super) fn keep_for_incidents(&self, alone: bool) {
        self.for_incidents.store(alone, Ordering::Release);
    }
}
