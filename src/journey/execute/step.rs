//! One step of a run: `when`, `for`, `retry`, and the verdict that follows from them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument as _;

use super::attempt::Attempt;
use super::names::{Names, failure};
use super::part::{StepFlow, is_retried};
use super::verdict::{Judged, all_hold, judge, keep};
use super::{Record, Running, Seen};
use crate::base::secret::{Label, Labelled};
use crate::expectation::subject::Subject;
use crate::journey::resolved::{Action, ForEach, Http, Part, Step};
use crate::model::failure::{Failure, FailureKind};
use crate::model::run::StepState;
use crate::model::value::Value;

/// How one iteration ended.
enum Iteration {
    /// `when` did not hold; with the reason.
    Skipped(String),
    Passed,
    /// A preference was missed.
    Degraded(Failure),
    Failed(Failure),
}

impl<'a> Running<'a> {
    /// Runs one step. Its record, and behind it those of a used journey, are added to `records`.
    pub(super) async fn step(
        &mut self,
        part: &Arc<Part>,
        step: &Step,
        names: &mut Names<'a>,
        prefix: &str,
        records: &mut Vec<Record>,
    ) -> StepFlow {
        let mut record = Record::of(step, prefix);
        let started = Instant::now();
        record.result.started_at = Some(self.cx.clock.now());
        (self.cx.progress)(&record.result.id);
        let mut inner = Vec::new();
        let span = tracing::info_span!("step", step = record.result.id);
        let ended = async {
            match &step.for_each {
                None => self.iteration(part, step, names, prefix, &mut record, &mut inner, 1).await,
                Some(each) => self.iterations(part, step, each, names, prefix, &mut record, &mut inner).await,
            }
        }
        .instrument(span.clone())
        .await;
        record.result.elapsed = started.elapsed();
        match ended {
            Iteration::Passed => {}
            Iteration::Skipped(why) => {
                record.result.state = StepState::Skipped;
                record.result.note = Some(why);
                record.result.started_at = None;
            }
            Iteration::Degraded(failure) => {
                record.result.state = StepState::Degraded;
                record.result.failure = Some(failure);
            }
            Iteration::Failed(failure) => record.fail(failure),
        }
        if step.optional && record.result.state == StepState::Failed {
            record.result.state = StepState::Degraded;
            record.result.note = Some("optional: the run goes on without it".to_owned());
            step.keep.iter().for_each(|keep| names.lose(&keep.name));
            // Of a used journey, what failed inside only degrades as well.
            for inner in inner.iter_mut().filter(|inner| inner.result.state == StepState::Failed) {
                inner.result.state = StepState::Degraded;
            }
        }
        let ends = matches!(record.result.state, StepState::Failed | StepState::Indeterminate);
        let result = &record.result;
        // Nothing that a target sent: what is told of that is masked only when the run is over.
        span.in_scope(|| {
            tracing::debug!(
                state = result.state.word(),
                status = result.status,
                requests = result.requests,
                elapsed = result.elapsed.as_secs_f64(),
                failure = result.failure.as_ref().map(|failure| failure.kind.reason()),
                "step ended"
            );
        });
        records.push(record);
        records.append(&mut inner);
        if ends { StepFlow::End } else { StepFlow::GoOn }
    }

