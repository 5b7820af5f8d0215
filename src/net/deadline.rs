//! Until when an attempt may take, and whose limit that is.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::base::duration::format_duration;
use crate::model::failure::{Failure, FailureKind};

/// The earlier of the step's `timeout` and the end of the run's allowance.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    pub at: Instant,
    pub limit: Limit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `timeout` of the step: the failure is that of the phase (`wait-timeout` …).
    Step,
    /// `limits.time` (or `limits.cleanup`): the failure is `run-timeout`.
    Run,
}

/// Which limit ended a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// The most that this kind of work is ever given.
    Ceiling(Duration),
    Limit(Limit),
}

impl Deadline {
    /// Awaits `work` until the deadline, but for no longer than `ceiling`.
    ///
    /// # Errors
    /// The limit that came first.
    pub async fn bound<T>(self, ceiling: Duration, work: impl Future<Output = T>) -> Result<T, Expired> {
        let ceiling_at = Instant::now() + ceiling;
        let (at, expired) = if ceiling_at < self.at {
            (ceiling_at, Expired::Ceiling(ceiling))
        } else {
            (self.at, Expired::Limit(self.limit))
        };
        timeout_at(at, work).await.map_err(|_| expired)
    }
}

impl Expired {
    /// The failure of work that was ended: `kind` unless it was the run's time that was used up.
    /// `what` says what did not happen (`no answer from …`).
    #[must_use]
    pub fn failure(self, kind: FailureKind, what: &str) -> Failure {
        let kind = if self == Self::Limit(Limit::Run) { FailureKind::RunTimeout } else { kind };
        Failure::new(kind, format!("{what} {self}"))
    }
}

impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ceiling(ceiling) => write!(f, "within {}", format_duration(*ceiling)),
            Self::Limit(Limit::Step) => f.write_str("within the `timeout` of the step"),
            Self::Limit(Limit::Run) => f.write_str("before the time of the run was used up"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_earliest_limit_decides_the_failure() {
        for (after, limit, kind) in [
            (20, Limit::Step, FailureKind::ConnectTimeout),
            (20, Limit::Run, FailureKind::ConnectTimeout),
            (5, Limit::Step, FailureKind::ConnectTimeout),
            (5, Limit::Run, FailureKind::RunTimeout),
            (0, Limit::Run, FailureKind::RunTimeout),
        ] {
            let deadline = Deadline { at: Instant::now() + Duration::from_secs(after), limit };
            let expired = deadline.bound(Duration::from_secs(10), std::future::pending::<()>()).await;
            let failure = expired.expect_err("nothing ends it").failure(FailureKind::ConnectTimeout, "no connection");
            assert_eq!(failure.kind, kind, "{after} {limit:?}: {}", failure.detail);
        }
    }
}
