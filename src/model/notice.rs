//! What is told to people about one change of one incident: the facts, before any channel puts them into words.

use std::sync::Arc;
use std::time::Duration;

use super::incident::{Incident, NoticeKind};
use super::run::{Outcome, Run};
use crate::base::time::Timestamp;

/// Everything that a message can say. All texts are redacted already.
#[derive(Clone, Debug)]
pub struct Notice {
    pub kind: NoticeKind,
    /// Of the change; a message shows it as its date.
    pub at: Timestamp,
    pub incident: Incident,
    /// Id of the journey, which is not the run name where one journey runs several times.
    pub journey: String,
    /// Who answers for the failing step; none where nobody was named.
    pub party: Option<Party>,
    /// Where it was seen from.
    pub vantage: String,
    /// The run that shows it: the latest bad one, or the good one that ended it.
    pub run: Option<Arc<Run>>,
    /// Runs of the last hours, the oldest first, for a picture.
    pub recent: Vec<Sample>,
    /// Instructions for whoever is called.
    pub runbook: Option<String>,
    /// How people reach our pages, without a slash at its end; none: there are no links.
    pub pages: Option<String>,
    pub demand: Option<Demand>,
    /// Of the run entry, names and texts.
    pub labels: Vec<(String, String)>,
    /// From one run to the next.
    pub every: Duration,
}

/// Somebody responsible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub id: String,
    /// For people.
    pub name: String,
    /// How to reach them; shown, never mailed.
    pub contact: Option<String>,
    /// `platform`, `partner` or `vendor`.
    pub kind: Option<String>,
}

/// How long a run took, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub at: Timestamp,
    pub elapsed: Duration,
    pub outcome: Outcome,
}

/// How often real users do what the journey does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    pub per_second: f64,
}

impl Demand {
    /// Users who were touched by an outage of that length.
    #[must_use]
    pub fn touched(self, outage: Duration) -> f64 {
        self.per_second * outage.as_secs_f64()
    }
}
