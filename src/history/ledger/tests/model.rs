//! The outbox as simply as it can be said, to compare with: a list that is searched from its beginning.

use super::*;

/// What names a note without its number.
pub(super) type Name = (Option<u128>, u32, &'static str, String);

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub incident: Option<u128>,
    pub seq: u32,
    pub recipient: &'static str,
    /// What it says.
    pub text: String,
    pub state: NoteState,
    pub maybe: bool,
    pub attempts: u32,
    /// Seconds.
    pub not_before: i64,
    pub bundled_by: Option<usize>,
}

impl Row {
    pub fn name(&self) -> Name {
        (self.incident, self.seq, self.recipient, self.text.clone())
    }
}

#[derive(Default)]
pub(super) struct Model {
    pub rows: Vec<Row>,
}

impl Model {
    fn add(&mut self, incident: Option<u128>, seq: u32, recipient: &'static str, text: String) {
        self.rows.push(Row {
            incident,
            seq,
            recipient,
            text,
            state: NoteState::Pending,
            maybe: false,
            attempts: 0,
            not_before: 0,
            bundled_by: None,
        });
    }

    pub fn change(&mut self, number: u128, kind: NoticeKind, seq: u32, to: &[&'static str]) {
        for recipient in to {
            let mut text = format!("{} {seq}", kind.word());
            let mine = |row: &&mut Row| row.incident == Some(number) && row.recipient == *recipient;
            let earlier: Vec<&mut Row> = self.rows.iter_mut().filter(mine).collect();
            let cannot_know = |row: &&mut Row| {
                let never_left = [NoteState::Pending, NoteState::Deferred, NoteState::Superseded, NoteState::Expired];
                !row.maybe && never_left.contains(&row.state)
            };
            if kind.is_terminal() && !earlier.is_empty() && earlier.iter().all(cannot_know) {
                for row in earlier.into_iter().filter(|row| row.state.is_waiting()) {
                    row.state = NoteState::Superseded;
                }
                "ended".clone_into(&mut text);
            }
            self.add(Some(number), seq, recipient, text);
        }
    }

    pub fn due(&self, now: i64) -> Vec<Name> {
        let still_waits = |row: &Row| {
            let digest = row.bundled_by.filter(|_| row.state == NoteState::Bundled);
            row.state.is_waiting() || digest.is_some_and(|digest| self.rows[digest].state.is_waiting())
        };
        let first_of_thread = |row: &&Row| {
            row.incident.is_none()
                || !self.rows.iter().any(|earlier| {
                    let same = (earlier.incident, earlier.recipient) == (row.incident, row.recipient);
                    same && earlier.seq < row.seq && still_waits(earlier)
                })
        };
        let may = |row: &&Row| row.state.is_waiting() && row.not_before <= now;
        self.rows.iter().filter(may).filter(first_of_thread).map(Row::name).collect()
    }

    pub fn find(&self, name: &Name) -> usize {
        self.rows.iter().position(|row| row.name() == *name).expect("the ledger knows no note that was not queued")
    }

    /// Whether it may be sent.
    pub fn sending(&mut self, at: usize) -> bool {
        let row = &mut self.rows[at];
        match row.state {
            NoteState::Unknown => row.maybe = true,
            state if state.is_waiting() => row.state = NoteState::Sending,
            _ => return false,
        }
        true
    }

    pub fn crossing(&mut self, at: usize) -> bool {
        let waits = self.rows[at].state.is_waiting();
        if waits {
            self.rows[at].state = NoteState::Unknown;
        }
        waits
    }

    pub fn accept(&mut self, at: usize) {
        let row = &mut self.rows[at];
        if row.state != NoteState::Accepted {
            row.state = NoteState::Accepted;
            row.attempts += 1;
        }
    }

    pub fn defer(&mut self, at: usize, until: i64, maybe: bool) {
        let row = &mut self.rows[at];
        if row.state.is_waiting() {
            row.maybe |= maybe;
            row.state = if row.maybe { NoteState::Unknown } else { NoteState::Deferred };
            row.not_before = until;
            row.attempts += 1;
        }
    }

    pub fn reject(&mut self, at: usize, fallback: &[&'static str]) {
        let row = &mut self.rows[at];
        if !row.state.is_waiting() {
            return;
        }
        row.state = NoteState::Rejected;
        row.attempts += 1;
        let (incident, seq, text) = (row.incident, row.seq, row.text.clone());
        for recipient in fallback {
            let has = |row: &Row| {
                let same = incident.is_some() || row.text == text;
                (row.incident, row.seq, row.recipient) == (incident, seq, *recipient) && same
            };
            if !self.rows.iter().any(has) {
                self.add(incident, seq, recipient, text.clone());
            }
        }
    }

    pub fn expire(&mut self, at: usize) {
        if !self.rows[at].state.is_waiting() {
            return;
        }
        self.rows[at].state = NoteState::Expired;
        for row in &mut self.rows {
            if row.state == NoteState::Bundled && row.bundled_by == Some(at) {
                row.state = NoteState::Expired;
            }
        }
    }

    pub fn bundle(&mut self, members: &[usize], text: String) {
        let digest = self.rows.len();
        let waiting: Vec<usize> = members.iter().copied().filter(|at| self.rows[*at].state.is_waiting()).collect();
        let Some(first) = waiting.first() else { return };
        let recipient = self.rows[*first].recipient;
        for row in &mut self.rows {
            if row.state == NoteState::Bundled && row.bundled_by.is_some_and(|by| waiting.contains(&by)) {
                row.bundled_by = Some(digest);
            }
        }
        for at in &waiting {
            self.rows[*at].state = NoteState::Bundled;
            self.rows[*at].bundled_by = Some(digest);
        }
        self.add(None, 0, recipient, text);
    }

    pub fn restart(&mut self) {
        for row in &mut self.rows {
            match row.state {
                NoteState::Sending => row.state = NoteState::Pending,
                NoteState::Unknown => row.maybe = true,
                _ => {}
            }
        }
    }
}
