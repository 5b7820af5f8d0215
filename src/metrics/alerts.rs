//! Metrics of the path from a failed run to an accepted message. Every series is there from the start, at zero, so that
//! its first increase is seen.

use std::time::Duration;

use prometheus::{Gauge, Histogram, IntCounter, IntGauge, Registry};

use super::catalogue as metric;
use super::own::{histogram, opts, register};
use crate::model::incident::{Severity, State};
use crate::model::outbox::{Backlog, NoteState};

/// How a re-check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// It failed too.
    Confirmed,
    /// It passed.
    Refuted,
    /// It says nothing about the target.
    Undecided,
}

impl Confirmation {
    const ALL: [Self; 3] = [Self::Confirmed, Self::Refuted, Self::Undecided];

    fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::Undecided => "undecided",
        }
    }
}

/// States that an open incident can be in.
const OPEN: [State; 3] = [State::Suspect, State::Firing, State::Recovering];
/// A relay on the same machine takes milliseconds, a slow one minutes.
const DURATION_BOUNDS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 600.0];
/// From the change of the incident to the accepted message.
const LATENCY_BOUNDS: [f64; 12] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0];

/// Handles are cheap to use from any thread.
pub struct Alerts {
    kinds: Vec<Kind>,
    duration: Histogram,
    latency: Histogram,
    /// By severity, then by state.
    open: Vec<(Severity, State, IntGauge)>,
    confirmations: Vec<IntCounter>,
    spurious_ratio: Gauge,
    sync: Gauge,
}

