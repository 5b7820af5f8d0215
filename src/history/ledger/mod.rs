//! What must not be lost: incidents, what became of them, and the messages that tell of it, in `forerunner.db`.
//!
//! One thread writes. Everything that waits for it when it looks shares one transaction and one sync of the disk, and
//! whoever asked hears of it when it is durable. Where the disk is full, it goes on in memory, and comes back.

mod apply;
mod digest;
mod group;
mod keeper;
mod mend;
mod notes;
mod overflow;
mod prune;
pub mod reader;
mod reserve;
mod settle;
pub mod status;
#[cfg(test)]
mod tests;
mod work;
mod writer;

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{Notify, mpsc, oneshot};

use super::connection::LEDGER;
use super::lock::DirectoryLock;
use super::open::{self, OpenError, SetAside};
use super::reader::ReadError;
use super::store::Store;
use crate::base::time::Timestamp;
use crate::model::clock::Clock;
use crate::model::incident::Incident;
use crate::model::outbox::{Address, Entry, Moments, NotStored, Note, Outbox, Rendered, Settled, Stored};
use reader::LedgerReader;
use status::LedgerStatus;
use work::{Fault, Job, Work};
use writer::Writer;

/// Questions and changes that wait for the thread; whoever has another waits.
const QUEUE_MAX: usize = 256;

/// Every moment that [`Moments`] can be told of here, in the order in which a change passes them.
pub const MOMENTS: [&str; 13] = [
    "ledger.before-begin",
    "ledger.after-begin",
    "ledger.after-incident",
    "ledger.after-event",
    "ledger.after-notices",
    "ledger.before-commit",
    "ledger.after-commit",
    "ledger.due",
    "ledger.sending",
    "ledger.crossing",
    "ledger.settle",
    "ledger.settle-fallback",
    "ledger.bundle",
];

/// The ledger of one daemon. Dropping it finishes what waits.
pub struct Ledger {
    jobs: Option<mpsc::Sender<Job>>,
    shared: Arc<Shared>,
    directory: PathBuf,
    writer: Option<JoinHandle<()>>,
    /// Of the directory, also when the history is closed first.
    _lock: Arc<DirectoryLock>,
}

/// Between the thread that writes and everybody else.
pub(super) struct Shared {
    status: Mutex<LedgerStatus>,
    /// Of message ids.
    domain: Mutex<String>,
    /// Something may have become due.
    changed: Notify,
    moments: Arc<dyn Moments>,
}

impl Ledger {
    /// Opens or creates the ledger in the directory of a history, whose lock keeps other daemons away from both. A
    /// damaged file is set aside, which the answer says loudly.
    ///
    /// # Errors
    /// A newer program wrote it, or it cannot be written.
    pub fn open(
        directory: &Path,
        history: &Store,
        clock: &Arc<dyn Clock>,
        moments: Arc<dyn Moments>,
    ) -> Result<(Self, Option<SetAside>), OpenError> {
        let (mut file, set_aside) = open::open_file(&LEDGER, directory, clock.now())?;
        match mend::mend(&mut file, clock.now()) {
            Ok(0) => {}
            Ok(unreadable) => tracing::error!(unreadable, "open incidents cannot be read, and count as withdrawn"),
            Err(error) => tracing::warn!(%error, "what the last process left behind is not put in order"),
        }
        let shared = Arc::new(Shared {
            status: Mutex::default(),
            domain: Mutex::new("forerunner.invalid".to_owned()),
            changed: Notify::new(),
            moments,
        });
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let runtime = Builder::new_current_thread().enable_time().build().map_err(OpenError::Thread)?;
        let mut writer =
            Writer::new(directory.to_owned(), file, history.room(), Arc::clone(&shared), Arc::clone(clock));
        writer.publish();
        let thread = std::thread::Builder::new().name("ledger".to_owned());
        let writer = thread.spawn(move || writer.run(queue, &runtime)).map_err(OpenError::Thread)?;
        let (jobs, writer, directory) = (Some(jobs), Some(writer), directory.to_owned());
        Ok((Self { jobs, shared, directory, writer, _lock: history.lock() }, set_aside))
    }

