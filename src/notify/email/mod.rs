//! Mail: a dialogue of our own with the operator's relays, in which every phase has an end and only one answer is success.

mod auth;
mod body;
mod fault;
mod hedge;
pub mod phase;
mod reply;
mod session;
pub mod settings;
mod transaction;
pub mod transcript;
mod way;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use self::hedge::Missed;
use self::session::Ground;
use self::settings::{BadAddress, EmailSettings};
use self::transaction::{Crossing, Letter};
use self::transcript::{Recorder, Spoken};
use self::way::Way;
use super::channel::{Channel, Failure, Receipt, SendContext, SendError};
use crate::model::outbox::Note;
use crate::net::network::{Machine, Settings};

/// One email channel: its relays, and what is known of them.
pub struct Email {
    from: String,
    fallback: Vec<String>,
    ways: Vec<Way>,
    ground: Ground,
}

/// What was said when a message was sent, and how that ended.
pub struct Transcript {
    pub lines: Vec<Spoken>,
    pub result: Result<String, SendError>,
}

impl Email {
    /// `network` says how hosts are reached; the authorities to trust come from each relay's own settings.
    ///
    /// # Errors
    /// An address that cannot be used, or a password that would leave unencrypted.
    pub fn new(settings: EmailSettings, network: Settings, machine: &Arc<Machine>) -> Result<Self, BadAddress> {
        settings.check()?;
        let EmailSettings { from, to: _, fallback, relays, hello } = settings;
        let ways = relays.into_iter().map(Way::new).collect();
        Ok(Self { from, fallback, ways, ground: Ground { network, machine: Arc::clone(machine), hello } })
    }

    /// Sends one message as [`Channel::send`] does, and writes the dialogue down.
    pub async fn rehearse(&self, note: &Note, cx: &dyn SendContext) -> Transcript {
        let recorder = Recorder::on();
        let sent = self.send_recorded(note, cx, &recorder).await;
        let result = match sent {
            Ok(receipt) => {
                let said = receipt.said.clone();
                receipt.close().await;
                Ok(said)
            }
            Err(error) => Err(error),
        };
        Transcript { lines: recorder.lines(), result }
    }

    async fn send_recorded(
        &self,
        note: &Note,
        cx: &dyn SendContext,
        recorder: &Recorder,
    ) -> Result<Receipt, SendError> {
        let letter = Letter::of(note, &self.from);
        if let Err(fault) = letter.check() {
            return Err(SendError::GiveUp { failure: fault.failure(&note.address.channel) });
        }
        let crossing = Crossing::new(cx);
        let open: Vec<&Way> = self.ways.iter().filter(|way| way.locked_for().is_none()).collect();
        let attempt = hedge::Attempt { letter: &letter, crossing: &crossing, cx, recorder, ground: &self.ground };
        let missed = match attempt.through(&open).await {
            Ok((reply, session)) => return Ok(Receipt::new(reply.to_string(), session.quit())),
            Err(missed) => missed.unwrap_or_else(|| self.nowhere()),
        };
        let Missed { failure, maybe_sent, is_refused, is_down } = missed;
        if is_refused {
            return Err(SendError::GiveUp { failure });
        }
        Err(SendError::Retry { failure, maybe_sent, is_down, wait: self.wait() })
    }

    /// No relay may be asked: each refused the password just now.
    fn nowhere(&self) -> Missed {
        let fault = fault::Fault::new(
            phase::Phase::Auth,
            fault::Kind::Locked,
            "the password was refused less than a minute ago, and is not tried again so soon",
        );
        let relay = self.ways.first().map_or_else(String::new, |way| way.label.clone());
        Missed { failure: fault.failure(&relay), maybe_sent: false, is_refused: false, is_down: true }
    }

    /// Until some relay may be asked.
    fn wait(&self) -> Duration {
        self.ways.iter().map(|way| way.locked_for().unwrap_or_default()).min().unwrap_or_default()
    }
}

impl Channel for Email {
    const KIND: &'static str = "email";
    const REASONS: &'static [&'static str] = phase::REASONS;

    async fn send<'a>(&'a self, note: &'a Note, cx: &'a dyn SendContext) -> Result<Receipt, SendError> {
        self.send_recorded(note, cx, &Recorder::default()).await
    }

    async fn ready<'a>(&'a self, cx: &'a dyn SendContext) -> Result<(), SendError> {
        let mut told: Option<Failure> = None;
        for way in self.ways.iter().filter(|way| way.locked_for().is_none()) {
            match way.open(&self.ground, &Recorder::default(), cx).await {
                Ok(session) => {
                    session.quit().await;
                    return Ok(());
                }
                Err(fault) => told = told.or(Some(way.missed(&fault, cx))),
            }
        }
        let failure = told.unwrap_or_else(|| self.nowhere().failure);
        Err(SendError::Retry { failure, maybe_sent: false, is_down: true, wait: self.wait() })
    }

    fn fallback(&self, recipient: &str) -> Vec<String> {
        if self.fallback.iter().any(|other| other.eq_ignore_ascii_case(recipient)) {
            return Vec::new();
        }
        self.fallback.clone()
    }
}
