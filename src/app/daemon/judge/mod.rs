//! The judge: what runs mean for incidents. One task owns it, so that nothing is decided twice and everything in order.

pub mod standards;
mod telling;

pub use telling::CHANNEL_PART;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::base::time::Timestamp;
use crate::evaluate::{Confirmation, Evaluator, Output, Recheck, Trigger};
use crate::history::ledger::Ledger;
use crate::history::store::Store;
use crate::metrics::{Metrics, alerts};
use crate::model::clock::Clock;
use crate::model::incident::{Aspect, Event, Incident, RunRef, Severity, State, Transition};
use crate::model::outbox::{Entry, Moments};
use crate::model::run::Run;
use standards::Standards;
use telling::Telling;

/// Second looks that wait for their moment; a run that fails beyond that is confirmed by its next planned run.
pub const RECHECKS_MAX: usize = 1024;

/// What the judge works with.
pub struct Bench {
    pub ledger: Arc<Ledger>,
    pub history: Arc<Store>,
    pub metrics: Arc<Metrics>,
    pub clock: Arc<dyn Clock>,
    pub moments: Arc<dyn Moments>,
    /// Takes wishes for second looks.
    pub rechecks: mpsc::Sender<Recheck>,
}

/// What is known from the process before.
pub struct Before {
    /// Incidents that it left open, and those that may open again.
    pub open: Vec<Incident>,
    /// Of run entries, by name.
    pub last_good: Vec<(String, RunRef)>,
}

pub struct Judge {
    evaluator: Evaluator,
    standards: Arc<Standards>,
    bench: Bench,
}

impl Judge {
    /// Goes on with the incidents that were open when the process before ended.
    pub async fn resume(standards: Arc<Standards>, before: Before, bench: Bench) -> Self {
        bench.ledger.set_domain(&standards.installation().domain());
        let evaluator = Evaluator::restore(standards.policies(), before.open, before.last_good);
        let mut judge = Self { evaluator, standards: Arc::clone(&standards), bench };
        judge.count_open();
        // What is no longer watched since is withdrawn.
        judge.reload(standards).await;
        judge
    }

    /// Names of run entries with an incident: they are looked at first.
    pub fn troubled(&self) -> impl Iterator<Item = &str> {
        self.evaluator.open().map(|incident| incident.key.name.as_str())
    }

    /// Parts of our own that are in trouble.
    pub fn own_troubles(&self) -> impl Iterator<Item = &str> {
        let own = self.evaluator.open().filter(|incident| incident.key.aspect == Aspect::Own);
        own.map(|incident| incident.key.name.as_str())
    }

