//! The one consumer of runs: what every run changes is changed here, in order, by one task.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::judge::Judge;
use super::judge::standards::Standards;
use super::post::OwnTrouble;
use super::runner::Ended;
use crate::base::time::Timestamp;
use crate::config::ScheduledRun;
use crate::history::store::Store;
use crate::metrics::{Facts, Metrics, ObjectiveEvent};
use crate::model::clock::Clock;
use crate::model::run::{Outcome, Run};
use crate::web::board::Board;

/// What a run is told to.
pub struct Pipeline {
    pub metrics: Arc<Metrics>,
    pub board: Arc<Board>,
    pub history: Arc<Store>,
    pub judge: Judge,
    pub clock: Arc<dyn Clock>,
}

/// Runs judged together: what follows from them is made durable at once.
const TOGETHER_MAX: usize = 256;

impl Pipeline {
    /// Consumes until every sender of runs is gone. Configurations are those in force, the latest at any time.
    pub async fn consume(
        mut self,
        mut ended: mpsc::Receiver<Ended>,
        mut own: mpsc::Receiver<OwnTrouble>,
        mut standards: watch::Receiver<Arc<Standards>>,
    ) {
        let mut group = Vec::with_capacity(TOGETHER_MAX);
        loop {
            let deadline = self.judge.next_deadline();
            tokio::select! {
                // What is known first is judged first.
                biased;
                Ok(()) = standards.changed() => {
                    let standards = Arc::clone(&standards.borrow_and_update());
                    self.judge.reload(standards).await;
                }
                count = ended.recv_many(&mut group, TOGETHER_MAX) => {
                    if count == 0 {
                        return;
                    }
                    let runs: Vec<_> = group.iter().map(|ended| Arc::clone(&ended.run)).collect();
                    self.judge.runs(&runs).await;
                    group.drain(..).for_each(|ended| self.take(&ended));
                }
                Some(OwnTrouble { part, said }) = own.recv() => self.judge.own(&part, said.as_deref()).await,
                () = until(deadline, &*self.clock) => self.judge.tick().await,
            }
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

/// Ends at that moment of the wall clock, or never. It is looked at again at least every minute: a wall clock may be set.
async fn until(deadline: Option<Timestamp>, clock: &dyn Clock) {
    let Some(deadline) = deadline else { return std::future::pending().await };
    while let Ok(left @ 1..) = u64::try_from(deadline.unix_nanos() - clock.now().unix_nanos()) {
        tokio::time::sleep(Duration::from_nanos(left).min(Duration::from_mins(1))).await;
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
