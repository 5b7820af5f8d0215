//! Walks a journey and always comes back with a run: whatever the target does, a failed probe is data, not an error.

mod attempt;
mod body;
mod capture;
mod names;
mod part;
pub mod quota;
mod request;
mod sign;
mod step;
mod verdict;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::binding::secret::held_at;
use super::resolved::{Action, Journey, SecretSlot, SecretSource, Step};
use crate::base::redact::SECRET_BYTES_MAX;
use crate::base::secret::Labelled;
use crate::base::time::Timestamp;
use crate::model::clock::Clock;
use crate::model::failure::{Cause, Failure, FailureKind};
use crate::model::observation::Exchange;
use crate::model::run::{Outcome, Run, StepResult, StepState};
use crate::model::value::Value;
use crate::probe::http::Session;
use capture::{Capture, Sizes};
use names::{Names, Shared};
use quota::Quotas;

/// What a run is told from outside.
pub struct Context<'a> {
    pub clock: &'a dyn Clock,
    pub vantage: &'a str,
    /// Value of the `User-Agent` header: forerunner, its version and how to reach the operator.
    pub user_agent: &'a str,
    pub planned_at: Timestamp,
    /// From which ids and generators are drawn.
    pub entropy: Entropy,
    /// Asks the run to end early: the clean-up still runs.
    pub stop: CancellationToken,
    pub evidence: EvidencePolicy,
    pub look: Look,
    /// Told when a step starts.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

/// The chance in a run: made by the caller, so that a run can be replayed.
#[derive(Clone, Copy, Debug)]
pub struct Entropy {
    /// Of the generators.
    pub seed: u64,
    /// Of the run id; 80 bits are used.
    pub id: u128,
    /// Not zero.
    pub trace: u128,
}

/// Which look at the target a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    First,
    /// Shortly after a run that failed: nothing that may change something is done again.
    Second,
}

/// How many of the journey's own steps a second look takes: those before the first that may change something. It makes
/// nothing, so it cleans nothing up.
#[must_use]
pub fn rechecked(journey: &Journey) -> usize {
    fn reads(step: &Step) -> bool {
        match &step.action {
            Action::Http(http) => !http.action.writes(),
            Action::Wait(_) => true,
            Action::Use { part, .. } => part.steps.iter().chain(&part.cleanup).all(reads),
        }
    }
    journey.main.steps.iter().take_while(|step| reads(step)).count()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidencePolicy {
    Always,
    /// Only of runs that did not pass.
    WhenNotPassed,
}

/// One execution in progress.
struct Running<'a> {
    journey: &'a Journey,
    cx: &'a Context<'a>,
    shared: Arc<Shared<'a>>,
    session: Session,
    /// Until when the current half, steps or clean-up, may take.
    deadline: Instant,
    /// Requests left to the current half.
    requests: AtomicU32,
    steps_left: u32,
    cleaning: bool,
    quotas: Quotas,
    /// Clean-ups of used journeys, to be run after the user's own, the latest first.
    used: Vec<part::UsedPart<'a>>,
}

/// What a step left behind: its result, and the raw material that its evidence is made of.
struct Record {
    result: StepResult,
    exchanges: Vec<Seen>,
    kept: Vec<(String, Labelled<Value>)>,
}

/// Exchanges kept per step: the first ones and the last, for what lies between repeats them.
const SEEN_MAX: usize = 20;

impl Record {
    /// Remembers an exchange; of many, the middle ones are forgotten.
    fn see(&mut self, seen: Seen) {
        if self.exchanges.len() == SEEN_MAX {
            self.exchanges.remove(SEEN_MAX / 2);
        }
        self.exchanges.push(seen);
    }

    /// Remembers what was kept; a later attempt overwrites what an earlier one kept.
    fn keep(&mut self, kept: Vec<(String, Labelled<Value>)>) {
        for (name, value) in kept {
            self.kept.retain(|(known, _)| *known != name);
            self.kept.push((name, value));
        }
    }
}