    /// When [`Judge::tick`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.evaluator.next_deadline()
    }

    /// Judges runs that ended, in their order. What follows from them is durable when this returns, or kept in memory
    /// by a store in trouble.
    pub async fn runs(&mut self, runs: &[Arc<Run>]) {
        let mut changes = Vec::new();
        for run in runs {
            let trigger = if run.recheck { Trigger::Recheck } else { Trigger::Scheduled };
            let output = self.evaluator.observe(self.bench.clock.now(), run, trigger);
            if let Some(confirmation) = output.confirmation {
                self.confirmation(run, confirmation);
            }
            for recheck in output.rechecks {
                self.look_again(recheck, run);
            }
            changes.extend(output.transitions.into_iter().map(|transition| (transition, Some(Arc::clone(run)))));
        }
        self.settle(changes).await;
    }

    /// Trouble of our own part, or its end.
    pub async fn own(&mut self, part: &str, trouble: Option<&str>) {
        let output = self.evaluator.own(self.bench.clock.now(), part, trouble, Severity::Critical);
        self.settle_alone(output).await;
    }

    /// Lets time pass.
    pub async fn tick(&mut self) {
        let output = self.evaluator.tick(self.bench.clock.now());
        self.settle_alone(output).await;
    }

    /// Judges by another configuration from here on.
    pub async fn reload(&mut self, standards: Arc<Standards>) {
        let now = self.bench.clock.now();
        let mut output = self.evaluator.reload(now, standards.policies());
        let channel = |part: &str| standards.installation().channel(part).is_some();
        let is_gone = |part: &str| part.strip_prefix(CHANNEL_PART).is_some_and(|name| !channel(name));
        output.transitions.extend(self.evaluator.without(now, is_gone).transitions);
        self.bench.ledger.set_domain(&standards.installation().domain());
        self.standards = standards;
        self.settle_alone(output).await;
    }

    async fn settle_alone(&self, output: Output) {
        self.settle(output.transitions.into_iter().map(|transition| (transition, None)).collect()).await;
    }

    /// Says who is told of changes, and makes all of that durable.
    async fn settle(&self, changes: Vec<(Transition, Option<Arc<Run>>)>) {
        let mut telling = Telling::new(&self.standards, &self.bench.ledger, &self.bench.history);
        let mut entries = Vec::with_capacity(changes.len());
        for (transition, run) in changes {
            log(&transition);
            self.bench.moments.reached("judge.transition");
            let notices = telling.notices(&transition, run).await;
            self.bench.moments.reached("judge.rendered");
            entries.push(Entry { transition, notices });
        }
        self.keep(entries).await;
    }

    async fn keep(&self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        self.count_open();
        self.bench.moments.reached("judge.before-commit");
        if let Err(error) = self.bench.ledger.commit(entries).await {
            tracing::error!(%error, "a change of an incident could not be made durable");
        }
        self.bench.moments.reached("judge.after-commit");
    }

    fn confirmation(&self, run: &Run, confirmation: Confirmation) {
        let result = match confirmation {
            Confirmation::Confirmed => alerts::Confirmation::Confirmed,
            Confirmation::Refuted => alerts::Confirmation::Refuted,
            Confirmation::Undecided => alerts::Confirmation::Undecided,
        };
        self.bench.metrics.own.alerts.confirmation(result);
        if confirmation == Confirmation::Refuted {
            self.bench.metrics.spurious(&run.name);
        }
    }

    /// A second look is worth it where it reaches the step that failed.
    fn look_again(&self, recheck: Recheck, run: &Run) {
        let reaches = self.standards.run(&recheck.name).is_some_and(|watched| {
            run.deciding_step().is_some_and(|step| watched.rechecked.iter().any(|id| *id == outer(&step.id)))
        });
        if reaches && self.bench.rechecks.try_send(recheck).is_err() {
            tracing::debug!(journey = run.name, "many runs fail, so the next planned run decides about this one");
        }
    }

    fn count_open(&self) {
        let mut counts: HashMap<(Severity, State), usize> = HashMap::new();
        for incident in self.evaluator.open() {
            *counts.entry((incident.severity, incident.state)).or_default() += 1;
        }
        let count = |severity, state| counts.get(&(severity, state)).copied().unwrap_or_default();
        self.bench.metrics.own.alerts.open(count);
    }
}

/// The step of the journey itself: `OUTER/INNER` belongs to `OUTER`.
fn outer(step: &str) -> &str {
    step.split('/').next().unwrap_or(step)
}

/// How long after the first failure a second look is taken is decided by the evaluator; here the wait and the look.
pub async fn look_again(
    mut wishes: mpsc::Receiver<Recheck>,
    clock: Arc<dyn Clock>,
    look: impl Fn(&str) -> bool + Send + Sync,
) {
    // Wishes come in the order of their moments, all the same time after their run.
    while let Some(Recheck { name, at }) = wishes.recv().await {
        let wait = at.unix_nanos().saturating_sub(clock.now().unix_nanos());
        tokio::time::sleep(Duration::from_nanos(u64::try_from(wait).unwrap_or_default())).await;
        if !look(&name) {
            tracing::debug!(journey = name, "no place for a second look, so the next planned run decides");
        }
    }
}

fn log(transition: &Transition) {
    let incident = &transition.incident;
    let (name, id, event) = (incident.key.name.as_str(), incident.id.as_str(), transition.event.word());
    let about = match &incident.key.aspect {
        Aspect::Run => "run".to_owned(),
        other => other.to_string(),
    };
    let (step, party) = (incident.blame.step.as_deref(), incident.blame.owner.as_deref());
    // Good news wakes nobody.
    let trouble = incident.state.is_open() && transition.event != Event::Recovering;
    if transition.is_further_good_look() {
        tracing::debug!(journey = name, incident = id, event, about, step, party, "incident");
    } else if trouble || transition.notice.is_some() {
        tracing::warn!(journey = name, incident = id, event, about, step, party, "incident");
    } else {
        tracing::info!(journey = name, incident = id, event, about, step, party, "incident");
    }
}
