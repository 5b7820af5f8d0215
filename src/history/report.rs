//! Reads the counts: for reports over months, and to restore the judgement of the last month after a start.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::reader::{ReadError, Reader};
use super::rollup::{COLUMNS, Grain, Totals};
use crate::base::time::Timestamp;

#[cfg(test)]
mod tests;

/// Most rows that [`Reader::rows`] returns.
pub const ROWS_MAX: usize = 100_000;

/// Which counts to read.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    pub grain: Grain,
    /// Rounded down to the grain.
    pub from: Timestamp,
    /// Rounded up to the grain; not included.
    pub to: Timestamp,
    /// Of one run name, or of all.
    pub name: Option<&'a str>,
    /// Of one step, of whole runs if empty, or of all.
    pub step: Option<&'a str>,
}

/// Counts of one series in one span of the grain.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    pub start: Timestamp,
    /// The run name.
    pub name: String,
    pub journey: String,
    /// Empty: whole runs.
    pub step: String,
    /// The party responsible at that time.
    pub owner: Option<String>,
    pub totals: Totals,
}

/// Counts of whole runs in the windows in which objectives are judged, those with runs only, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coarse {
    /// By five minutes, for 6 hours.
    pub five_minutes: Vec<(Timestamp, Totals)>,
    /// By the hour, for 3 days.
    pub hours: Vec<(Timestamp, Totals)>,
    /// By six hours, for 30 days.
    pub six_hours: Vec<(Timestamp, Totals)>,
}

impl Reader {
    /// Rows by start, at most [`ROWS_MAX`].
    pub fn rows(&self, span: &Span<'_>) -> Result<Vec<Counts>, ReadError> {
        let mut rows = Vec::new();
        self.visit(span, |counts| {
            rows.push(counts);
            rows.len() < ROWS_MAX
        })?;
        Ok(rows)
    }

    /// Calls `take` with every row until it answers false: the way to read more than fits into memory.
    pub fn visit(&self, span: &Span<'_>, mut take: impl FnMut(Counts) -> bool) -> Result<(), ReadError> {
        let file = self.open()?;
        visit(&file, span, &mut take).map_err(|source| self.error(source))
    }

    /// The sum over whole hours, `from` rounded down and `to` up; a step of none is whole runs. Whole days (UTC) in
    /// between are read from the daily counts, so only the first and the last day depend on hourly ones being kept.
    pub fn counts(&self, name: &str, step: Option<&str>, from: Timestamp, to: Timestamp) -> Result<Totals, ReadError> {
        let (first, last) = (Grain::Hour.floor(from.unix_seconds()), ceiling(Grain::Hour, to));
        let day_from = ceiling_seconds(Grain::Day, first).min(last);
        let day_to = Grain::Day.floor(last).max(day_from);
        let mut sum = Totals::default();
        let parts = [(Grain::Hour, first, day_from), (Grain::Day, day_from, day_to), (Grain::Hour, day_to, last)];
        for (grain, from, to) in parts.into_iter().filter(|(_, from, to)| from < to) {
            let span =
                Span { grain, from: at(from), to: at(to), name: Some(name), step: Some(step.unwrap_or_default()) };
            self.visit(&span, |counts| {
                sum.merge(&counts.totals);
                true
            })?;
        }
        Ok(sum)
    }

    /// The duration within which this ratio of passed and degraded runs, or executions of a step, lay; to one per cent.
    pub fn quantile(
        &self,
        name: &str,
        step: Option<&str>,
        from: Timestamp,
        to: Timestamp,
        ratio: f64,
    ) -> Result<Option<Duration>, ReadError> {
        Ok(self.counts(name, step, from, to)?.latency.quantile(ratio))
    }

    /// What an evaluator needs of one run name to go on where the last process ended.
    pub fn coarse(&self, name: &str, now: Timestamp) -> Result<Coarse, ReadError> {
        let mut coarse = Coarse::default();
        let day = Duration::from_hours(24);
        for (grain, window, back, into) in [
            (Grain::FiveMinutes, 300, day / 4, &mut coarse.five_minutes),
            (Grain::Hour, 3_600, day * 3, &mut coarse.hours),
            (Grain::Hour, 21_600, day * 30, &mut coarse.six_hours),
        ] {
            let span = Span { grain, from: now.minus(back), to: now, name: Some(name), step: Some("") };
            let mut windows: BTreeMap<i64, Totals> = BTreeMap::new();
            self.visit(&span, |counts| {
                let start = counts.start.unix_seconds();
                windows.entry(start - start.rem_euclid(window)).or_default().merge(&counts.totals);
                true
            })?;
            *into = windows.into_iter().map(|(start, totals)| (at(start), totals)).collect();
        }
        Ok(coarse)
    }
}

/// What is counted under one number.
struct Series {
    key: i64,
    name: String,
    journey: String,
    step: String,
    owner: String,
}

impl Series {
    fn counts(&self, start: i64, totals: Totals) -> Counts {
        Counts {
            start: at(start),
            name: self.name.clone(),
            journey: self.journey.clone(),
            step: self.step.clone(),
            owner: Some(self.owner.clone()).filter(|owner| !owner.is_empty()),
            totals,
        }
    }
}

