//! An outbox in memory that keeps what happened to its notes.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use forerunner::base::time::Timestamp;
use forerunner::model::incident::{NoticeKind, Severity};
use forerunner::model::outbox::{Address, Line, NotStored, Note, NoteState, Outbox, Rendered, Settled, Stored};
use tokio::sync::Notify;

#[derive(Default)]
pub struct Model {
    rows: Mutex<Vec<Row>>,
    changed: Notify,
    /// Whether the disk takes nothing.
    pub broken: std::sync::atomic::AtomicBool,
    /// A note that is taken back between the look at it and its attempt; 0: none.
    pub taken_back: std::sync::atomic::AtomicI64,
}

#[derive(Clone)]
pub struct Row {
    pub note: Note,
    pub not_before: Timestamp,
    pub said: String,
    pub bundled_by: Option<i64>,
    /// Every state that it was in.
    pub states: Vec<NoteState>,
}

/// A message with these texts, as the renderer would make it.
pub fn rendered(kind: NoticeKind, at: Timestamp, title: &str, long: &[u8]) -> Rendered {
    let head = format!("From: forerunner@example.org\r\nSubject: {title}\r\nAuto-Submitted: auto-generated\r\n\r\n");
    let message = [head.as_bytes(), long].concat();
    let short = format!("{head}short: {title}\r\n").into_bytes();
    let line = Line { kind, at, state: kind.word().to_uppercase(), title: title.to_owned(), party: None, link: None };
    Rendered { message: message.into(), short: short.into(), line }
}

impl Model {
    /// One note more, of an incident, to one receiver.
    pub fn add(&self, to: &str, incident: &str, seq: u32, kind: NoticeKind, now: Timestamp) -> i64 {
        let text = format!("{incident} {seq}");
        self.add_rendered(to, incident, seq, kind, now, rendered(kind, now, &text, b"a text\r\nof two lines\r\n"))
    }

    pub fn add_rendered(
        &self,
        to: &str,
        incident: &str,
        seq: u32,
        kind: NoticeKind,
        now: Timestamp,
        rendered: Rendered,
    ) -> i64 {
        let mut rows = self.rows.lock().expect("no panic");
        let id = i64::try_from(rows.len()).expect("few") + 1;
        let message_id = |seq: u32| format!("inc-{incident}-{seq}-{to}").replace('@', ".") + "@example.org";
        let address = Address { channel: "ops".to_owned(), recipient: to.to_owned() };
        let note = Note {
            id,
            incident: Some(incident.to_owned()),
            seq,
            kind,
            severity: Severity::Critical,
            address,
            rendered,
            message_id: message_id(seq),
            thread: (seq > 1).then(|| (message_id(1), message_id(seq - 1))),
            queued_at: now,
            attempts: 0,
            state: NoteState::Pending,
        };
        rows.push(Row {
            note,
            not_before: now,
            said: String::new(),
            bundled_by: None,
            states: vec![NoteState::Pending],
        });
        drop(rows);
        self.changed.notify_waiters();
        id
    }

    pub fn rows(&self) -> Vec<Row> {
        self.rows.lock().expect("no panic").clone()
    }

    pub fn row(&self, id: i64) -> Row {
        self.rows()[usize::try_from(id).expect("an id") - 1].clone()
    }

    pub fn count(&self, state: NoteState) -> usize {
        self.rows().iter().filter(|row| row.note.state == state).count()
    }

    /// As a process left it that died.
    pub fn force(&self, id: i64, state: NoteState) {
        self.rows.lock().expect("no panic")[usize::try_from(id).expect("an id") - 1].note.state = state;
    }

