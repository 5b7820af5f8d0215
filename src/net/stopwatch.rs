//! Marks the ends of phases on the monotonic clock, so that phases are contiguous and the rest is known.

use tokio::time::Instant;

use crate::model::timing::{Phase, Timings};

/// Started once per hop; `end(phase)` books the time since the last mark on that phase, `skip()`
/// leaves it unaccounted.
pub struct Stopwatch {
    started: Instant,
    mark: Instant,
    booked: Timings,
}

impl Stopwatch {
    #[must_use]
    pub fn start() -> Self {
        let now = Instant::now();
        Self { started: now, mark: now, booked: Timings::default() }
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Ends a phase now.
    pub fn end(&mut self, phase: Phase) {
        self.end_at(phase, Instant::now());
    }

    /// Ends a phase at a stamp taken elsewhere. A stamp before the last mark counts as the mark, so
    /// that no time is booked twice.
    pub fn end_at(&mut self, phase: Phase, at: Instant) {
        self.booked.add(phase, at.saturating_duration_since(self.mark));
        self.mark = self.mark.max(at);
    }

    /// Leaves the time since the last mark unaccounted.
    pub fn skip(&mut self) {
        self.mark = Instant::now();
    }

    /// The phases so far, with the total up to now.
    #[must_use]
    pub fn timings(&self) -> Timings {
        let mut timings = self.booked;
        timings.total = Instant::now().max(self.mark) - self.started;
        timings
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[tokio::test(start_paused = true)]
    async fn phases_and_the_rest_are_the_total_exactly() {
        let mut stopwatch = Stopwatch::start();
        tokio::time::advance(millis(3)).await;
        stopwatch.end(Phase::Resolve);
        tokio::time::advance(millis(5)).await;
        stopwatch.end(Phase::Connect);
        tokio::time::advance(millis(2)).await;
        stopwatch.skip();
        tokio::time::advance(millis(7)).await;
        stopwatch.end(Phase::Tls);
        tokio::time::advance(millis(1)).await;
        let timings = stopwatch.timings();
        let phases: Vec<_> = timings.iter().collect();
        assert_eq!(phases, [(Phase::Resolve, millis(3)), (Phase::Connect, millis(5)), (Phase::Tls, millis(7))]);
        assert_eq!(timings.total, millis(18));
        assert_eq!(timings.unaccounted(), millis(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stamp_from_elsewhere_ends_a_phase_and_begins_the_next() {
        let mut stopwatch = Stopwatch::start();
        let first_byte = stopwatch.started() + millis(4);
        tokio::time::advance(millis(10)).await;
        stopwatch.end_at(Phase::Wait, first_byte);
        stopwatch.end(Phase::Receive);
        stopwatch.end_at(Phase::Send, first_byte);
        let timings = stopwatch.timings();
        assert_eq!(timings.get(Phase::Wait), Some(millis(4)));
        assert_eq!(timings.get(Phase::Receive), Some(millis(6)));
        assert_eq!(timings.get(Phase::Send), Some(Duration::ZERO));
        assert_eq!(timings.unaccounted(), Duration::ZERO);
    }
}
