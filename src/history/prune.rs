//! Removes what is too old or too much, in portions so small that no group of runs has to wait.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, TransactionBehavior, params};
use ulid::Ulid;

use super::codes::{FAILED, PASSED};
use super::retention::{FIVE_MINUTES_KEPT, Retention, kept_since};
use super::rollup::Grain;
use crate::base::time::Timestamp;

/// Rows removed at once: some ten milliseconds.
const PORTION: u32 = 2_000;
/// Runs with evidence removed at once; each may be large.
const PORTION_WITH_DETAILS: u32 = 200;

/// Removes one portion of each kind that is older than it is kept; how many runs.
pub(super) fn expire(file: &mut Connection, retention: &Retention, now: Timestamp) -> rusqlite::Result<u64> {
    let mut count = 0;
    for (table, kept) in [(PASSED, retention.runs), (FAILED, retention.failures)] {
        let cutoff = Ulid::from_parts(kept_since(now, kept), 0).to_bytes();
        count += remove_runs(file, table, Some(cutoff))?;
    }
    let kept = [FIVE_MINUTES_KEPT, retention.hourly, retention.daily];
    for (grain, kept) in Grain::ALL.into_iter().zip(kept) {
        remove_counts(file, grain, Some(grain.start_of(now.minus(kept))))?;
    }
    Ok(count)
}

/// Removes portions until the file has no more pages in use than wanted, or nothing is left to remove: passed runs
/// first, then the others, then counts, the finest first. How many runs and counts.
pub(super) fn trim(file: &mut Connection, retention: &Retention, portions: u32) -> rusqlite::Result<u64> {
    let mut total = 0;
    for _ in 0..portions {
        if pages(file)?.used <= retention.pages_wanted() {
            break;
        }
        match remove_oldest(file)? {
            0 => break,
            count => total += count,
        }
    }
    Ok(total)
}

/// Removes one portion of the oldest of what can be missed most.
pub(super) fn remove_oldest(file: &mut Connection) -> rusqlite::Result<u64> {
    for table in [PASSED, FAILED] {
        let count = remove_runs(file, table, None)?;
        if count > 0 {
            return Ok(count);
        }
    }
    for grain in Grain::ALL {
        let count = remove_counts(file, grain, None)?;
        if count > 0 {
            return Ok(count);
        }
    }
    Ok(0)
}

/// Pages of the file, and those that hold something.
struct Pages {
    all: u64,
    used: u64,
}

fn pages(file: &Connection) -> rusqlite::Result<Pages> {
    let number = |name: &str| file.pragma_query_value(None, name, |row| row.get::<_, u32>(0)).map(u64::from);
    let all = number("page_count")?;
    Ok(Pages { all, used: all.saturating_sub(number("freelist_count")?) })
}

/// Holds the file to its ceiling; one that is already larger, because the ceiling was lowered, shrinks page by page.
pub(super) fn hold_ceiling(file: &Connection, retention: &Retention) -> rusqlite::Result<()> {
    let pages_max = retention.pages_max();
    if pages(file)?.all > pages_max {
        let mut vacuum = file.prepare_cached("PRAGMA incremental_vacuum(256)")?;
        let mut steps = vacuum.query([])?;
        while steps.next()?.is_some() {}
    }
    file.pragma_update_and_check(None, "max_page_count", i64::try_from(pages_max).unwrap_or(i64::MAX), |_| Ok(()))
}

type Id = [u8; 16];

/// Removes one portion of the oldest runs of a table, of those before `cutoff` if one is given; how many.
fn remove_runs(file: &mut Connection, table: &str, cutoff: Option<Id>) -> rusqlite::Result<u64> {
    let portion = if table == FAILED { PORTION_WITH_DETAILS } else { PORTION };
    let cutoff = cutoff.unwrap_or([0xff; 16]);
    let Some(last) = last_of_portion(file, table, "id", &cutoff, portion, |row| row.get::<_, Id>(0))? else {
        return Ok(0);
    };
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let details = format!("DELETE FROM details WHERE id IN (SELECT id FROM {table} WHERE id <= ?1 AND layout IS NULL)");
    transaction.prepare_cached(&details)?.execute([last])?;
    let count = transaction.prepare_cached(&format!("DELETE FROM {table} WHERE id <= ?1"))?.execute([last])?;
    transaction.commit()?;
    Ok(count as u64)
}

/// The same for counts; `cutoff` in Unix seconds.
fn remove_counts(file: &mut Connection, grain: Grain, cutoff: Option<i64>) -> rusqlite::Result<u64> {
    let (table, cutoff) = (grain.table(), cutoff.unwrap_or(i64::MAX));
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let Some(last) = last_of_portion(file, table, "start, series", &cutoff, PORTION, read)? else { return Ok(0) };
    let delete = format!("DELETE FROM {table} WHERE (start, series) <= (?1, ?2)");
    Ok(file.prepare_cached(&delete)?.execute(params![last.0, last.1])? as u64)
}

/// The key of the last row of the oldest portion before `cutoff`; none if there is nothing. Rows are in the order of
/// their key, so this walks over the portion only.
fn last_of_portion<Key>(
    file: &Connection,
    table: &str,
    key: &str,
    cutoff: &dyn ToSql,
    portion: u32,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<Key>,
) -> rusqlite::Result<Option<Key>> {
    let first = key.split(',').next().unwrap_or(key);
    let oldest = format!("SELECT {key} FROM {table} WHERE {first} < ?1 ORDER BY {key} LIMIT ?2");
    let descending = key.replace(',', " DESC,");
    let last = format!("SELECT * FROM ({oldest}) ORDER BY {descending} DESC LIMIT 1");
    file.prepare_cached(&last)?.query_row(params![cutoff, portion], |row| read(row)).optional()
}

/// Forgets definitions and layouts that no kept run refers to: the day of their last run is past keeping.
pub(super) fn forget_unused(file: &Connection, retention: &Retention, now: Timestamp) -> rusqlite::Result<()> {
    let day = |kept| Grain::Day.start_of(now.minus(kept)) / Grain::Day.seconds() - 1;
    let longest = retention.runs.max(retention.failures);
    file.prepare_cached("DELETE FROM definitions WHERE used < ?1")?.execute([day(longest)])?;
    file.prepare_cached("DELETE FROM layouts WHERE used < ?1")?.execute([day(retention.runs)])?;
    Ok(())
}
