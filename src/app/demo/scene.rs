//! One look at the play, as plain data: what the terminal draws and the page shows.

use std::time::Duration;

use super::acts::Act;
use crate::base::time::Timestamp;
use crate::model::run::Outcome;

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
