//! How the writing of history is doing, for metrics and for the log.

use std::time::Duration;

use crate::base::time::Timestamp;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Runs that wait to be written.
    pub queued: u64,
    /// Runs written.
    pub written: u64,
    /// Runs that are lost to history: the queue was full, or writing failed.
    pub dropped: u64,
    /// Groups that could not be written.
    pub write_errors: u64,
    /// Runs removed because of their age.
    pub expired: u64,
    /// Runs, and lastly counts, removed because of the ceiling.
    pub trimmed: u64,
    /// Of the file and its write-ahead log.
    pub bytes: u64,
    /// When the oldest run that is kept was started.
    pub oldest: Option<Timestamp>,
    /// How long the last group took to commit.
    pub commit: Duration,
    /// What is wrong now; none while all is well.
    pub trouble: Option<String>,
}
