//! The ledger under test: what is acknowledged is kept, in order, once, whatever happens.

mod crashes;
mod delivery;
mod direct;
mod disk;
mod model;
mod properties;
mod storm;

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::history::fixtures::{SetClock, open as open_history};
use crate::model::incident::{Aspect, Blame, Event, Key, NoticeKind, Severity, State, Transition};
use crate::model::outbox::{Line, NewNotice, NoteState, Unwatched};

/// `2026-11-22T08:00:00Z` and some seconds.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_334_400 + seconds).expect("in range")
}

/// A directory with an open history, which holds the lock.
pub(super) struct Place {
    pub directory: TempDir,
    pub history: Store,
}

impl Place {
    pub fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let history = open_history(directory.path());
        Self { directory, history }
    }

    pub fn open(&self) -> Ledger {
        self.open_with(Arc::new(Unwatched))
    }

    pub fn open_with(&self, moments: Arc<dyn Moments>) -> Ledger {
        let clock: Arc<dyn Clock> = Arc::new(SetClock::at(1_795_334_400));
        let (ledger, aside) =
            Ledger::open(self.directory.path(), &self.history, &clock, moments).expect("can be opened");
        assert_eq!(aside, None);
        ledger.set_domain("example.org");
        ledger
    }
}

pub(super) fn id(number: u128) -> String {
    ulid::Ulid::from_parts(u64::try_from(at(0).unix_millis()).expect("after 1970"), number).to_string()
}

pub(super) fn incident(number: u128, state: State, seq: u32) -> Incident {
    let opened = seq > 0;
    Incident {
        id: id(number),
        key: Key { name: format!("j{number}"), aspect: Aspect::Run },
        state,
        severity: Severity::Critical,
        title: format!("task {number} fails"),
        blame: Blame { owner: Some("partner".to_owned()), ..Blame::default() },
        suspected_at: at(0),
        opened_at: opened.then(|| at(5)),
        recovering_since: None,
        ended_at: state.is_ended().then(|| at(60)),
        bad: 2,
        good: 0,
        elsewhere: None,
        reopened: 0,
        seq,
        told_at: None,
        reminders: 0,
        next_reminder_at: None,
        last_bad: None,
        last_good: None,
        not_after: None,
    }
}

fn rendered(text: &str, kind: NoticeKind) -> Rendered {
    let line = Line { kind, at: at(0), state: text.to_owned(), title: "t".to_owned(), party: None, link: None };
    Rendered { message: text.as_bytes().into(), short: b"short".as_slice().into(), line }
}

/// A change of incident `number` with its notice `seq` to these receivers of channel `ops`.
pub(super) fn entry(number: u128, kind: NoticeKind, seq: u32, to: &[&str]) -> Entry {
    let (state, event) = match kind {
        NoticeKind::Firing => (State::Firing, Event::Opened),
        NoticeKind::Resolved => (State::Resolved, Event::Resolved),
        _ => (State::Firing, Event::Reminded),
    };
    let transition = Transition {
        at: at(i64::from(seq)),
        event,
        incident: incident(number, state, seq),
        notice: Some(kind),
        run: None,
    };
    let notice = NewNotice {
        kind,
        severity: Severity::Critical,
        rendered: rendered(&format!("{} {seq}", kind.word()), kind),
        ended: kind.is_terminal().then(|| rendered("ended", NoticeKind::Ended)),
        to: to.iter().map(|recipient| address(recipient)).collect(),
    };
    Entry { transition, notices: vec![notice] }
}

pub(super) fn address(recipient: &str) -> Address {
    Address { channel: "ops".to_owned(), recipient: recipient.to_owned() }
}

/// What is due, as `incident-number/seq kind recipient`.
pub(super) async fn due(ledger: &Ledger) -> Vec<String> {
    let notes = ledger.due("ops", at(3600), 100).await.expect("readable");
    let number = |note: &Note| {
        let found = (0..20).find(|number| note.incident.as_deref() == Some(id(*number).as_str()));
        found.map_or_else(|| "-".to_owned(), |number| number.to_string())
    };
    notes
        .iter()
        .map(|note| format!("{}/{} {} {}", number(note), note.seq, note.kind.word(), note.address.recipient))
        .collect()
}

pub(super) async fn first(ledger: &Ledger) -> Note {
    ledger.due("ops", at(3600), 1).await.expect("readable").into_iter().next().expect("one is due")
}

pub(super) fn accepted() -> Settled {
    Settled::Accepted { said: "250 ok".to_owned() }
}

pub(super) fn deferred(maybe_sent: bool) -> Settled {
    Settled::Deferred { until: at(30), said: "451 later".to_owned(), maybe_sent }
}

pub(super) fn states(ledger: &Ledger, number: u128) -> Vec<String> {
    let story = ledger.reader().incident(&id(number)).expect("readable").expect("it is there");
    story.notes.iter().map(|note| format!("{} {} {}", note.seq, note.kind, note.state)).collect()
}
