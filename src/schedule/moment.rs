//! Moments of the monotonic clock, told by the caller, and the wall time that one of them was.

use std::time::Duration;

use crate::base::time::Timestamp;

/// Nanoseconds on a clock that never steps, since an instant the caller chose, such as the start of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(u64);

impl Monotonic {
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Later by `duration`; at the end of the clock (584 years) it stays there.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// How long ago `earlier` was; zero if it is yet to come.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// One moment on both clocks. Grids hang on it, so that a restart finds the same phase by the wall clock, while a step of
/// that clock moves no start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub moment: Monotonic,
    pub wall: Timestamp,
}

impl Anchor {
    /// The wall time of a moment. For what is planned now, anchor it now: the clock may have stepped since the start.
    #[must_use]
    pub fn wall_at(self, moment: Monotonic) -> Timestamp {
        if moment >= self.moment {
            self.wall.plus(moment.since(self.moment))
        } else {
            self.wall.minus(self.moment.since(moment))
        }
    }
}

/// Whole nanoseconds; what does not fit is the longest that does.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
