//! The order of a run: steps until one ends it, clean-up steps each on its own, used journeys in place.

use std::sync::Arc;

use super::names::{Names, failure};
use super::{Record, Running};
use crate::base::secret::Labelled;
use crate::journey::resolved::{Part, Step};
use crate::model::failure::{Cause, Failure, FailureKind};
use crate::model::run::{StepResult, StepState};
use crate::model::scope::Scope as _;
use crate::model::timing::Timings;
use crate::model::value::Value;
use crate::template::Data;

/// A used journey whose clean-up is still to come.
pub(super) struct UsedPart<'a> {
    pub(super) part: Arc<Part>,
    pub(super) names: Names<'a>,
    pub(super) prefix: String,
}

/// How the steps of a used journey ended, for the step that used it.
pub(super) struct UseEnd {
    pub(super) failure: Option<Failure>,
    /// Why it is degraded.
    pub(super) degraded: Option<Failure>,
    /// Of the inner step that failed, or degraded it.
    pub(super) owner: Option<String>,
    pub(super) outputs: Vec<(String, Labelled<Value>)>,
}

impl<'a> Running<'a> {
    /// Runs the first steps of a part in order, at most so many, until one fails or cannot be judged.
    pub(super) async fn steps(
        &mut self,
        part: &Arc<Part>,
        most: usize,
        names: &mut Names<'a>,
        prefix: &str,
        records: &mut Vec<Record>,
    ) {
        let mut ended = false;
        for step in part.steps.iter().take(most) {
            let lost = step.kept_names.iter().find(|name| names.is_lost(name));
            let note = if ended {
                Some("the run had ended before it".to_owned())
            } else {
                lost.map(|name| format!("`{name}` has no value: the optional step that keeps it failed"))
            };
            if let Some(note) = note {
                if !ended {
                    step.keep.iter().for_each(|keep| names.lose(&keep.name));
                }
                let mut record = Record::of(step, prefix);
                record.result.state = StepState::NotRun;
                record.result.note = Some(note);
                records.push(record);
                continue;
            }
            ended = self.step(part, step, names, prefix, records).await == StepFlow::End;
        }
    }

    /// Runs the clean-up steps of a part, each on its own; none of them changes the outcome.
    pub(super) async fn cleanup(
        &mut self,
        part: &Arc<Part>,
        names: &mut Names<'a>,
        prefix: &str,
        records: &mut Vec<Record>,
    ) {
        for step in &part.cleanup {
            if let Some(name) = step.kept_names.iter().find(|name| !names.was_kept(name)) {
                let mut record = Record::of(step, prefix);
                record.result.state = StepState::NotNeeded;
                record.result.note = Some(format!("`{name}` was never kept, so there is nothing to undo"));
                records.push(record);
                continue;
            }
            let index = records.len();
            let _ = self.step(part, step, names, prefix, records).await;
            for record in &mut records[index..] {
                record.result.state = match record.result.state {
                    StepState::Failed | StepState::Indeterminate => StepState::Failed,
                    StepState::Skipped => StepState::NotNeeded,
                    StepState::NotRun => StepState::NotRun,
                    _ => StepState::Cleaned,
                };
            }
        }
    }

    /// Runs a used journey in place. Its records stand behind that of the step which uses it.
    pub(super) async fn used(
        &mut self,
        part: &Arc<Part>,
        inputs: &[(String, Data)],
        outer: &Names<'a>,
        prefix: String,
        records: &mut Vec<Record>,
    ) -> UseEnd {
        let mut end = UseEnd { failure: None, owner: None, degraded: None, outputs: Vec::new() };
        let mut names = match self.used_names(part, inputs, outer) {
            Ok(names) => names,
            Err(trouble) => {
                end.failure = Some(trouble);
                return end;
            }
        };
        let first = records.len();
        Box::pin(self.steps(part, usize::MAX, &mut names, &prefix, records)).await;
        for record in &records[first..] {
            match record.result.state {
                StepState::Failed | StepState::Indeterminate if end.failure.is_none() => {
                    end.failure.clone_from(&record.result.failure);
                    end.owner.clone_from(&record.result.owner);
                }
                StepState::Degraded if end.degraded.is_none() && end.failure.is_none() => {
                    end.degraded.clone_from(&record.result.failure);
                    end.owner.clone_from(&record.result.owner);
                }
                _ => {}
            }
        }
        end.outputs = part.outputs.iter().filter_map(|name| Some((name.clone(), names.get(name)?))).collect();
        self.used.push(UsedPart { part: Arc::clone(part), names, prefix });
        end
    }

    fn used_names(&self, part: &Arc<Part>, inputs: &[(String, Data)], outer: &Names<'a>) -> Result<Names<'a>, Failure> {
        let mut given = Vec::new();
        for (name, data) in inputs {
            let value = data.render(outer).map_err(|error| failure(&error, &format!("input `{name}`")))?;
            given.push((name.clone(), value.map(Value::Json)));
        }
        for (name, label) in &part.secrets {
            if let Some(secret) = outer.get(name) {
                given.push((name.clone(), Labelled::new(secret.value, secret.label.join(*label))));
            }
        }
        Names::new(Arc::clone(&self.shared), part, given)
    }
}

/// Whether the steps behind this one are still run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepFlow {
    GoOn,
    End,
}

impl Record {
    /// The record of a step that has not been run.
    pub(super) fn of(step: &Step, prefix: &str) -> Self {
        let result = StepResult {
            id: format!("{prefix}{}", step.id),
            title: step.title.clone(),
            action: step.action_text.clone(),
            host: None,
            owner: step.owner.clone(),
            state: StepState::Passed,
            failure: None,
            misses: Vec::new(),
            timings: Timings::default(),
            elapsed: std::time::Duration::ZERO,
            started_at: None,
            attempts: 0,
            iterations: None,
            requests: 0,
            status: None,
            http_version: None,
            body_bytes: None,
            remote: None,
            certificate_not_after: None,
            conditions: Vec::new(),
            kept: Vec::new(),
            note: None,
            place: step.place.clone(),
            evidence: Vec::new(),
        };
        Self { result, exchanges: Vec::new(), kept: Vec::new() }
    }

    /// The verdict of a failure: the world's trouble fails the step, our own makes it indeterminate.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.result.state = if failure.cause().is_ours() { StepState::Indeterminate } else { StepState::Failed };
        self.result.failure = Some(failure);
    }
}

/// Whether another attempt may help.
pub(super) fn is_retried(failure: &Failure) -> bool {
    !matches!(failure.cause(), Cause::Input | Cause::Policy | Cause::Probe) && failure.kind != FailureKind::RunTimeout
}
