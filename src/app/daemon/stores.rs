//! The stores of a daemon: how they are opened, watched, and read for the pages.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::post::OwnTrouble;
use super::reload::{ReloadError, retention};
use super::start::StartError;
use crate::config::daemon::DaemonSettings;
use crate::history::latest::Standing;
use crate::history::ledger::reader::{IncidentFilter, IncidentStory, LedgerReader};
use crate::history::ledger::status::LedgerStatus;
use crate::history::ledger::{Ledger, RESTORED_WITHIN};
use crate::history::open::SetAside;
use crate::history::store::Store;
use crate::metrics::Metrics;
use crate::model::clock::Clock;
use crate::model::incident::{Incident, RunRef};
use crate::model::outbox::{Backlog, Moments};
use crate::model::run::Outcome;
use crate::notify::channel::Channel as _;
use crate::notify::email::Email;
use crate::web::RunSource;
use crate::web::board::{Board, LastRun};
use crate::web::incidents::{IncidentSource, LISTED_MAX};

pub(super) async fn open_history(settings: &DaemonSettings, clock: &Arc<dyn Clock>) -> Result<Arc<Store>, StartError> {
    let (path, retention, clock) = (settings.storage.path.clone(), retention(settings), Arc::clone(clock));
    let opened = tokio::task::spawn_blocking(move || Store::open(&path, retention, clock)).await;
    let (store, opened) = opened.map_err(|_| StartError::Reload(ReloadError::Reading))?.map_err(StartError::Store)?;
    if let Some(set_aside) = opened.set_aside {
        tracing::error!("{set_aside}");
    }
    Ok(Arc::new(store))
}

pub(super) async fn open_ledger(
    settings: &DaemonSettings,
    history: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    moments: &Arc<dyn Moments>,
) -> Result<(Arc<Ledger>, Option<SetAside>), StartError> {
    let (path, history, clock) = (settings.storage.path.clone(), Arc::clone(history), Arc::clone(clock));
    let moments = Arc::clone(moments);
    let opened = tokio::task::spawn_blocking(move || Ledger::open(&path, &history, &clock, moments)).await;
    let (ledger, set_aside) =
        opened.map_err(|_| StartError::Reload(ReloadError::Reading))?.map_err(StartError::Store)?;
    if let Some(set_aside) = &set_aside {
        tracing::error!("{set_aside}");
    }
    Ok((Arc::new(ledger), set_aside))
}

/// What the process before left open.
pub(super) async fn restorable(ledger: &Arc<Ledger>, clock: &Arc<dyn Clock>) -> Result<Vec<Incident>, StartError> {
    let (ledger, since) = (Arc::clone(ledger), clock.now().minus(RESTORED_WITHIN));
    let read = tokio::task::spawn_blocking(move || ledger.restorable(since)).await;
    read.map_err(|_| StartError::Reload(ReloadError::Reading))?.map_err(StartError::Incidents)
}

