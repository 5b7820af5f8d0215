//! What a change works with inside a transaction, and what it leaves for others to know once that is done.

use std::cell::Cell;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::model::outbox::{Entry, Moments, NotStored, NoteState};

/// What is done in a transaction.
pub(super) type Deed = Box<dyn Fn(&Work<'_>) -> Result<(), Fault> + Send>;
pub(super) type Reply = oneshot::Sender<Result<(), NotStored>>;

/// Something to be done in a transaction. It may be done twice, if the first time there was no room for it.
pub(super) enum Job {
    Commit { entries: Vec<Entry>, reply: Reply },
    Work { work: Deed, reply: Reply },
}

impl Job {
    /// Changes of incidents in it.
    pub(super) fn changes(&self) -> u64 {
        match self {
            Self::Commit { entries, .. } => entries.len() as u64,
            Self::Work { .. } => 0,
        }
    }

    pub(super) fn reply(self) -> Reply {
        let (Self::Commit { reply, .. } | Self::Work { reply, .. }) = self;
        reply
    }
}

/// What jobs work with.
pub(super) struct Work<'a> {
    /// The ledger: on disk, or what stands for it while the disk takes nothing.
    pub file: &'a Connection,
    /// Of message ids.
    pub domain: &'a str,
    pub moments: &'a dyn Moments,
    pub effects: Effects,
}

impl Work<'_> {
    pub(super) fn reached(&self, moment: &'static str) {
        self.moments.reached(moment);
    }

    /// Notes have come to this state.
    pub(super) fn entered(&self, state: NoteState, notes: usize) {
        let at = NoteState::ALL.iter().position(|known| *known == state);
        if let Some(count) = at.and_then(|at| self.effects.entered.get(at)) {
            count.set(count.get() + notes as u64);
        }
    }

    /// Something may be due that was not before.
    pub(super) fn news(&self) {
        self.effects.news.set(true);
    }
}

/// What others want to know of a change.
#[derive(Default)]
pub(super) struct Effects {
    entered: [Cell<u64>; NoteState::ALL.len()],
    news: Cell<bool>,
}

impl Effects {
    pub(super) fn add(&self, other: &Self) {
        for (sum, more) in self.entered.iter().zip(&other.entered) {
            sum.set(sum.get() + more.get());
        }
        self.news.set(self.news.get() || other.news.get());
    }

    /// Notes that have come to each state, in the order of [`NoteState::ALL`].
    pub(super) fn entered(&self) -> [u64; NoteState::ALL.len()] {
        self.entered.clone().map(|count| count.get())
    }

    /// Whether something may be due that was not; asked once.
    pub(super) fn take_news(&self) -> bool {
        self.news.take()
    }
}

/// Why a job was not done.
#[derive(Debug)]
pub(super) enum Fault {
    File(rusqlite::Error),
    /// It makes no sense as things stand; with the reason.
    Refused(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error)
    }
}

impl From<Fault> for NotStored {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::File(error) => Self::Trouble(error.to_string()),
            Fault::Refused(why) => Self::Refused(why),
        }
    }
}
