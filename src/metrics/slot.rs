//! One run entry in the store: its definition, its rendered labels, and its numbers behind a lock held for microseconds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::budget::Budget;
use super::histogram::{Bounds, Histogram};
use super::label::{journey_info, render, step_info};
use super::series::JourneySeries;
use super::state::{JourneyNumbers, StepNumbers};
use super::{Facts, Layout};
use crate::base::time::Timestamp;
use crate::model::run::Run;

pub struct Slot {
    pub definition: JourneySeries,
    /// `journey="…"`.
    pub labels: String,
    pub info: String,
    pub bounds: Arc<Bounds>,
    /// One per objective: `journey="…",slo="…"`.
    pub objectives: Vec<String>,
    pub steps: Vec<StepSlot>,
    /// Decides in which shard the entry is written.
    pub shard_key: u64,
    step_histograms: bool,
    numbers: Mutex<JourneyNumbers>,
}

pub struct StepSlot {
    /// `journey="…",step="…"`.
    pub labels: String,
    pub info: String,
    pub bounds: Arc<Bounds>,
}

impl Slot {
    pub fn new(definition: JourneySeries, layout: &Layout) -> Self {
        let name = definition.name.as_str();
        let bounds = extended(&layout.run_bounds, definition.thresholds(None));
        let mut steps = Vec::with_capacity(definition.steps.len());
        let mut numbers = Vec::with_capacity(definition.steps.len());
        for step in &definition.steps {
            let bounds = extended(&layout.step_bounds, definition.thresholds(Some(&step.id)));
            let durations = (layout.step_histograms && step.host.is_some()).then(|| Histogram::new(&bounds));
            numbers.push(StepNumbers { durations, ..StepNumbers::default() });
            let labels = render(&[("journey", name), ("step", &step.id)]);
            steps.push(StepSlot { labels, info: step_info(name, step), bounds });
        }
        let objectives = definition.objectives.iter();
        let objectives = objectives.map(|objective| render(&[("journey", name), ("slo", &objective.name)])).collect();
        let numbers = JourneyNumbers::new(Histogram::new(&bounds), definition.objectives.len(), numbers);
        Self {
            labels: render(&[("journey", name)]),
            info: journey_info(&definition),
            bounds,
            objectives,
            steps,
            shard_key: stable_hash(name),
            step_histograms: layout.step_histograms,
            numbers: Mutex::new(numbers),
            definition,
        }
    }

    /// Whether this slot already is what a new set asks for.
    pub fn serves(&self, definition: &JourneySeries, layout: &Layout) -> bool {
        self.step_histograms == layout.step_histograms && self.definition == *definition
    }

    pub fn numbers(&self) -> MutexGuard<'_, JourneyNumbers> {
        // Numbers are whole after every statement, so a panic elsewhere leaves nothing half-done.
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn observe(&self, run: &Run, facts: &Facts<'_>, budget: &Budget) {
        let mut numbers = self.numbers();
        if !numbers.observe(run, &self.bounds) {
            return;
        }
        let mut expected = 0;
        for result in run.steps.iter().chain(&run.cleanup) {
            let Some(at) = self.step_at(&result.id, expected) else { continue };
            expected = at + 1;
            let bounds = self.step_histograms.then_some(&*self.steps[at].bounds);
            numbers.steps[at].observe(result, bounds, budget);
        }
        for event in facts.objectives {
            let same = |objective: &super::series::ObjectiveSeries| objective.name == event.objective;
            if let Some(at) = self.definition.objectives.iter().position(same) {
                numbers.objectives[at].events += 1;
                numbers.objectives[at].bad += u64::from(!event.good);
            }
        }
    }

    /// Takes over what an earlier definition of the same run entry counted, as far as it still means the same.
    pub fn inherit(&mut self, old: &Self, now: Timestamp) {
        let before = old.numbers();
        let numbers = self.numbers.get_mut().unwrap_or_else(PoisonError::into_inner);
        let fresh = numbers.clone();
        *numbers = before.clone();
        if self.bounds != old.bounds {
            (numbers.passed, numbers.failed) = (fresh.passed, None);
        }
        let other_definition = self.definition.definition != old.definition.definition;
        if other_definition {
            numbers.definition_changed_unix_millis = Some(now.unix_millis());
        }
        let former = |name: &str| old.definition.objectives.iter().position(|former| former.name == name);
        let objectives = self.definition.objectives.iter();
        numbers.objectives =
            objectives.map(|new| former(&new.name).map(|at| before.objectives[at]).unwrap_or_default()).collect();
        numbers.steps = fresh.steps;
        for ((step, slot), numbers) in self.definition.steps.iter().zip(&self.steps).zip(&mut numbers.steps) {
            let Some(at) = old.definition.steps.iter().position(|former| former.id == step.id) else { continue };
            let fresh = std::mem::replace(numbers, before.steps[at].clone());
            let same_buckets = fresh.durations.is_some() == numbers.durations.is_some();
            if !same_buckets || slot.bounds != old.steps[at].bounds {
                numbers.durations = fresh.durations;
            }
            if step.server_name != old.definition.steps[at].server_name {
                numbers.certificate_expiry_unix_seconds = None;
            }
            if other_definition {
                // The ids of its conditions may be gone.
                numbers.expectation_failures.clear();
            }
        }
    }

    /// Results come in the order of the definition, so the guess nearly always hits. Steps that the definition does
    /// not have (of a run that began before a reload) are not counted: labels come from definitions only.
    fn step_at(&self, id: &str, expected: usize) -> Option<usize> {
        let steps = &self.definition.steps;
        if steps.get(expected).is_some_and(|step| step.id == id) {
            return Some(expected);
        }
        steps.iter().position(|step| step.id == id)
    }
}

/// The shared bounds, or a set of its own where objectives add some.
fn extended(shared: &Arc<Bounds>, thresholds: Vec<Duration>) -> Arc<Bounds> {
    if thresholds.is_empty() { Arc::clone(shared) } else { Arc::new(shared.with(thresholds)) }
}

/// FNV-1a, 64 bit: the same on every machine and in every release, so that shards stay where they are.
fn stable_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
