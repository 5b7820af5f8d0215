//! What waits to be delivered: the seam between the store that never loses it and the workers that send it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::incident::{NoticeKind, Severity, Transition};
use crate::base::time::Timestamp;

/// The answer of a store that works on a thread of its own.
pub type Stored<'a, T> = Pin<Box<dyn Future<Output = Result<T, NotStored>> + Send + 'a>>;

/// The store did not do it; what was asked is undone as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// It could not: the disk, or the thread that writes.
    Trouble(String),
    /// It makes no sense as things stand.
    Refused(&'static str),
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trouble(why) => f.write_str(why),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for NotStored {}

/// A message as it will leave, but for the lines that name its receiver. Bytes, so that every attempt sends the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Header fields without `To`, `Message-ID`, `In-Reply-To` and `References`, an empty line, the body; CRLF throughout.
    pub message: Arc<[u8]>,
    /// The same as plain text alone, for receivers that refuse the size.
    pub short: Arc<[u8]>,
    /// One line of a digest.
    pub line: Line,
}

/// One notice in one line, for a message that bundles several.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    pub kind: NoticeKind,
    pub at: Timestamp,
    /// `FIRING since 10:02:11 UTC`, `RESOLVED after 9 min 40 s`.
    pub state: String,
    pub title: String,
    /// Name of the responsible party for people.
    pub party: Option<String>,
    /// The page of the incident, where there is one.
    pub link: Option<String>,
}

/// One receiver through one channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Name of the channel in the configuration.
    pub channel: String,
    /// In the channel's own terms: a mail address.
    pub recipient: String,
}

/// What the judge hands over: one change, and the messages it makes, one a channel. Stored in one transaction.
#[derive(Clone, Debug)]
pub struct Entry {
    pub transition: Transition,
    /// Empty if nobody is to be told.
    pub notices: Vec<NewNotice>,
}

#[derive(Clone, Debug)]
pub struct NewNotice {
    pub kind: NoticeKind,
    pub severity: Severity,
    pub rendered: Rendered,
    /// For a terminal notice: what is sent instead to a receiver whom nothing of the incident can have reached, as a
    /// [`NoticeKind::Ended`].
    pub ended: Option<Rendered>,
    pub to: Vec<Address>,
}

/// One message to one receiver that is to be sent.
#[derive(Clone, Debug)]
pub struct Note {
    pub id: i64,
    /// None for a digest and a test.
    pub incident: Option<String>,
    pub seq: u32,
    pub kind: NoticeKind,
    pub severity: Severity,
    pub address: Address,
    pub rendered: Rendered,
    /// Without angle brackets; the same for every attempt.
    pub message_id: String,
    /// Of the first notice of the incident to this receiver, and of the one before this; none for the first.
    pub thread: Option<(String, String)>,
    pub queued_at: Timestamp,
    /// Attempts that ended.
    pub attempts: u32,
    pub state: NoteState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteState {
    Pending,
    /// An attempt is under way, or was when the process died; nothing after the final dot is known to have been sent.
    Sending,
    /// The final dot may have been sent, and no answer to it is known: the receiver may have it.
    Unknown,
    Deferred,
    /// The receiver's side has taken responsibility.
    Accepted,
    /// Refused for good; the fallback was asked.
    Rejected,
    /// It is part of a digest.
    Bundled,
    /// It would be no news any more: a later notice says all of it.
    Superseded,
    /// Given up after the longest time.
    Expired,
}

impl NoteState {
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Sending,
        Self::Unknown,
        Self::Deferred,
        Self::Accepted,
        Self::Rejected,
        Self::Bundled,
        Self::Superseded,
        Self::Expired,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Deferred => "deferred",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Bundled => "bundled",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
        }
    }

    /// Whether it still wants to be delivered.
    #[must_use]
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::Sending | Self::Unknown | Self::Deferred)
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// With what the receiver's side said, such as `250 2.0.0 Ok: queued as 4F3`.
    Accepted { said: String },
    /// Try again not before `until`. `maybe_sent`: the final dot may have reached it.
    Deferred { until: Timestamp, said: String, maybe_sent: bool },
    /// Never again to this receiver; the same message goes to these at once.
    Rejected { said: String, fallback: Vec<String> },
    /// Too old to be of use.
    Expired { said: String },
}

/// What waits for one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Notes that want to be delivered, by state, in the order of [`NoteState::ALL`].
    pub waiting: [u64; NoteState::ALL.len()],
    pub oldest: Option<Timestamp>,
}

/// What the workers need of the store. A note is handed out only while no earlier one of the same incident to the same
/// receiver is waiting, so that a thread reads in order.
pub trait Outbox: Send + Sync {
    /// Notes of a channel that may be sent now, the oldest first; those whose attempt a dead process left open included,
    /// and those under way too: whoever sends them knows which these are.
    fn due<'a>(&'a self, channel: &'a str, now: Timestamp, most: usize) -> Stored<'a, Vec<Note>> {
        self.due_beside(channel, now, most, &[])
    }
    /// The same without those for these receivers, who may not be written to now: others do not wait behind them.
    fn due_beside<'a>(
        &'a self,
        channel: &'a str,
        now: Timestamp,
        most: usize,
        receivers: &'a [String],
    ) -> Stored<'a, Vec<Note>>;
    /// Everything that waits for one receiver, whether it may be sent now or not, the oldest first. For digests, which are
    /// made of lines: the messages are left empty, so that thousands of notes are not too many.
    fn waiting<'a>(&'a self, address: &'a Address, most: usize) -> Stored<'a, Vec<Note>>;
    /// When the next one of a channel may be sent that may not be sent now.
    fn next_due<'a>(&'a self, channel: &'a str, now: Timestamp) -> Stored<'a, Option<Timestamp>>;
    /// An attempt begins. Refused if the note does not wait any more since it was handed out: then it is not sent.
    fn sending(&self, id: i64, now: Timestamp) -> Stored<'_, ()>;
    /// The next byte is the final dot: from here on the receiver may have it. Durable when it returns.
    fn crossing(&self, id: i64, now: Timestamp) -> Stored<'_, ()>;
    /// How the attempt ended. Durable when it returns. Of a note that has ended only an acceptance is news. No note is
    /// deferred for more than an hour.
    fn settle(&self, id: i64, now: Timestamp, settled: Settled) -> Stored<'_, ()>;
    /// Makes one note of several that wait for one receiver: they become [`NoteState::Bundled`], and count as delivered
    /// when the digest is. The id of the new note. Refused if none of them waits any more.
    fn bundle<'a>(&'a self, ids: &'a [i64], now: Timestamp, digest: Rendered) -> Stored<'a, i64>;
    /// Ends when something may have become due since this was called: called before a look, nothing is missed between.
    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Named moments between a change of an incident and its accepted mail. The daemon passes them by; tests let the process
/// die at each of them.
pub trait Moments: Send + Sync {
    fn reached(&self, moment: &'static str);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Moments for Unwatched {
    fn reached(&self, _: &'static str) {}
}