    pub fn waiting(&self) -> usize {
        self.rows().iter().filter(|row| row.note.state.is_waiting()).count()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Row>) -> T) -> Result<T, NotStored> {
        if self.broken.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(NotStored::Trouble("the disk is full".to_owned()));
        }
        let result = change(&mut self.rows.lock().expect("no panic"));
        self.changed.notify_waiters();
        Ok(result)
    }

    fn put(&self, id: i64, change: impl FnOnce(&mut Row) -> NoteState) -> Result<(), NotStored> {
        self.change(|rows| {
            let row = &mut rows[usize::try_from(id).expect("an id") - 1];
            let state = change(row);
            row.note.state = state;
            row.states.push(state);
        })
    }

    fn first(rows: &[Row], row: &Row) -> bool {
        let same = |other: &&Row| other.note.incident == row.note.incident && other.note.address == row.note.address;
        row.note.incident.is_none()
            || !rows.iter().filter(same).any(|other| other.note.seq < row.note.seq && other.note.state.is_waiting())
    }

    fn settled(&self, id: i64, now: Timestamp, settled: Settled) -> Result<(), NotStored> {
        let own = self.row(id).note;
        self.put(id, |row| {
            row.note.attempts += 1;
            match &settled {
                Settled::Accepted { said } => {
                    row.said.clone_from(said);
                    NoteState::Accepted
                }
                Settled::Deferred { until, said, maybe_sent } => {
                    (row.not_before, row.said) = (*until, said.clone());
                    if *maybe_sent { NoteState::Unknown } else { NoteState::Deferred }
                }
                Settled::Rejected { said, .. } => {
                    row.said.clone_from(said);
                    NoteState::Rejected
                }
                Settled::Expired { said } => {
                    row.said.clone_from(said);
                    NoteState::Expired
                }
            }
        })?;
        if let Settled::Rejected { fallback, .. } = settled {
            for to in fallback {
                let incident = own.incident.clone().unwrap_or_default();
                self.add_rendered(&to, &incident, own.seq, own.kind, now, own.rendered.clone());
            }
        }
        Ok(())
    }
}

fn stored<'a, T: Send + 'a>(result: Result<T, NotStored>) -> Stored<'a, T> {
    Box::pin(async move { result })
}

impl Outbox for Model {
    fn due_beside<'a>(
        &'a self,
        channel: &'a str,
        now: Timestamp,
        most: usize,
        receivers: &'a [String],
    ) -> Stored<'a, Vec<Note>> {
        let rows = self.rows();
        let is_due = |row: &&Row| {
            row.note.address.channel == channel
                && row.note.state.is_waiting()
                && row.not_before <= now
                && !receivers.contains(&row.note.address.recipient)
                && Self::first(&rows, row)
        };
        stored(Ok(rows.iter().filter(is_due).take(most).map(|row| row.note.clone()).collect()))
    }

    fn waiting<'a>(&'a self, address: &'a Address, most: usize) -> Stored<'a, Vec<Note>> {
        let rows = self.rows();
        let of = rows.iter().map(|row| &row.note).filter(|note| note.address == *address && note.state.is_waiting());
        let empty: Arc<[u8]> = Arc::default();
        let bare = |note: &Note| {
            let rendered = Rendered { message: empty.clone(), short: empty.clone(), line: note.rendered.line.clone() };
            Note { rendered, ..note.clone() }
        };
        stored(Ok(of.take(most).map(bare).collect()))
    }

    fn next_due<'a>(&'a self, channel: &'a str, now: Timestamp) -> Stored<'a, Option<Timestamp>> {
        let rows = self.rows();
        let of = |row: &&Row| row.note.address.channel == channel && row.note.state.is_waiting();
        stored(Ok(rows.iter().filter(of).map(|row| row.not_before).filter(|at| *at > now).min()))
    }

    fn sending(&self, id: i64, _: Timestamp) -> Stored<'_, ()> {
        if self.taken_back.load(std::sync::atomic::Ordering::SeqCst) == id {
            let refused = self.put(id, |_| NoteState::Superseded);
            return stored(refused.and(Err(NotStored::Refused("it does not wait any more"))));
        }
        stored(self.put(
            id,
            |row| {
                if row.note.state == NoteState::Unknown { NoteState::Unknown } else { NoteState::Sending }
            },
        ))
    }

    fn crossing(&self, id: i64, _: Timestamp) -> Stored<'_, ()> {
        stored(self.put(id, |_| NoteState::Unknown))
    }

    fn settle(&self, id: i64, now: Timestamp, settled: Settled) -> Stored<'_, ()> {
        stored(self.settled(id, now, settled))
    }

    fn bundle<'a>(&'a self, ids: &'a [i64], now: Timestamp, digest: Rendered) -> Stored<'a, i64> {
        let to = self.row(ids[0]).note.address.recipient;
        stored(self.change(|_| ()).and_then(|()| {
            let id = self.add_rendered(&to, "", 0, NoticeKind::Digest, now, digest);
            self.change(|rows| {
                let made = &mut rows[usize::try_from(id).expect("an id") - 1].note;
                (made.incident, made.message_id) = (None, format!("digest-{id}@example.org"));
            })?;
            for own in ids {
                self.put(*own, |row| {
                    row.bundled_by = Some(id);
                    NoteState::Bundled
                })?;
            }
            Ok(id)
        }))
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.changed.notified())
    }
}
