//! How long what is kept, and how much of it there may be.

use std::time::Duration;

use crate::base::time::Timestamp;

/// The `storage` key of the configuration, without its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Ceiling of the file and its write-ahead log, bytes. The oldest runs that passed go first.
    pub size: u64,
    /// Runs that passed or were degraded.
    pub runs: Duration,
    /// Runs that failed or were indeterminate, with their evidence.
    pub failures: Duration,
    pub hourly: Duration,
    pub daily: Duration,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for Retention {
    fn default() -> Self {
        Self { size: 4 << 30, runs: DAY * 14, failures: DAY * 90, hourly: DAY * 90, daily: DAY * 1830 }
    }
}

/// Counts by five minutes serve only to restore the judgement of the last six hours; twice that, so that a night's
/// stop loses nothing.
pub(super) const FIVE_MINUTES_KEPT: Duration = Duration::from_hours(12);

/// What the write-ahead log may take beside the file.
const LOG_BYTES_MAX: u64 = 16 << 20;

pub(super) const PAGE_BYTES: u64 = 4096;

impl Retention {
    /// Bytes of the ceiling that are for the write-ahead log: an eighth of a small one.
    pub(super) fn log_bytes_max(&self) -> u64 {
        LOG_BYTES_MAX.min(self.size / 8)
    }

    /// Pages that the file itself may have.
    pub(super) fn pages_max(&self) -> u64 {
        (self.size - self.log_bytes_max()) / PAGE_BYTES
    }

    /// Pages in use above which old runs are removed; the rest is room for what comes in between two looks.
    pub(super) fn pages_wanted(&self) -> u64 {
        self.pages_max() * 95 / 100
    }
}

/// Since when a kind is kept, as Unix milliseconds; never before the epoch.
pub(super) fn kept_since(now: Timestamp, kept: Duration) -> u64 {
    u64::try_from(now.minus(kept).unix_millis()).unwrap_or_default()
}
