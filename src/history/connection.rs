//! The file and its schema: how it is opened, and which version this program speaks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::retention::PAGE_BYTES;

/// One of our databases: where it is and what it is made of.
pub(super) struct Database {
    /// Of the file.
    pub name: &'static str,
    /// What people call what it holds.
    pub noun: &'static str,
    /// Marks the file as ours.
    application_id: i32,
    /// Every step of the schema and the version it leads to, the oldest first. A released step is never changed.
    migrations: &'static [(i64, &'static str)],
    /// `NORMAL`: the last group may be lost with the power, the file never is. `FULL`: what is committed is not.
    synchronous: &'static str,
}

/// Runs and roll-ups. `fore` in ASCII.
pub(super) const HISTORY: Database = Database {
    name: "history.db",
    noun: "history",
    application_id: 0x666f_7265,
    migrations: &[(1, include_str!("schema/1.sql"))],
    synchronous: "NORMAL",
};

/// Incidents and what waits to be sent. `fori` in ASCII.
pub(super) const LEDGER: Database = Database {
    name: "forerunner.db",
    noun: "record of incidents",
    application_id: 0x666f_7269,
    migrations: &[(1, include_str!("ledger/schema/1.sql")), (2, include_str!("ledger/schema/2.sql"))],
    synchronous: "FULL",
};

impl Database {
    pub(super) fn path(&self, directory: &Path) -> PathBuf {
        directory.join(self.name)
    }

    /// The version this program reads and writes.
    pub(super) const fn version(&self) -> i64 {
        self.migrations[self.migrations.len() - 1].0
    }
}

/// What the log keeps of its size once its content is in the file, bytes.
const LOG_BYTES_KEPT: i64 = 16 << 20;

/// How long to wait for another process that reads or repairs the file by hand.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Above this a whole check of the file would delay the start; there, damage is noticed when it is met.
const CHECKED_BYTES_MAX: u64 = 64 << 20;

/// What a file turned out to be.
pub(super) enum Found {
    Usable(Connection),
    Newer(i64),
    /// Not a database, not ours, or broken; with the reason.
    Damaged(String),
}

/// Opens or creates the file for writing and brings its schema up to date.
pub(super) fn open_for_writing(database: &Database, path: &Path) -> rusqlite::Result<Found> {
    match try_open(database, path) {
        Err(error) if is_damage(&error) => Ok(Found::Damaged(error.to_string())),
        found => found,
    }
}

fn try_open(database: &Database, path: &Path) -> rusqlite::Result<Found> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WAIT)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != database.application_id && (application != 0 || version != 0 || tables != 0) {
        return Ok(Found::Damaged("it is the database of another program".to_owned()));
    }
    if version > database.version() {
        return Ok(Found::Newer(version));
    }
    if version < 0 || (version == 0 && tables != 0) {
        return Ok(Found::Damaged(format!("its schema has the impossible version {version}")));
    }
    // Only while there are no tables: how free pages are given back is a property of the file.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", database.synchronous)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // All statements of the writer, with room for more.
    connection.set_prepared_statement_cache_capacity(64);
    // Kibibytes, by the sign.
    connection.pragma_update(None, "cache_size", -8192)?;
    harden(&connection)?;
    migrate(database, &mut connection, version)?;
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    if u64::try_from(pages).unwrap_or_default() * PAGE_BYTES <= CHECKED_BYTES_MAX {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Ok(Found::Damaged(verdict));
        }
    }
    Ok(Found::Usable(connection))
}

fn migrate(database: &Database, connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    for (number, step) in database.migrations.iter().filter(|(number, _)| *number > version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.pragma_update(None, "application_id", database.application_id)?;
        transaction.commit()?;
        // The schema itself must not depend on the log.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}

/// The same tables, empty, in memory. What refers to rows that are not there is not refused.
pub(super) fn open_in_memory(database: &Database) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.set_prepared_statement_cache_capacity(64);
    for (_, step) in database.migrations {
        connection.execute_batch(step)?;
    }
    Ok(connection)
}

/// Opens the file for one reading, beside the daemon that writes it or without one.
pub(super) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
    harden(&connection)?;
    Ok(connection)
}

/// The version of an open file; none if it is not ours.
pub(super) fn version(database: &Database, connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((application == database.application_id).then_some(version))
}

/// A damaged or foreign file must not have the engine run what it says.
fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)
}

/// Whether the file itself is the trouble, not the disk or the machine.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
