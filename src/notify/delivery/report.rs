//! What the worker tells of its work: for metrics, and for whoever has to know that messages do not arrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::model::incident::{NoticeKind, Severity};
use crate::notify::channel::{Failure, Trouble};

/// Something that happened to messages of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Name of the channel in the configuration.
    pub channel: Arc<str>,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message was accepted, `latency` after it was queued.
    Delivered { kind: NoticeKind, severity: Severity, latency: Duration },
    /// An attempt ended, well or not, after this time.
    Attempted { took: Duration },
    /// One relay failed in an attempt; another may have taken the message.
    Failed(Failure),
    /// A relay whose trouble was of the lasting kind took a message.
    Recovered { relay: String },
    /// A receiver is refused for good; these were written to instead.
    RecipientRefused { recipient: String, failure: Failure, fallback: Vec<String> },
    /// A message got too old.
    Expired { recipient: String, said: String },
    /// No relay can be talked to: messages wait.
    Down { said: String },
    /// One can again.
    Up,
    /// The store did not do what it was asked.
    NotStored { said: String },
    /// Reports before this one that nobody had room for.
    Lost { reports: u64 },
}

impl Event {
    /// What must be changed in the configuration, here or at the relay, if that is what it tells of.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Failed(failure) => Some(failure.trouble).filter(|trouble| trouble.is_lasting()),
            Self::RecipientRefused { failure, .. } => Some(failure.trouble),
            _ => None,
        }
    }
}

/// Tells without waiting: who reads slowly keeps no message back.
pub(super) struct Reporter {
    channel: Arc<str>,
    reports: mpsc::Sender<Report>,
    lost: AtomicU64,
}

impl Reporter {
    pub(super) fn new(channel: &str, reports: mpsc::Sender<Report>) -> Self {
        Self { channel: channel.into(), reports, lost: AtomicU64::new(0) }
    }

    pub(super) fn tell(&self, event: Event) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 && !self.push(Event::Lost { reports: lost }) {
            self.lost.fetch_add(lost, Ordering::Relaxed);
        }
        if !self.push(event) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn push(&self, event: Event) -> bool {
        self.reports.try_send(Report { channel: Arc::clone(&self.channel), event }).is_ok()
    }
}
