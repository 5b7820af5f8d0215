//! One relay after the other, and two at once where the first one keeps us waiting for its last word.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::fault::{Fault, Next};
use super::phase::Phase;
use super::reply::Reply;
use super::session::{Ground, Session};
use super::transaction::{Crossing, Letter};
use super::transcript::{Recorder, Speaker};
use super::way::Way;
use crate::notify::channel::{Failure, SendContext, Trouble};

/// A relay that has the whole message and has not said a word for this long is not waited for alone.
const HEDGE_AFTER: Duration = Duration::from_secs(30);

/// One message on its way, by whichever relay takes it first.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub letter: &'a Letter<'a>,
    pub crossing: &'a Crossing<'a>,
    pub cx: &'a dyn SendContext,
    pub recorder: &'a Recorder,
    pub ground: &'a Ground,
}

/// No relay took it.
#[derive(Debug)]
pub(super) struct Missed {
    /// Of the relay that was asked first, with what the others said; of the one that refused, if one did.
    pub failure: Failure,
    pub maybe_sent: bool,
    pub is_refused: bool,
    /// No relay came as far as the message.
    pub is_down: bool,
}

type Outcome = Result<(Reply, Session), Option<Missed>>;

impl<'a> Attempt<'a> {
    /// Asks the relays in order, until one has taken the message or refused it for good. An error without more is that
    /// there was no relay.
    pub(super) fn through(self, ways: &'a [&'a Way]) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        Box::pin(async move {
            let Some((way, others)) = ways.split_first() else { return Err(None) };
            let dotted = Notify::new();
            let mut first = pin!(self.one(way, &dotted));
            let silent = async {
                dotted.notified().await;
                sleep(HEDGE_AFTER).await;
            };
            tokio::select! {
                // An answer that is there counts, however late it is.
                biased;
                outcome = &mut first => return self.rest(outcome, others).await,
                () = silent, if !others.is_empty() => {}
            }
            self.recorder.note(&way.label, Speaker::Note, "no answer yet; the next relay is asked as well");
            let mut second = self.through(others);
            tokio::select! {
                biased;
                outcome = &mut first => match outcome {
                    Err(missed) => join(Some(missed), second.await),
                    Ok(taken) => Ok(taken),
                },
                outcome = &mut second => match outcome {
                    Err(missed) => match first.await {
                        Ok(taken) => Ok(taken),
                        Err(own) => join(Some(own), Err(missed)),
                    },
                    Ok(taken) => {
                        self.recorder.note(&way.label, Speaker::Note, "superseded: another relay took the message");
                        Ok(taken)
                    }
                },
            }
        })
    }

    /// What is left to do when a relay has said its last word.
    async fn rest(self, outcome: Result<(Reply, Session), Missed>, others: &'a [&'a Way]) -> Outcome {
        match outcome {
            Ok(taken) => Ok(taken),
            // No other relay is asked about a receiver who is not there.
            Err(missed) if missed.is_refused && missed.failure.trouble == Trouble::Recipient => Err(Some(missed)),
            Err(missed) => join(Some(missed), self.through(others).await),
        }
    }

    async fn one(self, way: &Way, dotted: &Notify) -> Result<(Reply, Session), Missed> {
        let Self { letter, crossing, cx, recorder, ground } = self;
        let fault = match way.deliver(letter, crossing, dotted, ground, recorder, cx).await {
            Ok(taken) => return Ok(taken),
            Err(fault) => fault,
        };
        recorder.note(&way.label, Speaker::Note, &fault.said);
        Err(Missed::of(&fault, way.missed(&fault, cx)))
    }
}

impl Missed {
    fn of(fault: &Fault, failure: Failure) -> Self {
        Self {
            failure,
            maybe_sent: fault.maybe_sent,
            is_refused: fault.next() != Next::OtherRelay,
            is_down: fault.phase < Phase::Mail,
        }
    }
}

/// What two relays, or one and those after it, come to.
fn join(earlier: Option<Missed>, later: Outcome) -> Outcome {
    match (earlier, later) {
        (_, Ok(taken)) => Ok(taken),
        (earlier, Err(None)) => Err(earlier),
        (None, Err(later)) => Err(later),
        (Some(earlier), Err(Some(later))) => {
            let (mut told, other) =
                if later.is_refused && !earlier.is_refused { (later, earlier) } else { (earlier, later) };
            told.failure.said = format!("{}; {}", told.failure.said, other.failure);
            told.maybe_sent |= other.maybe_sent;
            told.is_down &= other.is_down;
            Err(Some(told))
        }
    }
}
