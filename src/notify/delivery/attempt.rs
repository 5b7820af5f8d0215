//! One attempt to deliver one note, from the store and back to it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::back_off;
use super::report::{Event, Reporter};
use crate::base::time::Timestamp;
use crate::model::clock::Clock;
use crate::model::incident::NoticeKind;
use crate::model::outbox::{Moments, NotStored, Note, Outbox, Settled, Stored};
use crate::notify::channel::{Channel, Failure, SendContext, SendError};

/// News of what is over is of no use after this.
const EXPIRES_AFTER: Duration = Duration::from_hours(24);

/// What all attempts of a channel need.
pub(super) struct Desk<C> {
    pub outbox: Arc<dyn Outbox>,
    pub channel: C,
    pub clock: Arc<dyn Clock>,
    pub moments: Arc<dyn Moments>,
    pub reporter: Reporter,
}

/// What became of an attempt.
pub(super) struct Ended {
    pub reached: Reached,
    /// The receiver may have a message more.
    pub counts: bool,
    /// How it ended, if the store did not take it.
    pub unsettled: Option<Settled>,
}

/// How far an attempt came.
pub(super) enum Reached {
    Relay,
    /// None was asked: the note does not wait any more.
    Untried,
    /// None, and none will be reached before this time has passed.
    Nobody {
        said: String,
        wait: Duration,
    },
}

impl<C: Channel> Desk<C> {
    pub(super) async fn attempt(&self, note: Note) -> Ended {
        self.moments.reached("delivery.sending");
        // A store that cannot take this down does not keep the message back; one that knows better does.
        match self.outbox.sending(note.id, self.clock.now()).await {
            Err(NotStored::Refused(_)) => return Ended { reached: Reached::Untried, counts: false, unsettled: None },
            begun => self.stored(begun),
        };
        let begun = Instant::now();
        let sent = self.channel.send(&note, &Context { desk: self, id: note.id }).await;
        self.reporter.tell(Event::Attempted { took: begun.elapsed() });
        let (settled, receipt) = match &sent {
            Ok(receipt) => (Settled::Accepted { said: receipt.said.clone() }, true),
            Err(error) => (self.settled(&note, error), false),
        };
        self.moments.reached("delivery.settling");
        let settling = self.outbox.settle(note.id, self.clock.now(), settled.clone()).await;
        let unsettled = self.is_open(settling).then(|| settled.clone());
        self.moments.reached("delivery.settled");
        self.tell(&note, &settled, sent.as_ref().err());
        let reached = match &sent {
            Err(SendError::Retry { failure, wait, is_down: true, .. }) => {
                Reached::Nobody { said: failure.to_string(), wait: *wait }
            }
            _ => Reached::Relay,
        };
        if let Ok(receipt) = sent {
            self.moments.reached("smtp.quit");
            // Takes leave by itself, within two seconds.
            tokio::spawn(receipt.close());
        }
        let counts = receipt || matches!(settled, Settled::Deferred { maybe_sent: true, .. });
        Ended { reached, counts, unsettled }
    }

    /// Whether anybody could be talked to now. Nothing is sent.
    pub(super) async fn knock(&self) -> Ended {
        let reached = match self.channel.ready(&Context { desk: self, id: 0 }).await {
            Ok(()) => Reached::Relay,
            Err(error) => {
                let wait = if let SendError::Retry { wait, .. } = &error { *wait } else { Duration::ZERO };
                Reached::Nobody { said: error.failure().to_string(), wait }
            }
        };
        Ended { reached, counts: false, unsettled: None }
    }

    fn settled(&self, note: &Note, error: &SendError) -> Settled {
        let said = error.failure().to_string();
        match error {
            SendError::GiveUp { .. } => {
                Settled::Rejected { said, fallback: self.channel.fallback(&note.address.recipient) }
            }
            SendError::Retry { maybe_sent, wait, .. } => {
                let wait = back_off(note.attempts.saturating_add(1), note.id.unsigned_abs()).max(*wait);
                let until = self.clock.now().plus(wait);
                if is_too_old(note, until) && !maybe_sent {
                    return Settled::Expired { said };
                }
                Settled::Deferred { until, said, maybe_sent: *maybe_sent }
            }
        }
    }

    fn tell(&self, note: &Note, settled: &Settled, error: Option<&SendError>) {
        let recipient = || note.address.recipient.clone();
        match (settled, error) {
            (Settled::Accepted { .. }, _) => self.reporter.tell(Event::Delivered {
                kind: note.kind,
                severity: note.severity,
                latency: between(note.queued_at, self.clock.now()),
            }),
            (Settled::Rejected { fallback, .. }, Some(error)) => self.reporter.tell(Event::RecipientRefused {
                recipient: recipient(),
                failure: error.failure().clone(),
                fallback: fallback.clone(),
            }),
            (Settled::Expired { said }, _) => {
                self.reporter.tell(Event::Expired { recipient: recipient(), said: said.clone() });
            }
            _ => {}
        }
    }

    /// What the store did; none if it did not.
    pub(super) fn stored<T>(&self, result: Result<T, NotStored>) -> Option<T> {
        if let Err(NotStored::Trouble(said)) = &result {
            self.reporter.tell(Event::NotStored { said: said.clone() });
        }
        result.ok()
    }

    /// Whether the end of an attempt has to be told to the store again.
    pub(super) fn is_open(&self, settling: Result<(), NotStored>) -> bool {
        let refused = matches!(settling, Err(NotStored::Refused(_)));
        self.stored(settling).is_none() && !refused
    }
}

/// Whether a note would be too old by then. One that tells of an open incident never is, nor is a digest, which may hold
/// one.
pub(super) fn is_too_old(note: &Note, at: Timestamp) -> bool {
    let passes = note.kind.is_terminal() || note.kind == NoticeKind::Test;
    passes && between(note.queued_at, at) > EXPIRES_AFTER
}

/// Zero if the wall clock was set back.
fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    let nanos = later.unix_nanos().saturating_sub(earlier.unix_nanos()).max(0);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

struct Context<'a, C> {
    desk: &'a Desk<C>,
    id: i64,
}

impl<C: Channel> SendContext for Context<'_, C> {
    fn crossing(&self) -> Stored<'_, ()> {
        Box::pin(async {
            let crossed = self.desk.outbox.crossing(self.id, self.desk.clock.now()).await;
            if let Err(error) = &crossed {
                self.desk.reporter.tell(Event::NotStored { said: error.to_string() });
            }
            crossed
        })
    }

    fn failed(&self, failure: &Failure) {
        self.desk.reporter.tell(Event::Failed(failure.clone()));
    }

    fn recovered(&self, relay: &str) {
        self.desk.reporter.tell(Event::Recovered { relay: relay.to_owned() });
    }

    fn reached(&self, moment: &'static str) {
        self.desk.moments.reached(moment);
    }
}
