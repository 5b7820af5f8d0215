//! What a channel is to the worker: it takes one note to one receiver, and says exactly how that ended.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::model::outbox::{Note, Stored};

/// A way to tell people. An attempt may last minutes; several run at once.
pub trait Channel: Send + Sync + 'static {
    /// The word for the kind of channel, as metrics have it.
    const KIND: &'static str;
    /// Everything that [`Failure::reason`] can be.
    const REASONS: &'static [&'static str];

    /// One attempt, over all the ways that the channel has.
    fn send<'a>(
        &'a self,
        note: &'a Note,
        cx: &'a dyn SendContext,
    ) -> impl Future<Output = Result<Receipt, SendError>> + Send + 'a;

    /// Whether the channel would take a message now. Nothing is sent.
    fn ready<'a>(&'a self, cx: &'a dyn SendContext) -> impl Future<Output = Result<(), SendError>> + Send + 'a;

    /// Who gets what `recipient` is refused: none if that is one of them already.
    fn fallback(&self, recipient: &str) -> Vec<String>;
}

impl<C: Channel> Channel for Arc<C> {
    const KIND: &'static str = C::KIND;
    const REASONS: &'static [&'static str] = C::REASONS;

    fn send<'a>(
        &'a self,
        note: &'a Note,
        cx: &'a dyn SendContext,
    ) -> impl Future<Output = Result<Receipt, SendError>> + Send + 'a {
        C::send(self, note, cx)
    }

    fn ready<'a>(&'a self, cx: &'a dyn SendContext) -> impl Future<Output = Result<(), SendError>> + Send + 'a {
        C::ready(self, cx)
    }

    fn fallback(&self, recipient: &str) -> Vec<String> {
        C::fallback(self, recipient)
    }
}

/// What a channel needs of whoever has it send.
pub trait SendContext: Send + Sync {
    /// The next byte is the one after which the receiver may have the message. Durable when it returns.
    fn crossing(&self) -> Stored<'_, ()>;
    /// One way of the channel failed; another may succeed yet.
    fn failed(&self, failure: &Failure);
    /// A way that was in trouble works again.
    fn recovered(&self, relay: &str);
    /// A named moment, for tests that let the process die there.
    fn reached(&self, moment: &'static str);
}

/// The receiver's side has taken responsibility. What is left to be said to it is said by [`Receipt::close`], once the
/// receipt is stored.
pub struct Receipt {
    /// With what the receiver's side said, such as `250 2.0.0 Ok: queued as 4F3`.
    pub said: String,
    closing: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Receipt {
    pub fn new(said: String, closing: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { said, closing: Box::pin(closing) }
    }

    /// Takes leave. Nothing depends on how that goes.
    pub async fn close(self) {
        self.closing.await;
    }
}

/// Why an attempt did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Another attempt may succeed.
    Retry {
        failure: Failure,
        /// The receiver may have the message all the same.
        maybe_sent: bool,
        /// No way of the channel came as far as the message.
        is_down: bool,
        /// An attempt before then would be in vain.
        wait: Duration,
    },
    /// Never for this receiver.
    GiveUp { failure: Failure },
}

impl SendError {
    #[must_use]
    pub fn failure(&self) -> &Failure {
        match self {
            Self::Retry { failure, .. } | Self::GiveUp { failure } => failure,
        }
    }
}

/// How one way of a channel failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of [`Channel::REASONS`].
    pub reason: &'static str,
    pub trouble: Trouble,
    /// Which relay or endpoint, as the operator wrote it.
    pub relay: String,
    /// Of the answer, if there was one.
    pub code: Option<u16>,
    /// What happened, in one line: without secrets, and safe to print.
    pub said: String,
}

/// What kind of trouble it is, for those who must do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// It passes, or is the network's.
    Passing,
    /// The relay does not accept who we say we are, or we cannot read it.
    Credentials,
    /// The connection cannot be encrypted and trusted.
    Tls,
    /// The relay does not let this sender send, or does not send for us.
    Policy,
    /// The receiver is refused.
    Recipient,
}

impl Trouble {
    /// Whether the configuration, here or there, has to change.
    #[must_use]
    pub fn is_lasting(self) -> bool {
        self != Self::Passing
    }

    /// Whether it is the relay's, whoever the receiver is.
    #[must_use]
    pub fn is_of_relay(self) -> bool {
        self != Self::Recipient
    }

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Credentials => "credentials",
            Self::Tls => "tls",
            Self::Policy => "policy",
            Self::Recipient => "recipient",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.relay, self.said)
    }
}

impl std::error::Error for Failure {}
