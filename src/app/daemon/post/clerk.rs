//! Reads what workers tell: for metrics, for the log, and for the judge, who has to know that messages do not arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::troubles::Troubles;
use crate::app::daemon::judge::CHANNEL_PART;
use crate::app::daemon::judge::standards::Standards;
use crate::base::time::Timestamp;
use crate::config::channels::Channel;
use crate::metrics::Metrics;
use crate::model::clock::Clock;
use crate::notify::channel::Channel as _;
use crate::notify::delivery::{Event, Report};
use crate::notify::email::Email;

/// Trouble with a part of our own, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTrouble {
    pub part: String,
    /// None: it is over.
    pub said: Option<String>,
}

pub struct Clerk {
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    judge: mpsc::Sender<OwnTrouble>,
    /// By channel.
    troubles: BTreeMap<Arc<str>, Troubles>,
    /// Channels of which the judge knows that something is wrong.
    told: BTreeSet<Arc<str>>,
    /// As configured when troubles were noted.
    channels: Vec<Channel>,
}

impl Clerk {
    /// `open`: parts of our own that were in trouble when the process before ended.
    pub fn new(
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
        judge: mpsc::Sender<OwnTrouble>,
        open: impl Iterator<Item = String>,
    ) -> Self {
        let told = open.filter_map(|part| part.strip_prefix(CHANNEL_PART).map(Arc::from)).collect();
        Self { metrics, clock, judge, troubles: BTreeMap::new(), told, channels: Vec::new() }
    }

    /// Reads until nobody reports any more, or it is stopped.
    pub async fn read(
        mut self,
        mut reports: mpsc::Receiver<Report>,
        mut standards: watch::Receiver<Arc<Standards>>,
        stop: CancellationToken,
    ) {
        self.follow(&standards.borrow_and_update());
        loop {
            let now = self.clock.now();
            let next = self.troubles.values().filter_map(|troubles| troubles.changes_at(now)).min();
            let nanos = |at: Timestamp| at.unix_nanos().saturating_sub(now.unix_nanos());
            // A wall clock may be set, so it is looked at again before long.
            let wait = next.map_or(Duration::MAX, |at| Duration::from_nanos(u64::try_from(nanos(at)).unwrap_or(0)));
            let report = tokio::select! {
                () = stop.cancelled() => return,
                report = reports.recv() => match report {
                    Some(report) => Some(report),
                    None => return,
                },
                Ok(()) = standards.changed() => {
                    self.follow(&standards.borrow_and_update());
                    None
                }
                () = tokio::time::sleep(wait.min(Duration::from_mins(1))) => None,
            };
            if let Some(Report { channel, event }) = report {
                self.count(&event);
                log(&channel, &event);
                self.troubles.entry(channel).or_default().note(&event, self.clock.now());
            }
            self.tell().await;
        }
    }

    /// What is known of a channel says nothing of what is configured in its place. Of one that is no more the judge knows.
    fn follow(&mut self, standards: &Standards) {
        let installation = standards.installation();
        for old in std::mem::replace(&mut self.channels, installation.channels.clone()) {
            let new = installation.channel(&old.name);
            if new != Some(&old) {
                self.troubles.remove(old.name.as_str());
            }
            if new.is_none() {
                self.told.remove(old.name.as_str());
            }
        }
    }

    /// Tells the judge what is wrong now that was not, and what is over.
    async fn tell(&mut self) {
        let now = self.clock.now();
        let mut news = Vec::new();
        for (channel, troubles) in &mut self.troubles {
            let said = troubles.said(now);
            if self.told.contains(channel) {
                if !troubles.is_clear() {
                    continue;
                }
                self.told.remove(channel);
            } else if said.is_some() {
                self.told.insert(Arc::clone(channel));
            } else {
                continue;
            }
            news.push(OwnTrouble { part: format!("{CHANNEL_PART}{channel}"), said });
        }
        for trouble in news {
            // The judge ends last of all.
            let _ = self.judge.send(trouble).await;
        }
    }

    fn count(&self, event: &Event) {
        let alerts = &self.metrics.own.alerts;
        match event {
            Event::Delivered { latency, .. } => alerts.delivered(Email::KIND, *latency),
            Event::Attempted { took } => alerts.attempted(*took),
            Event::Failed(failure) => alerts.failed(Email::KIND, failure.reason),
            _ => {}
        }
    }
}

fn log(channel: &str, event: &Event) {
    match event {
        Event::Delivered { kind, severity, latency } => {
            let (kind, severity, seconds) = (kind.word(), severity.word(), latency.as_secs_f64());
            tracing::info!(channel, kind, severity, seconds, "a message was accepted");
        }
        Event::Attempted { .. } => {}
        Event::Failed(failure) => {
            let (reason, trouble) = (failure.reason, failure.trouble.word());
            tracing::warn!(channel, reason, trouble, "a relay did not take a message: {failure}");
        }
        Event::Recovered { relay } => tracing::info!(channel, relay, "the relay takes messages again"),
        Event::RecipientRefused { recipient, failure, fallback } => {
            let fallback = fallback.join(", ");
            tracing::error!(channel, recipient, fallback, "a receiver is refused for good: {failure}");
        }
        Event::Expired { recipient, said } => {
            tracing::error!(channel, recipient, "a message was given up: {said}");
        }
        Event::Down { said } => tracing::error!(channel, "no relay can be talked to, messages wait: {said}"),
        Event::Up => tracing::debug!(channel, "a relay can be talked to"),
        Event::NotStored { said } => tracing::error!(channel, "what became of a message is not stored: {said}"),
        Event::Lost { reports } => tracing::warn!(channel, reports, "reports about messages were not read in time"),
    }
}
