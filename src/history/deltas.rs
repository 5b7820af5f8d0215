//! What a group of runs adds to the counts, by five minutes and series.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, ToSql, params_from_iter};

use super::rollup::{COLUMNS, Grain, Totals};
use crate::model::run::{Outcome, Run, StepResult, StepState};

/// By start, Unix seconds, and series.
#[derive(Default)]
pub(super) struct Deltas(BTreeMap<(i64, i64), Totals>);

impl Deltas {
    pub(super) fn add_run(&mut self, run: &Run, series: i64) {
        self.totals(run, series).add(run.outcome, run.cause, run.requests(), run.elapsed);
    }

    /// Steps that were executed; a skipped one is no event.
    pub(super) fn add_step(&mut self, run: &Run, step: &StepResult, outcome: Outcome, series: i64) {
        let exchange = step.timings.total;
        let latency = if exchange == Duration::ZERO { step.elapsed } else { exchange };
        let cause = step.failure.as_ref().map(crate::model::failure::Failure::cause);
        self.totals(run, series).add(outcome, cause, step.requests, latency);
    }

    /// Returns how many rows that took.
    pub(super) fn store(&self, file: &Connection) -> rusqlite::Result<u64> {
        let insert = format!("INSERT INTO recent (start, series, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        let mut insert = file.prepare_cached(&insert)?;
        for ((start, series), totals) in &self.0 {
            let keys: [Box<dyn ToSql>; 2] = [Box::new(*start), Box::new(*series)];
            insert.execute(params_from_iter(keys.into_iter().chain(totals.columns())))?;
        }
        Ok(self.0.len() as u64)
    }

    fn totals(&mut self, run: &Run, series: i64) -> &mut Totals {
        self.0.entry((Grain::FiveMinutes.start_of(run.started_at), series)).or_default()
    }
}

/// How an executed step counts; none if it was not executed.
pub(super) fn outcome_of(step: &StepResult) -> Option<Outcome> {
    match step.state {
        StepState::Passed => Some(Outcome::Passed),
        StepState::Degraded => Some(Outcome::Degraded),
        StepState::Failed => Some(Outcome::Failed),
        StepState::Indeterminate => Some(Outcome::Indeterminate),
        StepState::Skipped | StepState::NotRun | StepState::Cleaned | StepState::NotNeeded => None,
    }
}
