//! Writes one run: its row, its details if it has something to tell, and what it adds to the counts.

use std::io;

use rusqlite::{Connection, params};
use ulid::Ulid;

use super::codes;
use super::compact::{self, micros};
use super::deltas::{Deltas, outcome_of};
use super::detail;
use super::dictionary::Dictionary;
use super::rollup::Grain;
use crate::model::run::{Outcome, Run};

/// Longest text of a failure in lists; the whole is in the details.
const SAID_LENGTH_MAX: usize = 200;

/// Why a run could not be stored though the file is well.
#[derive(Debug)]
pub(super) enum Refused {
    File(rusqlite::Error),
    /// The run itself: its id is no ULID, or it is too large.
    Run,
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error)
    }
}

impl From<io::Error> for Refused {
    fn from(_: io::Error) -> Self {
        Self::Run
    }
}

/// Adds a run that is not there yet; the same id a second time changes nothing.
pub(super) fn insert(
    file: &Connection,
    dictionary: &mut Dictionary,
    deltas: &mut Deltas,
    run: &Run,
) -> Result<(), Refused> {
    let id = Ulid::from_string(&run.id).map_err(|_| Refused::Run)?.to_bytes();
    let happened = compact::encode(run).filter(|_| !run.recheck);
    let body = if happened.is_none() { Some(detail::encode(run)?) } else { None };
    let day = Grain::Day.start_of(run.started_at) / Grain::Day.seconds();
    let series = dictionary.series(file, run, None)?;
    let definition = dictionary.definition(file, run, day)?;
    let layout = if happened.is_some() { Some(dictionary.layout(file, run, day)?) } else { None };
    let planned = run.planned_at.unix_millis();
    let insert = format!(
        "INSERT INTO {} (id, series, definition, layout, planned, late, elapsed, outcome, happened, verdict) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        codes::table(run.outcome)
    );
    let new = file.prepare_cached(&insert)?.execute(params![
        id,
        series,
        definition,
        layout,
        planned,
        run.started_at.unix_millis() - planned,
        i64::try_from(micros(run.elapsed)).unwrap_or(i64::MAX),
        codes::outcome_code(run.outcome),
        happened,
        verdict(run),
    ])?;
    if new == 0 {
        return Ok(());
    }
    if let Some(body) = body {
        let insert = "INSERT INTO details (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING";
        file.prepare_cached(insert)?.execute(params![id, body])?;
    }
    if run.recheck {
        // A second look is no event of its own.
        return Ok(());
    }
    deltas.add_run(run, series);
    for step in &run.steps {
        if let Some(outcome) = outcome_of(step) {
            let series = dictionary.series(file, run, Some(step))?;
            deltas.add_step(run, step, outcome, series);
        }
    }
    Ok(())
}

/// What a list says of a run that did not simply pass: the cause, the step that decided, whose it is, and the failure.
fn verdict(run: &Run) -> Option<String> {
    if run.outcome == Outcome::Passed {
        return None;
    }
    let step = run.deciding_step();
    let failure = run.failure.as_ref().or_else(|| step.and_then(|step| step.failure.as_ref()));
    let said = failure.map(|failure| failure.detail.chars().take(SAID_LENGTH_MAX).collect::<String>());
    let verdict = serde_json::json!({
        "cause": run.cause,
        "step": step.map(|step| &step.id),
        "responsible": step.and_then(|step| step.owner.as_ref()).or(run.owner.as_ref()),
        "said": said,
    });
    Some(verdict.to_string())
}
