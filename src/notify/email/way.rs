//! One relay and what is known of it from earlier attempts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::auth::Door;
use super::fault::{Fault, Kind, Next};
use super::reply::Reply;
use super::session::{Ground, Session};
use super::settings::Relay;
use super::transaction::{Crossing, Letter};
use super::transcript::{Recorder, Speaker};
use crate::notify::channel::{Failure, SendContext, Trouble};

pub(super) struct Way {
    pub label: String,
    relay: Relay,
    door: Door,
    /// What has to be changed about it, as far as we know.
    trouble: Mutex<Option<Trouble>>,
}

impl Way {
    pub(super) fn new(relay: Relay) -> Self {
        Self { label: relay.label(), relay, door: Door::default(), trouble: Mutex::default() }
    }

    /// For how long nothing is tried here; none if it may be.
    pub(super) fn locked_for(&self) -> Option<Duration> {
        self.door.locked_for()
    }

    pub(super) async fn open(
        &self,
        ground: &Ground,
        recorder: &Recorder,
        cx: &dyn SendContext,
    ) -> Result<Session, Fault> {
        Session::open(&self.relay, &self.door, ground, recorder, cx).await
    }

    /// Hands a message over, if need be the shorter one.
    pub(super) async fn deliver(
        &self,
        letter: &Letter<'_>,
        crossing: &Crossing<'_>,
        dotted: &Notify,
        ground: &Ground,
        recorder: &Recorder,
        cx: &dyn SendContext,
    ) -> Result<(Reply, Session), Fault> {
        let mut short = false;
        loop {
            let mut session = self.open(ground, recorder, cx).await?;
            match session.deliver(letter, short, crossing, dotted).await {
                Ok(reply) => {
                    let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if trouble.is_some() {
                        cx.recovered(&self.label);
                    }
                    return Ok((reply, session));
                }
                Err(fault) if !short && fault.next() == Next::Shorter => {
                    recorder.note(&self.label, Speaker::Note, "the shorter message is tried");
                    short = true;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Tells of a failure, and remembers what has to be changed.
    pub(super) fn missed(&self, fault: &Fault, cx: &dyn SendContext) -> Failure {
        let failure = fault.failure(&self.label);
        if failure.trouble.is_lasting() && failure.trouble.is_of_relay() {
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.trouble);
        }
        if fault.kind != Kind::Locked {
            cx.failed(&failure);
        }
        failure
    }
}
