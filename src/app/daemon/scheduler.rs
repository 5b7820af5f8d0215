//! Fires starts when they are due, and hands on what ended runs make room for. The rules are those of `schedule`; here
//! they meet a clock, a lock and a thread.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::set::RunSet;
use crate::base::time::Timestamp;
use crate::config::ScheduledRun;
use crate::journey::execute::Look;
use crate::model::clock::Clock;
use crate::model::run::Outcome;
use crate::model::skip::SkipReason;
use crate::schedule::admission::{Admission, Ceilings, Changes, Decision};
use crate::schedule::moment::{Anchor, Monotonic};
use crate::schedule::timetable::Timetable;
use crate::schedule::totals::Totals;

/// A run that starts now.
pub struct Launch {
    pub run: Arc<ScheduledRun>,
    /// By the wall clock of this moment.
    pub planned_at: Timestamp,
    /// Start minus plan.
    pub lateness: Duration,
    pub look: Look,
}

/// What is told of everything that the scheduler decides.
pub trait Launcher: Send + Sync {
    /// Starts the run; whoever ends it calls [`Scheduler::finish`].
    fn launch(&self, launch: Launch);

    /// This many starts of a run will not happen.
    fn skipped(&self, name: &str, reason: SkipReason, starts: u64);
}

pub struct Scheduler {
    core: Mutex<Core>,
    /// Wakes the thread when the timetable changed.
    changed: Condvar,
    /// Wakes [`Scheduler::drive`], where a runtime's clock drives.
    notified: Notify,
    /// Told when nothing runs any more.
    idle: Notify,
    clock: Arc<dyn Clock>,
    started: Instant,
}

struct Core {
    timetable: Timetable,
    admission: Admission,
    set: Arc<RunSet>,
    /// Entries whose target asked to be left alone until then.
    postponed: HashMap<String, Monotonic>,
    /// The thread is to end.
    ended: bool,
}

impl Scheduler {
    /// With nothing to run; the first set comes by [`Scheduler::replace`].
    #[must_use]
    pub fn new(ceilings: Ceilings, clock: Arc<dyn Clock>) -> Self {
        let anchor = Anchor { moment: Monotonic::ZERO, wall: clock.now() };
        let core = Core {
            timetable: Timetable::new(anchor),
            admission: Admission::new(ceilings),
            set: Arc::default(),
            postponed: HashMap::new(),
            ended: false,
        };
        Self {
            core: Mutex::new(core),
            changed: Condvar::new(),
            notified: Notify::new(),
            idle: Notify::new(),
            clock,
            started: Instant::now(),
        }
    }

    fn now(&self) -> Monotonic {
        Monotonic::from_nanos(u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes `set` the one in force. Unchanged entries keep their grid; runs in progress end as they would have.
    pub fn replace(&self, set: Arc<RunSet>, ceilings: Ceilings, launcher: &dyn Launcher) {
        let now = self.now();
        let (changes, set) = {
            let mut core = self.core();
            core.timetable.reload(now, set.entries());
            let changes = core.admission.reload(now, ceilings, |name| set.contains(name));
            core.set = Arc::clone(&set);
            (changes, set)
        };
        self.act(now, changes, &set, launcher);
        self.changed.notify_all();
        self.notified.notify_one();
    }

    /// Starts what is due and skips what has waited too long; the answer is when to be called again.
    pub fn fire(&self, launcher: &dyn Launcher) -> Option<Monotonic> {
        let now = self.now();
        let mut due_now = Vec::new();
        let mut skips = Vec::new();
        let (changes, set, next) = {
            let mut core = self.core();
            let core = &mut *core;
            for due in core.timetable.pop_due(now) {
                if due.missed > 0 {
                    skips.push((Arc::clone(&due.entry.name), SkipReason::Capacity, due.missed));
                }
                if core.postponed.get(&*due.entry.name).is_some_and(|until| *until > now) {
                    core.admission.refuse(&due, SkipReason::Quota);
                    skips.push((Arc::clone(&due.entry.name), SkipReason::Quota, 1));
                    continue;
                }
                match core.admission.offer(now, &due) {
                    Decision::Start => due_now.push((Arc::clone(&due.entry.name), due.at)),
                    Decision::Wait { .. } => {}
                    Decision::Skip(reason) => skips.push((Arc::clone(&due.entry.name), reason, 1)),
                }
            }
            let changes = core.admission.expire(now);
            let next = core.timetable.next_due().into_iter().chain(core.admission.next_deadline()).min();
            (changes, Arc::clone(&core.set), next)
        };
        // Nothing is called with the lock held: a launcher may come back at once.
        for (name, at) in due_now {
            self.launch(now, &name, at, &set, launcher);
        }
        for (name, reason, starts) in skips {
            launcher.skipped(&name, reason, starts);
        }
        self.act(now, changes, &set, launcher);
        next
    }

    /// The run of this name has ended; what it stood in the way of starts.
    pub fn finish(&self, name: &str, outcome: Outcome, launcher: &dyn Launcher) {
        let now = self.now();
        let (changes, set, idle) = {
            let mut core = self.core();
            let changes = core.admission.finish(now, name, outcome);
            (changes, Arc::clone(&core.set), core.admission.in_flight() == 0)
        };
        self.act(now, changes, &set, launcher);
        if idle {
            self.idle.notify_waiters();
        }
    }

    /// Leaves a run entry alone for so long.
    pub fn postpone(&self, name: &str, time: Duration) {
        let now = self.now();
        let mut core = self.core();
        core.postponed.retain(|_, until| *until > now);
        core.postponed.insert(name.to_owned(), now.plus(time));
    }

    /// Starts these entries at once, then by their grid.
    pub fn hasten(&self, wanted: impl Fn(&str) -> bool) {
        let now = self.now();
        self.core().timetable.hasten(now, wanted);
        self.changed.notify_all();
        self.notified.notify_one();
    }

    /// Takes a second look at a run entry now, if nothing stands in its way. Whether it was taken.
    pub fn recheck(&self, name: &str, launcher: &dyn Launcher) -> bool {
        let run = {
            let mut core = self.core();
            let set = Arc::clone(&core.set);
            let Some((entry, run)) = set.entry(name) else { return false };
            if !core.admission.recheck(entry) {
                return false;
            }
            Arc::clone(run)
        };
        let planned_at = self.clock.now();
        launcher.launch(Launch { run, planned_at, lateness: Duration::ZERO, look: Look::Second });
        true
    }

    /// From now on nothing starts; what waits is skipped.
    pub fn drain(&self, launcher: &dyn Launcher) {
        let now = self.now();
        let skips = {
            let mut core = self.core();
            core.timetable.reload(now, []);
            core.admission.drain()
        };
        for skip in skips {
            launcher.skipped(&skip.entry.name, skip.reason, 1);
        }
        self.changed.notify_all();
        self.notified.notify_one();
    }

    /// Waits until no run is active.
    pub async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            if self.core().admission.in_flight() == 0 {
                return;
            }
            idle.await;
        }
    }

