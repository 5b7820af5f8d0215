//! What is held back while no relay can be talked to: one attempt at a time, so that a dead relay is not stormed.

use std::time::Duration;

use tokio::time::Instant;

use super::backoff::back_off;

/// A message that was never tried does not wait for longer than this, the shortest back-off: it may be the one that finds
/// the relay back.
const FRESH_AFTER: Duration = Duration::from_secs(24);

/// Closed after an attempt that reached no relay, until one has.
#[derive(Default)]
pub(super) struct Gate(Option<Closed>);

struct Closed {
    failed: u32,
    until: Instant,
    fresh_until: Instant,
}

impl Gate {
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_some()
    }

    /// When a message may be tried, which was tried before or not.
    pub(super) fn opens_at(&self, fresh: bool) -> Option<Instant> {
        self.0.as_ref().map(|closed| if fresh { closed.fresh_until } else { closed.until })
    }

    /// Nobody could be talked to. True if that is news.
    pub(super) fn close(&mut self, now: Instant, wait: Duration, seed: u64) -> bool {
        let failed = self.0.as_ref().map_or(0, |closed| closed.failed).saturating_add(1);
        let until = now + back_off(failed, seed).max(wait);
        self.0 = Some(Closed { failed, until, fresh_until: until.min(now + FRESH_AFTER.max(wait)) });
        failed == 1
    }

    /// A relay was talked to. True if that is news.
    pub(super) fn open(&mut self) -> bool {
        self.0.take().is_some()
    }
}
