//! The families of run entries and steps, one after the other, straight from the slots into the encoder.

use std::io;

use super::catalogue::{self as metric, Metric};
use super::encoder::Encoder;
use super::histogram::nanos;
use super::label::render;
use super::scrape::Shard;
use super::set::Set;
use super::slot::{Slot, StepSlot};
use super::state::{JourneyNumbers, PHASES, StepNumbers};
use crate::model::failure::{Cause, FailureKind};
use crate::model::skip::SkipReason;

/// A set seen through a shard.
pub struct Exposition<'a> {
    pub set: &'a Set,
    pub shard: Option<Shard>,
}

impl Exposition<'_> {
    pub fn journeys(&self, out: &mut Encoder<'_>) -> io::Result<()> {
        self.each(out, &metric::JOURNEY_INFO, |out, slot, _| out.integer(&slot.info, "", 1))?;
        self.each(out, &metric::JOURNEY_DEFINITION_CHANGED, |out, slot, numbers| {
            if let Some(changed) = numbers.definition_changed_unix_millis {
                out.timestamp(&slot.labels, "", changed);
            }
        })?;
        self.each(out, &metric::JOURNEY_INTERVAL, |out, slot, _| {
            out.seconds(&slot.labels, "", nanos(slot.definition.interval));
        })?;
        self.each(out, &metric::JOURNEY_TIMEOUT, |out, slot, _| {
            out.seconds(&slot.labels, "", nanos(slot.definition.timeout));
        })?;
        self.counts(out, &metric::JOURNEY_PLANNED, |numbers| numbers.planned)?;
        self.counts(out, &metric::JOURNEY_RUNS, |numbers| numbers.runs)?;
        self.counts(out, &metric::JOURNEY_FAILURES, |numbers| numbers.failures)?;
        self.counts(out, &metric::JOURNEY_SPURIOUS, |numbers| numbers.spurious)?;
        let causes = Cause::ALL.map(|cause| more("cause", cause.word()));
        self.each(out, &metric::JOURNEY_INDETERMINATE, |out, slot, numbers| {
            written(out, &slot.labels, &causes, &numbers.indeterminate);
        })?;
        let reasons = SkipReason::ALL.map(|reason| more("reason", reason.word()));
        self.each(out, &metric::JOURNEY_SKIPPED, |out, slot, numbers| {
            written(out, &slot.labels, &reasons, &numbers.skipped);
        })?;
        self.counts(out, &metric::JOURNEY_CLEANUP_FAILURES, |numbers| numbers.cleanup_failures)?;
        self.each(out, &metric::JOURNEY_SUCCESS, |out, slot, numbers| {
            if let Some(last) = numbers.last {
                out.integer(&slot.labels, "", u64::from(last.succeeded));
            }
        })?;
        self.each(out, &metric::JOURNEY_DEGRADED, |out, slot, numbers| {
            if let Some(last) = numbers.last {
                out.integer(&slot.labels, "", u64::from(last.degraded));
            }
        })?;
        self.each(out, &metric::JOURNEY_LAST_RUN, |out, slot, numbers| {
            if let Some(last) = numbers.last {
                out.timestamp(&slot.labels, "", last.ended_unix_millis);
            }
        })?;
        self.each(out, &metric::JOURNEY_LAST_SUCCESS, |out, slot, numbers| {
            if let Some(millis) = numbers.last_success_unix_millis {
                out.timestamp(&slot.labels, "", millis);
            }
        })?;
        let [passed, failed] = ["passed", "failed"].map(|outcome| more("outcome", outcome));
        self.each(out, &metric::JOURNEY_DURATION, |out, slot, numbers| {
            out.histogram(&slot.labels, &passed, &slot.bounds, &numbers.passed);
            if let Some(histogram) = &numbers.failed {
                out.histogram(&slot.labels, &failed, &slot.bounds, histogram);
            }
        })?;
        self.objectives(out)
    }

    fn objectives(&self, out: &mut Encoder<'_>) -> io::Result<()> {
        self.each(out, &metric::SLO_OBJECTIVE, |out, slot, _| {
            for (labels, objective) in slot.objectives.iter().zip(&slot.definition.objectives) {
                out.float(labels, "", objective.target);
            }
        })?;
        self.each(out, &metric::SLO_THRESHOLD, |out, slot, _| {
            for (labels, objective) in slot.objectives.iter().zip(&slot.definition.objectives) {
                if let Some(threshold) = objective.latency_threshold {
                    out.seconds(labels, "", nanos(threshold));
                }
            }
        })?;
        self.each(out, &metric::SLO_EVENTS, |out, slot, numbers| {
            for (labels, objective) in slot.objectives.iter().zip(&numbers.objectives) {
                out.integer(labels, "", objective.events);
            }
        })?;
        self.each(out, &metric::SLO_BAD_EVENTS, |out, slot, numbers| {
            for (labels, objective) in slot.objectives.iter().zip(&numbers.objectives) {
                out.integer(labels, "", objective.bad);
            }
        })
    }

    pub fn steps(&self, out: &mut Encoder<'_>) -> io::Result<()> {
        self.each_step(out, &metric::STEP_INFO, |out, step, _| out.integer(&step.info, "", 1))?;
        self.each_step(out, &metric::STEP_SUCCESS, |out, step, numbers| {
            if let Some(last) = numbers.last {
                out.integer(&step.labels, "", u64::from(last.succeeded));
            }
        })?;
        self.each_step(out, &metric::STEP_RUNS, |out, step, numbers| out.integer(&step.labels, "", numbers.runs))?;
        self.each_step(out, &metric::STEP_DURATION, |out, step, numbers| {
            if let Some(durations) = &numbers.durations {
                out.histogram(&step.labels, "", &step.bounds, durations);
            }
        })?;
        let phases = PHASES.map(|phase| more("phase", phase));
        self.each_step(out, &metric::STEP_PHASE_DURATION, |out, step, numbers| {
            for (phase, duration) in phases.iter().zip(numbers.last.iter().flat_map(|last| last.phases_nanos)) {
                if let Some(duration) = duration {
                    out.seconds(&step.labels, phase, duration);
                }
            }
        })?;
        self.each_step(out, &metric::STEP_HTTP_STATUS, |out, step, numbers| {
            if let Some(status) = numbers.last.and_then(|last| last.status) {
                out.integer(&step.labels, "", u64::from(status));
            }
        })?;
        self.each_step(out, &metric::STEP_RESPONSE_SIZE, |out, step, numbers| {
            if let Some(size) = numbers.last.and_then(|last| last.body_bytes) {
                out.integer(&step.labels, "", size);
            }
        })?;
        // Rendered once for all steps: the reasons are a closed list.
        let mut reasons: Vec<(&str, String)> = Vec::new();
        for reason in FailureKind::ALL.iter().map(|kind| kind.reason()) {
            if reasons.iter().all(|(known, _)| *known != reason) {
                reasons.push((reason, more("reason", reason)));
            }
        }
        self.each_step(out, &metric::STEP_FAILURES, |out, step, numbers| {
            for (reason, count) in &numbers.failures {
                if let Some((_, label)) = reasons.iter().find(|(known, _)| known == reason) {
                    out.integer(&step.labels, label, *count);
                }
            }
        })?;
        self.each_step(out, &metric::STEP_EXPECTATION_FAILURES, |out, step, numbers| {
            for (slug, count) in &numbers.expectation_failures {
                out.integer(&step.labels, &more("expectation", slug), *count);
            }
        })?;
        if self.shard.is_none_or(Shard::is_first) { self.certificates(out) } else { Ok(()) }
    }

    /// Over all entries whatever the shard, because several of them may talk to one server.
    fn certificates(&self, out: &mut Encoder<'_>) -> io::Result<()> {
        let mut earliest: Vec<Option<i64>> = vec![None; self.set.servers.len()];
        for (slot, servers) in self.set.slots.iter().zip(&self.set.step_servers) {
            for (server, step) in servers.iter().zip(&slot.numbers().steps) {
                if let (Some(server), Some(expiry)) = (*server, step.certificate_expiry_unix_seconds) {
                    earliest[server] = Some(earliest[server].map_or(expiry, |other| other.min(expiry)));
                }
            }
        }
        out.metric(&metric::CERT_EXPIRY);
        for (labels, expiry) in self.set.servers.iter().zip(earliest) {
            if let Some(expiry) = expiry {
                out.timestamp(labels, "", expiry.saturating_mul(1_000));
            }
        }
        out.flush_if_full()
    }

    fn counts(&self, out: &mut Encoder<'_>, metric: &Metric, value: fn(&JourneyNumbers) -> u64) -> io::Result<()> {
        self.each(out, metric, |out, slot, numbers| out.integer(&slot.labels, "", value(numbers)))
    }

    /// One family over all entries. A slot's lock is held only while its lines are put into memory.
    fn each(
        &self,
        out: &mut Encoder<'_>,
        metric: &Metric,
        mut write: impl FnMut(&mut Encoder<'_>, &Slot, &JourneyNumbers),
    ) -> io::Result<()> {
        out.metric(metric);
        let within = |slot: &&std::sync::Arc<Slot>| self.shard.is_none_or(|shard| shard.holds(slot.shard_key));
        for slot in self.set.slots.iter().filter(within) {
            write(out, slot, &slot.numbers());
            out.flush_if_full()?;
        }
        Ok(())
    }

    fn each_step(
        &self,
        out: &mut Encoder<'_>,
        metric: &Metric,
        mut write: impl FnMut(&mut Encoder<'_>, &StepSlot, &StepNumbers),
    ) -> io::Result<()> {
        self.each(out, metric, |out, slot, numbers| {
            for (step, numbers) in slot.steps.iter().zip(&numbers.steps) {
                write(out, step, numbers);
            }
        })
    }
}

/// Counters of a closed list; those that never counted are left out.
fn written(out: &mut Encoder<'_>, labels: &str, more: &[String], counts: &[u64]) {
    for (more, count) in more.iter().zip(counts) {
        if *count > 0 {
            out.integer(labels, more, *count);
        }
    }
}

/// A further label, rendered, with the comma before it.
fn more(name: &str, value: &str) -> String {
    format!(",{}", render(&[(name, value)]))
}
