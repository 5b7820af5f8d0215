//! Executes one scheduled run and hands it on. It always ends with a run and always gives its place back.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::scheduler::{Launch, Launcher, Scheduler};
use super::vigil::Vigil;
use crate::app::trial::entropy;
use crate::config::ScheduledRun;
use crate::journey::execute::{Context, EvidencePolicy, Look, execute};
use crate::metrics::Metrics;
use crate::model::clock::Clock;
use crate::model::failure::{Cause, Failure, FailureKind};
use crate::model::run::{Outcome, Run};
use crate::model::skip::SkipReason;

/// A run that ended, with the entry it was made of.
pub struct Ended {
    pub run: Arc<Run>,
    pub scheduled: Arc<ScheduledRun>,
}

/// Runs that ended and wait to be judged. At most as many can wait as may run, so a full queue means that judging has
/// stopped; a run then waits with its place taken, and the ceiling of runs in flight bounds the memory.
pub const ENDED_MAX: usize = 1024;

/// What every run of this daemon shares.
pub struct Runner {
    pub scheduler: Arc<Scheduler>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    pub vigil: Arc<Vigil>,
    pub vantage: String,
    pub user_agent: String,
    /// Asks runs to end early, at shutdown.
    pub stop: CancellationToken,
    pub ended: mpsc::Sender<Ended>,
    pub handle: Handle,
}

/// The launcher of a running daemon: a task for every run.
#[derive(Clone)]
pub struct Spawner(pub Arc<Runner>);

impl Launcher for Spawner {
    fn launch(&self, launch: Launch) {
        let runner = self.clone();
        if launch.look == Look::First {
            self.0.metrics.planned(&launch.run.journey.name);
        }
        self.0.handle.spawn(async move { runner.run(launch).await });
    }

    fn skipped(&self, name: &str, reason: SkipReason, starts: u64) {
        for _ in 0..starts {
            self.0.metrics.planned(name);
            self.0.metrics.skipped(name, reason);
        }
        tracing::debug!(journey = name, reason = reason.word(), starts, "a planned start was skipped");
    }
}

impl Spawner {
    async fn run(self, launch: Launch) {
        let runner = &*self.0;
        let Launch { run: scheduled, planned_at, lateness, look } = launch;
        let name = scheduled.journey.name.clone();
        let mut place = Place { spawner: &self, name: &name, outcome: Outcome::Indeterminate };
        if look == Look::First {
            runner.metrics.own.scheduler_lag(lateness);
        }
        runner.metrics.own.runs_in_flight.inc();
        let started = Instant::now();
        let entropy = match entropy() {
            Ok(entropy) => entropy,
            Err(error) => {
                tracing::error!(journey = name, %error, "the machine has no source of chance, so the run could not start");
                return;
            }
        };
        let span = tracing::info_span!("run", journey = name, run_id = tracing::field::Empty);
        let context = Context {
            clock: &*runner.clock,
            vantage: &runner.vantage,
            user_agent: &runner.user_agent,
            planned_at,
            entropy,
            stop: runner.stop.clone(),
            evidence: EvidencePolicy::WhenNotPassed,
            look,
            progress: &|step| tracing::trace!(step, "a step starts"),
        };
        let mut run = execute(&scheduled.journey, &context).instrument(span).await;
        if let Some(disturbance) = runner.vigil.touched(started) {
            disturbed(&mut run, &disturbance.to_string());
        }
        place.outcome = run.outcome;
        if let Some(until) = run.postponed_until {
            let time = until.unix_nanos() - runner.clock.now().unix_nanos();
            runner.scheduler.postpone(&name, Duration::from_nanos(u64::try_from(time).unwrap_or_default()));
            tracing::info!(journey = name, %until, "the target has too little left for another run before then");
        }
        let ended = Ended { run: Arc::new(run), scheduled: Arc::clone(&scheduled) };
        if runner.ended.send(ended).await.is_err() {
            tracing::error!(journey = name, "a run ended after judging did, so it is in no record");
        }
    }
}

/// Our own trouble: whatever was seen says nothing about the target.
fn disturbed(run: &mut Run, why: &str) {
    if run.outcome == Outcome::Indeterminate {
        return;
    }
    run.outcome = Outcome::Indeterminate;
    run.cause = Some(Cause::Probe);
    run.failure =
        Some(Failure::new(FailureKind::Internal, format!("{why}, so the run says nothing about its targets")));
    run.notices.push(why.to_owned());
}

/// The place of a run among those in flight, given back however the run ends, a panic of ours included.
struct Place<'a> {
    spawner: &'a Spawner,
    name: &'a str,
    outcome: Outcome,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let runner = &self.spawner.0;
        runner.metrics.own.runs_in_flight.dec();
        runner.scheduler.finish(self.name, self.outcome, self.spawner);
    }
}
