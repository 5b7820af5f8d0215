//! Several notes for one receiver become one.

use rusqlite::params;
use sha2::{Digest as _, Sha256};
use ulid::Ulid;

use super::apply::{short_digest, store_rendering};
use super::notes::WAITING;
use super::work::{Fault, Work};
use crate::base::time::Timestamp;
use crate::model::incident::{NoticeKind, Severity};
use crate::model::outbox::{NoteState, Rendered};

/// Queues a digest in place of notes of one receiver; those that do not wait any more are left as they are.
pub(super) fn bundle(cx: &Work<'_>, ids: &[i64], now: Timestamp, digest: &Rendered) -> Result<i64, Fault> {
    // One statement for all, however many: each statement costs what was changed before it.
    let ids = serde_json::to_string(ids).unwrap_or_default();
    let those = format!("id IN (SELECT value FROM json_each(?1)) AND state IN {WAITING}");
    let mut receiver: Option<(String, String)> = None;
    let (mut severity, mut members, mut first) = (Severity::Info, 0, i64::MAX);
    let select =
        format!("SELECT channel, recipient, severity, count(*), min(id) FROM outbox WHERE {those} GROUP BY 1, 2, 3");
    let mut select = cx.file.prepare_cached(&select)?;
    let mut rows = select.query([&ids])?;
    while let Some(row) = rows.next()? {
        let (to, word): (_, String) = ((row.get(0)?, row.get(1)?), row.get(2)?);
        severity = Severity::ALL.into_iter().filter(|known| known.word() == word).fold(severity, Severity::max);
        if receiver.get_or_insert_with(|| to.clone()) != &to {
            return Err(Fault::Refused("a digest is for one receiver"));
        }
        members += usize::try_from(row.get::<_, i64>(3)?).unwrap_or_default();
        first = first.min(row.get(4)?);
    }
    drop(rows);
    let Some((channel, recipient)) = receiver else {
        return Err(Fault::Refused("none of these notes waits any more"));
    };
    let rendering = store_rendering(cx.file, digest)?;
    let at = now.unix_millis();
    let message_id = format!("digest-{}-{}@{}", ulid(first, at), short_digest(&recipient), cx.domain);
    cx.file
        .prepare_cached(
            "INSERT INTO outbox (incident, seq, channel, recipient, kind, severity, message_id, rendering, queued, \
             not_before) VALUES (NULL, 0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
        )?
        .execute(params![channel, recipient, NoticeKind::Digest.word(), severity.word(), message_id, rendering, at,])?;
    let digest = cx.file.last_insert_rowid();
    // Of a digest in a digest, the notes.
    cx.file
        .prepare_cached(&format!(
            "UPDATE outbox SET bundled_by = ?2 WHERE state = 'bundled' AND bundled_by IN (SELECT id FROM outbox WHERE {those})"
        ))?
        .execute(params![ids, digest])?;
    cx.file
        .prepare_cached(&format!("UPDATE outbox SET state = 'bundled', bundled_by = ?2, settled = NULL WHERE {those}"))?
        .execute(params![ids, digest])?;
    cx.entered(NoteState::Bundled, members);
    cx.entered(NoteState::Pending, 1);
    cx.news();
    Ok(digest)
}

/// The same for the same notes at the same time.
fn ulid(first: i64, at: i64) -> String {
    let chance = Sha256::digest(format!("{first} {at}").as_bytes());
    let chance = chance.iter().take(10).fold(0, |number: u128, byte| (number << 8) | u128::from(*byte));
    Ulid::from_parts(at.unsigned_abs(), chance).to_string().to_ascii_lowercase()
}
