//! May it start now: single flight, locks and ceilings. A pure state machine that never forgets a planned start.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::claim::{Claim, Places, Turn, claims};
use super::entry::Entry;
use super::moment::Monotonic;
use super::skip::Skip;
use super::timetable::Due;
use super::totals::Totals;
use crate::model::run::Outcome;
use crate::model::skip::SkipReason;

#[cfg(test)]
mod tests;

/// The daemon's ceilings; 0 counts as 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    pub runs_in_flight: u32,
    pub runs_per_host: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Start,
    /// It starts by itself, through the answer to a later call, or is skipped at this moment.
    Wait {
        until: Monotonic,
    },
    Skip(SkipReason),
}

/// A start that waited and may happen now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub entry: Arc<Entry>,
    /// When it was planned; what has passed since is its lateness.
    pub at: Monotonic,
}

/// What a call set in motion; all of it must be acted upon.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Changes {
    pub starts: Vec<Start>,
    pub skips: Vec<Skip>,
}

pub struct Admission {
    ceilings: Ceilings,
    places: Places,
    /// By run name.
    active: HashMap<Arc<str>, Active>,
    waiting: BTreeMap<Turn, Waiting>,
    /// Names that wait.
    names: HashSet<Arc<str>>,
    /// Held by those that run and by those that wait: a lock is taken in the order of planning.
    locks: HashSet<Arc<str>>,
    deadlines: BTreeSet<(Monotonic, Turn)>,
    turns: Turn,
    draining: bool,
    totals: Totals,
}

struct Active {
    /// A second look, outside the timetable.
    recheck: bool,
    /// As of the start: a reload in between changes nothing of what the run holds.
    claims: Vec<Claim>,
    lock: Option<Arc<str>>,
}

struct Waiting {
    entry: Arc<Entry>,
    at: Monotonic,
    until: Monotonic,
}

impl Admission {
    #[must_use]
    pub fn new(ceilings: Ceilings) -> Self {
        Self {
            ceilings,
            places: Places::default(),
            active: HashMap::new(),
            waiting: BTreeMap::new(),
            names: HashSet::new(),
            locks: HashSet::new(),
            deadlines: BTreeSet::new(),
            turns: 0,
            draining: false,
            totals: Totals::default(),
        }
    }

    /// Decides on a start that is due. Its missed predecessors are counted as skipped for lack of capacity.
    pub fn offer(&mut self, now: Monotonic, due: &Due) -> Decision {
        let entry = &due.entry;
        self.totals.planned += due.missed + 1;
        self.totals.skip(SkipReason::Capacity, due.missed);
        let until = due.at.plus(entry.patience());
        let obstacle = if self.draining {
            Some(SkipReason::Shutdown)
        } else if self.overlaps(&entry.name) {
            Some(SkipReason::Overlap)
        } else if entry.lock.as_ref().is_some_and(|lock| self.locks.contains(lock)) {
            Some(SkipReason::Lock)
        } else if now >= until {
            Some(SkipReason::Capacity)
        } else {
            None
        };
        if let Some(reason) = obstacle {
            self.totals.skip(reason, 1);
            return Decision::Skip(reason);
        }
        self.locks.extend(entry.lock.clone());
        let claims = claims(entry, self.ceilings.runs_per_host);
        if self.has_permit() && !self.active.contains_key(&entry.name) && self.places.fits(&claims, None) {
            self.start(entry, claims);
            return Decision::Start;
        }
        self.turns += 1;
        self.places.queue(self.turns, claims);
        self.names.insert(Arc::clone(&entry.name));
        self.deadlines.insert((until, self.turns));
        self.waiting.insert(self.turns, Waiting { entry: Arc::clone(entry), at: due.at, until });
        Decision::Wait { until }
    }

    /// Whether a second look at an entry may be taken now. It counts among the runs in flight and at its hosts, but in no
    /// total; it takes no place that anybody waits for, and a planned start that finds it active waits for its end. An
    /// entry with a lock has no second looks: they would make others skip.
    pub fn recheck(&mut self, entry: &Arc<Entry>) -> bool {
        let busy = self.overlaps(&entry.name) || self.active.contains_key(&entry.name) || entry.lock.is_some();
        let claims = claims(entry, self.ceilings.runs_per_host);
        if self.draining || busy || !self.has_permit() || !self.places.fits(&claims, None) {
            return false;
        }
        self.hold(entry, claims, true);
        true
    }

    /// Whether a planned start of this name would be a second one.
    fn overlaps(&self, name: &Arc<str>) -> bool {
        self.active.get(name).is_some_and(|active| !active.recheck) || self.names.contains(name)
    }

    /// Counts a due start that the caller does not want, for a reason of its own: a quota, a maintenance window.
    pub fn refuse(&mut self, due: &Due, reason: SkipReason) {
        self.totals.planned += due.missed + 1;
        self.totals.skip(SkipReason::Capacity, due.missed);
        self.totals.skip(reason, 1);
    }