/// How entries stood before this start; none of those of which history cannot say it.
pub(super) async fn standings(history: &Arc<Store>) -> Vec<Standing> {
    let history = Arc::clone(history);
    let read = tokio::task::spawn_blocking(move || history.reader().latest()).await;
    match read {
        Ok(Ok(standings)) => standings,
        Ok(Err(error)) => {
            tracing::warn!(%error, "what ran before this start is not shown");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

/// The last good run of each entry whose last run was good: what an incident that opens now compares with.
pub(super) fn last_good(standings: &[Standing]) -> Vec<(String, RunRef)> {
    let good = standings.iter().filter(|standing| matches!(standing.last.outcome, Outcome::Passed | Outcome::Degraded));
    good.map(|standing| {
        let last = &standing.last;
        (last.name.clone(), RunRef { id: last.id.clone(), at: last.started_at })
    })
    .collect()
}

/// Shows how entries stood until they have run again.
pub(super) fn seed(board: &Board, standings: Vec<Standing>) {
    board.seed(standings.into_iter().map(|Standing { last, since }| {
        let blamed = last.outcome == Outcome::Failed || last.outcome == Outcome::Degraded;
        let known = LastRun {
            id: last.id,
            outcome: last.outcome,
            since,
            started_at: last.started_at,
            elapsed: last.elapsed,
            party: last.responsible.filter(|_| blamed),
            step: last.step,
            said: last.said,
        };
        (last.name, known)
    }));
}

/// Runs in history, for the pages.
pub(super) struct Kept(pub Arc<Store>);

impl RunSource for Kept {
    fn run(&self, id: &str) -> Result<Option<serde_json::Value>, String> {
        self.0.reader().show(id).map_err(|error| error.to_string())
    }
}

/// Incidents in the ledger, for the pages.
pub(super) struct Known(pub LedgerReader);

impl IncidentSource for Known {
    fn incidents(&self) -> Result<Vec<Incident>, String> {
        let filter = IncidentFilter { limit: LISTED_MAX, ..IncidentFilter::default() };
        self.0.incidents(&filter).map_err(|error| error.to_string())
    }

    fn story(&self, id: &str) -> Result<Option<IncidentStory>, String> {
        self.0.incident(id).map_err(|error| error.to_string())
    }
}

/// How often the state of the store goes to the metrics.
const STORE_EVERY: Duration = Duration::from_secs(5);
/// What trouble of our own with the files is called.
const STORE_PART: &str = "store";

/// What the judge is told of the store.
pub(super) struct StoreTrouble {
    judge: mpsc::Sender<OwnTrouble>,
    /// Whether the judge knows that something is wrong.
    told: bool,
    /// The file that was damaged at the start. Somebody has to look at it, so it is trouble until the next one.
    set_aside: Option<SetAside>,
}

impl StoreTrouble {
    /// `open`: parts of our own that were in trouble when the process before ended.
    pub(super) fn new(judge: mpsc::Sender<OwnTrouble>, open: &HashSet<String>, set_aside: Option<SetAside>) -> Self {
        Self { judge, told: open.contains(STORE_PART), set_aside }
    }

    async fn tell(&mut self, status: &LedgerStatus) {
        let damaged = status.set_aside.as_ref().or(self.set_aside.as_ref()).map(ToString::to_string);
        let said = status.trouble.as_ref().map(|why| format!("incidents cannot be made durable: {why}")).or(damaged);
        match (&said, self.told) {
            (Some(said), false) => tracing::error!(kept = status.in_memory, "{said}"),
            (None, true) => tracing::info!("incidents are durable again"),
            _ => return,
        }
        self.told = said.is_some();
        // The judge ends last of all.
        let _ = self.judge.send(OwnTrouble { part: STORE_PART.to_owned(), said }).await;
    }
}

pub(super) async fn watch_store(
    history: Arc<Store>,
    ledger: Arc<Ledger>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    mut trouble: StoreTrouble,
    stop: CancellationToken,
) {
    let mut last = history.status();
    loop {
        let status = history.status();
        let more = |now: u64, before: u64| now.saturating_sub(before);
        metrics.own.store_bytes.set(i64::try_from(status.bytes).unwrap_or(i64::MAX));
        metrics.own.store_dropped_runs.inc_by(more(status.dropped, last.dropped));
        metrics.own.store_evicted_runs.inc_by(more(status.trimmed, last.trimmed));
        metrics.own.store_write_failures.inc_by(more(status.write_errors, last.write_errors));
        last = status;
        let safe = ledger.status();
        metrics.own.alerts.synced(safe.last_sync);
        let backlog = whole(safe.backlog.values());
        let age = backlog.oldest.map_or(0, |oldest| clock.now().unix_nanos() - oldest.unix_nanos());
        metrics.own.alerts.backlog(Email::KIND, &backlog, Duration::from_nanos(u64::try_from(age).unwrap_or_default()));
        trouble.tell(&safe).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(STORE_EVERY) => {}
        }
    }
}

/// What waits for all channels.
fn whole<'a>(channels: impl Iterator<Item = &'a Backlog>) -> Backlog {
    channels.fold(Backlog::default(), |mut sum, channel| {
        for (sum, more) in sum.waiting.iter_mut().zip(channel.waiting) {
            *sum += more;
        }
        sum.oldest = [sum.oldest, channel.oldest].into_iter().flatten().min();
        sum
    })
}
