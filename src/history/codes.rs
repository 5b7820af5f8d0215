//! Outcomes and states as the numbers in the file. They are part of the schema: a number never gets another meaning.

use crate::model::run::{Outcome, StepState};

pub(super) fn outcome_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Passed => 1,
        Outcome::Degraded => 2,
        Outcome::Failed => 3,
        Outcome::Indeterminate => 4,
    }
}

pub(super) fn outcome(code: u8) -> Option<Outcome> {
    [Outcome::Passed, Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate]
        .into_iter()
        .find(|outcome| outcome_code(*outcome) == code)
}

pub(super) fn state_code(state: StepState) -> u8 {
    match state {
        StepState::Passed => 1,
        StepState::Degraded => 2,
        StepState::Failed => 3,
        StepState::Indeterminate => 4,
        StepState::Skipped => 5,
        StepState::NotRun => 6,
        StepState::Cleaned => 7,
        StepState::NotNeeded => 8,
    }
}

pub(super) fn state(code: u8) -> Option<StepState> {
    [
        StepState::Passed,
        StepState::Degraded,
        StepState::Failed,
        StepState::Indeterminate,
        StepState::Skipped,
        StepState::NotRun,
        StepState::Cleaned,
        StepState::NotNeeded,
    ]
    .into_iter()
    .find(|state| state_code(*state) == code)
}

/// Which table a run is in: the two kinds are kept for different times, and each is removed from its old end.
pub(super) fn table(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed | Outcome::Degraded => PASSED,
        Outcome::Failed | Outcome::Indeterminate => FAILED,
    }
}

/// Passed and degraded.
pub(super) const PASSED: &str = "passed_runs";
/// Failed and indeterminate.
pub(super) const FAILED: &str = "failed_runs";
