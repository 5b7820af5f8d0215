//! What the process tells its caller when it ends; scripts depend on every number.

use std::process::ExitCode;

use crate::model::run::{Outcome, Run};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything passed, perhaps degraded.
    Ok = 0,
    /// The command line cannot be understood, or an output cannot be written.
    Usage = 1,
    /// A definition is invalid; nothing was run.
    Invalid = 2,
    /// No run failed, but our own trouble kept at least one from saying anything.
    Indeterminate = 3,
    /// A run failed.
    Failed = 4,
}

impl Exit {
    /// A failure wins over our own trouble: it is the stronger news.
    #[must_use]
    pub fn of_runs(runs: &[Run]) -> Self {
        let any = |outcome| runs.iter().any(|run| run.outcome == outcome);
        if any(Outcome::Failed) {
            Self::Failed
        } else if any(Outcome::Indeterminate) {
            Self::Indeterminate
        } else {
            Self::Ok
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn a_failure_wins_over_trouble_of_our_own() {
        for (runs, expected) in [
            (vec![], Exit::Ok),
            (vec![sample::passed(), sample::degraded()], Exit::Ok),
            (vec![sample::passed(), sample::indeterminate()], Exit::Indeterminate),
            (vec![sample::indeterminate(), sample::failed(), sample::passed()], Exit::Failed),
        ] {
            assert_eq!(Exit::of_runs(&runs), expected);
        }
    }
}
