//! Runs journeys once, as `forerunner test` does: a few at a time, in order, each to its end.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::journey::execute::{Context, Entropy, EvidencePolicy, Look, execute};
use crate::journey::resolved::Journey;
use crate::model::clock::Clock;
use crate::model::run::Run;

/// How a trial is carried out.
pub struct Trial {
    pub clock: Arc<dyn Clock>,
    pub vantage: String,
    pub user_agent: String,
    /// Runs at the same time, at least 1.
    pub jobs: usize,
    pub evidence: EvidencePolicy,
    /// Asks every run to end early; clean-ups still run.
    pub stop: CancellationToken,
}

/// What happens during a trial, for whoever watches.
pub enum Event<'a> {
    /// A step of a run starts.
    Step { run: &'a str, step: &'a str },
    /// A run ended.
    Ended(&'a Run),
}

impl Trial {
    /// Runs every journey `repeat` times, in order; the runs come back in that order too. After a stop no further run
    /// starts.
    ///
    /// # Errors
    /// The random source of the machine is not there, without which runs could not be told apart.
    pub async fn run(
        self,
        journeys: &[Arc<Journey>],
        repeat: u32,
        watch: Arc<dyn Fn(Event<'_>) + Send + Sync>,
    ) -> Result<Vec<Run>, getrandom::Error> {
        let trial = Arc::new(self);
        let mut waiting = journeys.iter().flat_map(|journey| (0..repeat).map(move |_| Arc::clone(journey))).enumerate();
        let mut active = JoinSet::new();
        let mut runs: Vec<(usize, Run)> = Vec::new();
        loop {
            while active.len() < trial.jobs.max(1) && !trial.stop.is_cancelled() {
                let Some((position, journey)) = waiting.next() else { break };
                let (trial, watch, entropy) = (Arc::clone(&trial), Arc::clone(&watch), entropy()?);
                active.spawn(async move { (position, trial.one(&journey, entropy, &*watch).await) });
            }
            match active.join_next().await {
                None => break,
                Some(Ok((position, run))) => {
                    watch(Event::Ended(&run));
                    runs.push((position, run));
                }
                // A panic of ours must not pass for the target's trouble, nor be swallowed.
                Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Some(Err(_)) => {}
            }
        }
        runs.sort_by_key(|(position, _)| *position);
        Ok(runs.into_iter().map(|(_, run)| run).collect())
    }

    async fn one(&self, journey: &Journey, entropy: Entropy, watch: &(dyn Fn(Event<'_>) + Send + Sync)) -> Run {
        let progress = |step: &str| watch(Event::Step { run: &journey.name, step });
        let context = Context {
            clock: &*self.clock,
            vantage: &self.vantage,
            user_agent: &self.user_agent,
            planned_at: self.clock.now(),
            entropy,
            stop: self.stop.clone(),
            evidence: self.evidence,
            look: Look::First,
            progress: &progress,
        };
        execute(journey, &context).await
    }
}

/// Fresh chance for one run.
///
/// # Errors
/// The operating system has none to give.
pub fn entropy() -> Result<Entropy, getrandom::Error> {
    let mut bytes = [0; 40];
    getrandom::fill(&mut bytes)?;
    let part =
        |range: std::ops::Range<usize>| bytes[range].iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let seed = u64::try_from(part(32..40)).unwrap_or_default();
    Ok(Entropy { seed, id: part(0..16), trace: part(16..32).max(1) })
}
