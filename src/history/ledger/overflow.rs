//! The ledger in memory, for as long as the disk takes nothing: it begins with what is under way on disk, so that the
//! same rules hold for what is added and every message leaves all the same, and is written back as soon as that works.

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params, params_from_iter};

use super::apply::{ADD_EVENT, STORE_INCIDENT};
use super::notes::WAITING;
use crate::history::connection::{LEDGER, open_in_memory};

/// Changes taken; with full messages about a hundred megabytes.
pub(super) const CHANGES_MAX: usize = 2_000;
/// Notes under way that are brought along; those beyond it stay on disk until it works again.
const BROUGHT_MAX: usize = 2_000;
/// What is numbered here has greater numbers than anything on disk, also where those cannot be read.
const UNREAD: i64 = 1 << 40;

const INCIDENT: &str = "id, name, aspect, state, severity, owner, suspected, opened, ended, body";
const NOTE: &str = "id, incident, seq, channel, recipient, kind, severity, message_id, root_id, parent_id, rendering, \
    queued, not_before, attempts, state, maybe, said, settled, bundled_by";
const RENDERING: &str = "key, message, short, line";
const STORE_RENDERING: &str =
    "INSERT INTO renderings (key, message, short, line) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";

pub(super) struct Overflow {
    pub file: Connection,
    /// Changes that are nowhere else.
    pub changes: usize,
    /// The last numbers of the disk.
    notes_before: i64,
    renderings_before: i64,
}

impl Overflow {
    /// Brings along what can be read of the disk.
    pub(super) fn begin(disk: Option<&Connection>) -> rusqlite::Result<Self> {
        let file = open_in_memory(&LEDGER)?;
        let last = |table: &str, key: &str| {
            let select = format!("SELECT coalesce(max({key}), 0) FROM {table}");
            disk.and_then(|disk| disk.query_row(&select, [], |row| row.get(0)).ok()).unwrap_or(UNREAD) + 1
        };
        let (notes_before, renderings_before) = (last("outbox", "id"), last("renderings", "key"));
        // The numbers here go on from these rows, which mean nothing.
        file.execute("INSERT INTO renderings VALUES (?, x'', x'', '')", [renderings_before])?;
        file.execute(
            "INSERT INTO outbox (id, seq, channel, recipient, kind, severity, message_id, rendering, queued, not_before, \
             state) VALUES (?, 0, '', '', '', '', '', ?, 0, 0, 'superseded')",
            params![notes_before, renderings_before],
        )?;
        if let Some(disk) = disk {
            bring(disk, &file)?;
        }
        Ok(Self { file, changes: 0, notes_before, renderings_before })
    }

    /// Writes everything to disk, all or nothing, but for what the disk will not have: an incident while another of its
    /// key is open there, notes of which the rest was lost with a damaged file. How many rows these are.
    pub(super) fn write_back(&self, disk: &mut Connection) -> rusqlite::Result<usize> {
        let transaction = disk.transaction()?;
        let mut refused = 0;
        let mut write = |select: &str, insert: &str| {
            each(&self.file, select, |values| {
                match transaction.prepare_cached(insert)?.execute(params_from_iter(values)) {
                    Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => refused += 1,
                    stored => drop(stored?),
                }
                Ok(())
            })
        };
        // Those that ended make way for others of their key.
        let ended_first = "ORDER BY state IN ('suspect', 'firing', 'recovering')";
        write(&format!("SELECT {INCIDENT} FROM incidents {ended_first}"), STORE_INCIDENT)?;
        write("SELECT incident, at, body FROM events ORDER BY number", ADD_EVENT)?;
        let own = format!("key != {}", self.renderings_before);
        write(&format!("SELECT {RENDERING} FROM renderings WHERE {own}"), STORE_RENDERING)?;
        // What a message said is not brought along once nobody waits for it; a new file has it no more.
        let blank = format!("SELECT DISTINCT rendering, x'', x'', '' FROM outbox WHERE id != {}", self.notes_before);
        write(&blank, STORE_RENDERING)?;
        // Digests first, because others refer to them; the latest before those that it took in.
        let own = format!("id != {} ORDER BY incident IS NOT NULL, id DESC", self.notes_before);
        let insert = format!(
            "INSERT INTO outbox ({NOTE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET not_before = excluded.not_before, attempts = excluded.attempts, \
             state = excluded.state, maybe = excluded.maybe, said = excluded.said, settled = excluded.settled, \
             bundled_by = excluded.bundled_by"
        );
        write(&format!("SELECT {NOTE} FROM outbox WHERE {own}"), &insert)?;
        transaction.commit()?;
        Ok(refused)
    }
}

/// What is under way: incidents that are open or of which somebody has yet to hear, all their notes, and messages that
/// wait.
fn bring(disk: &Connection, memory: &Connection) -> rusqlite::Result<()> {
    // The last that comes along; all before it do.
    let select =
        format!("SELECT id FROM outbox WHERE state IN {WAITING} ORDER BY id LIMIT 1 OFFSET {}", BROUGHT_MAX - 1);
    let last: Option<i64> = disk.query_row(&select, [], |row| row.get(0)).optional().unwrap_or_default();
    let waiting = format!("state IN {WAITING} AND id <= {}", last.unwrap_or(i64::MAX));
    let under_way = format!(
        "state IN ('suspect', 'firing', 'recovering') OR id IN (SELECT incident FROM outbox WHERE {waiting}) \
         OR id IN (SELECT m.incident FROM outbox AS m WHERE m.bundled_by IN (SELECT id FROM outbox WHERE {waiting}))"
    );
    let transaction = memory.unchecked_transaction()?;
    let copy = |select: &str, table: &str, columns: &str| {
        let places = vec!["?"; columns.split(',').count()].join(", ");
        let insert = format!("INSERT INTO {table} ({columns}) VALUES ({places})");
        let copied =
            each(disk, select, |values| memory.prepare_cached(&insert)?.execute(params_from_iter(values)).map(drop));
        if let Err(error) = copied {
            tracing::warn!(%error, table, "not all of the record of incidents can be read");
        }
    };
    let renderings =
        format!("SELECT {RENDERING} FROM renderings WHERE key IN (SELECT rendering FROM outbox WHERE {waiting})");
    copy(&renderings, "renderings", RENDERING);
    copy(&format!("SELECT {INCIDENT} FROM incidents WHERE {under_way}"), "incidents", INCIDENT);
    // Of the latest that ended, a late answer may change how.
    let notes = format!(
        "SELECT {NOTE} FROM outbox WHERE ({waiting}) OR (state NOT IN {WAITING} AND (incident IN \
         (SELECT id FROM incidents WHERE {under_way}) OR id > (SELECT max(id) FROM outbox) - {BROUGHT_MAX})) ORDER BY id"
    );
    copy(&notes, "outbox", NOTE);
    // Without its message a note cannot leave, and must not hold back others of its thread.
    let without =
        format!("DELETE FROM outbox WHERE state IN {WAITING} AND rendering NOT IN (SELECT key FROM renderings)");
    memory.execute(&without, [])?;
    transaction.commit()
}

/// Hands over every row of a question.
fn each(
    file: &Connection,
    select: &str,
    mut row_to: impl FnMut(Vec<Value>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut select = file.prepare(select)?;
    let columns = select.column_count();
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        row_to((0..columns).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?)?;
    }
    Ok(())
}
