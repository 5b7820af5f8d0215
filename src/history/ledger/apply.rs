//! Writes changes of incidents, and the messages that tell of them.

use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use super::writer::Work;
use crate::base::time::Timestamp;
use crate::model::incident::{Incident, NoticeKind};
use crate::model::outbox::{Address, Entry, NewNotice, Rendered};

pub(super) fn entries(cx: &Work<'_>, entries: &[Entry]) -> rusqlite::Result<()> {
    for entry in entries {
        let incident = &entry.transition.incident;
        store_incident(cx.file, incident)?;
        cx.reached("ledger.after-incident");
        cx.file.prepare_cached("INSERT INTO events (incident, at, body) VALUES (?, ?, ?)")?.execute(params![
            incident.id,
            entry.transition.at.unix_millis(),
            json(&entry.transition)?
        ])?;
        cx.reached("ledger.after-event");
        for notice in &entry.notices {
            store_notice(cx, incident, entry.transition.at.unix_millis(), notice)?;
        }
        cx.reached("ledger.after-notices");
    }
    Ok(())
}

fn store_incident(file: &Connection, incident: &Incident) -> rusqlite::Result<()> {
    file.prepare_cached(
        "INSERT INTO incidents (id, name, aspect, state, severity, owner, suspected, opened, ended, body) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
         severity = excluded.severity, owner = excluded.owner, opened = excluded.opened, ended = excluded.ended, \
         body = excluded.body",
    )?
    .execute(params![
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
        let unheard = notice.kind.is_terminal() && supersede(cx.file, incident, address, at)?;
        let (kind, rendering) = match &notice.ended {
            Some(rendered) if unheard => (NoticeKind::Ended, stored_once(cx.file, &mut ended, rendered)?),
            _ => (notice.kind, stored_once(cx.file, &mut plain, &notice.rendered)?),
        };
        let id = |seq| message_id(&incident.id, seq, &address.recipient, &cx.domain);
        let thread = (incident.seq > 1).then(|| (id(1), id(incident.seq - 1)));
        cx.file
            .prepare_cached(
                "INSERT INTO outbox (incident, seq, channel, recipient, kind, severity, message_id, root_id, parent_id, \
                 rendering, queued, not_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                incident.id,
                incident.seq,
                address.channel,
                address.recipient,
                kind.word(),
                notice.severity.word(),
                id(incident.seq),
                thread.as_ref().map(|(root, _)| root),
                thread.as_ref().map(|(_, parent)| parent),
                rendering,
                at,
                at,
            ])?;
    }
    Ok(())
}

/// Where nothing of an incident can have reached this receiver, what waits is taken back. Whether that was so.
fn supersede(file: &Connection, incident: &Incident, address: &Address, at: i64) -> rusqlite::Result<bool> {
    let (earlier, heard): (i64, i64) = file
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE state NOT IN ('pending', 'deferred', 'superseded', 'expired') \
             OR (state = 'deferred' AND said LIKE 'maybe: %')) FROM outbox \
             WHERE incident = ? AND channel = ? AND recipient = ?",
        )?
        .query_row(params![incident.id, address.channel, address.recipient], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if earlier == 0 || heard > 0 {
        return Ok(false);
    }
    file.prepare_cached(
        "UPDATE outbox SET state = 'superseded', settled = ? WHERE incident = ? AND channel = ? AND recipient = ? \
         AND state IN ('pending', 'deferred')",
    )?
    .execute(params![at, incident.id, address.channel, address.recipient])?;
    Ok(true)
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
    let digest = Sha256::digest(recipient.as_bytes());
    let short: String = digest.iter().take(4).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("inc-{}-{seq}-{short}@{domain}", incident.to_ascii_lowercase())
}

/// Adds the receivers of a fallback to what one of `to` refused; whoever has the message already is left out.
pub(super) fn add_fallback(cx: &Work<'_>, id: i64, now: i64, fallback: &[String]) -> rusqlite::Result<()> {
    type Row = (Option<String>, u32, String, String, String, i64);
    let found: Option<Row> = cx
        .file
        .prepare_cached("SELECT incident, seq, channel, kind, severity, rendering FROM outbox WHERE id = ?")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))
        .optional()?;
    let Some((incident, seq, channel, kind, severity, rendering)) = found else { return Ok(()) };
    for recipient in fallback {
        let about = incident.clone().unwrap_or_else(|| format!("note-{id}"));
        let id = |seq| message_id(&about, seq, recipient, &cx.domain);
        let thread = (seq > 1 && incident.is_some()).then(|| (id(1), id(seq - 1)));
        cx.file
            .prepare_cached(
                "INSERT INTO outbox (incident, seq, channel, recipient, kind, severity, message_id, root_id, parent_id, \
                 rendering, queued, not_before) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11 WHERE NOT EXISTS \
                 (SELECT 1 FROM outbox WHERE message_id = ?7)",
            )?
            .execute(params![
                incident,
                seq,
                channel,
                recipient,
                kind,
                severity,
                id(seq),
                thread.as_ref().map(|(root, _)| root),
                thread.as_ref().map(|(_, parent)| parent),
                rendering,
                now,
            ])?;
    }
    Ok(())
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
