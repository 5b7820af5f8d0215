//! Reads history: lists of runs, and one run in full. Opens the file for each question, beside the daemon that writes it
//! or without one, so that it never holds on to a file that was set aside.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::Value;
use ulid::Ulid;

use super::codes::{self, FAILED, PASSED};
use super::connection::{HISTORY, open_for_reading, version};
use super::latest::{self, Standing};
use super::list::{self, Filter, RunLine};
use super::{compact, detail, layout};
use crate::base::time::Timestamp;
use crate::model::run::{Digest, Outcome, Run};

#[cfg(test)]
mod tests;

#[derive(Clone, Debug)]
pub struct Reader {
    path: PathBuf,
}

#[derive(Debug)]
pub enum ReadError {
    /// There is no history yet.
    Missing(PathBuf),
    /// Another version of this program wrote it.
    Version {
        path: PathBuf,
        found: i64,
    },
    /// Not a history.
    Foreign(PathBuf),
    File {
        path: PathBuf,
        source: rusqlite::Error,
    },
    /// The run is there, but what is stored of it is damaged.
    Run(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => {
                write!(f, "there is no `{}` yet: a daemon makes it when it first starts", path.display())
            }
            Self::Version { path, found } => {
                write!(
                    f,
                    "`{}` has the schema version {found}, this program reads version {}",
                    path.display(),
                    HISTORY.version()
                )
            }
            Self::Foreign(path) => write!(f, "`{}` is no store of forerunner", path.display()),
            Self::File { path, source } => write!(f, "`{}` cannot be read: {source}", path.display()),
            Self::Run(id) => write!(f, "what is stored of run `{id}` is damaged"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Reader {
    /// The history in this directory. Nothing is opened before the first question.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { path: HISTORY.path(directory) }
    }

    /// How every run entry stood when its last run was written.
    pub fn latest(&self) -> Result<Vec<Standing>, ReadError> {
        let file = self.open()?;
        latest::latest(&file).map_err(|source| self.error(source))
    }

    /// Runs, the latest first.
    pub fn list(&self, filter: &Filter) -> Result<Vec<RunLine>, ReadError> {
        let file = self.open()?;
        list::list(&file, filter).map_err(|source| self.error(source))
    }

    /// One run as JSON in the form in which runs leave the program everywhere. Of a run that passed there is no
    /// evidence, and times are whole milliseconds, durations whole microseconds.
    pub fn show(&self, id: &str) -> Result<Option<Value>, ReadError> {
        let Ok(key) = Ulid::from_string(id) else { return Ok(None) };
        let file = self.open()?;
        match show(&file, key).map_err(|source| self.error(source))? {
            Some(Stored::Whole(run)) => Ok(Some(run)),
            Some(Stored::Damaged) => Err(ReadError::Run(id.to_owned())),
            None => Ok(None),
        }
    }

    pub(super) fn open(&self) -> Result<Connection, ReadError> {
        if !self.path.exists() {
            return Err(ReadError::Missing(self.path.clone()));
        }
        let file = open_for_reading(&self.path).map_err(|source| self.error(source))?;
        match version(&HISTORY, &file).map_err(|source| self.error(source))? {
            Some(found) if found == HISTORY.version() => Ok(file),
            Some(found) => Err(ReadError::Version { path: self.path.clone(), found }),
            None => Err(ReadError::Foreign(self.path.clone())),
        }
    }

    pub(super) fn error(&self, source: rusqlite::Error) -> ReadError {
        ReadError::File { path: self.path.clone(), source }
    }
}

/// What [`run`] and lists read.
pub(super) const RUN_COLUMNS: &str = "runs.id, series.name, series.journey, series.owner, definitions.title, definitions.vantage, \
                           definitions.digest, definitions.notices, runs.planned, runs.late, runs.elapsed, \
                           runs.outcome, runs.verdict";

enum Stored {
    Whole(Value),
    Damaged,
}

fn show(file: &Connection, id: Ulid) -> rusqlite::Result<Option<Stored>> {
    let file = file.unchecked_transaction()?;
    for table in [PASSED, FAILED] {
        let select = format!(
            "SELECT {RUN_COLUMNS}, runs.happened, layouts.body, details.body FROM {table} AS runs \
             JOIN series ON series.key = runs.series JOIN definitions ON definitions.key = runs.definition \
             LEFT JOIN layouts ON layouts.key = runs.layout LEFT JOIN details ON details.id = runs.id WHERE runs.id = ?1"
        );
        let found = file.prepare_cached(&select)?.query_row([id.to_bytes()], |row| {
            let bytes = |at: usize| row.get::<_, Option<Vec<u8>>>(at);
            let run = match (bytes(13)?, bytes(14)?, bytes(15)?) {
                (Some(happened), Some(body), _) => whole(run(row)?, &happened, &body),
                (_, _, Some(detail)) => detail::decode(&detail),
                _ => None,
            };
            Ok(run.map_or(Stored::Damaged, Stored::Whole))
        });
        if let Some(found) = found.optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn whole(mut run: Run, happened: &[u8], body: &[u8]) -> Option<Value> {
    (run.steps, run.cleanup) = layout::decode(body).ok()?;
    compact::decode(happened, &mut run).ok()?;
    serde_json::to_value(&run).ok()
}

/// What a row and its dictionaries say; no steps, no trace.
pub(super) fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let at = |millis: i64| Timestamp::from_unix_nanos(i128::from(millis) * 1_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
    let owner: String = row.get(3)?;
    let notices: String = row.get(7)?;
    let (planned, late): (i64, i64) = (row.get(8)?, row.get(9)?);
    Ok(Run {
        id: Ulid::from_bytes(row.get(0)?).to_string(),
        name: row.get(1)?,
        journey: row.get(2)?,
        owner: Some(owner).filter(|owner| !owner.is_empty()),
        title: row.get(4)?,
        vantage: row.get(5)?,
        definition: Digest(row.get(6)?),
        // One that is, is stored in full.
        postponed_until: None,
        recheck: false,
        notices: serde_json::from_str(&notices).unwrap_or_default(),
        planned_at: at(planned),
        started_at: at(planned.saturating_add(late)),
        elapsed: Duration::from_micros(row.get::<_, i64>(10)?.unsigned_abs()),
        // A number nobody wrote: nothing is known of how it ended.
        outcome: codes::outcome(row.get(11)?).unwrap_or(Outcome::Indeterminate),
        cause: None,
        failure: None,
        trace_id: String::new(),
        seed: 0,
        steps: Vec::new(),
        cleanup: Vec::new(),
    })
}
