//! One look at the play, as plain data: what the terminal draws and the page shows.

use std::time::Duration;

use super::acts::Act;
use crate::base::time::Timestamp;
use crate::history::reader::Reader;
use crate::model::run::Outcome;
use crate::web::board::BoardEntry;

#[derive(Clone, Debug)]
pub struct Scene {
    pub act: Act,
    /// Of this act in the play, from 1, and how many there are.
    pub number: usize,
    pub of: usize,
    /// Until the next act.
    pub left: Duration,
    pub rows: Vec<Row>,
    /// What happened, the first event first.
    pub events: Vec<Event>,
    /// Caught so far.
    pub mails: usize,
}

impl Default for Scene {
    fn default() -> Self {
        Self { act: Act::Calm, number: 1, of: 1, left: Duration::ZERO, rows: Vec::new(), events: Vec::new(), mails: 0 }
    }
}

/// One journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub title: String,
    /// None until it has run.
    pub outcome: Option<Outcome>,
    pub elapsed: Duration,
    /// Of the whole run, phase by phase, in seconds.
    pub phases: Vec<(String, f64)>,
    pub party: Option<String>,
    pub said: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Timestamp,
    pub kind: EventKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Opened,
    Resolved,
    Mailed,
}

impl EventKind {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "incident opened",
            Self::Resolved => "resolved",
            Self::Mailed => "mail sent",
        }
    }
}

pub(super) fn row(entry: &BoardEntry, runs: &Reader) -> Row {
    let last = entry.last.as_ref();
    // A run that is not written yet has no phases to show.
    let run = last.and_then(|last| runs.show(&last.id).ok().flatten());
    Row {
        title: entry.title.clone(),
        outcome: last.map(|last| last.outcome),
        elapsed: last.map(|last| last.elapsed).unwrap_or_default(),
        phases: run.map(|run| phases(&run)).unwrap_or_default(),
        party: last.and_then(|last| last.party.clone()),
        said: last.and_then(|last| last.said.clone()),
    }
}

/// The phases of all steps together, without the rest.
fn phases(run: &serde_json::Value) -> Vec<(String, f64)> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    for step in run.get("steps").and_then(serde_json::Value::as_array).into_iter().flatten() {
        for (name, value) in step.get("timings").and_then(serde_json::Value::as_object).into_iter().flatten() {
            let Some(seconds) = value.as_f64().filter(|_| name != "total" && name != "unaccounted") else { continue };
            match sums.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += seconds,
                None => sums.push((name.clone(), seconds)),
            }
        }
    }
    sums
}
