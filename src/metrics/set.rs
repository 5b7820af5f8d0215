//! The loaded set of run entries as one value that is swapped whole: a scrape that began keeps the set it began with.

use std::collections::HashMap;
use std::sync::Arc;

use super::Layout;
use super::label::render;
use super::series::JourneySeries;
use super::slot::Slot;
use crate::base::time::Timestamp;

#[derive(Default)]
pub struct Set {
    /// In the order of the definition set.
    pub slots: Vec<Arc<Slot>>,
    /// `server_name="…"`, one per name over all entries.
    pub servers: Vec<String>,
    /// For each slot and step, the place of its server name in `servers`.
    pub step_servers: Vec<Box<[Option<usize>]>>,
    by_name: HashMap<String, usize>,
}

impl Set {
    /// Renders what is new and shares what stays. Slots of changed entries start empty; [`Set::inherit`] fills them.
    pub fn build(definitions: &[JourneySeries], old: &Self, layout: &Layout) -> Self {
        let mut set = Self::default();
        let mut servers: HashMap<&str, usize> = HashMap::new();
        for definition in definitions {
            if set.by_name.contains_key(&definition.name) {
                continue;
            }
            let slot = match old.get(&definition.name) {
                Some(slot) if slot.serves(definition, layout) => Arc::clone(slot),
                _ => Arc::new(Slot::new(definition.clone(), layout)),
            };
            let places = definition.steps.iter().map(|step| {
                let name = step.server_name.as_deref()?;
                Some(*servers.entry(name).or_insert_with(|| {
                    set.servers.push(render(&[("server_name", name)]));
                    set.servers.len() - 1
                }))
            });
            set.step_servers.push(places.collect());
            set.by_name.insert(definition.name.clone(), set.slots.len());
            set.slots.push(slot);
        }
        set
    }

    /// Gives changed entries what their run name counted before.
    pub fn inherit(&mut self, old: &Self, now: Timestamp) {
        for slot in &mut self.slots {
            // Only a slot made by `build` has no other holder.
            if let Some(slot) = Arc::get_mut(slot)
                && let Some(former) = old.get(&slot.definition.name)
            {
                slot.inherit(former, now);
            }
        }
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Slot>> {
        self.by_name.get(name).map(|at| &self.slots[*at])
    }

    /// Series beyond those that the definitions tell.
    #[must_use]
    pub fn lazy_series(&self) -> u64 {
        self.slots.iter().map(|slot| slot.numbers().lazy_series() as u64).sum()
    }
}
