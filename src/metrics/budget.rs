//! The hard limit on series: what a definition set needs is checked at load, what failures add is admitted here.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::IntCounter;

pub struct Budget {
    limit: u64,
    used: AtomicU64,
    dropped: IntCounter,
}

impl Budget {
    #[must_use]
    pub fn new(limit: u64, dropped: IntCounter) -> Self {
        Self { limit, used: AtomicU64::new(0), dropped }
    }

    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub fn set_used(&self, series: u64) {
        self.used.store(series, Ordering::Relaxed);
    }

    /// Takes one series from the budget; none left is counted as a drop.
    pub fn admit(&self) -> bool {
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| (used < self.limit).then_some(used + 1));
        if taken.is_err() {
            self.dropped.inc();
        }
        taken.is_ok()
    }
}
