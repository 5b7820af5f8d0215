//! Counts of many runs, or of many executions of one step, that can be added up: what five years of months are made of.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::Row;
use rusqlite::types::{Null, ToSql};

use super::compact::micros;
use super::sketch::Sketch;
use crate::base::time::Timestamp;
use crate::model::failure::Cause;
use crate::model::run::Outcome;

/// Lengths of time over which counts are kept, each beginning at a multiple of itself since the Unix epoch; days are
/// those of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// Of whole runs only, for half a day: enough to restore the judgement of the last hours after a restart.
    FiveMinutes,
    Hour,
    Day,
}

impl Grain {
    pub const ALL: [Self; 3] = [Self::FiveMinutes, Self::Hour, Self::Day];

    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::FiveMinutes => 300,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    #[must_use]
    pub fn start_of(self, at: Timestamp) -> i64 {
        self.floor(at.unix_seconds())
    }

    pub(super) fn floor(self, seconds: i64) -> i64 {
        seconds - seconds.rem_euclid(self.seconds())
    }

    pub(super) fn table(self) -> &'static str {
        match self {
            Self::FiveMinutes => "five_minutes",
            Self::Hour => "hourly",
            Self::Day => "daily",
        }
    }
}

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub passed: u64,
    pub degraded: u64,
    pub failed: u64,
    pub indeterminate: u64,
    /// Requests sent, every attempt counted.
    pub requests: u64,
    /// Of those that passed or were degraded, in total; microseconds.
    pub elapsed_micros: u64,
    /// Of those that failed or were indeterminate, by the word of the cause.
    pub causes: BTreeMap<String, u64>,
    /// Durations of those that passed or were degraded: of whole runs, or of the last exchange of a step.
    pub latency: Sketch,
}

impl Totals {
    pub(super) fn add(&mut self, outcome: Outcome, cause: Option<Cause>, requests: u32, latency: Duration) {
        *match outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Degraded => &mut self.degraded,
            Outcome::Failed => &mut self.failed,
            Outcome::Indeterminate => &mut self.indeterminate,
        } += 1;
        self.requests += u64::from(requests);
        if matches!(outcome, Outcome::Passed | Outcome::Degraded) {
            self.elapsed_micros = self.elapsed_micros.saturating_add(micros(latency));
            self.latency.add(latency);
        } else if let Some(cause) = cause {
            *self.causes.entry(cause.word().to_owned()).or_default() += 1;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.passed += other.passed;
        self.degraded += other.degraded;
        self.failed += other.failed;
        self.indeterminate += other.indeterminate;
        self.requests += other.requests;
        self.elapsed_micros = self.elapsed_micros.saturating_add(other.elapsed_micros);
        for (cause, count) in &other.causes {
            *self.causes.entry(cause.clone()).or_default() += count;
        }
        self.latency.merge(&other.latency);
    }

    /// Those that say something about the target: all but the indeterminate.
    #[must_use]
    pub fn judged(&self) -> u64 {
        self.passed + self.degraded + self.failed
    }

    /// The columns of [`COLUMNS`], in their order.
    pub(super) fn columns(&self) -> [Box<dyn ToSql>; 8] {
        let signed = |number: u64| -> Box<dyn ToSql> { Box::new(i64::try_from(number).unwrap_or(i64::MAX)) };
        let causes: Box<dyn ToSql> = if self.causes.is_empty() {
            Box::new(Null)
        } else {
            let pairs = self.causes.iter().map(|(cause, count)| (cause.clone(), (*count).into())).collect();
            Box::new(serde_json::Value::Object(pairs).to_string())
        };
        let latency = self.latency.encode();
        let latency: Box<dyn ToSql> = if latency.is_empty() { Box::new(Null) } else { Box::new(latency) };
        [
            signed(self.passed),
            signed(self.degraded),
            signed(self.failed),
            signed(self.indeterminate),
            signed(self.requests),
            signed(self.elapsed_micros),
            causes,
            latency,
        ]
    }

    /// Reads [`COLUMNS`] from column `from` on. What is damaged counts as nothing.
    pub(super) fn from_row(row: &Row<'_>, from: usize) -> rusqlite::Result<Self> {
        let number = |at: usize| row.get::<_, i64>(from + at).map(|number| u64::try_from(number).unwrap_or_default());
        let causes: Option<String> = row.get(from + 6)?;
        let latency: Option<Vec<u8>> = row.get(from + 7)?;
        Ok(Self {
            passed: number(0)?,
            degraded: number(1)?,
            failed: number(2)?,
            indeterminate: number(3)?,
            requests: number(4)?,
            elapsed_micros: number(5)?,
            causes: causes.and_then(|causes| serde_json::from_str(&causes).ok()).unwrap_or_default(),
            latency: latency.and_then(|latency| Sketch::decode(&latency).ok()).unwrap_or_default(),
        })
    }
}

pub(super) const COLUMNS: &str = "passed, degraded, failed, indeterminate, requests, elapsed, causes, latency";