    /// The run of this name has ended, its clean-up included. A name that is not active changes nothing.
    pub fn finish(&mut self, now: Monotonic, name: &str, outcome: Outcome) -> Changes {
        let mut changes = self.expire(now);
        let was_full = !self.has_permit();
        if let Some(ended) = self.active.remove(name) {
            if !ended.recheck {
                self.totals.finish(outcome);
            }
            if let Some(lock) = &ended.lock {
                self.locks.remove(lock);
            }
            self.places.release(&ended.claims);
            let candidates = if was_full || ended.recheck {
                self.waiting.keys().copied().collect()
            } else {
                self.places.waiting_at(&ended.claims)
            };
            self.start_those_that_fit(candidates, &mut changes.starts);
        }
        changes
    }

    /// When [`Admission::expire`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Monotonic> {
        self.deadlines.first().map(|(until, _)| *until)
    }

    /// Skips those that have waited long enough, and starts what they stood in the way of.
    pub fn expire(&mut self, now: Monotonic) -> Changes {
        let mut changes = Changes::default();
        let mut candidates = BTreeSet::new();
        while let Some((_, turn)) = self.deadlines.first().copied().filter(|(until, _)| *until <= now) {
            let lacks_place = !self.places.fits(self.places.claims_of(turn), Some(turn));
            let reason = if lacks_place { SkipReason::HostLimit } else { SkipReason::Capacity };
            let claims = self.places.claims_of(turn).to_vec();
            changes.skips.extend(self.give_up(turn, reason));
            candidates.append(&mut self.places.waiting_at(&claims));
        }
        self.start_those_that_fit(candidates, &mut changes.starts);
        changes
    }

    /// New ceilings and a new set: those that wait for an entry that is gone are skipped, those that fit by now start.
    /// A ceiling below what is active takes effect as runs end.
    pub fn reload(&mut self, now: Monotonic, ceilings: Ceilings, exists: impl Fn(&str) -> bool) -> Changes {
        let mut changes = self.expire(now);
        self.ceilings = ceilings;
        for turn in self.waiting.keys().copied().collect::<Vec<_>>() {
            let Some(waiting) = self.waiting.get(&turn) else { continue };
            if exists(&waiting.entry.name) {
                self.places.limit(turn, &waiting.entry, ceilings.runs_per_host);
            } else {
                changes.skips.extend(self.give_up(turn, SkipReason::Shutdown));
            }
        }
        self.start_those_that_fit(self.waiting.keys().copied().collect(), &mut changes.starts);
        changes
    }

    /// From now on nothing starts; what waits is skipped. Active runs go on until they are finished.
    pub fn drain(&mut self) -> Vec<Skip> {
        self.draining = true;
        let turns: Vec<Turn> = self.waiting.keys().copied().collect();
        turns.into_iter().filter_map(|turn| self.give_up(turn, SkipReason::Shutdown)).collect()
    }

    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.active.len()
    }

    /// Bounded by the number of entries: no name waits twice.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn has_permit(&self) -> bool {
        self.active.len() < usize::try_from(self.ceilings.runs_in_flight.max(1)).unwrap_or(usize::MAX)
    }

    fn start(&mut self, entry: &Arc<Entry>, claims: Vec<Claim>) {
        self.totals.started += 1;
        self.hold(entry, claims, false);
    }

    fn hold(&mut self, entry: &Arc<Entry>, claims: Vec<Claim>, recheck: bool) {
        self.places.hold(&claims);
        self.active.insert(Arc::clone(&entry.name), Active { recheck, claims, lock: entry.lock.clone() });
    }

    fn start_those_that_fit(&mut self, candidates: BTreeSet<Turn>, starts: &mut Vec<Start>) {
        for turn in candidates {
            if !self.has_permit() {
                break;
            }
            let name = self.waiting.get(&turn).map(|waiting| &waiting.entry.name);
            if name.is_none_or(|name| self.active.contains_key(name))
                || !self.places.fits(self.places.claims_of(turn), Some(turn))
            {
                continue;
            }
            if let Some((waiting, claims)) = self.leave(turn) {
                self.start(&waiting.entry, claims);
                starts.push(Start { entry: waiting.entry, at: waiting.at });
            }
        }
    }

    fn give_up(&mut self, turn: Turn, reason: SkipReason) -> Option<Skip> {
        let (waiting, _) = self.leave(turn)?;
        if let Some(lock) = &waiting.entry.lock {
            self.locks.remove(lock);
        }
        self.totals.skip(reason, 1);
        Some(Skip { entry: waiting.entry, at: waiting.at, reason })
    }

    fn leave(&mut self, turn: Turn) -> Option<(Waiting, Vec<Claim>)> {
        let waiting = self.waiting.remove(&turn)?;
        self.names.remove(&waiting.entry.name);
        self.deadlines.remove(&(waiting.until, turn));
        Some((waiting, self.places.leave(turn)))
    }
}
