//! The set of runs in force, as one value: a reload swaps it whole or leaves it alone.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::ScheduledRun;
use crate::journey::resolved::{Action, Part, Step};
use crate::metrics::series::{JourneySeries, ObjectiveSeries, StepSeries};
use crate::model::authority::Authority;
use crate::schedule::entry::Entry;

/// Every run of the configuration, by its name.
#[derive(Default)]
pub struct RunSet {
    runs: HashMap<Arc<str>, (Arc<Entry>, Arc<ScheduledRun>)>,
}

impl RunSet {
    #[must_use]
    pub fn new(runs: Vec<ScheduledRun>) -> Self {
        let named = |run: ScheduledRun| {
            let name: Arc<str> = Arc::from(run.journey.name.as_str());
            (Arc::clone(&name), (Arc::new(entry(&name, &run)), Arc::new(run)))
        };
        Self { runs: runs.into_iter().map(named).collect() }
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<ScheduledRun>> {
        self.runs.get(name).map(|(_, run)| run)
    }

    /// A run with what the timetable knows of it.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<(&Arc<Entry>, &Arc<ScheduledRun>)> {
        self.runs.get(name).map(|(entry, run)| (entry, run))
    }

    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.runs.contains_key(name)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<ScheduledRun>> {
        self.runs.values().map(|(_, run)| run)
    }

    /// What the timetable must know of each.
    #[must_use]
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.runs.values().map(|(entry, _)| Arc::clone(entry)).collect()
    }

    /// What the metrics must know of each.
    #[must_use]
    pub fn series(&self) -> Vec<JourneySeries> {
        self.iter().map(|run| series(run)).collect()
    }
}

fn entry(name: &Arc<str>, run: &ScheduledRun) -> Entry {
    let journey = &run.journey;
    let mut hosts: Vec<Arc<str>> = journey
        .authority
        .hosts
        .iter()
        .map(|host| Arc::from(format!("{}:{}", host.origin.host, host.origin.port)))
        .collect();
    hosts.sort();
    hosts.dedup();
    Entry {
        name: Arc::clone(name),
        journey: Arc::from(journey.id.as_str()),
        interval: run.interval,
        hosts,
        lock: run.entry.lock.as_ref().map(|lock| Arc::from(lock.value.as_str())),
        parallel: journey.limits.parallel,
    }
}

fn series(run: &ScheduledRun) -> JourneySeries {
    let journey = &run.journey;
    let mut steps = Vec::new();
    step_series(&journey.main, &journey.authority, "", &mut steps);
    let labels = run.entry.labels.iter().flat_map(|labels| &labels.0);
    JourneySeries {
        name: journey.name.clone(),
        title: journey.title.clone(),
        source: run.file.clone(),
        definition: journey.digest.clone(),
        owner: journey.owner.clone(),
        labels: labels.map(|(name, value)| (name.value.clone(), value.value.clone())).collect(),
        interval: run.interval,
        timeout: journey.limits.time,
        objectives: run
            .objectives
            .iter()
            .map(|objective| ObjectiveSeries {
                name: objective.name.clone(),
                target: objective.target,
                step: objective.step.clone(),
                latency_threshold: objective.latency_threshold,
            })
            .collect(),
        steps,
    }
}

/// The steps of a part in order, those of used journeys behind the step that uses them. Clean-up is no sample.
fn step_series(part: &Part, authority: &Authority, prefix: &str, steps: &mut Vec<StepSeries>) {
    for step in &part.steps {
        let id = format!("{prefix}{}", step.id);
        match &step.action {
            Action::Wait(_) => {}
            Action::Http(http) => {
                let host = authority.host(http.host);
                let secure = host.filter(|host| host.origin.scheme == "https");
                steps.push(StepSeries {
                    id,
                    host: host.map(|host| host.name.clone()),
                    party: party(step, host.and_then(|host| host.owner.as_ref())),
                    server_name: secure.map(|host| host.origin.host.clone()),
                });
            }
            Action::Use { part: used, .. } => {
                let inner = format!("{id}/");
                steps.push(StepSeries { id, host: None, party: step.owner.clone(), server_name: None });
                step_series(used, authority, &inner, steps);
            }
        }
    }
}

fn party(step: &Step, of_host: Option<&String>) -> Option<String> {
    step.owner.clone().or_else(|| of_host.cloned())
}
