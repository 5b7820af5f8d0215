//! Reads the ledger: lists of incidents, and one with all that became of it. Opens the file for each question, beside the
//! daemon that writes it or without one.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Params, Row, ToSql, params_from_iter};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::time;
use crate::base::time::Timestamp;
use crate::history::connection::{LEDGER, open_for_reading, version};
use crate::history::reader::ReadError;
use crate::model::incident::{Incident, Severity, Transition};

/// Most incidents a list has.
pub const LIST_MAX: usize = 1_000;

#[derive(Clone, Debug)]
pub struct LedgerReader {
    path: PathBuf,
}

/// Which incidents to list; all that is given must hold. What was only suspected, or refuted, is left out.
#[derive(Clone, Debug, Default)]
pub struct IncidentFilter {
    /// Only those that have not ended.
    pub open: bool,
    /// The run name.
    pub name: Option<String>,
    /// The responsible party.
    pub owner: Option<String>,
    pub severity: Option<Severity>,
    /// Opened then or later.
    pub since: Option<Timestamp>,
    /// Opened before.
    pub until: Option<Timestamp>,
    /// 0 and more than [`LIST_MAX`] count as that.
    pub limit: usize,
}

/// An incident with its timeline and what was sent of it.
#[derive(Clone, Debug, Serialize)]
pub struct IncidentStory {
    pub incident: Incident,
    pub events: Vec<Transition>,
    pub notes: Vec<NoteLine>,
}

impl IncidentStory {
    /// The changes that are worth a line: of good looks in a row, each of which is stored, the first.
    #[must_use]
    pub fn turns(&self) -> Vec<&Transition> {
        self.events.iter().filter(|change| !change.is_further_good_look()).collect()
    }
}

/// One message to one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteLine {
    pub seq: u32,
    pub kind: String,
    pub channel: String,
    pub recipient: String,
    pub state: String,
    pub attempts: u32,
    pub queued_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    /// What the receiver's side answered last.
    pub said: String,
    pub message_id: String,
}

impl LedgerReader {
    /// The ledger in this directory. Nothing is opened before the first question.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { path: LEDGER.path(directory) }
    }

    /// Open ones first, then by their beginning, the latest first.
    ///
    /// # Errors
    /// There is no ledger, another version wrote it, or it cannot be read; the same holds for the other questions.
    pub fn incidents(&self, filter: &IncidentFilter) -> Result<Vec<Incident>, ReadError> {
        let mut conditions = vec!["opened IS NOT NULL".to_owned()];
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        if filter.open {
            conditions.push("state IN ('firing', 'recovering')".to_owned());
        }
        let severity = filter.severity.map(|severity| severity.word().to_owned());
        for (column, value) in [("name", &filter.name), ("owner", &filter.owner), ("severity", &severity)] {
            if let Some(value) = value {
                conditions.push(format!("{column} = ?"));
                values.push(Box::new(value.clone()));
            }
        }
        for (condition, time) in [("opened >= ?", filter.since), ("opened < ?", filter.until)] {
            if let Some(time) = time {
                conditions.push(condition.to_owned());
                values.push(Box::new(time.unix_millis()));
            }
        }
        let limit = if filter.limit == 0 { LIST_MAX } else { filter.limit.min(LIST_MAX) };
        let select = format!(
            "SELECT body FROM incidents WHERE {} ORDER BY state NOT IN ('firing', 'recovering'), opened DESC, id DESC \
             LIMIT {limit}",
            conditions.join(" AND ")
        );
        self.bodies(&select, values)
    }

    /// Those that have not ended, suspicions included, and those that ended since then.
    pub fn restorable(&self, since: Timestamp) -> Result<Vec<Incident>, ReadError> {
        let select = "SELECT body FROM incidents WHERE state IN ('suspect', 'firing', 'recovering') \
                      OR (state = 'resolved' AND ended >= ?) ORDER BY ended";
        let found: Vec<Incident> = self.bodies(select, vec![Box::new(since.unix_millis())])?;
        // Of several of one key the open one counts, else the latest.
        let mut by_key = std::collections::BTreeMap::new();
        for incident in found {
            let known: Option<&Incident> = by_key.get(&incident.key);
            if known.is_none_or(|known| known.state.is_ended()) {
                by_key.insert(incident.key.clone(), incident);
            }
        }
        Ok(by_key.into_values().collect())
    }

    /// One incident; none if there is none of this id.
    pub fn incident(&self, id: &str) -> Result<Option<IncidentStory>, ReadError> {
        let file = self.open()?;
        story(&file, &id.to_ascii_uppercase()).map_err(|source| self.error(source))
    }

    fn bodies<T: DeserializeOwned>(&self, select: &str, values: Vec<Box<dyn ToSql>>) -> Result<Vec<T>, ReadError> {
        let file = self.open()?;
        bodies(&file, select, params_from_iter(values)).map_err(|source| self.error(source))
    }

    fn open(&self) -> Result<Connection, ReadError> {
        if !self.path.exists() {
            return Err(ReadError::Missing(self.path.clone()));
        }
        let file = open_for_reading(&self.path).map_err(|source| self.error(source))?;
        let path = self.path.clone();
        match version(&LEDGER, &file).map_err(|source| self.error(source))? {
            Some(found) if found == LEDGER.version() => Ok(file),
            Some(found) => Err(ReadError::Version { path, found }),
            None => Err(ReadError::Foreign(path)),
        }
    }

    fn error(&self, source: rusqlite::Error) -> ReadError {
        ReadError::File { path: self.path.clone(), source }
    }
}

/// All of one moment, whatever is written meanwhile.
fn story(file: &Connection, id: &str) -> rusqlite::Result<Option<IncidentStory>> {
    let file = file.unchecked_transaction()?;
    let found = bodies(&file, "SELECT body FROM incidents WHERE id = ?", [id])?;
    let Some(incident) = found.into_iter().next() else { return Ok(None) };
    let events = bodies(&file, "SELECT body FROM events WHERE incident = ? ORDER BY number", [id])?;
    let mut select = file.prepare(
        "SELECT seq, kind, channel, recipient, state, attempts, queued, settled, said, message_id FROM outbox \
         WHERE incident = ? ORDER BY seq, id",
    )?;
    let notes = select.query_map([id], note_line)?.collect::<rusqlite::Result<_>>()?;
    Ok(Some(IncidentStory { incident, events, notes }))
}

fn bodies<T: DeserializeOwned>(file: &Connection, select: &str, values: impl Params) -> rusqlite::Result<Vec<T>> {
    let mut select = file.prepare(select)?;
    let texts = select.query_map(values, |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    // One that is damaged must not hide the others.
    Ok(texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
}

fn note_line(row: &Row<'_>) -> rusqlite::Result<NoteLine> {
    let settled: Option<i64> = row.get(7)?;
    Ok(NoteLine {
        seq: row.get(0)?,
        kind: row.get(1)?,
        channel: row.get(2)?,
        recipient: row.get(3)?,
        state: row.get(4)?,
        attempts: row.get(5)?,
        queued_at: time(row.get(6)?),
        settled_at: settled.map(time),
        said: row.get(8)?,
        message_id: row.get(9)?,
    })
}