    /// `for`: once per element, until one fails.
    #[expect(clippy::too_many_arguments, reason = "one call's worth of context, passed down unchanged")]
    async fn iterations(
        &mut self,
        part: &Arc<Part>,
        step: &Step,
        each: &ForEach,
        names: &mut Names<'a>,
        prefix: &str,
        record: &mut Record,
        inner: &mut Vec<Record>,
    ) -> Iteration {
        let list = match each.list.render(names) {
            Ok(list) => list,
            Err(error) => return Iteration::Failed(failure(&error, "the list of `for`")),
        };
        let label = list.label;
        let serde_json::Value::Array(elements) = list.value else {
            let why = format!("`for` goes through a list, and `{}` is none", each.name);
            return Iteration::Failed(Failure::new(FailureKind::ValueUnusable, why));
        };
        let total = u32::try_from(elements.len()).unwrap_or(u32::MAX);
        record.result.iterations = Some((0, total));
        let mut lists: Vec<(String, Label, Vec<serde_json::Value>)> =
            step.keep.iter().map(|keep| (keep.name.clone(), Label::ANYWHERE, Vec::new())).collect();
        let mut whole = Iteration::Skipped(format!("the list of `{}` is empty", each.name));
        let mut judged = Judged::default();
        for (number, element) in (1..=each.max).zip(elements) {
            names.set(&each.name, Labelled::new(Value::Json(element), label));
            record.result.iterations = Some((number, total));
            let ended = self.iteration(part, step, names, prefix, record, inner, number).await;
            for (name, value) in record.kept.drain(..) {
                if let Some((_, label, values)) = lists.iter_mut().find(|(known, ..)| *known == name) {
                    *label = label.join(value.label);
                    values.push(value.value.into_json());
                }
            }
            let (misses, conditions) = (&mut record.result.misses, &mut record.result.conditions);
            let latest = Judged::of(std::mem::take(misses), std::mem::take(conditions));
            judged.join(latest, matches!(ended, Iteration::Failed(_)));
            whole = match (whole, ended) {
                (_, Iteration::Failed(failure)) => {
                    whole = Iteration::Failed(failure);
                    break;
                }
                (degraded @ Iteration::Degraded(_), _) | (_, degraded @ Iteration::Degraded(_)) => degraded,
                (Iteration::Passed, _) | (_, Iteration::Passed) => Iteration::Passed,
                (_, skipped @ Iteration::Skipped(_)) => skipped,
            };
        }
        (record.result.misses, record.result.conditions) = (judged.misses, judged.conditions);
        names.forget(&each.name);
        for (name, label, values) in lists.into_iter().filter(|(_, _, values)| !values.is_empty()) {
            let list = Labelled::new(Value::Json(serde_json::Value::Array(values)), label);
            names.keep_known(&name, list.clone());
            record.kept.push((name, list));
        }
        whole
    }

    #[expect(clippy::too_many_arguments, reason = "one call's worth of context, passed down unchanged")]
    async fn iteration(
        &mut self,
        part: &Arc<Part>,
        step: &Step,
        names: &mut Names<'a>,
        prefix: &str,
        record: &mut Record,
        inner: &mut Vec<Record>,
        number: u32,
    ) -> Iteration {
        match all_hold(&step.when, &Subject::nothing(), names) {
            Ok(None) => {}
            Ok(Some(why)) => return Iteration::Skipped(format!("`when` does not hold: {why}")),
            Err(failure) => return Iteration::Failed(failure),
        }
        if self.stopping() {
            return Iteration::Failed(super::stopped());
        }
        if let Action::Wait(pause) = step.action {
            return match self.pause(pause).await {
                Ok(()) => Iteration::Passed,
                Err(failure) => Iteration::Failed(failure),
            };
        }
        if self.steps_left == 0 {
            let why = format!("more than {} steps were to be executed (`limits.steps`)", self.journey.limits.steps);
            return Iteration::Failed(Failure::new(FailureKind::AllowanceUsedUp, why));
        }
        self.steps_left -= 1;
        if self.time_left().is_zero() {
            return Iteration::Failed(self.time_used_up());
        }
        match &step.action {
            Action::Http(http) => self.repeated(part, step, http, names, record, number).await,
            Action::Use { part: used, inputs } => {
                record.result.attempts = 1;
                let started = Instant::now();
                let inner_prefix = format!("{}/", record.result.id);
                debug_assert!(record.result.id.starts_with(prefix));
                let end = self.used(used, inputs, names, inner_prefix, inner).await;
                record.result.timings.total = started.elapsed();
                if let Some(failure) = end.failure {
                    record.result.owner = end.owner.or(record.result.owner.take());
                    return Iteration::Failed(failure);
                }
                let subject = Subject::of_outputs(&end.outputs, started.elapsed());
                let mut judged = Judged::default();
                record.kept.extend(keep(&step.keep, &subject, None, names, &mut judged));
                judge(&step.expect, &subject, names, &mut judged);
                let failed = judged.failure();
                let ended = match failed {
                    Some(failure) => Iteration::Failed(failure),
                    None => preferred(step, &subject, names, &mut judged),
                };
                let ended = match (ended, end.degraded) {
                    (Iteration::Passed, Some(inner)) => {
                        record.result.owner = end.owner.or(record.result.owner.take());
                        Iteration::Degraded(inner)
                    }
                    (ended, _) => ended,
                };
                record.result.misses = judged.misses;
                record.result.conditions = judged.conditions;
                ended
            }
            Action::Wait(_) => Iteration::Passed,
        }
    }

