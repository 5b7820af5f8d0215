//! The grid of an entry: starts at a fixed offset within its interval, the same after every restart and on every machine.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::moment::{Anchor, Monotonic, nanos};

/// Within this time of its arrival every entry has run once, however long its interval is: after a start people want to
/// know that the journey works, not in an hour.
pub const FIRST_ROUND_MAX: Duration = Duration::from_mins(1);

/// Where in a span of time a name belongs: the first 64 bits of its SHA-256, as a fraction of the span. Spreads any set
/// of names evenly.
#[must_use]
pub fn offset(name: &str, span: Duration) -> Duration {
    let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let head = digest[..8].iter().fold(0_u128, |head, byte| head << 8 | u128::from(*byte));
    Duration::from_nanos(u64::try_from((head * u128::from(nanos(span))) >> 64).unwrap_or(u64::MAX))
}

/// The moments `phase + k × interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    interval: u64,
    /// Of the first moment, below `interval`.
    phase: u64,
}

impl Grid {
    /// The grid of a name: wall times whose distance from the Unix epoch, modulo the interval, is the name's offset.
    #[must_use]
    pub fn new(name: &str, interval: Duration, anchor: Anchor) -> Self {
        // A grid of less than two nanoseconds has no halves, and nobody wants it.
        let interval = nanos(interval).max(2);
        let wall_at_zero = anchor.wall.unix_nanos() - i128::from(anchor.moment.nanos());
        let offset = i128::from(nanos(offset(name, Duration::from_nanos(interval))));
        let phase = (offset - wall_at_zero).rem_euclid(i128::from(interval));
        Self { interval, phase: u64::try_from(phase).unwrap_or_default() }
    }

    /// The first moment of the grid that is not before `moment`.
    #[must_use]
    pub fn at_or_after(self, moment: Monotonic) -> Monotonic {
        let Some(distance) = moment.nanos().checked_sub(self.phase) else {
            return Monotonic::from_nanos(self.phase);
        };
        let nanos = distance.div_ceil(self.interval).saturating_mul(self.interval).saturating_add(self.phase);
        Monotonic::from_nanos(nanos)
    }

    /// The start that follows a start at `moment`: the next of the grid, but not sooner than half an interval, which
    /// matters only after the first start, the one that may lie beside the grid.
    #[must_use]
    pub fn following(self, moment: Monotonic) -> Monotonic {
        self.at_or_after(Monotonic::from_nanos(moment.nanos().saturating_add(self.interval / 2)))
    }

    /// The first start of an entry that arrives at `now`: the next of the grid if that is soon, else one of its own
    /// within the first round.
    #[must_use]
    pub fn first(self, name: &str, now: Monotonic) -> Monotonic {
        let next = self.at_or_after(now);
        if next.since(now) <= FIRST_ROUND_MAX { next } else { now.plus(offset(name, FIRST_ROUND_MAX)) }
    }

    /// How many moments of the grid lie in `from..=to`, `from` being one of them, and the last of them.
    pub(super) fn last_of(self, from: Monotonic, to: Monotonic) -> (u64, Monotonic) {
        let steps = nanos(to.since(from)) / self.interval;
        (steps + 1, Monotonic::from_nanos(from.nanos().saturating_add(steps.saturating_mul(self.interval))))
    }
}