    /// Stores changes and their messages, all or none. Durable when it returns; after an error they are kept in memory
    /// as long as there is room, and stored when the disk takes them.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub async fn commit(&self, entries: Vec<Entry>) -> Result<(), NotStored> {
        let (reply, done) = oneshot::channel();
        self.send(Job::Commit { entries, reply }, done).await
    }

    /// Incidents to go on with after a restart: those that have not ended, and those that ended since `since`. Blocks.
    ///
    /// # Errors
    /// They cannot be read. To go on without them would open them a second time, which the ledger refuses.
    pub fn restorable(&self, since: Timestamp) -> Result<Vec<Incident>, ReadError> {
        self.reader().restorable(since)
    }

    /// Makes message ids end in this domain from now on.
    pub fn set_domain(&self, domain: &str) {
        domain.clone_into(&mut self.shared.domain.lock().unwrap_or_else(PoisonError::into_inner));
    }

    #[must_use]
    pub fn status(&self) -> LedgerStatus {
        self.shared.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Messages that wait for this receiver.
    #[must_use]
    pub fn pending_for(&self, address: &Address) -> u64 {
        let status = self.shared.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.waiting_for.get(address).copied().unwrap_or_default()
    }

    #[must_use]
    pub fn reader(&self) -> LedgerReader {
        LedgerReader::new(&self.directory)
    }

    /// Waits as for work of the runtime's own threads, so that a test that pauses time does not pass it meanwhile.
    async fn send(&self, job: Job, done: oneshot::Receiver<Result<(), NotStored>>) -> Result<(), NotStored> {
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(job).await.map_err(|_| ended())?;
        let answer = tokio::task::spawn_blocking(move || done.blocking_recv()).await;
        answer.map_err(|_| ended())?.map_err(|_| ended())?
    }

    /// Has the thread do some work in its next transaction.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl Fn(&Work<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, NotStored> {
        let slot = Arc::new(Mutex::new(None));
        let (reply, done) = oneshot::channel();
        let filled = Arc::clone(&slot);
        let work = Box::new(move |cx: &Work<'_>| {
            let value = work(cx)?;
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            Ok(())
        });
        self.send(Job::Work { work, reply }, done).await?;
        let value = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or_else(ended)
    }
}

fn ended() -> NotStored {
    NotStored::Trouble("the thread that writes incidents has ended".to_owned())
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so already.
            let _ = writer.join();
        }
    }
}

impl Outbox for Ledger {
    fn due_beside<'a>(
        &'a self,
        channel: &'a str,
        now: Timestamp,
        most: usize,
        receivers: &'a [String],
    ) -> Stored<'a, Vec<Note>> {
        let (channel, receivers) = (channel.to_owned(), receivers.to_vec());
        Box::pin(self.ask(move |cx| {
            cx.reached("ledger.due");
            notes::due(cx, &channel, now, most, &receivers)
        }))
    }

    fn waiting<'a>(&'a self, address: &'a Address, most: usize) -> Stored<'a, Vec<Note>> {
        let address = address.clone();
        Box::pin(self.ask(move |cx| notes::waiting(cx, &address, most)))
    }

    fn next_due<'a>(&'a self, channel: &'a str, now: Timestamp) -> Stored<'a, Option<Timestamp>> {
        let channel = channel.to_owned();
        Box::pin(self.ask(move |cx| notes::next_due(cx, &channel, now)))
    }

    fn sending(&self, id: i64, _now: Timestamp) -> Stored<'_, ()> {
        Box::pin(self.ask(move |cx| {
            cx.reached("ledger.sending");
            notes::sending(cx, id)
        }))
    }

    fn crossing(&self, id: i64, _now: Timestamp) -> Stored<'_, ()> {
        Box::pin(self.ask(move |cx| {
            cx.reached("ledger.crossing");
            notes::crossing(cx, id)
        }))
    }

    fn settle(&self, id: i64, now: Timestamp, settled: Settled) -> Stored<'_, ()> {
        Box::pin(self.ask(move |cx| {
            cx.reached("ledger.settle");
            settle::settle(cx, id, now, &settled)
        }))
    }

    fn bundle<'a>(&'a self, ids: &'a [i64], now: Timestamp, digest: Rendered) -> Stored<'a, i64> {
        let ids = ids.to_vec();
        Box::pin(self.ask(move |cx| {
            cx.reached("ledger.bundle");
            digest::bundle(cx, &ids, now, &digest)
        }))
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.shared.changed.notified())
    }
}

/// Unix milliseconds of a time, and back.
pub(super) fn time(millis: i64) -> Timestamp {
    Timestamp::from_unix_nanos(i128::from(millis) * 1_000_000).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The time of an incident that ended may be asked for again within this.
pub const RESTORED_WITHIN: Duration = Duration::from_mins(31);
