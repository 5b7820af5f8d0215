//! What is due when. Keeps the next start of every entry; a reload leaves the grid of unchanged entries alone.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::entry::Entry;
use super::grid::Grid;
use super::moment::{Anchor, Monotonic};

#[cfg(test)]
mod tests;

/// A start that has come due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub entry: Arc<Entry>,
    /// When it was planned.
    pub at: Monotonic,
    /// Earlier starts of this entry that nobody asked for in time, because this process stood still. They are never
    /// made up for; whoever takes this start counts them as skipped.
    pub missed: u64,
}

pub struct Timetable {
    anchor: Anchor,
    slots: Vec<Slot>,
    /// The next start of every slot, the soonest on top.
    queue: BinaryHeap<Reverse<(Monotonic, usize)>>,
}

struct Slot {
    entry: Arc<Entry>,
    grid: Grid,
    next: Monotonic,
}

impl Timetable {
    /// An empty timetable; the first entries come by [`Timetable::reload`].
    #[must_use]
    pub fn new(anchor: Anchor) -> Self {
        Self { anchor, slots: Vec::new(), queue: BinaryHeap::new() }
    }

    /// Replaces the whole set. An entry whose name and interval stay keeps its grid and its next start; another starts
    /// within the first round after `now`. Names are unique by the rules of the configuration.
    pub fn reload(&mut self, now: Monotonic, entries: impl IntoIterator<Item = Arc<Entry>>) {
        let known: HashMap<Arc<str>, Slot> =
            self.slots.drain(..).map(|slot| (Arc::clone(&slot.entry.name), slot)).collect();
        self.slots = entries
            .into_iter()
            .map(|entry| match known.get(&entry.name) {
                Some(slot) if slot.entry.interval == entry.interval => Slot { entry, grid: slot.grid, next: slot.next },
                _ => {
                    let grid = Grid::new(&entry.name, entry.interval, self.anchor);
                    let next = grid.first(&entry.name, now);
                    Slot { entry, grid, next }
                }
            })
            .collect();
        self.queue = self.slots.iter().enumerate().map(|(index, slot)| Reverse((slot.next, index))).collect();
    }

    /// Makes the next start of these entries due now, as one more round before their grid: what matters most is looked at
    /// first.
    pub fn hasten(&mut self, now: Monotonic, wanted: impl Fn(&str) -> bool) {
        for slot in self.slots.iter_mut().filter(|slot| wanted(&slot.entry.name)) {
            slot.next = slot.next.min(now);
        }
        self.queue = self.slots.iter().enumerate().map(|(index, slot)| Reverse((slot.next, index))).collect();
    }

    /// When to ask again; none if there are no entries.
    #[must_use]
    pub fn next_due(&self) -> Option<Monotonic> {
        self.queue.peek().map(|Reverse((at, _))| *at)
    }

    /// Every start that is due by `now`, the longest overdue first, at most one an entry.
    pub fn pop_due(&mut self, now: Monotonic) -> Vec<Due> {
        let mut due = Vec::new();
        while let Some(mut top) = self.queue.peek_mut() {
            let Reverse((at, index)) = *top;
            if at > now {
                break;
            }
            let slot = &mut self.slots[index];
            let mut taken = Due { entry: Arc::clone(&slot.entry), at, missed: 0 };
            let following = slot.grid.following(at);
            if following <= now {
                (taken.missed, taken.at) = slot.grid.last_of(following, now);
            }
            slot.next = slot.grid.following(taken.at);
            *top = Reverse((slot.next, index));
            due.push(taken);
        }
        due
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}
