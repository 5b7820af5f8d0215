//! The thread that writes: groups of changes, each group durable before anybody hears of it. It never gives up.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::overflow::Overflow;
use super::reserve::Reserve;
use super::status::{self, LedgerStatus};
use super::{Shared, apply, prune};
use crate::model::clock::Clock;
use crate::model::outbox::{Entry, Moments, NotStored, Unwatched};

/// Jobs that share a transaction.
const GROUP_MAX: usize = 100;
/// Between two looks at what is too old to be kept.
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// What is done in a transaction.
type Deed = Box<dyn Fn(&Work<'_>) -> rusqlite::Result<()> + Send>;
pub(super) type Reply = oneshot::Sender<Result<(), NotStored>>;
type Answer = (Reply, Result<(), NotStored>);

/// Something to be done in a transaction. It may be done twice, if the first time the disk was full.
pub(super) enum Job {
    Commit { entries: Vec<Entry>, reply: Reply },
    Work { work: Deed, changes: bool, reply: Reply },
}

/// What jobs work with.
pub(super) struct Work<'a> {
    pub file: &'a Connection,
    /// What could not be written for lack of space.
    pub overflow: Option<&'a Connection>,
    pub domain: String,
    moments: &'a dyn Moments,
}

impl<'a> Work<'a> {
    /// Outside the moments that tests watch.
    pub(super) fn beside(file: &'a Connection, domain: &str) -> Self {
        Self { file, overflow: None, domain: domain.to_owned(), moments: &Unwatched }
    }

    pub(super) fn reached(&self, moment: &'static str) {
        self.moments.reached(moment);
    }
}

pub(super) struct Writer {
    file: Connection,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    directory: PathBuf,
    reserve: Reserve,
    overflow: Overflow,
    trouble: Option<String>,
    last_sync: Duration,
    prune_at: Instant,
}

impl Writer {
    pub(super) fn new(directory: PathBuf, file: Connection, shared: Arc<Shared>, clock: Arc<dyn Clock>) -> Self {
        Self {
            reserve: Reserve::make(&directory),
            file,
            shared,
            clock,
            directory,
            overflow: Overflow::default(),
            trouble: None,
            last_sync: Duration::ZERO,
            prune_at: Instant::now(),
        }
    }

    /// Until every sender is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.blocking_recv() {
            let mut jobs = vec![first];
            while let Ok(job) = queue.try_recv() {
                jobs.push(job);
                if jobs.len() == GROUP_MAX {
                    break;
                }
            }
            let changes = jobs.iter().any(Job::changes);
            let answers = self.group(jobs);
            if Instant::now() >= self.prune_at {
                self.prune_at = Instant::now() + PRUNE_EVERY;
                // What could not be removed now is tried again in an hour.
                let _ = prune::prune(&mut self.file, self.clock.now());
            }
            // Who hears of it finds the counts to match.
            self.publish();
            for (reply, result) in answers {
                // Whoever asked may have gone.
                let _ = reply.send(result);
            }
            if changes {
                self.shared.changed.notify_waiters();
            }
        }
    }

    fn group(&mut self, jobs: Vec<Job>) -> Vec<Answer> {
        let mut outcome = self.attempt(&jobs);
        if outcome.as_ref().is_err_and(is_full) && self.reserve.give_up() {
            // The reserve gave its space back; what is in the log needs it too.
            let _ = self.file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            outcome = self.attempt(&jobs);
        }
        match outcome {
            Ok(results) => {
                self.trouble = None;
                let domain = self.domain();
                self.overflow.drain_into(&mut self.file, &domain);
                self.reserve.restore();
                jobs.into_iter().map(Job::reply).zip(results).collect()
            }
            Err(error) => {
                self.trouble = Some(error.to_string());
                self.without_disk(jobs, &error)
            }
        }
    }

    /// All jobs in one transaction. One that fails by itself is undone by itself; what fails for the disk fails for all.
    fn attempt(&mut self, jobs: &[Job]) -> rusqlite::Result<Vec<Result<(), NotStored>>> {
        let domain = self.domain();
        self.shared.moments.reached("ledger.before-begin");
        let mut transaction = self.file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.shared.moments.reached("ledger.after-begin");
        let mut results = Vec::with_capacity(jobs.len());
        for job in jobs {
            let savepoint = transaction.savepoint()?;
            let work = Work {
                file: &savepoint,
                overflow: self.overflow.connection(),
                domain: domain.clone(),
                moments: &*self.shared.moments,
            };
            let result = match job {
                Job::Commit { entries, .. } => apply::entries(&work, entries),
                Job::Work { work: job, .. } => job(&work),
            };
            match result {
                Ok(()) => {
                    savepoint.commit()?;
                    results.push(Ok(()));
                }
                Err(error) if is_full(&error) || is_broken(&error) => return Err(error),
                Err(error) => {
                    drop(savepoint);
                    results.push(Err(NotStored(error.to_string())));
                }
            }
        }
        self.shared.moments.reached("ledger.before-commit");
        let since = Instant::now();
        transaction.commit()?;
        self.last_sync = since.elapsed();
        self.shared.moments.reached("ledger.after-commit");
        Ok(results)
    }

    /// The disk takes nothing: changes are kept in memory, and messages leave from there.
    fn without_disk(&mut self, jobs: Vec<Job>, error: &rusqlite::Error) -> Vec<Answer> {
        let domain = self.domain();
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            answers.push(match job {
                Job::Commit { entries, reply } => {
                    let kept = self.overflow.keep(entries, &domain);
                    let then = if kept { "they are kept in memory until there is room" } else { "they are lost" };
                    (reply, Err(NotStored(format!("changes cannot be stored, {then}: {error}"))))
                }
                Job::Work { work, reply, .. } => {
                    // The part in memory can be worked with; the part on disk as far as it can be read.
                    let result = self.overflow.connection().map_or(Err(error.to_string()), |overflow| {
                        let cx = Work {
                            file: &self.file,
                            overflow: Some(overflow),
                            domain: domain.clone(),
                            moments: &*self.shared.moments,
                        };
                        work(&cx).map_err(|error| error.to_string())
                    });
                    (reply, result.map_err(NotStored))
                }
            });
        }
        answers
    }

    fn domain(&self) -> String {
        self.shared.domain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells everybody how it stands.
    pub(super) fn publish(&mut self) {
        let counted = status::count(&self.file, self.overflow.connection());
        let mut status = self.shared.status.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *status);
        *status = LedgerStatus {
            bytes: status::bytes(&self.directory),
            trouble: self.trouble.clone(),
            in_memory: self.overflow.len(),
            last_sync: self.last_sync,
            ..counted.unwrap_or(before)
        };
    }
}

impl Job {
    /// Whether something may have become due by it.
    fn changes(&self) -> bool {
        !matches!(self, Self::Work { changes: false, .. })
    }

    fn reply(self) -> Reply {
        let (Self::Commit { reply, .. } | Self::Work { reply, .. }) = self;
        reply
    }
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

fn is_broken(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::DatabaseCorrupt)
    )
}
