//! The daemon: everything wired together, started whole or not at all, reloaded whole or not at all, stopped in order.

pub mod judge;
pub mod pipeline;
pub mod post;
pub mod reload;
pub mod runner;
pub mod scheduler;
pub mod set;
pub mod start;
mod stores;
pub mod vigil;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::history::ledger::Ledger;
use crate::history::store::Store;
use crate::web::board::Board;
use reload::Reloader;
use runner::Spawner;
use scheduler::Scheduler;

/// Time for runs in progress to end by themselves at shutdown; then they are asked to, and clean up.
pub const GRACE: Duration = Duration::from_secs(20);
/// Time for history to be written at shutdown.
const FLUSH: Duration = Duration::from_secs(10);

/// A daemon that runs. Dropping it ends everything at once; [`Daemon::shutdown`] ends it in order.
pub struct Daemon {
    address: SocketAddr,
    reloader: Arc<Reloader>,
    scheduler: Arc<Scheduler>,
    spawner: Spawner,
    history: Arc<Store>,
    ledger: Arc<Ledger>,
    /// Asks runs to end early.
    stop_runs: CancellationToken,
    /// Ends what serves and watches.
    stop: CancellationToken,
    starts: Option<std::thread::JoinHandle<()>>,
    /// Ends when the last run has been judged.
    pipeline: JoinHandle<()>,
    background: Vec<JoinHandle<()>>,
}

impl Daemon {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn reloader(&self) -> &Arc<Reloader> {
        &self.reloader
    }

    #[must_use]
    pub fn scheduler(&self) -> &Arc<Scheduler> {
        &self.scheduler
    }

    /// How every run entry stands.
    #[must_use]
    pub fn board(&self) -> &Arc<Board> {
        &self.reloader.board
    }

    /// No new starts; runs in progress get `grace` to end, then are asked to and clean up; what they found is judged and
    /// kept; then everything ends.
    pub async fn shutdown(self, grace: Duration) {
        self.reloader.readiness().draining();
        self.scheduler.drain(&self.spawner);
        tracing::info!(runs = self.scheduler.in_flight(), "stopping: no new starts, runs in progress end");
        if tokio::time::timeout(grace, self.scheduler.idle()).await.is_err() {
            tracing::info!(
                runs = self.scheduler.in_flight(),
                "the grace is over: runs are asked to end, clean-ups still run"
            );
            self.stop_runs.cancel();
            self.scheduler.idle().await;
        }
        self.scheduler.end();
        self.stop.cancel();
        for task in self.background {
            let _ = task.await;
        }
        // Every sender of ended runs goes with the spawner and the reloader; the pipeline then ends by itself.
        drop(self.spawner);
        drop(self.reloader);
        if let Some(starts) = self.starts {
            let _ = tokio::task::spawn_blocking(move || starts.join()).await;
        }
        let _ = self.pipeline.await;
        // Everything in it was durable when it was told.
        let ledger = self.ledger;
        let _ = tokio::task::spawn_blocking(move || drop(ledger)).await;
        let history = self.history;
        let written = tokio::task::spawn_blocking(move || history.flush(FLUSH)).await.unwrap_or(false);
        if !written {
            tracing::warn!("history could not be written in time, the last runs are not in it");
        }
        tracing::info!("stopped");
    }
}
