//! What the judge must know of the configuration in force, as one value that a reload swaps.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::app::daemon::set::RunSet;
use crate::config::ScheduledRun;
use crate::evaluate::Policy;
use crate::journey::binding::IncidentSeverity;
use crate::journey::execute::rechecked;
use crate::model::incident::Severity;

/// Failures that open an incident, and passes that close it, where the entry says nothing.
const OPEN_AFTER: u32 = 2;
const CLOSE_AFTER: u32 = 2;
const CLOSE_FOR: Duration = Duration::from_mins(1);

pub struct Standards {
    runs: HashMap<String, Watched>,
}

/// One run entry.
pub struct Watched {
    /// Ids of the steps that a second look takes.
    pub rechecked: Vec<String>,
    policy: Policy,
}

impl Standards {
    #[must_use]
    pub fn new(set: &RunSet) -> Self {
        Self { runs: set.iter().map(|run| (run.journey.name.clone(), watched(run))).collect() }
    }

    #[must_use]
    pub fn run(&self, name: &str) -> Option<&Watched> {
        self.runs.get(name)
    }

    /// By which the evaluator judges.
    #[must_use]
    pub fn policies(&self) -> BTreeMap<String, Policy> {
        self.runs.iter().map(|(name, watched)| (name.clone(), watched.policy.clone())).collect()
    }
}

fn watched(run: &ScheduledRun) -> Watched {
    let (journey, entry) = (&run.journey, &run.entry);
    let count = |written: Option<crate::base::span::Spanned<u32>>, usual| written.map_or(usual, |count| count.value);
    let rechecked: Vec<_> = journey.main.steps.iter().take(rechecked(journey)).map(|step| step.id.clone()).collect();
    Watched {
        policy: Policy {
            title: journey.title.clone(),
            owner: journey.owner.clone(),
            severity: match entry.severity {
                IncidentSeverity::Critical => Severity::Critical,
                IncidentSeverity::Warning => Severity::Warning,
                IncidentSeverity::Info => Severity::Info,
            },
            open_after: count(entry.open_after, OPEN_AFTER).max(1),
            close_after: count(entry.close_after, CLOSE_AFTER).max(1),
            close_for: entry.close_for.as_ref().map_or(CLOSE_FOR, |time| time.value),
            every: run.interval,
            recheck: !rechecked.is_empty() && entry.lock.is_none(),
            // There is no channel yet by which anybody could be.
            told: false,
        },
        rechecked,
    }
}
