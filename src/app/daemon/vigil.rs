//! Watches this machine: a suspend, a step of the wall clock, a runtime that stands still. What such a moment touches
//! says nothing about any target.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::base::time::Timestamp;
use crate::model::clock::Clock;

/// How often the clocks are compared.
const EVERY: Duration = Duration::from_millis(250);
/// A wall clock that is disciplined drifts by far less between two looks.
const STEP_MIN: Duration = Duration::from_secs(1);
/// A runtime that is this late has measured its own trouble, not the target's.
const STARVED_MIN: Duration = Duration::from_secs(1);
/// Disturbances remembered; runs last minutes, disturbances are rare.
const REMEMBERED_MAX: usize = 64;

/// What was wrong with this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The machine slept.
    Suspended(Duration),
    /// The wall clock was set, forwards or backwards.
    ClockStep(Duration),
    /// Nothing of ours was run for this long.
    Starved(Duration),
}

impl std::fmt::Display for Disturbance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, time) = match self {
            Self::Suspended(time) => ("this machine was suspended for", time),
            Self::ClockStep(time) => ("the wall clock of this machine stepped by", time),
            Self::Starved(time) => ("this process got no processor for", time),
        };
        write!(f, "{what} {}", crate::base::duration::short_duration(*time))
    }
}

/// The clocks of the machine that can disagree.
pub trait Clocks: Send + Sync {
    fn wall(&self) -> Timestamp;
    /// Time since the machine started, suspends included.
    fn boot(&self) -> Duration;
    /// Time since the machine started, suspends left out.
    fn monotonic(&self) -> Duration;
}

/// The real ones.
pub struct MachineClocks(pub Arc<dyn Clock>);

impl Clocks for MachineClocks {
    fn wall(&self) -> Timestamp {
        self.0.now()
    }

    fn boot(&self) -> Duration {
        read(rustix::time::ClockId::Boottime)
    }

    fn monotonic(&self) -> Duration {
        read(rustix::time::ClockId::Monotonic)
    }
}

fn read(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Remembers when this machine was not fit to measure.
#[derive(Default)]
pub struct Vigil {
    seen: Mutex<VecDeque<(Instant, Instant, Disturbance)>>,
}

impl Vigil {
    /// What disturbed the time from `from` to now, if anything did.
    #[must_use]
    pub fn touched(&self, from: Instant) -> Option<Disturbance> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().rev().find(|(_, until, _)| *until >= from).map(|(_, _, disturbance)| *disturbance)
    }

    fn remember(&self, from: Instant, until: Instant, disturbance: Disturbance) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() == REMEMBERED_MAX {
            seen.pop_front();
        }
        seen.push_back((from, until, disturbance));
    }

    /// Watches until `stop`, and tells of every disturbance.
    pub async fn watch(&self, clocks: &dyn Clocks, tell: &(dyn Fn(Disturbance) + Sync), stop: &CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        let mut last = Look::now(clocks);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let look = Look::now(clocks);
            if let Some(disturbance) = look.since(&last) {
                self.remember(last.at, look.at, disturbance);
                tell(disturbance);
            }
            last = look;
        }
    }
}

/// All clocks at one moment.
struct Look {
    at: Instant,
    wall: Timestamp,
    boot: Duration,
    monotonic: Duration,
}

impl Look {
    fn now(clocks: &dyn Clocks) -> Self {
        Self { at: Instant::now(), wall: clocks.wall(), boot: clocks.boot(), monotonic: clocks.monotonic() }
    }

    fn since(&self, last: &Self) -> Option<Disturbance> {
        let boot = self.boot.saturating_sub(last.boot);
        let monotonic = self.monotonic.saturating_sub(last.monotonic);
        let asleep = boot.saturating_sub(monotonic);
        if asleep >= STEP_MIN {
            return Some(Disturbance::Suspended(asleep));
        }
        let wall = self.wall.unix_nanos() - last.wall.unix_nanos();
        let step = wall.abs_diff(i128::try_from(boot.as_nanos()).unwrap_or(i128::MAX));
        let step = Duration::from_nanos(u64::try_from(step).unwrap_or(u64::MAX));
        if step >= STEP_MIN {
            return Some(Disturbance::ClockStep(step));
        }
        let late = self.at.duration_since(last.at).saturating_sub(EVERY);
        (late >= STARVED_MIN).then_some(Disturbance::Starved(late))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Told(Mutex<(Timestamp, Duration, Duration)>);

    impl Told {
        fn step(&self, wall: i64, boot: u64, monotonic: u64) {
            let mut told = self.0.lock().expect("no panic");
            let millis = |millis: u64| Duration::from_millis(millis);
            let moved = told.0.unix_nanos() + i128::from(wall) * 1_000_000;
            *told = (
                Timestamp::from_unix_nanos(moved).expect("in range"),
                told.1 + millis(boot),
                told.2 + millis(monotonic),
            );
        }
    }

    impl Clocks for Told {
        fn wall(&self) -> Timestamp {
            self.0.lock().expect("no panic").0
        }

        fn boot(&self) -> Duration {
            self.0.lock().expect("no panic").1
        }

        fn monotonic(&self) -> Duration {
            self.0.lock().expect("no panic").2
        }
    }

    /// The disturbance seen when the clocks move by this many milliseconds between two looks.
    fn check(wall: i64, boot: u64, monotonic: u64, late: u64, expected: Option<Disturbance>) {
        let clocks = Told(Mutex::new((Timestamp::UNIX_EPOCH, Duration::ZERO, Duration::ZERO)));
        let last = Look::now(&clocks);
        clocks.step(wall, boot, monotonic);
        let mut look = Look::now(&clocks);
        look.at = last.at + EVERY + Duration::from_millis(late);
        assert_eq!(look.since(&last), expected, "{wall} {boot} {monotonic} {late}");
    }

    #[test]
    fn clocks_that_disagree_are_noticed() {
        let seconds = Duration::from_secs;
        check(250, 250, 250, 0, None);
        check(600_250, 600_250, 250, 0, Some(Disturbance::Suspended(seconds(600))));
        check(3_600_250, 250, 250, 0, Some(Disturbance::ClockStep(seconds(3600))));
        check(-3_599_750, 250, 250, 0, Some(Disturbance::ClockStep(seconds(3600))));
        check(900, 250, 250, 0, None);
        check(2_250, 2_250, 2_250, 2_000, Some(Disturbance::Starved(seconds(2))));
    }

    #[test]
    fn a_disturbance_touches_what_was_running_and_nothing_later() {
        let vigil = Vigil::default();
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        vigil.remember(at(10), at(20), Disturbance::Starved(Duration::from_secs(9)));
        assert!(vigil.touched(at(5)).is_some() && vigil.touched(at(15)).is_some());
        assert!(vigil.touched(at(21)).is_none());
    }
}
