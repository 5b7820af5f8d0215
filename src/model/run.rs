//! One execution of a journey and its verdict. Made by `journey::execute`, which cannot fail; redacted throughout.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::evidence::ExchangeEvidence;
use super::failure::{Cause, Failure};
use super::timing::Timings;
use crate::base::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Passed,
    /// Works, but a preference is missed or an optional step failed.
    Degraded,
    Failed,
    /// Our own trouble: says nothing about the target.
    Indeterminate,
}

impl Outcome {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Indeterminate => "indeterminate",
        }
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    Passed,
    Degraded,
    Failed,
    Indeterminate,
    /// By `when`, or an empty `for`.
    Skipped,
    /// After the end of the run, or lacking a value of an optional step.
    NotRun,
    /// A clean-up step that did its work.
    Cleaned,
    /// A clean-up step that had nothing to undo.
    NotNeeded,
}

impl StepState {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Indeterminate => "indeterminate",
            Self::Skipped => "skipped",
            Self::NotRun => "not run",
            Self::Cleaned => "cleaned",
            Self::NotNeeded => "not needed",
        }
    }
}

/// The digest of a definition: `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Digest(pub String);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// ULID, 26 characters.
    pub id: String,
    /// The run name: identity in metrics and history.
    pub name: String,
    /// Id of the journey.
    pub journey: String,
    /// The customer's task in plain words.
    pub title: String,
    pub owner: Option<String>,
    /// Where it was measured from.
    pub vantage: String,
    pub definition: Digest,
    /// A second look shortly after a failed run: it decides who is told, and is no event of any count or objective.
    pub recheck: bool,
    pub planned_at: Timestamp,
    pub started_at: Timestamp,
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
    pub outcome: Outcome,
    pub cause: Option<Cause>,
    /// Trouble of the run as a whole, which belongs to no step, such as an unreadable secret.
    pub failure: Option<Failure>,
    /// 32 hexadecimal digits, sent to the targets in `traceparent`.
    pub trace_id: String,
    /// From which the generators drew; the same seed draws the same values.
    pub seed: u64,
    pub steps: Vec<StepResult>,
    pub cleanup: Vec<StepResult>,
    /// What people must know when they read this run, such as `certificates were not verified`.
    pub notices: Vec<String>,
    /// A target has too little left of what it allows for another run before then.
    #[serde(skip)]
    pub postponed_until: Option<Timestamp>,
}

impl Run {
    /// The step that decided the outcome, if one did.
    #[must_use]
    pub fn deciding_step(&self) -> Option<&StepResult> {
        self.steps
            .iter()
            .find(|step| matches!(step.state, StepState::Failed | StepState::Indeterminate))
            .or_else(|| self.steps.iter().find(|step| step.state == StepState::Degraded))
    }

    /// Requests of the whole run, every attempt and redirect counted, clean-up included.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.steps.iter().chain(&self.cleanup).map(|step| step.requests).sum()
    }
}

/// One step of a run. A step inside a used journey has the id `OUTER/INNER` and stands behind its outer step.
#[derive(Clone, Debug, Serialize)]
pub struct StepResult {
    pub id: String,
    pub title: Option<String>,
    /// What it does, in the words of the definition: `get /v1/services`.
    pub action: String,
    /// Name of the declared host; none for `wait` and `use`.
    pub host: Option<String>,
    /// The responsible party.
    pub owner: Option<String>,
    pub state: StepState,
    pub failure: Option<Failure>,
    /// Every condition that did not hold, at most [`MISSES_MAX`]; the status first.
    pub misses: Vec<Miss>,
    /// Of the last attempt.
    pub timings: Timings,
    /// From the start of the step to its end, pauses and earlier attempts included.
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
    pub started_at: Option<Timestamp>,
    /// Repetitions of the last iteration, the first included; 0 if it did not run.
    pub attempts: u32,
    /// Elements of `for` that were worked on, and how many there were: `20 of 134`.
    pub iterations: Option<(u32, u32)>,
    /// Requests sent, every attempt and redirect counted.
    pub requests: u32,
    /// Of the final answer.
    pub status: Option<u16>,
    pub http_version: Option<String>,
    /// Decoded bytes of the final body.
    pub body_bytes: Option<u64>,
    /// Address that answered.
    pub remote: Option<String>,
    /// Expiry of the leaf certificate, where one was seen.
    pub certificate_not_after: Option<Timestamp>,
    /// The first 20 conditions by the slug of their selector, for metrics.
    pub conditions: Vec<ConditionResult>,
    /// What was kept, by name; secret values masked.
    pub kept: Vec<(String, String)>,
    /// Why it was skipped or not run, in words.
    pub note: Option<String>,
    /// Where the step stands in its definition.
    pub place: Place,
    pub evidence: Vec<ExchangeEvidence>,
}

/// Misses reported per step; a broken answer would otherwise fill pages.
pub const MISSES_MAX: usize = 20;
/// Conditions counted per step in metrics.
pub const CONDITIONS_MAX: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConditionResult {
    pub slug: String,
    pub held: bool,
}

/// File, line and column, from 1, and the text of that line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub text: String,
}

/// One condition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Miss {
    pub section: Section,
    pub selector: String,
    /// The path of matchers that was followed, such as `each.type`.
    pub matcher: String,
    pub expected: String,
    pub got: String,
    /// The first path that differs, for `equals`, `like` and `schema`.
    pub difference: Option<String>,
    /// What the author may have meant.
    pub hint: Option<String>,
    pub place: Place,
}

impl Miss {
    /// In one line: what was looked at, what was expected, and what was there.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.section {
            Section::Keep => format!("`{}` was to be kept: {}", self.selector, self.got),
            _ => format!("`{}`: expected {}, got {}", self.selector, self.expected, self.got),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    Expect,
    Prefer,
    Keep,
    /// The status range that holds where none is written.
    Implied,
    /// `retry.unless`: a fatal state was reached.
    Unless,
}

impl Section {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Expect => "expect",
            Self::Prefer => "prefer",
            Self::Keep => "keep",
            Self::Implied => "implied",
            Self::Unless => "unless",
        }
    }
}

/// Durations leave as seconds, like every duration in our metrics.
fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
