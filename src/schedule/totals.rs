//! The books of the scheduler: every planned start is accounted for.

use crate::model::run::Outcome;
use crate::model::skip::SkipReason;

/// Counts since the start of the daemon. At any time `planned = started + skipped + waiting`, and
/// `started = finished + in flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub planned: u64,
    pub started: u64,
    /// In the order of the outcomes.
    finished: [u64; 4],
    /// In the order of [`SkipReason::ALL`].
    skipped: [u64; 7],
}

impl Totals {
    #[must_use]
    pub fn finished(&self, outcome: Outcome) -> u64 {
        self.finished[outcome as usize]
    }

    #[must_use]
    pub fn finished_all(&self) -> u64 {
        self.finished.iter().sum()
    }

    #[must_use]
    pub fn skipped(&self, reason: SkipReason) -> u64 {
        self.skipped[reason as usize]
    }

    #[must_use]
    pub fn skipped_all(&self) -> u64 {
        self.skipped.iter().sum()
    }

    pub(super) fn finish(&mut self, outcome: Outcome) {
        self.finished[outcome as usize] += 1;
    }

    pub(super) fn skip(&mut self, reason: SkipReason, count: u64) {
        self.skipped[reason as usize] += count;
    }
}
