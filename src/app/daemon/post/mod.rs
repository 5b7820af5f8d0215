//! The post office: a worker for each channel, started, replaced and stopped as the configuration says.

mod clerk;
mod knock;
mod troubles;

pub use clerk::{Clerk, OwnTrouble};

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::judge::standards::{Installation, Standards};
use crate::config::channels::Channel;
use crate::model::clock::Clock;
use crate::model::outbox::{Moments, Note, Outbox};
use crate::net::network::{Machine, Settings};
use crate::notify::delivery::{MakeDigest, Report, Worker};
use crate::notify::email::Email;
use crate::notify::render;

/// Reports of workers that the clerk has not read; more are counted and told later.
pub const REPORTS_MAX: usize = 1024;

/// What workers have in common.
pub struct Office {
    pub outbox: Arc<dyn Outbox>,
    pub clock: Arc<dyn Clock>,
    pub moments: Arc<dyn Moments>,
    pub reports: mpsc::Sender<Report>,
}

/// The worker of one channel, and what it was told.
struct Counter {
    channel: Channel,
    domain: String,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Office {
    /// Keeps a worker for each channel of the configuration in force, until it is stopped. Attempts under way are then
    /// given a moment; what they come to is known after the next start.
    pub async fn keep(self, mut standards: watch::Receiver<Arc<Standards>>, stop: CancellationToken) {
        let machine = Arc::new(Machine::default());
        let mut counters: HashMap<String, Counter> = HashMap::new();
        loop {
            let current = Arc::clone(&standards.borrow_and_update());
            self.follow(current.installation(), &mut counters, &machine).await;
            tokio::select! {
                () = stop.cancelled() => break,
                changed = standards.changed() => if changed.is_err() { break },
            }
        }
        for counter in counters.values() {
            counter.stop.cancel();
        }
        for counter in counters.into_values() {
            counter.close().await;
        }
    }

    /// A channel that changed has its old worker end first: two of them would send everything twice.
    async fn follow(
        &self,
        installation: &Installation,
        counters: &mut HashMap<String, Counter>,
        machine: &Arc<Machine>,
    ) {
        let domain = installation.domain();
        let stays = |counter: &Counter| {
            counter.domain == domain && installation.channel(&counter.channel.name) == Some(&counter.channel)
        };
        let gone: Vec<_> =
            counters.iter().filter(|(_, counter)| !stays(counter)).map(|(name, _)| name.clone()).collect();
        for name in gone {
            if let Some(counter) = counters.remove(&name) {
                counter.close().await;
            }
        }
        for channel in &installation.channels {
            if !counters.contains_key(&channel.name)
                && let Some(counter) = self.open(channel, installation, machine)
            {
                counters.insert(channel.name.clone(), counter);
            }
        }
    }

    fn open(&self, channel: &Channel, installation: &Installation, machine: &Arc<Machine>) -> Option<Counter> {
        let email = match Email::new(channel.email.clone(), Settings::default(), machine) {
            Ok(email) => Arc::new(email),
            Err(bad) => {
                tracing::error!(channel = channel.name, "{}: {}", bad.message, bad.help);
                return None;
            }
        };
        let stop = CancellationToken::new();
        let worker = Worker {
            name: channel.name.clone(),
            channel: Arc::clone(&email),
            outbox: Arc::clone(&self.outbox),
            digest: self.digest(channel, installation),
            clock: Arc::clone(&self.clock),
            moments: Arc::clone(&self.moments),
            reports: self.reports.clone(),
        };
        let tasks = vec![
            tokio::spawn(worker.run(stop.clone())),
            tokio::spawn(knock::knock(email, channel.name.clone(), self.reports.clone(), stop.clone())),
        ];
        Some(Counter { channel: channel.clone(), domain: installation.domain(), stop, tasks })
    }

    fn digest(&self, channel: &Channel, installation: &Installation) -> MakeDigest {
        let (sender, clock) = (installation.sender(channel), Arc::clone(&self.clock));
        Arc::new(move |notes: &[Note]| {
            let lines: Vec<_> = notes.iter().map(|note| note.rendered.line.clone()).collect();
            render::digest(&lines, clock.now(), &sender)
        })
    }
}

impl Counter {
    async fn close(self) {
        self.stop.cancel();
        for task in self.tasks {
            // One that broke off has told so.
            let _ = task.await;
        }
    }
}
