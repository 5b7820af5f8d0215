//! The latest run of every run entry, and since when it has been like that: what a daemon that starts knows of before.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::codes::{FAILED, PASSED};
use super::list::{RunLine, line, verdict};
use super::reader::{RUN_COLUMNS, run};
use crate::base::time::Timestamp;

/// How a run entry stood when the last run of it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub last: RunLine,
    /// Start of the first of the runs in a row that passed or degraded, or that did neither, as the last did.
    pub since: Timestamp,
}

type Id = [u8; 16];

/// One per run name; the series with the latest run counts where a name has several.
pub(super) fn latest(file: &Connection) -> rusqlite::Result<Vec<Standing>> {
    let file = file.unchecked_transaction()?;
    let mut series = file.prepare("SELECT key FROM series WHERE step = ''")?;
    let keys: Vec<i64> = series.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut found = std::collections::HashMap::<String, (Id, Standing)>::new();
    for key in keys {
        let newest = |table| -> rusqlite::Result<Option<Id>> {
            let select = format!("SELECT max(id) FROM {table} WHERE series = ?");
            file.prepare_cached(&select)?.query_row([key], |row| row.get(0))
        };
        let (passed, failed) = (newest(PASSED)?, newest(FAILED)?);
        let (table, id, other) = match (passed, failed) {
            (Some(passed), failed) if failed.is_none_or(|failed| failed < passed) => (PASSED, passed, failed),
            (passed, Some(failed)) => (FAILED, failed, passed),
            _ => continue,
        };
        let select = format!(
            "SELECT {RUN_COLUMNS} FROM {table} AS runs CROSS JOIN series ON series.key = runs.series \
             CROSS JOIN definitions ON definitions.key = runs.definition WHERE runs.id = ?"
        );
        let last =
            file.prepare_cached(&select)?.query_row([id], |row| Ok(line(&run(row)?, &verdict(row)?))).optional()?;
        let Some(last) = last else { continue };
        let select = format!("SELECT planned + late FROM {table} WHERE series = ? AND id > ? ORDER BY id LIMIT 1");
        let first: i64 =
            file.prepare_cached(&select)?.query_row(params![key, other.unwrap_or_default()], |row| row.get(0))?;
        let since = Timestamp::from_unix_nanos(i128::from(first) * 1_000_000).unwrap_or(last.started_at);
        let name = last.name.clone();
        if found.get(&name).is_none_or(|(known, _)| *known < id) {
            found.insert(name, (id, Standing { last, since }));
        }
    }
    Ok(found.into_values().map(|(_, standing)| standing).collect())
}
