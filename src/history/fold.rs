//! Folds recent counts into the roll-ups. Apart from the groups of runs, because each group touches other rows all over
//! the roll-ups, while a minute's worth touches each of them once.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, ToSql, TransactionBehavior, params, params_from_iter};

use super::rollup::{COLUMNS, Grain, Totals};

/// Recent rows after which folding does not wait for its time; also what a reader has to add up at most.
pub(super) const RECENT_ROWS_MAX: u64 = 100_000;

/// Folds all recent counts, in one transaction: they are in the one place or in the other. Returns how many rows.
pub(super) fn fold(file: &mut Connection) -> rusqlite::Result<u64> {
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut sums: BTreeMap<(Grain, i64, i64), Totals> = BTreeMap::new();
    let mut count = 0;
    {
        let select = format!(
            "SELECT start, series, step = '', {} FROM recent JOIN series ON series.key = series",
            qualified("recent")
        );
        let mut select = transaction.prepare_cached(&select)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            count += 1;
            let (start, series, is_run): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let totals = Totals::from_row(row, 3)?;
            for grain in Grain::ALL.into_iter().filter(|grain| is_run || *grain != Grain::FiveMinutes) {
                sums.entry((grain, grain.floor(start), series)).or_default().merge(&totals);
            }
        }
    }
    for ((grain, start, series), mut sum) in sums {
        let select = format!("SELECT {COLUMNS} FROM {} WHERE start = ?1 AND series = ?2", grain.table());
        let before = transaction
            .prepare_cached(&select)?
            .query_row(params![start, series], |row| Totals::from_row(row, 0))
            .optional()?;
        if let Some(before) = before {
            sum.merge(&before);
        }
        let replace = format!(
            "INSERT OR REPLACE INTO {} (start, series, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            grain.table()
        );
        let keys: [Box<dyn ToSql>; 2] = [Box::new(start), Box::new(series)];
        transaction.prepare_cached(&replace)?.execute(params_from_iter(keys.into_iter().chain(sum.columns())))?;
    }
    transaction.execute("DELETE FROM recent", [])?;
    transaction.commit()?;
    Ok(count)
}

fn qualified(table: &str) -> String {
    COLUMNS.split(", ").map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
}
