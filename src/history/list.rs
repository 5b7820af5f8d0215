//! Lists of runs: which, in what order, and what a line says.

use std::time::Duration;

use rusqlite::{Connection, Row, ToSql, params_from_iter};
use serde::{Serialize, Serializer};
use serde_json::Value;
use ulid::Ulid;

use super::codes::{self, FAILED, PASSED};
use super::reader::{RUN_COLUMNS, run};
use crate::base::time::Timestamp;
use crate::model::run::{Outcome, Run};

/// Most runs a list has.
pub const LIST_MAX: usize = 1_000;

/// Which runs to list; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The run name.
    pub name: Option<String>,
    pub journey: Option<String>,
    pub outcome: Option<Outcome>,
    /// Started at or after.
    pub since: Option<Timestamp>,
    /// Started before.
    pub until: Option<Timestamp>,
    /// Only runs before this id: the last of a page gives the next page. What is no id excludes nothing.
    pub before: Option<String>,
    /// 0 and more than [`LIST_MAX`] count as that.
    pub limit: usize,
}

/// A run in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunLine {
    pub id: String,
    pub name: String,
    pub journey: String,
    pub title: String,
    pub owner: Option<String>,
    pub vantage: String,
    pub outcome: Outcome,
    pub planned_at: Timestamp,
    pub started_at: Timestamp,
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
    /// Why it did not pass.
    pub cause: Option<String>,
    /// The step that decided.
    pub step: Option<String>,
    /// Whose that step is, or the journey.
    pub responsible: Option<String>,
    /// The failure in a few words.
    pub said: Option<String>,
}

type Id = [u8; 16];

pub(super) fn list(file: &Connection, filter: &Filter) -> rusqlite::Result<Vec<RunLine>> {
    let file = file.unchecked_transaction()?;
    let limit = if filter.limit == 0 { LIST_MAX } else { filter.limit.min(LIST_MAX) };
    let tables = filter.outcome.map_or(vec![PASSED, FAILED], |outcome| vec![codes::table(outcome)]);
    // Each series has its runs in order; the whole table as well.
    let series: Vec<Option<i64>> = match (&filter.name, &filter.journey) {
        (None, None) => vec![None],
        (name, journey) => {
            let name_is = if name.is_some() { "name = ?1" } else { "?1 IS NULL" };
            let journey_is = if journey.is_some() { "journey = ?2" } else { "?2 IS NULL" };
            let select = format!("SELECT key FROM series WHERE step = '' AND {name_is} AND {journey_is}");
            file.prepare(&select)?.query_map((name, journey), |row| row.get(0).map(Some))?.collect::<Result<_, _>>()?
        }
    };
    let mut lines: Vec<(Id, RunLine)> = Vec::new();
    for table in tables {
        for series in &series {
            lines.extend(list_of(&file, table, *series, filter, limit)?);
        }
    }
    lines.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    lines.truncate(limit);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

fn list_of(
    file: &Connection,
    table: &str,
    series: Option<i64>,
    filter: &Filter,
    limit: usize,
) -> rusqlite::Result<Vec<(Id, RunLine)>> {
    let mut conditions = vec!["runs.id >= ?".to_owned(), "runs.id < ?".to_owned()];
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(first_id(filter)), Box::new(end_id(filter))];
    if let Some(series) = series {
        conditions.push("runs.series = ?".to_owned());
        values.push(Box::new(series));
    }
    if let Some(outcome) = filter.outcome {
        // Written out, because the indexes of rare outcomes apply only to what is known beforehand.
        conditions.push(format!("runs.outcome = {}", codes::outcome_code(outcome)));
    }
    // Cross joins keep this order of the tables: runs first, by the index that has them in order.
    let select = format!(
        "SELECT {RUN_COLUMNS} FROM {table} AS runs CROSS JOIN series ON series.key = runs.series \
         CROSS JOIN definitions ON definitions.key = runs.definition WHERE {} ORDER BY runs.id DESC LIMIT {limit}",
        conditions.join(" AND ")
    );
    let mut select = file.prepare_cached(&select)?;
    select
        .query_map(params_from_iter(values), |row| Ok((row.get::<_, Id>(0)?, line(&run(row)?, &verdict(row)?))))?
        .collect()
}

pub(super) fn verdict(row: &Row<'_>) -> rusqlite::Result<Value> {
    let verdict: Option<String> = row.get(12)?;
    Ok(verdict.and_then(|verdict| serde_json::from_str(&verdict).ok()).unwrap_or_default())
}

pub(super) fn line(run: &Run, verdict: &Value) -> RunLine {
    let word = |key: &str| verdict.get(key).and_then(Value::as_str).map(str::to_owned);
    RunLine {
        id: run.id.clone(),
        name: run.name.clone(),
        journey: run.journey.clone(),
        title: run.title.clone(),
        owner: run.owner.clone(),
        vantage: run.vantage.clone(),
        outcome: run.outcome,
        planned_at: run.planned_at,
        started_at: run.started_at,
        elapsed: run.elapsed,
        cause: word("cause"),
        step: word("step"),
        responsible: word("responsible"),
        said: word("said"),
    }
}

fn first_id(filter: &Filter) -> Id {
    filter.since.map_or([0; 16], id_at)
}

fn end_id(filter: &Filter) -> Id {
    let until = filter.until.map_or([0xff; 16], id_at);
    let before = filter.before.as_ref().and_then(|id| Ulid::from_string(id).ok());
    before.map_or(until, |before| before.to_bytes().min(until))
}

/// The least id of a run that started at this time.
fn id_at(at: Timestamp) -> Id {
    Ulid::from_parts(u64::try_from(at.unix_millis()).unwrap_or_default(), 0).to_bytes()
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
