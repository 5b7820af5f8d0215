//! Writes changes of incidents, and the messages that tell of them.

use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use super::work::{Fault, Work};
use crate::base::time::Timestamp;
use crate::model::incident::{Incident, NoticeKind};
use crate::model::outbox::{Address, Entry, NewNotice, NoteState, Rendered};

/// Stores an incident as it is now.
pub(super) const STORE_INCIDENT: &str = "INSERT INTO incidents (id, name, aspect, state, severity, owner, suspected, \
     opened, ended, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
     severity = excluded.severity, owner = excluded.owner, opened = excluded.opened, ended = excluded.ended, \
     body = excluded.body";

/// Adds to what became of an incident.
pub(super) const ADD_EVENT: &str = "INSERT INTO events (incident, at, body) VALUES (?, ?, ?)";

pub(super) fn entries(cx: &Work<'_>, entries: &[Entry]) -> Result<(), Fault> {
    for entry in entries {
        let incident = &entry.transition.incident;
        store_incident(cx.file, incident)?;
        cx.reached("ledger.after-incident");
        let at = entry.transition.at.unix_millis();
        cx.file.prepare_cached(ADD_EVENT)?.execute(params![incident.id, at, json(&entry.transition)?])?;
        cx.reached("ledger.after-event");
        for notice in &entry.notices {
            store_notice(cx, incident, at, notice)?;
        }
        cx.reached("ledger.after-notices");
    }
    Ok(())
}

fn store_incident(file: &Connection, incident: &Incident) -> rusqlite::Result<()> {
    file.prepare_cached(STORE_INCIDENT)?.execute(params![
        incident.id,
        incident.key.name,
        incident.key.aspect.to_string(),
        incident.state.word(),
        incident.severity.word(),
        incident.blame.owner.as_deref().unwrap_or_default(),
        incident.suspected_at.unix_millis(),
        incident.opened_at.map(Timestamp::unix_millis),
        incident.ended_at.map(Timestamp::unix_millis),
        json(incident)?,
    ])?;
    Ok(())
}

fn store_notice(cx: &Work<'_>, incident: &Incident, at: i64, notice: &NewNotice) -> rusqlite::Result<()> {
    let mut plain = None;
    let mut ended = None;
    for address in &notice.to {
        // Who cannot know that it began is told that it happened, in one message.
        let unheard = notice.kind.is_terminal() && supersede(cx, incident, address, at)?;
        let (kind, rendering) = match &notice.ended {
            Some(rendered) if unheard => (NoticeKind::Ended, stored_once(cx.file, &mut ended, rendered)?),
            _ => (notice.kind, stored_once(cx.file, &mut plain, &notice.rendered)?),
        };
        let row = NewRow {
            incident: &incident.id,
            seq: incident.seq,
            channel: &address.channel,
            recipient: &address.recipient,
            kind: kind.word(),
            severity: notice.severity.word(),
            rendering,
            at,
        };
        row.store(cx)?;
    }
    Ok(())
}

/// Where nothing of an incident can have reached this receiver, what waits is taken back. Whether that was so.
fn supersede(cx: &Work<'_>, incident: &Incident, address: &Address, at: i64) -> rusqlite::Result<bool> {
    let (earlier, heard): (i64, i64) = cx
        .file
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE maybe OR state NOT IN ('pending', 'deferred', 'superseded', \
             'expired')) FROM outbox WHERE incident = ? AND channel = ? AND recipient = ? AND seq < ?",
        )?
        .query_row(params![incident.id, address.channel, address.recipient, incident.seq], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if earlier == 0 || heard > 0 {
        return Ok(false);
    }
    let superseded = cx
        .file
        .prepare_cached(
            "UPDATE outbox SET state = 'superseded', settled = ? WHERE incident = ? AND channel = ? AND recipient = ? \
             AND seq < ? AND state IN ('pending', 'deferred')",
        )?
        .execute(params![at, incident.id, address.channel, address.recipient, incident.seq])?;
    cx.entered(NoteState::Superseded, superseded);
    Ok(true)
}

/// A note of an incident, before it has its place in the thread.
pub(super) struct NewRow<'a> {
    pub incident: &'a str,
    pub seq: u32,
    pub channel: &'a str,
    pub recipient: &'a str,
    pub kind: &'a str,
    pub severity: &'a str,
    pub rendering: i64,
    /// Unix milliseconds.
    pub at: i64,
}

impl NewRow<'_> {
    /// Queues it, unless this receiver has it already.
    pub(super) fn store(&self, cx: &Work<'_>) -> rusqlite::Result<()> {
        let (root, parent) = self.thread(cx.file)?;
        let added = cx
            .file
            .prepare_cached(
                "INSERT INTO outbox (incident, seq, channel, recipient, kind, severity, message_id, root_id, parent_id, \
                 rendering, queued, not_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                self.incident,
                self.seq,
                self.channel,
                self.recipient,
                self.kind,
                self.severity,
                message_id(self.incident, self.seq, self.recipient, cx.domain),
                root,
                parent,
                self.rendering,
                self.at,
            ])?;
        cx.entered(NoteState::Pending, added);
        cx.news();
        Ok(())
    }

    /// The first message of the incident to this receiver and the one before this, as they were named then.
    fn thread(&self, file: &Connection) -> rusqlite::Result<(Option<String>, Option<String>)> {
        let earlier = |order: &str| -> rusqlite::Result<Option<String>> {
            let select = format!(
                "SELECT (SELECT message_id FROM outbox WHERE incident = ? AND channel = ? AND recipient = ? AND seq < ? \
                 AND state != 'superseded' ORDER BY seq {order} LIMIT 1)"
            );
            file.prepare_cached(&select)?
                .query_row(params![self.incident, self.channel, self.recipient, self.seq], |row| row.get(0))
        };
        Ok((earlier("ASC")?, earlier("DESC")?))
    }
}

fn stored_once(file: &Connection, key: &mut Option<i64>, rendered: &Rendered) -> rusqlite::Result<i64> {
    if let Some(key) = key {
        return Ok(*key);
    }
    let new = store_rendering(file, rendered)?;
    *key = Some(new);
    Ok(new)
}

pub(super) fn store_rendering(file: &Connection, rendered: &Rendered) -> rusqlite::Result<i64> {
    file.prepare_cached("INSERT INTO renderings (message, short, line) VALUES (?, ?, ?)")?.execute(params![
        &rendered.message[..],
        &rendered.short[..],
        json(&rendered.line)?
    ])?;
    Ok(file.last_insert_rowid())
}

/// The same for every attempt, and for whoever asks again: nothing of it is drawn by chance.
pub(super) fn message_id(incident: &str, seq: u32, recipient: &str, domain: &str) -> String {
    format!("inc-{}-{seq}-{}@{domain}", incident.to_ascii_lowercase(), short_digest(recipient))
}

/// The first 32 bits of the SHA-256 in hexadecimal: tells the receivers of one message apart, and names none.
pub(super) fn short_digest(recipient: &str) -> String {
    let digest = Sha256::digest(recipient.as_bytes());
    digest.iter().take(4).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
