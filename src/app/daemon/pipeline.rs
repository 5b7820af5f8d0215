//! The one consumer of runs: what every run changes is changed here, in order, by one task.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::runner::Ended;
use crate::config::ScheduledRun;
use crate::history::store::Store;
use crate::metrics::{Facts, Metrics, ObjectiveEvent};
use crate::model::run::{Outcome, Run};
use crate::web::board::Board;

/// What a run is told to.
pub struct Pipeline {
    pub metrics: Arc<Metrics>,
    pub board: Arc<Board>,
    pub history: Arc<Store>,
}

impl Pipeline {
    /// Consumes until every sender is gone.
    pub async fn consume(self, mut ended: mpsc::Receiver<Ended>) {
        while let Some(ended) = ended.recv().await {
            self.take(&ended);
        }
    }

    fn take(&self, ended: &Ended) {
        let Ended { run, scheduled } = ended;
        log(run);
        if !run.recheck {
            self.count(run, scheduled);
        }
        // A full queue is counted by the store; judgement goes on.
        self.history.record(Arc::clone(run));
    }

    /// A planned run is an event of its counts and objectives; a second look is none.
    fn count(&self, run: &Run, scheduled: &ScheduledRun) {
        let events: Vec<_> = scheduled
            .objectives
            .iter()
            .filter_map(|objective| Some(ObjectiveEvent { objective: &objective.name, good: objective.judge(run)? }))
            .collect();
        self.metrics.observe(run, &Facts { objectives: &events });
        self.board.observe(run);
    }
}

/// What an operator wants to find in the log: every run that did not pass, and with `debug` the others.
fn log(run: &Run) {
    let (journey, run_id, outcome) = (run.name.as_str(), run.id.as_str(), run.outcome.word());
    let elapsed = run.elapsed.as_secs_f64();
    if run.outcome == Outcome::Passed {
        tracing::debug!(journey, run_id, outcome, elapsed, "run ended");
        return;
    }
    let step = run.deciding_step();
    let failure = run.failure.as_ref().or_else(|| step.and_then(|step| step.failure.as_ref()));
    tracing::info!(
        journey,
        run_id,
        outcome,
        elapsed,
        recheck = run.recheck,
        step = step.map(|step| step.id.as_str()),
        party = step.and_then(|step| step.owner.as_deref()),
        cause = run.cause.map(crate::model::failure::Cause::word),
        detail = failure.map(|failure| crate::base::printable::printable(&failure.detail).into_owned()),
        "run ended"
    );
}