/// An exchange with its bodies cut to what evidence shows, and which repetition it belongs to, both from 1.
struct Seen {
    exchange: Exchange,
    /// Of each hop, before the cut.
    sizes: Vec<Sizes>,
    attempt: u32,
    iteration: u32,
}

impl Seen {
    fn new(mut exchange: Exchange, attempt: u32, iteration: u32) -> Self {
        let sizes = exchange.hops.iter_mut().map(Sizes::shrink).collect();
        Self { exchange, sizes, attempt, iteration }
    }
}

/// Runs the journey once. Cannot fail: trouble of our own gives an indeterminate run.
///
/// Dropping the future ends everything at once, clean-up included; to keep the clean-up, cancel
/// [`Context::stop`] instead.
pub async fn execute(journey: &Journey, cx: &Context<'_>) -> Run {
    let started_at = cx.clock.now();
    let started = Instant::now();
    let millis = u64::try_from(started_at.unix_millis()).unwrap_or_default();
    let id = ulid::Ulid::from_parts(millis, cx.entropy.id).to_string();
    // Whoever opened the span of this run left room for its id, or did not ask for it.
    tracing::Span::current().record("run_id", id.as_str());
    let shared = Arc::new(Shared::new(id.clone(), started_at, cx.entropy.seed, cx.clock, &journey.authority));
    let mut running = Running {
        journey,
        cx,
        shared: Arc::clone(&shared),
        session: Session::new(Arc::clone(&journey.networks), cx.entropy.trace.max(1)),
        deadline: started + journey.limits.time,
        requests: AtomicU32::new(journey.limits.requests),
        steps_left: journey.limits.steps,
        cleaning: false,
        quotas: Quotas::default(),
        used: Vec::new(),
    };
    let mut steps = Vec::new();
    let mut cleanup = Vec::new();
    let mut failure = None;
    match running.main_names().await {
        Ok(mut names) => {
            let most = if cx.look == Look::First { usize::MAX } else { rechecked(journey) };
            running.steps(&journey.main, most, &mut names, "", &mut steps).await;
            if cx.look == Look::First {
                running.begin_cleanup();
                running.cleanup(&journey.main, &mut names, "", &mut cleanup).await;
                while let Some(mut used) = running.used.pop() {
                    running.cleanup(&used.part, &mut used.names, &used.prefix, &mut cleanup).await;
                }
            }
        }
        Err(trouble) => failure = Some(trouble),
    }
    let postponed_until = running.quotas.postponed_until(cx.clock.now());
    drop(running);
    if failure.is_none() && nothing_executed(&steps) {
        failure = Some(Failure::new(FailureKind::NothingExecuted, "every step was skipped, so nothing was measured"));
    }
    let (outcome, cause) = verdict_of(&steps, failure.as_ref());
    let mut run = Run {
        id,
        name: journey.name.clone(),
        journey: journey.id.clone(),
        title: journey.title.clone(),
        owner: journey.owner.clone(),
        vantage: cx.vantage.to_owned(),
        definition: journey.digest.clone(),
        recheck: cx.look == Look::Second,
        planned_at: cx.planned_at,
        started_at,
        elapsed: started.elapsed(),
        outcome,
        cause,
        failure,
        trace_id: format!("{:032x}", cx.entropy.trace.max(1)),
        seed: cx.entropy.seed,
        steps: Vec::new(),
        cleanup: Vec::new(),
        notices: journey.notices.clone(),
        postponed_until,
    };
    let wanted = cx.evidence == EvidencePolicy::Always
        || outcome != Outcome::Passed
        || cleanup.iter().any(|record| record.result.state == StepState::Failed);
    let mut capture = Capture::new(&shared, &journey.authority, wanted);
    run.steps = capture.steps(steps);
    run.cleanup = capture.steps(cleanup);
    capture.finish(&mut run);
    run
}

/// The run was asked to end: its trouble is ours, nobody's fault.
fn stopped() -> Failure {
    Failure::new(FailureKind::Stopped, "the run was asked to stop")
}