    /// Attempts until what is expected holds, or it no longer can.
    async fn repeated(
        &mut self,
        part: &Part,
        step: &Step,
        http: &Http,
        names: &mut Names<'a>,
        record: &mut Record,
        number: u32,
    ) -> Iteration {
        let first = Instant::now();
        record.result.attempts = 0;
        loop {
            record.result.attempts += 1;
            let attempt = self.attempt(part, step, http, names, record).await;
            let pause = self.next_pause(step, &attempt, record.result.attempts, first);
            let Attempt { failure, kept, exchange, .. } = attempt;
            record.keep(kept);
            let Some(failure) = failure else {
                let Some(exchange) = exchange else { return Iteration::Passed };
                let (misses, conditions) = (&mut record.result.misses, &mut record.result.conditions);
                let mut judged = Judged::of(std::mem::take(misses), std::mem::take(conditions));
                let ended = preferred(step, &Subject::of(&exchange), names, &mut judged);
                record.result.misses = judged.misses;
                record.result.conditions = judged.conditions;
                record.see(Seen::new(exchange, record.result.attempts, number));
                return ended;
            };
            if let Some(exchange) = exchange {
                record.see(Seen::new(exchange, record.result.attempts, number));
            }
            let Some(pause) = pause else { return Iteration::Failed(after_attempts(failure, record.result.attempts)) };
            if let Err(failure) = self.pause(pause).await {
                return Iteration::Failed(failure);
            }
        }
    }

    /// How long to wait before another attempt; none if there is none.
    fn next_pause(&self, step: &Step, attempt: &Attempt, made: u32, first: Instant) -> Option<Duration> {
        let retry = step.retry.as_ref()?;
        let failure = attempt.failure.as_ref()?;
        if attempt.fatal || !is_retried(failure) || retry.times.is_some_and(|times| made >= times) {
            return None;
        }
        let pause = attempt.retry_after.map_or(retry.every, |asked| asked.max(retry.every));
        let next = Instant::now().checked_add(pause)?;
        let in_time = retry.for_time.is_none_or(|time| next <= first + time) && next < self.deadline;
        in_time.then_some(pause)
    }

    /// Waits, unless the run is asked to stop or its time is used up.
    async fn pause(&self, pause: Duration) -> Result<(), Failure> {
        let until = (Instant::now() + pause).min(self.deadline);
        if self.cleaning {
            tokio::time::sleep_until(until).await;
        } else {
            tokio::select! {
                biased;
                () = self.cx.stop.cancelled() => return Err(super::stopped()),
                () = tokio::time::sleep_until(until) => {}
            }
        }
        if self.time_left().is_zero() { Err(self.time_used_up()) } else { Ok(()) }
    }

    fn time_used_up(&self) -> Failure {
        let (what, limit) = if self.cleaning {
            ("limits.cleanup", self.journey.limits.cleanup)
        } else {
            ("limits.time", self.journey.limits.time)
        };
        let limit = crate::base::duration::format_duration(limit);
        Failure::new(FailureKind::RunTimeout, format!("the time for the whole run, `{what}: {limit}`, is used up"))
    }
}

/// `prefer`: a miss degrades.
fn preferred(step: &Step, subject: &Subject<'_>, names: &mut Names<'_>, judged: &mut Judged) -> Iteration {
    let mut preferences = Judged::default();
    judge(&step.prefer, subject, names, &mut preferences);
    let failure = preferences.failure();
    judged.misses.append(&mut preferences.misses);
    let room = crate::model::run::CONDITIONS_MAX.saturating_sub(judged.conditions.len());
    judged.conditions.extend(preferences.conditions.into_iter().take(room));
    match failure {
        Some(failure) if failure.cause().is_ours() => Iteration::Failed(failure),
        Some(failure) => Iteration::Degraded(failure),
        None => Iteration::Passed,
    }
}

fn after_attempts(mut failure: Failure, attempts: u32) -> Failure {
    if attempts > 1 {
        let _ = write!(failure.detail, "; after {attempts} attempts");
    }
    failure
}
