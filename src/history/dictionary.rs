//! Texts that come again with every run, by the numbers that stand for them in the file.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::layout;
use super::pack::Packer;
use crate::model::run::{Run, StepResult};

/// Known numbers kept in memory; more are looked up again. A thousand journeys of five steps need seven thousand.
const KNOWN_MAX: usize = 200_000;

/// What is known of the file, so that a usual run costs no look-up. Must be forgotten when a transaction fails, since it
/// may know numbers that were never committed.
#[derive(Default)]
pub(super) struct Dictionary {
    /// By run name.
    series: HashMap<Box<str>, Named>,
    definitions: HashMap<Vec<u8>, Known>,
    layouts: HashMap<Vec<u8>, Known>,
}

/// The series of one run name.
struct Named {
    journey: Box<str>,
    /// Step, owner, number.
    keys: Vec<(Box<str>, Box<str>, i64)>,
}

struct Known {
    key: i64,
    /// Unix day on which it was last said to be in use.
    used: i64,
}

impl Dictionary {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The series of a run, or of one of its steps.
    pub(super) fn series(&mut self, file: &Connection, run: &Run, step: Option<&StepResult>) -> rusqlite::Result<i64> {
        let owner = step.map_or(&run.owner, |step| &step.owner).as_deref().unwrap_or_default();
        let step = step.map_or("", |step| &step.id);
        let known = self.series.get(run.name.as_str()).filter(|known| *known.journey == *run.journey);
        if let Some((_, _, key)) =
            known.and_then(|known| known.keys.iter().find(|(known, by, _)| **known == *step && **by == *owner))
        {
            return Ok(*key);
        }
        let words = params![run.name, step, owner, run.journey];
        let insert = "INSERT INTO series (name, step, owner, journey) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        file.prepare_cached(insert)?.execute(words)?;
        let select = "SELECT key FROM series WHERE name = ?1 AND step = ?2 AND owner = ?3 AND journey = ?4";
        let key = file.prepare_cached(select)?.query_row(words, |row| row.get(0))?;
        if known.is_none() {
            if self.series.len() >= KNOWN_MAX {
                self.series.clear();
            }
            let named = Named { journey: run.journey.as_str().into(), keys: Vec::new() };
            self.series.insert(run.name.as_str().into(), named);
        }
        if let Some(named) = self.series.get_mut(run.name.as_str()) {
            named.keys.push((step.into(), owner.into(), key));
        }
        Ok(key)
    }

    pub(super) fn definition(&mut self, file: &Connection, run: &Run, day: i64) -> rusqlite::Result<i64> {
        let mut words = Packer(Vec::with_capacity(192));
        for word in [&run.title, &run.vantage, &run.definition.0].into_iter().chain(&run.notices) {
            words.text(word);
        }
        remember(&mut self.definitions, words.0, file, "definitions", day, |_| {
            let notices = serde_json::Value::from(run.notices.clone()).to_string();
            let upsert = "INSERT INTO definitions (title, vantage, digest, notices, used) VALUES (?1, ?2, ?3, ?4, ?5) \
                          ON CONFLICT DO UPDATE SET used = max(used, excluded.used) RETURNING key";
            let words = params![run.title, run.vantage, run.definition.0, notices, day];
            file.prepare_cached(upsert)?.query_row(words, |row| row.get(0))
        })
    }

    pub(super) fn layout(&mut self, file: &Connection, run: &Run, day: i64) -> rusqlite::Result<i64> {
        remember(&mut self.layouts, layout::encode(run), file, "layouts", day, |body| {
            let upsert = "INSERT INTO layouts (body, used) VALUES (?1, ?2) \
                          ON CONFLICT DO UPDATE SET used = max(used, excluded.used) RETURNING key";
            file.prepare_cached(upsert)?.query_row(params![body, day], |row| row.get(0))
        })
    }
}

/// Looks up, or stores, and notes once a day that it is still in use.
fn remember(
    known: &mut HashMap<Vec<u8>, Known>,
    words: Vec<u8>,
    file: &Connection,
    table: &str,
    day: i64,
    store: impl FnOnce(&[u8]) -> rusqlite::Result<i64>,
) -> rusqlite::Result<i64> {
    if let Some(found) = known.get_mut(&words) {
        if day > found.used {
            let update = format!("UPDATE {table} SET used = max(used, ?1) WHERE key = ?2");
            file.prepare_cached(&update)?.execute(params![day, found.key])?;
            found.used = day;
        }
        return Ok(found.key);
    }
    let key = store(&words)?;
    if known.len() >= KNOWN_MAX {
        known.clear();
    }
    known.insert(words, Known { key, used: day });
    Ok(key)
}