/// No step failed, and none asked a target anything: waiting and using a journey that does nothing are no measurement.
fn nothing_executed(steps: &[Record]) -> bool {
    steps.iter().map(|record| &record.result).all(|step| {
        let measured = step.attempts > 0 && step.host.is_some();
        !measured && !matches!(step.state, StepState::Failed | StepState::Indeterminate)
    })
}

/// The outcome of a run and its cause: the first step that failed, or could not be judged, decides.
fn verdict_of(steps: &[Record], failure: Option<&Failure>) -> (Outcome, Option<Cause>) {
    if let Some(failure) = failure {
        return (Outcome::Indeterminate, Some(failure.cause()));
    }
    let cause = |record: &Record| record.result.failure.as_ref().map(Failure::cause);
    for record in steps {
        match record.result.state {
            StepState::Failed => return (Outcome::Failed, cause(record)),
            StepState::Indeterminate => return (Outcome::Indeterminate, cause(record)),
            _ => {}
        }
    }
    match steps.iter().find(|record| record.result.state == StepState::Degraded) {
        Some(record) => (Outcome::Degraded, cause(record).or(Some(Cause::Expectation))),
        None => (Outcome::Passed, None),
    }
}

impl<'a> Running<'a> {
    /// Reads the secrets and evaluates the vars of the journey itself.
    async fn main_names(&self) -> Result<Names<'a>, Failure> {
        let inputs = self.journey.inputs.iter();
        let mut given: Vec<_> =
            inputs.map(|(name, value)| (name.clone(), Labelled::open(Value::Json(value.clone())))).collect();
        for slot in &self.journey.secrets {
            if let Some(source) = &slot.source {
                let text = read_secret(slot, source, self.deadline).await?;
                let value = Labelled::new(Value::text(text), slot.label);
                self.shared.learn(&slot.name, &value);
                given.push((slot.name.clone(), value));
            }
        }
        Names::new(Arc::clone(&self.shared), &self.journey.main, given)
    }

    /// From here on the clean-up has its own time and requests.
    fn begin_cleanup(&mut self) {
        self.cleaning = true;
        self.deadline = Instant::now() + self.journey.limits.cleanup;
        self.requests = AtomicU32::new(self.journey.limits.requests);
        self.steps_left = self.journey.limits.steps;
    }

    fn stopping(&self) -> bool {
        !self.cleaning && self.cx.stop.is_cancelled()
    }

    /// Time left to the current half.
    fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// Reads one secret. A file may hang, for example on a share that is gone: it is read beside the workers, and only as
/// long as the run may take.
async fn read_secret(slot: &SecretSlot, source: &SecretSource, deadline: Instant) -> Result<String, Failure> {
    let unreadable = |why: &str| Failure::new(FailureKind::SecretUnreadable, format!("secret `{}`: {why}", slot.name));
    let read = match source {
        SecretSource::Environment(_) => held_at(source),
        SecretSource::File(_) => {
            let owned = source.clone();
            let reading = tokio::task::spawn_blocking(move || held_at(&owned));
            match tokio::time::timeout_at(deadline, reading).await {
                Ok(Ok(read)) => read,
                Ok(Err(_)) => Err(format!("reading `{source}` was broken off")),
                Err(_) => Err(format!("reading `{source}` takes longer than the run may")),
            }
        }
    };
    match read {
        Ok(text) if text.len() > SECRET_BYTES_MAX => {
            Err(unreadable(&format!("`{source}` is longer than {SECRET_BYTES_MAX} bytes, which no secret may be")))
        }
        read => read.map_err(|why| unreadable(&why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs are tasks of a runtime with several threads.
    #[test]
    fn a_run_can_move_between_threads() {
        fn is_send<'a>(journey: &'a Journey, cx: &'a Context<'a>) -> impl Send + 'a {
            execute(journey, cx)
        }
        let _ = is_send;
    }
}