/// Of all channels of one kind.
struct Kind {
    word: &'static str,
    sent: IntCounter,
    failed: Vec<(&'static str, IntCounter)>,
    oldest: Gauge,
    pending: Vec<(NoteState, IntGauge)>,
}

impl Alerts {
    /// `kinds` of channels that exist, and the `reasons` for which sending can fail.
    pub(super) fn new(
        registry: &Registry,
        kinds: &[&'static str],
        reasons: &[&'static str],
    ) -> prometheus::Result<Self> {
        let mut open = Vec::new();
        for severity in Severity::ALL {
            for state in OPEN {
                let labels = [("severity", severity.word()), ("state", state.word())];
                let gauge = register(registry, IntGauge::with_opts(opts(&metric::INCIDENTS_OPEN, &labels))?)?;
                open.push((severity, state, gauge));
            }
        }
        let confirmation = |result: Confirmation| {
            register(registry, IntCounter::with_opts(opts(&metric::CONFIRM, &[("result", result.word())]))?)
        };
        Ok(Self {
            kinds: kinds.iter().map(|word| Kind::new(registry, word, reasons)).collect::<Result<_, _>>()?,
            duration: register(registry, histogram(&metric::NOTIFICATION_DURATION, &[], &DURATION_BOUNDS)?)?,
            latency: register(registry, histogram(&metric::NOTIFICATION_LATENCY, &[], &LATENCY_BOUNDS)?)?,
            open,
            confirmations: Confirmation::ALL.into_iter().map(confirmation).collect::<Result<_, _>>()?,
            spurious_ratio: register(registry, Gauge::with_opts(opts(&metric::SPURIOUS_RATIO, &[]))?)?,
            sync: register(registry, Gauge::with_opts(opts(&metric::STORE_FSYNC, &[]))?)?,
        })
    }

    /// A message was accepted, `latency` after the change that it tells of.
    pub fn delivered(&self, kind: &str, latency: Duration) {
        if let Some(kind) = self.kind(kind) {
            kind.sent.inc();
        }
        self.latency.observe(latency.as_secs_f64());
    }

    /// An attempt failed. A reason that is not in the list given at the start is not counted.
    pub fn failed(&self, kind: &str, reason: &str) {
        let failed = self.kind(kind).and_then(|kind| kind.failed.iter().find(|(word, _)| *word == reason));
        if let Some((_, counter)) = failed {
            counter.inc();
        }
    }

    /// How long an attempt took, however it ended.
    pub fn attempted(&self, duration: Duration) {
        self.duration.observe(duration.as_secs_f64());
    }

    /// What waits for all channels of a kind, and for how long the oldest has.
    pub fn backlog(&self, kind: &str, backlog: &Backlog, oldest: Duration) {
        let Some(kind) = self.kind(kind) else { return };
        kind.oldest.set(oldest.as_secs_f64());
        for (state, gauge) in &kind.pending {
            gauge.set(i64::try_from(backlog.waiting[*state as usize]).unwrap_or(i64::MAX));
        }
    }

    /// How many incidents are open, counted by whoever knows them.
    pub fn open(&self, count: impl Fn(Severity, State) -> usize) {
        for (severity, state, gauge) in &self.open {
            gauge.set(i64::try_from(count(*severity, *state)).unwrap_or(i64::MAX));
        }
    }

    /// A re-check ended.
    pub fn confirmation(&self, result: Confirmation) {
        self.confirmations[result as usize].inc();
        let [confirmed, refuted] = [Confirmation::Confirmed, Confirmation::Refuted]
            .map(|result| self.confirmations[result as usize].get() as f64);
        if confirmed + refuted > 0.0 {
            self.spurious_ratio.set(refuted / (confirmed + refuted));
        }
    }

    /// How long the disk took to make the last group of changes durable.
    pub fn synced(&self, duration: Duration) {
        self.sync.set(duration.as_secs_f64());
    }

    fn kind(&self, word: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.word == word)
    }
}

impl Kind {
    fn new(registry: &Registry, word: &'static str, reasons: &[&'static str]) -> prometheus::Result<Self> {
        let channel = [("channel", word)];
        let failed = |reason: &&'static str| {
            let labels = [("channel", word), ("reason", *reason)];
            let counter = IntCounter::with_opts(opts(&metric::NOTIFICATIONS_FAILED, &labels))?;
            Ok::<_, prometheus::Error>((*reason, register(registry, counter)?))
        };
        let pending = |state: NoteState| {
            let labels = [("channel", word), ("state", state.word())];
            let gauge = IntGauge::with_opts(opts(&metric::OUTBOX_PENDING, &labels))?;
            Ok::<_, prometheus::Error>((state, register(registry, gauge)?))
        };
        Ok(Self {
            word,
            sent: register(registry, IntCounter::with_opts(opts(&metric::NOTIFICATIONS, &channel))?)?,
            failed: reasons.iter().map(failed).collect::<Result<_, _>>()?,
            oldest: register(registry, Gauge::with_opts(opts(&metric::OUTBOX_OLDEST, &channel))?)?,
            pending: NoteState::ALL
                .into_iter()
                .filter(|state| state.is_waiting())
                .map(pending)
                .collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_there_at_zero() {
        let registry = Registry::new();
        let alerts = Alerts::new(&registry, &["email"], &["smtp_connect", "smtp_rcpt"]).expect("no name twice");
        let count = |name: &str| {
            let families = registry.gather();
            families.iter().find(|family| family.name() == name).map_or(0, |family| family.get_metric().len())
        };
        for (name, series) in [
            ("forerunner_notifications_total", 1),
            ("forerunner_notifications_failed_total", 2),
            ("forerunner_outbox_pending", 4),
            ("forerunner_incidents_open", 9),
            ("forerunner_confirm_total", 3),
        ] {
            assert_eq!(count(name), series, "{name}");
        }
        alerts.failed("email", "smtp_rcpt");
        alerts.failed("email", "unheard of");
        alerts.confirmation(Confirmation::Refuted);
        alerts.confirmation(Confirmation::Confirmed);
        assert!((alerts.spurious_ratio.get() - 0.5).abs() < 1e-9);
        assert_eq!(alerts.kinds[0].failed[1].1.get(), 1);
    }
}