    #[must_use]
    pub fn totals(&self) -> Totals {
        self.core().admission.totals()
    }

    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.core().admission.in_flight()
    }

    fn act(&self, now: Monotonic, changes: Changes, set: &RunSet, launcher: &dyn Launcher) {
        for start in changes.starts {
            self.launch(now, &start.entry.name, start.at, set, launcher);
        }
        for skip in changes.skips {
            launcher.skipped(&skip.entry.name, skip.reason, 1);
        }
    }

    fn launch(&self, now: Monotonic, name: &str, at: Monotonic, set: &RunSet, launcher: &dyn Launcher) {
        let Some(run) = set.get(name) else {
            // Removed between its plan and its start: it is as if it had been skipped, and must not stay active.
            self.finish(name, Outcome::Indeterminate, launcher);
            return;
        };
        let anchor = Anchor { moment: now, wall: self.clock.now() };
        launcher.launch(Launch {
            run: Arc::clone(run),
            planned_at: anchor.wall_at(at),
            lateness: now.since(at),
            look: Look::First,
        });
    }

    /// Fires from a thread of its own until [`Scheduler::end`]: the timers of a runtime are a millisecond late by
    /// design, and a busy runtime would make them later.
    pub fn thread(self: &Arc<Self>, launcher: Arc<dyn Launcher>) -> std::io::Result<std::thread::JoinHandle<()>> {
        let scheduler = Arc::clone(self);
        std::thread::Builder::new().name("starts".to_owned()).spawn(move || {
            // Without it the kernel may bundle wake-ups, 50 µs late by default. Best effort: it only costs precision.
            let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
            loop {
                let next = scheduler.fire(&*launcher);
                let core = scheduler.core();
                if core.ended {
                    return;
                }
                // Whatever changed since has shifted what comes next; a wait of nothing looks again.
                let changed = core.timetable.next_due().into_iter().chain(core.admission.next_deadline()).min() != next;
                let pause = match next {
                    _ if changed => continue,
                    Some(next) => next.since(scheduler.now()),
                    None => Duration::from_hours(1),
                };
                let waited = scheduler.changed.wait_timeout(core, pause);
                drop(waited.unwrap_or_else(PoisonError::into_inner));
            }
        })
    }

    /// Ends the thread.
    pub fn end(&self) {
        self.core().ended = true;
        self.changed.notify_all();
        self.notified.notify_one();
    }

    /// The same on the clock of the runtime, which tests can pause.
    pub async fn drive(&self, launcher: &dyn Launcher) {
        loop {
            let notified = self.notified.notified();
            let next = self.fire(launcher);
            if self.core().ended {
                return;
            }
            match next {
                Some(next) => {
                    let at = self.started + Duration::from_nanos(next.nanos());
                    tokio::select! {
                        () = tokio::time::sleep_until(at) => {}
                        () = notified => {}
                    }
                }
                None => notified.await,
            }
        }
    }
}