fn visit(file: &Connection, span: &Span<'_>, take: &mut dyn FnMut(Counts) -> bool) -> rusqlite::Result<()> {
    // One state of the file for all that follows.
    let file = file.unchecked_transaction()?;
    let series = series(&file, span)?;
    let asked = (span.grain.floor(span.from.unix_seconds()), ceiling(span.grain, span.to));
    let (from, to) = within(&file, span.grain, asked)?;
    let mut recent = recent(&file, span.grain, from, to)?;
    if span.name.is_some() {
        // Rows are in the order of time: one name is found by asking for each of its moments.
        let select = format!("SELECT {COLUMNS} FROM {} WHERE start = ?1 AND series = ?2", span.grain.table());
        let mut select = file.prepare(&select)?;
        let step = usize::try_from(span.grain.seconds()).unwrap_or(usize::MAX);
        for start in (from..to).step_by(step) {
            for series in series.values() {
                let folded = select.query_row(params![start, series.key], |row| Totals::from_row(row, 0)).optional()?;
                let Some(totals) = sum(folded, recent.remove(&(start, series.key))) else { continue };
                if !take(series.counts(start, totals)) {
                    return Ok(());
                }
            }
        }
        return Ok(());
    }
    let select = format!(
        "SELECT start, series, {COLUMNS} FROM {} WHERE start >= ?1 AND start < ?2 ORDER BY start, series",
        span.grain.table()
    );
    let mut select = file.prepare(&select)?;
    let mut rows = select.query([from, to])?;
    while let Some(row) = rows.next()? {
        let key = (row.get(0)?, row.get(1)?);
        let Some(series) = series.get(&key.1) else { continue };
        let folded = Totals::from_row(row, 2)?;
        let Some(totals) = sum(Some(folded), recent.remove(&key)) else { continue };
        if !take(series.counts(key.0, totals)) {
            return Ok(());
        }
    }
    for ((start, key), totals) in recent {
        if let Some(series) = series.get(&key)
            && !take(series.counts(start, totals))
        {
            break;
        }
    }
    Ok(())
}

/// The part of a span in which there can be something, so that asking for all of time costs no more than what there is.
fn within(file: &Connection, grain: Grain, (from, to): (i64, i64)) -> rusqlite::Result<(i64, i64)> {
    // One end a query: only so is it read off the end of the table.
    let end = |end: &str, table: &str| -> rusqlite::Result<Option<i64>> {
        file.query_row(&format!("SELECT {end}(start) FROM {table}"), [], |row| row.get(0))
    };
    let ends = |name| Ok::<_, rusqlite::Error>([end(name, grain.table())?, end(name, "recent")?].into_iter().flatten());
    let (first, last) = (ends("min")?.min(), ends("max")?.max());
    Ok(match first.zip(last) {
        // May be empty, with its end before its start.
        Some((first, last)) => {
            (from.max(grain.floor(first)), to.min(grain.floor(last).saturating_add(grain.seconds())))
        }
        None => (from, from),
    })
}

fn sum(folded: Option<Totals>, recent: Option<Totals>) -> Option<Totals> {
    match (folded, recent) {
        (Some(mut folded), Some(recent)) => {
            folded.merge(&recent);
            Some(folded)
        }
        (folded, recent) => folded.or(recent),
    }
}

fn series(file: &Connection, span: &Span<'_>) -> rusqlite::Result<BTreeMap<i64, Series>> {
    // Written out, so that one name is found by its index.
    let name = if span.name.is_some() { "name = ?1" } else { "?1 IS NULL" };
    let step = if span.step.is_some() { "step = ?2" } else { "?2 IS NULL" };
    let select = format!("SELECT key, name, journey, step, owner FROM series WHERE {name} AND {step}");
    let mut select = file.prepare(&select)?;
    select
        .query_map((span.name, span.step), |row| {
            let [name, journey, step, owner] = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            let key = row.get(0)?;
            Ok((key, Series { key, name, journey, step, owner }))
        })?
        .collect()
}

/// Counts that are not folded yet; whole runs only for the finest grain, as in its table.
fn recent(file: &Connection, grain: Grain, from: i64, to: i64) -> rusqlite::Result<BTreeMap<(i64, i64), Totals>> {
    let mut sums: BTreeMap<(i64, i64), Totals> = BTreeMap::new();
    let runs_only =
        if grain == Grain::FiveMinutes { "AND series IN (SELECT key FROM series WHERE step = '')" } else { "" };
    let select = format!("SELECT start, series, {COLUMNS} FROM recent WHERE start >= ?1 AND start < ?2 {runs_only}");
    let mut select = file.prepare(&select)?;
    let mut rows = select.query([from, to])?;
    while let Some(row) = rows.next()? {
        let key = (grain.floor(row.get(0)?), row.get(1)?);
        sums.entry(key).or_default().merge(&Totals::from_row(row, 2)?);
    }
    Ok(sums)
}

fn ceiling(grain: Grain, to: Timestamp) -> i64 {
    let whole = i64::from(to.unix_nanos().rem_euclid(1_000_000_000) != 0);
    ceiling_seconds(grain, to.unix_seconds() + whole)
}

fn ceiling_seconds(grain: Grain, seconds: i64) -> i64 {
    grain.floor(seconds.saturating_add(grain.seconds() - 1))
}

/// Seconds come from times and from the file, whose limits are wider than ours.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
