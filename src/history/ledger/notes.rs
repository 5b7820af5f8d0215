//! Messages that wait: which may be sent now, and how their attempts go.

use std::time::Duration;

use rusqlite::{Row, params};

use super::time;
use super::work::{Fault, Work};
use crate::base::time::Timestamp;
use crate::model::incident::{NoticeKind, Severity};
use crate::model::outbox::{Address, Note, NoteState, Rendered};

/// States that want to be delivered, as the index has them.
pub(super) const WAITING: &str = "('pending', 'sending', 'unknown', 'deferred')";

/// No note is put off for longer. One that seems to be was put off before the clock was set back.
pub(super) const DEFERRED_MAX: Duration = Duration::from_hours(1);

/// What a note is read from, with its messages or without.
fn columns(message: &str, short: &str) -> String {
    format!(
        "SELECT o.id, o.incident, o.seq, o.kind, o.severity, o.channel, o.recipient, {message}, {short}, r.line, \
         o.message_id, o.root_id, o.parent_id, o.queued, o.attempts, o.state \
         FROM outbox AS o CROSS JOIN renderings AS r ON r.key = o.rendering"
    )
}

pub(super) fn due(
    cx: &Work<'_>,
    channel: &str,
    now: Timestamp,
    most: usize,
    beside: &[String],
) -> Result<Vec<Note>, Fault> {
    // An earlier note of the thread may also wait inside a digest.
    let mut select = cx.file.prepare_cached(&format!(
        "{} WHERE o.channel = ?1 AND o.state IN {WAITING} AND (o.not_before <= ?2 OR o.not_before > ?3) \
         AND o.recipient NOT IN (SELECT value FROM json_each(?5)) \
         AND (o.incident IS NULL OR NOT EXISTS (SELECT 1 FROM outbox AS e LEFT JOIN outbox AS d ON d.id = e.bundled_by \
             WHERE e.incident = o.incident AND e.channel = o.channel AND e.recipient = o.recipient AND e.seq < o.seq \
             AND (e.state IN {WAITING} OR (e.state = 'bundled' AND d.state IN {WAITING})))) \
         ORDER BY o.id LIMIT ?4",
        columns("r.message", "r.short")
    ))?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let latest = now.plus(DEFERRED_MAX).unix_millis();
    let beside = serde_json::json!(beside).to_string();
    readable(select.query_map(params![channel, now.unix_millis(), latest, limit, beside], note)?)
}

/// Everything that waits for one receiver, without its messages.
pub(super) fn waiting(cx: &Work<'_>, address: &Address, most: usize) -> Result<Vec<Note>, Fault> {
    let mut select = cx.file.prepare_cached(&format!(
        "{} WHERE o.channel = ?1 AND o.recipient = ?2 AND o.state IN {WAITING} ORDER BY o.id LIMIT ?3",
        columns("x''", "x''")
    ))?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    readable(select.query_map(params![address.channel, address.recipient, limit], note)?)
}

/// One that cannot be read must not keep the others from leaving.
fn readable(found: impl Iterator<Item = rusqlite::Result<Note>>) -> Result<Vec<Note>, Fault> {
    let readable = found.filter(|note| !matches!(note, Err(rusqlite::Error::FromSqlConversionFailure(..))));
    Ok(readable.collect::<rusqlite::Result<_>>()?)
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

pub(super) fn next_due(cx: &Work<'_>, channel: &str, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let select = format!(
        "SELECT min(not_before) FROM outbox WHERE channel = ? AND state IN {WAITING} AND not_before > ? AND not_before <= ?"
    );
    let latest = now.plus(DEFERRED_MAX).unix_millis();
    let next: Option<i64> =
        cx.file.prepare_cached(&select)?.query_row(params![channel, now.unix_millis(), latest], |row| row.get(0))?;
    Ok(next.map(time))
}

pub(super) fn sending(cx: &Work<'_>, id: i64) -> Result<(), Fault> {
    // What may have reached its receiver stays so, whatever a further attempt comes to.
    under_way(
        cx,
        id,
        "UPDATE outbox SET maybe = (maybe OR state = 'unknown'), \
         state = CASE state WHEN 'unknown' THEN 'unknown' ELSE 'sending' END WHERE id = ? AND state IN",
    )
}

pub(super) fn crossing(cx: &Work<'_>, id: i64) -> Result<(), Fault> {
    under_way(cx, id, "UPDATE outbox SET state = 'unknown' WHERE id = ? AND state IN")
}

fn under_way(cx: &Work<'_>, id: i64, update: &str) -> Result<(), Fault> {
    match cx.file.prepare_cached(&format!("{update} {WAITING}"))?.execute([id])? {
        0 => Err(Fault::Refused("the note does not wait any more")),
        _ => Ok(()),
    }
}
