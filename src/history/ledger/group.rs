//! One transaction for all that waits: each job is undone by itself, what is wrong with the file is wrong for all.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::time::Instant;

use super::apply;
use super::work::{Effects, Fault, Job, Work};
use crate::model::outbox::{Moments, NotStored};

/// What came of a group.
pub(super) struct Done {
    /// One a job.
    pub results: Vec<Result<(), NotStored>>,
    /// Changes that were taken, and changes for which there was no room, one pair a job.
    pub taken: Vec<(usize, usize)>,
    pub effects: Effects,
    /// How long it took to make it durable.
    pub sync: Duration,
}

/// Does the jobs of a group, at most `room` changes of incidents among them, and makes them durable.
///
/// # Errors
/// The file is the trouble; nothing of the group is done then.
pub(super) fn run(
    file: &mut Connection,
    jobs: &[Job],
    mut room: usize,
    domain: &str,
    moments: &dyn Moments,
) -> rusqlite::Result<Done> {
    moments.reached("ledger.before-begin");
    let mut transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    moments.reached("ledger.after-begin");
    let (mut results, mut taken, effects) = (Vec::new(), Vec::new(), Effects::default());
    for job in jobs {
        let savepoint = transaction.savepoint()?;
        let work = Work { file: &savepoint, domain, moments, effects: Effects::default() };
        let (result, count) = match job {
            Job::Commit { entries, .. } => {
                let fits = entries.len().min(room);
                (apply::entries(&work, &entries[..fits]), (fits, entries.len() - fits))
            }
            Job::Work { work: deed, .. } => (deed(&work), (0, 0)),
        };
        let own = work.effects;
        match result {
            Ok(()) => {
                savepoint.commit()?;
                effects.add(&own);
                room -= count.0;
                results.push(Ok(()));
                taken.push(count);
            }
            Err(Fault::File(error)) if !is_of_the_job(&error) => return Err(error),
            Err(fault) => {
                drop(savepoint);
                results.push(Err(fault.into()));
                taken.push((0, 0));
            }
        }
    }
    moments.reached("ledger.before-commit");
    let since = Instant::now();
    transaction.commit()?;
    let sync = since.elapsed();
    moments.reached("ledger.after-commit");
    Ok(Done { results, taken, effects, sync })
}

/// Whether what was to be done is at fault, and not the file.
fn is_of_the_job(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), None | Some(ErrorCode::ConstraintViolation))
}
