//! Places that runs compete for, who holds them, and who waits for them in which order.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::entry::Entry;

/// The order of arrival of those that wait.
pub(super) type Turn = u64;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Place {
    /// A host, over all journeys.
    Host(Arc<str>),
    /// A journey at a host.
    JourneyAtHost(Arc<str>, Arc<str>),
}

/// A place and how many runs this claimant lets it hold, itself included.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) place: Place,
    pub(super) ceiling: u32,
}

/// Everything an entry needs, each place once.
pub(super) fn claims(entry: &Entry, runs_per_host: u32) -> Vec<Claim> {
    let hosts: BTreeSet<&Arc<str>> = entry.hosts.iter().collect();
    hosts
        .into_iter()
        .flat_map(|host| {
            [
                Claim { place: Place::Host(Arc::clone(host)), ceiling: runs_per_host.max(1) },
                Claim {
                    place: Place::JourneyAtHost(Arc::clone(&entry.journey), Arc::clone(host)),
                    ceiling: entry.parallel.max(1),
                },
            ]
        })
        .collect()
}

#[derive(Default)]
struct Load {
    active: u32,
    /// All that wait and need this place, whether or not it is what they lack.
    queue: BTreeSet<Turn>,
}

/// The load of every place that is held or waited for.
///
/// Fairness without holding places idle: of those that wait, one is *senior* if it came first at all its places. What a
/// senior needs is kept free for it, one slot a place; everybody else may pass those who lack something. Two seniors
/// never need the same place, so they cannot block each other, and the oldest of all is always a senior, so everyone's
/// turn comes.
#[derive(Default)]
pub(super) struct Places {
    loads: HashMap<Place, Load>,
    /// What each of those that wait needs.
    waiting: HashMap<Turn, Vec<Claim>>,
}

impl Places {
    /// Whether a run with these claims may start; `turn` if it waits already.
    pub(super) fn fits(&self, claims: &[Claim], turn: Option<Turn>) -> bool {
        claims.iter().all(|claim| {
            let Some(load) = self.loads.get(&claim.place) else { return true };
            let first = load.queue.first().copied();
            let kept_for_another = first.is_some() && first != turn && first.is_some_and(|first| self.is_senior(first));
            load.active + u32::from(kept_for_another) < claim.ceiling
        })
    }

    fn is_senior(&self, turn: Turn) -> bool {
        self.waiting.get(&turn).is_some_and(|claims| {
            claims.iter().all(|claim| self.loads.get(&claim.place).and_then(|load| load.queue.first()) == Some(&turn))
        })
    }

    pub(super) fn hold(&mut self, claims: &[Claim]) {
        for claim in claims {
            self.loads.entry(claim.place.clone()).or_default().active += 1;
        }
    }

    pub(super) fn release(&mut self, claims: &[Claim]) {
        for claim in claims {
            self.change(&claim.place, |load| load.active = load.active.saturating_sub(1));
        }
    }

    pub(super) fn queue(&mut self, turn: Turn, claims: Vec<Claim>) {
        for claim in &claims {
            self.loads.entry(claim.place.clone()).or_default().queue.insert(turn);
        }
        self.waiting.insert(turn, claims);
    }

    /// Takes one out of all its queues and returns what it claimed.
    pub(super) fn leave(&mut self, turn: Turn) -> Vec<Claim> {
        let claims = self.waiting.remove(&turn).unwrap_or_default();
        for claim in &claims {
            self.change(&claim.place, |load| {
                load.queue.remove(&turn);
            });
        }
        claims
    }

    /// Those that wait for any of these places, by turn.
    pub(super) fn waiting_at(&self, claims: &[Claim]) -> BTreeSet<Turn> {
        claims.iter().filter_map(|claim| self.loads.get(&claim.place)).flat_map(|load| &load.queue).copied().collect()
    }

    pub(super) fn claims_of(&self, turn: Turn) -> &[Claim] {
        self.waiting.get(&turn).map_or(&[], Vec::as_slice)
    }

    /// The ceilings of those that wait, after a change of the limits.
    pub(super) fn limit(&mut self, turn: Turn, entry: &Entry, runs_per_host: u32) {
        if let Some(known) = self.waiting.get_mut(&turn) {
            *known = claims(entry, runs_per_host);
        }
    }

    /// Forgets a place that nobody holds or waits for: hosts come and go with the configuration.
    fn change(&mut self, place: &Place, change: impl FnOnce(&mut Load)) {
        if let Some(load) = self.loads.get_mut(place) {
            change(load);
            if load.active == 0 && load.queue.is_empty() {
                self.loads.remove(place);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.loads.is_empty() && self.waiting.is_empty()
    }
}
