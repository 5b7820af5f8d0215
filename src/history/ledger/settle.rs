//! How attempts end: accepted, put off, refused for good with others to ask, or given up.

use rusqlite::{OptionalExtension as _, params};

use super::apply::{NewRow, short_digest};
use super::notes::{DEFERRED_MAX, WAITING};
use super::work::{Fault, Work};
use crate::base::time::Timestamp;
use crate::model::outbox::{NoteState, Settled};

/// Notes how an attempt ended. Of a note that has ended already only an acceptance is news: of two relays that were
/// asked, one may answer late.
pub(super) fn settle(cx: &Work<'_>, id: i64, now: Timestamp, settled: &Settled) -> Result<(), Fault> {
    cx.news();
    match settled {
        Settled::Accepted { said } => accept(cx, id, now, said),
        Settled::Deferred { until, said, maybe_sent } => {
            let until = (*until).min(now.plus(DEFERRED_MAX)).unix_millis();
            let update = format!(
                "UPDATE outbox SET maybe = (maybe OR ?1), state = CASE WHEN maybe OR ?1 THEN 'unknown' ELSE 'deferred' END, \
                 said = ?2, not_before = ?3, attempts = attempts + 1 WHERE id = ?4 AND state IN {WAITING}"
            );
            let changed = cx.file.prepare_cached(&update)?.execute(params![maybe_sent, said, until, id])?;
            cx.entered(if *maybe_sent { NoteState::Unknown } else { NoteState::Deferred }, changed);
            Ok(())
        }
        Settled::Rejected { said, fallback } => {
            let ended = end(cx, id, now, NoteState::Rejected, said, 1)?;
            cx.reached("ledger.settle-fallback");
            if ended { ask_others(cx, id, now.unix_millis(), fallback) } else { Ok(()) }
        }
        Settled::Expired { said } => {
            if end(cx, id, now, NoteState::Expired, said, 0)? {
                // What was to arrive with it does not arrive either.
                let members = cx
                    .file
                    .prepare_cached(
                        "UPDATE outbox SET state = 'expired', said = ?, settled = ? WHERE bundled_by = ? AND state = 'bundled'",
                    )?
                    .execute(params![said, now.unix_millis(), id])?;
                cx.entered(NoteState::Expired, members);
            }
            Ok(())
        }
    }
}

fn accept(cx: &Work<'_>, id: i64, now: Timestamp, said: &str) -> Result<(), Fault> {
    let at = now.unix_millis();
    let changed = cx
        .file
        .prepare_cached(
            "UPDATE outbox SET state = 'accepted', said = ?, settled = ?, attempts = attempts + 1 \
             WHERE id = ? AND state != 'accepted'",
        )?
        .execute(params![said, at, id])?;
    cx.entered(NoteState::Accepted, changed);
    // Those that a digest stands for have arrived with it.
    cx.file
        .prepare_cached("UPDATE outbox SET settled = ?, said = ? WHERE bundled_by = ? AND state = 'bundled'")?
        .execute(params![at, said, id])?;
    Ok(())
}

/// Whether it had not ended before.
fn end(cx: &Work<'_>, id: i64, now: Timestamp, state: NoteState, said: &str, attempts: u32) -> Result<bool, Fault> {
    let update = format!(
        "UPDATE outbox SET state = ?, said = ?, settled = ?, attempts = attempts + ? WHERE id = ? AND state IN {WAITING}"
    );
    let values = params![state.word(), said, now.unix_millis(), attempts, id];
    let changed = cx.file.prepare_cached(&update)?.execute(values)?;
    cx.entered(state, changed);
    Ok(changed > 0)
}

/// Queues what one refused for the receivers of a fallback; whoever has the same message already is left out.
fn ask_others(cx: &Work<'_>, id: i64, at: i64, fallback: &[String]) -> Result<(), Fault> {
    type Found = (Option<String>, u32, String, String, String, String, i64);
    let select = "SELECT incident, seq, channel, kind, severity, message_id, rendering FROM outbox WHERE id = ?";
    let found: Option<Found> = cx
        .file
        .prepare_cached(select)?
        .query_row([id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })
        .optional()?;
    let Some((incident, seq, channel, kind, severity, message_id, rendering)) = found else { return Ok(()) };
    for recipient in fallback {
        let Some(incident) = &incident else {
            let message_id = for_another(&message_id, recipient);
            let added = cx
                .file
                .prepare_cached(
                    "INSERT INTO outbox (incident, seq, channel, recipient, kind, severity, message_id, rendering, queued, \
                     not_before) SELECT NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0 WHERE NOT EXISTS \
                     (SELECT 1 FROM outbox WHERE rendering = ?7 AND channel = ?2 AND recipient = ?3)",
                )?
                .execute(params![seq, channel, recipient, kind, severity, message_id, rendering, at])?;
            cx.entered(NoteState::Pending, added);
            continue;
        };
        let (channel, kind, severity) = (&channel, &kind, &severity);
        NewRow { incident, seq, channel, recipient, kind, severity, rendering, at }.store(cx)?;
    }
    Ok(())
}

/// `digest-ULID-RECEIVER@DOMAIN` for another receiver.
fn for_another(message_id: &str, recipient: &str) -> String {
    let (local, domain) = message_id.split_once('@').unwrap_or((message_id, ""));
    let about = local.rsplit_once('-').map_or(local, |(about, _)| about);
    format!("{about}-{}@{domain}", short_digest(recipient))
}
