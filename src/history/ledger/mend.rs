//! What a process that died left behind, put in order before the next one goes on.

use rusqlite::{Connection, params};

use crate::base::time::Timestamp;
use crate::model::incident::Incident;

/// Incidents that were open and cannot be read: they end here, because they would keep others of their key from being
/// stored. How many.
///
/// # Errors
/// The file cannot be written.
pub(super) fn mend(file: &mut Connection, now: Timestamp) -> rusqlite::Result<usize> {
    let transaction = file.transaction()?;
    // No attempt is under way any more; those that came to the final dot may have succeeded, the others did not.
    transaction.execute("UPDATE outbox SET maybe = 1 WHERE state = 'unknown'", [])?;
    transaction.execute("UPDATE outbox SET state = 'pending' WHERE state = 'sending'", [])?;
    let mut select =
        transaction.prepare("SELECT id, body FROM incidents WHERE state IN ('suspect', 'firing', 'recovering')")?;
    let open = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let open = open.collect::<rusqlite::Result<Vec<(String, String)>>>()?;
    drop(select);
    let mut unreadable = 0;
    for (id, body) in open {
        if serde_json::from_str::<Incident>(&body).is_err() {
            let end = "UPDATE incidents SET state = 'withdrawn', ended = ? WHERE id = ?";
            transaction.execute(end, params![now.unix_millis(), id])?;
            unreadable += 1;
        }
    }
    transaction.commit()?;
    Ok(unreadable)
}
