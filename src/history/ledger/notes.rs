//! Messages that wait: which may be sent now, and how their attempts end.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};

use super::apply::{add_fallback, store_rendering};
use super::time;
use super::writer::Work;
use crate::base::time::Timestamp;
use crate::model::incident::{NoticeKind, Severity};
use crate::model::outbox::{Address, Note, NoteState, Rendered, Settled};

/// States that want to be delivered, as the index has them.
pub(super) const WAITING: &str = "('pending', 'sending', 'unknown', 'deferred')";

/// Notes of the part in memory have negative ids.
fn place<'a>(cx: &'a Work<'_>, id: i64) -> (&'a Connection, i64) {
    match cx.overflow {
        Some(overflow) if id < 0 => (overflow, -id),
        _ => (cx.file, id),
    }
}

pub(super) fn due(
    cx: &Work<'_>,
    channel: &str,
    now: Timestamp,
    most: usize,
    beside: &[String],
) -> rusqlite::Result<Vec<Note>> {
    let mut notes = due_in(cx.file, channel, now, most, beside)?;
    if let Some(overflow) = cx.overflow {
        let kept = due_in(overflow, channel, now, most.saturating_sub(notes.len()), beside)?;
        notes.extend(kept.into_iter().map(|note| Note { id: -note.id, ..note }));
    }
    Ok(notes)
}

/// What a note is read from, with its messages or without.
fn columns(message: &str, short: &str) -> String {
    format!(
        "SELECT o.id, o.incident, o.seq, o.kind, o.severity, o.channel, o.recipient, {message}, {short}, r.line, \
         o.message_id, o.root_id, o.parent_id, o.queued, o.attempts, o.state \
         FROM outbox AS o JOIN renderings AS r ON r.key = o.rendering"
    )
}

fn due_in(
    file: &Connection,
    channel: &str,
    now: Timestamp,
    most: usize,
    beside: &[String],
) -> rusqlite::Result<Vec<Note>> {
    let mut select = file.prepare_cached(&format!(
        "{} WHERE o.channel = ?1 AND o.state IN {WAITING} AND o.not_before <= ?2 \
         AND o.recipient NOT IN (SELECT value FROM json_each(?4)) \
         AND (o.incident IS NULL OR NOT EXISTS (SELECT 1 FROM outbox AS e WHERE e.incident = o.incident \
             AND e.channel = o.channel AND e.recipient = o.recipient AND e.seq < o.seq AND e.state IN {WAITING})) \
         ORDER BY o.queued, o.id LIMIT ?3",
        columns("r.message", "r.short")
    ))?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let beside = serde_json::json!(beside).to_string();
    select.query_map(params![channel, now.unix_millis(), limit, beside], note)?.collect()
}

/// Only of those on disk: those in memory leave one by one.
pub(super) fn waiting(cx: &Work<'_>, address: &Address, most: usize) -> rusqlite::Result<Vec<Note>> {
    let mut select = cx.file.prepare_cached(&format!(
        "{} WHERE o.channel = ?1 AND o.recipient = ?2 AND o.state IN {WAITING} ORDER BY o.queued, o.id LIMIT ?3",
        columns("x''", "x''")
    ))?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    select.query_map(params![address.channel, address.recipient, limit], note)?.collect()
}

fn note(row: &Row<'_>) -> rusqlite::Result<Note> {
    let word = |at: usize| row.get::<_, String>(at);
    let bytes = |at: usize| row.get::<_, Vec<u8>>(at);
    let (kind, severity, state, line) = (word(3)?, word(4)?, word(15)?, word(9)?);
    let unreadable =
        |what: &str| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, what.to_owned().into());
    let (root, parent): (Option<String>, Option<String>) = (row.get(11)?, row.get(12)?);
    Ok(Note {
        id: row.get(0)?,
        incident: row.get(1)?,
        seq: row.get(2)?,
        kind: NoticeKind::ALL.into_iter().find(|known| known.word() == kind).ok_or_else(|| unreadable("kind"))?,
        severity: Severity::ALL.into_iter().find(|known| known.word() == severity).unwrap_or(Severity::Critical),
        address: Address { channel: word(5)?, recipient: word(6)? },
        rendered: Rendered {
            message: bytes(7)?.into(),
            short: bytes(8)?.into(),
            line: serde_json::from_str(&line).map_err(|_| unreadable("line"))?,
        },
        message_id: word(10)?,
        thread: root.zip(parent),
        queued_at: time(row.get(13)?),
        attempts: row.get(14)?,
        state: NoteState::ALL.into_iter().find(|known| known.word() == state).ok_or_else(|| unreadable("state"))?,
    })
}

