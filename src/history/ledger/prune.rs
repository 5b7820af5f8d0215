//! Removes what is too old to be asked for.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::notes::WAITING;
use crate::base::time::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// More than a year, so that a month can be compared with the same month before.
const INCIDENTS_KEPT: Duration = Duration::from_hours(400 * 24);
/// Messages as they left; what they said is in the incident as well.
const MESSAGES_KEPT: Duration = Duration::from_hours(30 * 24);
/// Given back to the disk at once, so that nobody waits long for it: 16 MiB.
const PAGES_GIVEN_BACK: u32 = 4_096;
/// What was only a suspicion.
const REFUTED_KEPT: Duration = DAY;

pub(super) fn prune(file: &mut Connection, now: Timestamp) -> rusqlite::Result<()> {
    let transaction = file.transaction()?;
    let before = |kept| now.minus(kept).unix_millis();
    transaction.execute(
        "UPDATE outbox SET bundled_by = NULL WHERE bundled_by IS NOT NULL AND settled < ?",
        [before(INCIDENTS_KEPT)],
    )?;
    transaction.execute(
        "DELETE FROM incidents WHERE ended < ?1 OR (ended < ?2 AND state = 'refuted')",
        params![before(INCIDENTS_KEPT), before(REFUTED_KEPT)],
    )?;
    transaction.execute(
        "DELETE FROM outbox WHERE incident IS NULL AND settled < ? AND id NOT IN \
         (SELECT bundled_by FROM outbox WHERE bundled_by IS NOT NULL)",
        [before(INCIDENTS_KEPT)],
    )?;
    transaction.execute("DELETE FROM renderings WHERE key NOT IN (SELECT rendering FROM outbox)", [])?;
    transaction.execute(
        &format!(
            "UPDATE renderings SET message = x'', short = x'' WHERE length(message) > 0 AND key NOT IN \
             (SELECT rendering FROM outbox WHERE state IN {WAITING} OR queued >= ?)"
        ),
        [before(MESSAGES_KEPT)],
    )?;
    transaction.commit()?;
    file.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES_GIVEN_BACK})"))
}
