//! How one run entry is judged.

use std::time::Duration;

use crate::model::incident::Severity;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The customer's task in plain words.
    pub title: String,
    /// The party responsible for the journey as a whole.
    pub owner: Option<String>,
    pub severity: Severity,
    /// Bad runs in a row that confirm an incident, re-checks included; at least 1.
    pub open_after: u32,
    /// Good runs in a row that end it; at least 1.
    pub close_after: u32,
    /// The least time from the first of these to the last.
    pub close_for: Duration,
    /// From one planned run to the next.
    pub every: Duration,
    /// Whether a second look is possible at all.
    pub recheck: bool,
    /// Whether anybody is told; if not, incidents are only recorded.
    pub told: bool,
}

impl Policy {
    /// What we see of ourselves is certain at once.
    pub(super) fn of_our_own(severity: Severity) -> Self {
        Self {
            title: String::new(),
            owner: None,
            severity,
            open_after: 1,
            close_after: 1,
            close_for: Duration::ZERO,
            every: Duration::ZERO,
            recheck: false,
            told: true,
        }
    }
}