pub(super) fn next_due(cx: &Work<'_>, channel: &str, now: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    let next = |file: &Connection| -> rusqlite::Result<Option<i64>> {
        let select =
            format!("SELECT min(not_before) FROM outbox WHERE channel = ? AND state IN {WAITING} AND not_before > ?");
        file.prepare_cached(&select)?.query_row(params![channel, now.unix_millis()], |row| row.get(0))
    };
    let kept = cx.overflow.map(next).transpose()?.flatten();
    Ok(next(cx.file)?.into_iter().chain(kept).min().map(time))
}

pub(super) fn sending(cx: &Work<'_>, id: i64, _now: Timestamp) -> rusqlite::Result<()> {
    let (file, id) = place(cx, id);
    // What may have reached its receiver stays so, whatever a further attempt comes to.
    let update = "UPDATE outbox SET state = CASE state WHEN 'unknown' THEN 'unknown' ELSE 'sending' END WHERE id = ?";
    file.prepare_cached(update)?.execute([id]).map(drop)
}

pub(super) fn crossing(cx: &Work<'_>, id: i64, _now: Timestamp) -> rusqlite::Result<()> {
    let (file, id) = place(cx, id);
    file.prepare_cached("UPDATE outbox SET state = 'unknown' WHERE id = ?")?.execute([id]).map(drop)
}

pub(super) fn settle(cx: &Work<'_>, id: i64, now: Timestamp, settled: &Settled) -> rusqlite::Result<()> {
    let (file, own) = place(cx, id);
    let at = now.unix_millis();
    let end = |state: NoteState, said: &str| {
        // What was taken once stays so: of two relays that were asked, one may answer late.
        file.prepare_cached(
            "UPDATE outbox SET state = ?, said = ?, settled = ?, attempts = attempts + 1 WHERE id = ? AND state != 'accepted'",
        )?
        .execute(params![state.word(), said, at, own])
        .map(drop)
    };
    match settled {
        Settled::Accepted { said } => {
            end(NoteState::Accepted, said)?;
            // Those that a digest stands for have arrived with it.
            file.prepare_cached("UPDATE outbox SET settled = ?, said = ? WHERE bundled_by = ?")?
                .execute(params![at, said, own])?;
            Ok(())
        }
        Settled::Deferred { until, said, maybe_sent } => {
            let said = if *maybe_sent { format!("maybe: {said}") } else { said.clone() };
            let state = if *maybe_sent { NoteState::Unknown } else { NoteState::Deferred };
            file.prepare_cached(
                "UPDATE outbox SET state = CASE WHEN state = 'unknown' AND NOT ?5 THEN 'unknown' ELSE ?1 END, said = ?2, \
                 not_before = ?3, attempts = attempts + 1 WHERE id = ?4 AND state != 'accepted'",
            )?
            .execute(params![state.word(), said, until.unix_millis(), own, maybe_sent])
            .map(drop)
        }
        Settled::Rejected { said, fallback } => {
            end(NoteState::Rejected, said)?;
            cx.reached("ledger.settle-fallback");
            if id > 0 { add_fallback(cx, own, at, fallback) } else { Ok(()) }
        }
        Settled::Expired { said } => end(NoteState::Expired, said),
    }
}

pub(super) fn bundle(cx: &Work<'_>, ids: &[i64], now: Timestamp, digest: &Rendered) -> rusqlite::Result<i64> {
    // Only notes on disk are bundled: those in memory leave one by one.
    let ids: Vec<i64> = ids.iter().copied().filter(|id| *id > 0).collect();
    let first = ids.first().copied().unwrap_or_default();
    let mut found: Option<(String, String)> = None;
    let mut severity = Severity::Info;
    for id in &ids {
        let select = "SELECT channel, recipient, severity FROM outbox WHERE id = ?";
        let row: Option<(String, String, String)> = cx
            .file
            .prepare_cached(select)?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if let Some((channel, recipient, word)) = row {
            severity = Severity::ALL.into_iter().filter(|known| known.word() == word).fold(severity, Severity::max);
            found = Some((channel, recipient));
        }
    }
    let (channel, recipient) = found.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let rendering = store_rendering(cx.file, digest)?;
    let seed = format!("{first} {} {recipient}", now.unix_millis());
    let short: String =
        Sha256::digest(seed.as_bytes()).iter().take(10).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    cx.file
        .prepare_cached(
            "INSERT INTO outbox (incident, seq, channel, recipient, kind, severity, message_id, rendering, queued, not_before) \
             VALUES (NULL, 0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        )?
        .execute(params![
            channel,
            recipient,
            NoticeKind::Digest.word(),
            severity.word(),
            format!("digest-{short}@{}", cx.domain),
            rendering,
            now.unix_millis()
        ])?;
    let digest = cx.file.last_insert_rowid();
    let update = format!(
        "UPDATE outbox SET state = 'bundled', bundled_by = ?, settled = NULL WHERE id = ? AND state IN {WAITING}"
    );
    for id in &ids {
        cx.file.prepare_cached(&update)?.execute([digest, *id])?;
    }
    Ok(digest)
}
