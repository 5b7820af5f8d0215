//! The time by which old runs are removed. A wall clock that leaps ahead for a while must not empty the history.

use std::time::Duration;

use crate::base::time::Timestamp;

/// A step of the wall clock that an ordinary correction does not make.
const LEAP: Duration = Duration::from_hours(1);
/// After this a leap is taken for the truth, such as a clock that was wrong at the start.
const BELIEVED_AFTER: Duration = Duration::from_hours(24);

/// Follows the wall clock as long as a clock that never steps agrees with it.
pub(super) struct Horizon {
    wall: Timestamp,
    /// On the clock that never steps, when the wall clock was last believed.
    believed: Duration,
    leapt: Option<Duration>,
}

impl Horizon {
    /// Believes the wall clock once; `steady` is any clock that never steps.
    pub(super) fn new(wall: Timestamp, steady: Duration) -> Self {
        Self { wall, believed: steady, leapt: None }
    }

    /// The wall time, or what it would be had it not leapt ahead. A step back is believed: it removes nothing.
    pub(super) fn now(&mut self, wall: Timestamp, steady: Duration) -> Timestamp {
        let expected = self.wall.plus(steady.saturating_sub(self.believed));
        if wall > expected.plus(LEAP) {
            let leapt = *self.leapt.get_or_insert(steady);
            if steady.saturating_sub(leapt) < BELIEVED_AFTER {
                return expected;
            }
        }
        *self = Self::new(wall, steady);
        wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixtures::{NOON, at};

    #[test]
    fn a_leap_is_believed_after_a_day_and_a_step_back_at_once() {
        let mut horizon = Horizon::new(at(NOON), Duration::ZERO);
        let (hour, year) = (3_600, 365 * 86_400);
        for (steady, wall, expected) in [
            (10, NOON + 10, NOON + 10),
            (20, NOON + 1_000, NOON + 1_000),
            (30, NOON + year, NOON + 1_010),
            (40, NOON + 1_020, NOON + 1_020),
            (50, NOON + year, NOON + 1_030),
            (50 + 23 * hour, NOON + year + 23 * hour, NOON + 1_030 + 23 * hour),
            (50 + 24 * hour, NOON + year + 24 * hour, NOON + year + 24 * hour),
            (60 + 24 * hour, NOON, NOON),
        ] {
            let steady = Duration::from_secs(steady.unsigned_abs());
            assert_eq!(horizon.now(at(wall), steady), at(expected), "{steady:?}");
        }
    }
}
