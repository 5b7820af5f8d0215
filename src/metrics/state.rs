//! The numbers of one run entry, and how a run changes them. No label is rendered and nothing is looked up by text here.

use super::budget::Budget;
use super::histogram::{Bounds, Exemplar, Histogram, nanos};
use crate::model::failure::Cause;
use crate::model::run::{CONDITIONS_MAX, Outcome, Run, StepResult, StepState};
use crate::model::skip::SkipReason;
use crate::model::timing::{Phase, Timings};

#[derive(Clone, Debug)]
pub struct JourneyNumbers {
    pub planned: u64,
    pub runs: u64,
    pub failures: u64,
    /// Failures whose re-check passed.
    pub spurious: u64,
    pub cleanup_failures: u64,
    /// By the position of the cause in [`Cause::ALL`].
    pub indeterminate: [u64; Cause::ALL.len()],
    /// By the position of the reason in [`SkipReason::ALL`].
    pub skipped: [u64; SkipReason::ALL.len()],
    /// Of the last run that could be judged; none before the first.
    pub last: Option<LastRun>,
    pub last_success_unix_millis: Option<i64>,
    pub definition_changed_unix_millis: Option<i64>,
    pub passed: Histogram,
    /// None until the first failure.
    pub failed: Option<Histogram>,
    /// In the order of the definition.
    pub objectives: Vec<ObjectiveNumbers>,
    /// In the order of the definition.
    pub steps: Vec<StepNumbers>,
}

#[derive(Clone, Copy, Debug)]
pub struct LastRun {
    pub succeeded: bool,
    pub degraded: bool,
    pub ended_unix_millis: i64,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct ObjectiveNumbers {
    pub events: u64,
    pub bad: u64,
}

#[derive(Clone, Debug, Default)]
pub struct StepNumbers {
    pub runs: u64,
    /// None where step histograms are off or nothing is exchanged.
    pub durations: Option<Histogram>,
    /// Of the last judged run; none if the step was not reached in it.
    pub last: Option<LastStep>,
    /// By reason, in order of appearance; the reasons are a closed list.
    pub failures: Vec<(&'static str, u64)>,
    /// By the condition's slug, in order of appearance; at most [`CONDITIONS_MAX`].
    pub expectation_failures: Vec<(Box<str>, u64)>,
    /// Of the leaf certificate seen last.
    pub certificate_expiry_unix_seconds: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub struct LastStep {
    pub succeeded: bool,
    /// In the order of [`PHASES`].
    pub phases_nanos: [Option<u64>; PHASES.len()],
    /// 0: no answer. None: the step expects none.
    pub status: Option<u16>,
    pub body_bytes: Option<u64>,
}

/// The words that boards know from `blackbox_exporter`, where sending and waiting are one phase.
pub const PHASES: [&str; 5] = ["resolve", "connect", "tls", "processing", "transfer"];

impl JourneyNumbers {
    pub fn new(passed: Histogram, objectives: usize, steps: Vec<StepNumbers>) -> Self {
        Self {
            planned: 0,
            runs: 0,
            failures: 0,
            spurious: 0,
            cleanup_failures: 0,
            indeterminate: [0; Cause::ALL.len()],
            skipped: [0; SkipReason::ALL.len()],
            last: None,
            last_success_unix_millis: None,
            definition_changed_unix_millis: None,
            passed,
            failed: None,
            objectives: vec![ObjectiveNumbers::default(); objectives],
            steps,
        }
    }

    /// Series that are not in the count of the definition set.
    pub fn lazy_series(&self) -> usize {
        self.steps.iter().map(|step| step.failures.len() + step.expectation_failures.len()).sum()
    }

    /// Counts a run as a whole; says whether it could be judged. One that could not changes nothing else.
    pub fn observe(&mut self, run: &Run, bounds: &Bounds) -> bool {
        let ended = run.started_at.plus(run.elapsed).unix_millis();
        let exemplar = || Exemplar::new(&run.id, &run.trace_id, run.elapsed, ended);
        match run.outcome {
            Outcome::Indeterminate => {
                // A run without a cause can only be our own mistake.
                self.indeterminate[run.cause.unwrap_or(Cause::Probe) as usize] += 1;
                return false;
            }
            Outcome::Passed | Outcome::Degraded => {
                self.passed.observe(bounds, run.elapsed, exemplar());
                self.last_success_unix_millis = Some(ended);
            }
            Outcome::Failed => {
                self.failures += 1;
                self.failed.get_or_insert_with(|| Histogram::new(bounds)).observe(bounds, run.elapsed, exemplar());
            }
        }
        self.runs += 1;
        self.cleanup_failures += u64::from(run.cleanup.iter().any(|step| step.state == StepState::Failed));
        self.last = Some(LastRun {
            succeeded: run.outcome != Outcome::Failed,
            degraded: run.outcome == Outcome::Degraded,
            ended_unix_millis: ended,
        });
        self.steps.iter_mut().for_each(|step| step.last = None);
        true
    }
}

impl StepNumbers {
    /// Counts one execution of the step. `bounds`: where step histograms are on.
    pub fn observe(&mut self, result: &StepResult, bounds: Option<&Bounds>, budget: &Budget) {
        let failed = match result.state {
            StepState::Passed | StepState::Cleaned => false,
            StepState::Failed => true,
            // An optional step that failed degrades the run, and has failed all the same.
            StepState::Degraded => result.failure.is_some(),
            StepState::Indeterminate | StepState::Skipped | StepState::NotRun | StepState::NotNeeded => return,
        };
        let exchanged = !result.timings.total.is_zero();
        self.runs += 1;
        self.last = Some(LastStep {
            succeeded: !failed,
            phases_nanos: phases(&result.timings),
            status: (result.status.is_some() || result.host.is_some()).then(|| result.status.unwrap_or_default()),
            body_bytes: result.body_bytes,
        });
        if let Some(expiry) = result.certificate_not_after {
            self.certificate_expiry_unix_seconds = Some(expiry.unix_seconds());
        }
        if failed {
            let reason = result.failure.as_ref().map_or("internal", |failure| failure.kind.reason());
            count(&mut self.failures, reason, usize::MAX, budget, || reason);
        } else if let (Some(bounds), Some(durations)) = (bounds, &mut self.durations)
            && exchanged
        {
            durations.observe(bounds, result.timings.total, None);
        }
        for condition in result.conditions.iter().filter(|condition| !condition.held) {
            let slug = condition.slug.as_str();
            count(&mut self.expectation_failures, slug, CONDITIONS_MAX, budget, || slug.into());
        }
    }
}

/// Adds one to the counter of `key`, which is created if there is room and the budget admits it.
fn count<K: AsRef<str>>(counters: &mut Vec<(K, u64)>, key: &str, max: usize, budget: &Budget, new: impl Fn() -> K) {
    if let Some((_, counter)) = counters.iter_mut().find(|(name, _)| name.as_ref() == key) {
        *counter += 1;
    } else if counters.len() < max && budget.admit() {
        counters.push((new(), 1));
    }
}

fn phases(timings: &Timings) -> [Option<u64>; PHASES.len()] {
    let processing = match (timings.get(Phase::Send), timings.get(Phase::Wait)) {
        (None, None) => None,
        (send, wait) => Some(send.unwrap_or_default() + wait.unwrap_or_default()),
    };
    let get = |phase| timings.get(phase);
    [get(Phase::Resolve), get(Phase::Connect), get(Phase::Tls), processing, get(Phase::Receive)]
        .map(|duration| duration.map(nanos))
}
