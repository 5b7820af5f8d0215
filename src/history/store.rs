//! The door to history: runs go in without waiting, and the status says how it goes.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::connection::HISTORY;
use super::fold::fold;
use super::lock::DirectoryLock;
use super::open::{self, OpenError, Opened};
use super::reader::Reader;
use super::retention::Retention;
use super::room::Room;
use super::status::Status;
use super::writer::Writer;
use crate::model::clock::Clock;
use crate::model::evidence::{BodyContent, BodyEvidence};
use crate::model::run::Run;

#[cfg(test)]
mod tests;

/// Runs that wait to be written: eight seconds at a thousand runs a second, because a disk may take five for one sync.
pub const QUEUE_MAX: usize = 8_192;
/// Bytes of all that waits: evidence of many failures at once must not fill the memory.
pub const QUEUED_BYTES_MAX: u64 = 64 << 20;

/// History of one daemon. Dropping it writes what waits and closes the file.
pub struct Store {
    queue: Arc<Queue>,
    reader: Reader,
    lock: Arc<DirectoryLock>,
    writer: Option<JoinHandle<()>>,
}

/// Between the daemon and the thread that writes.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something to write, or no reason to wait for more.
    pub(super) filled: Condvar,
    /// A group has been written or given up.
    settled: Condvar,
    pub(super) room: Room,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) runs: Vec<Arc<Run>>,
    pub(super) bytes: u64,
    /// Taken into the queue since the start.
    accepted: u64,
    /// Of these, written or given up.
    settled: u64,
    /// Not taken, because the queue was full.
    refused: u64,
    /// Whether somebody waits for what is queued.
    pub(super) hurry: bool,
    pub(super) closed: bool,
    pub(super) retention: Retention,
    status: Status,
}

impl Store {
    /// Opens or creates the history in a directory, which may be missing, and starts the thread that writes.
    ///
    /// # Errors
    /// Another daemon uses the directory, a newer program wrote it, or it cannot be written. A damaged file is no error:
    /// it is set aside, which [`Opened`] says.
    pub fn open(directory: &Path, retention: Retention, clock: Arc<dyn Clock>) -> Result<(Self, Opened), OpenError> {
        let lock = Arc::new(open::lock(directory)?);
        let (mut file, set_aside) = open::open_file(&HISTORY, directory, clock.now())?;
        // What a process that was killed left behind. If this fails, it will be tried again in a minute.
        let recovered = fold(&mut file).unwrap_or_default();
        let queue = Arc::new(Queue { state: Mutex::new(State { retention, ..State::default() }), ..Queue::default() });
        let writer = Writer::new(directory.to_owned(), Arc::clone(&lock), file, Arc::clone(&queue), clock);
        let writer =
            thread::Builder::new().name("history".to_owned()).spawn(move || writer.run()).map_err(OpenError::Thread)?;
        let store = Self { queue, reader: Reader::new(directory), lock, writer: Some(writer) };
        Ok((store, Opened { set_aside, recovered }))
    }

    /// Hands a run over; never waits. Whether it was taken: if the queue is full it is lost to history, and counted.
    pub fn record(&self, run: Arc<Run>) -> bool {
        let bytes = weight(&run);
        let mut state = self.queue.lock();
        if state.runs.len() >= QUEUE_MAX || (state.bytes + bytes > QUEUED_BYTES_MAX && !state.runs.is_empty()) {
            state.refused += 1;
            return false;
        }
        state.runs.push(run);
        state.bytes += bytes;
        state.accepted += 1;
        // The writer sleeps until there is something, then until there is enough; in between it is left alone.
        if state.runs.len() == 1 || state.runs.len() == QUEUE_MAX / 2 || state.bytes > QUEUED_BYTES_MAX / 2 {
            self.queue.filled.notify_one();
        }
        true
    }

    /// Waits until everything recorded so far is written or given up, at most `patience`. Whether it was. Blocks: not
    /// for the threads of the runtime.
    #[must_use]
    pub fn flush(&self, patience: Duration) -> bool {
        let mut state = self.queue.lock();
        let target = state.accepted;
        state.hurry = true;
        self.queue.filled.notify_one();
        let waited = self.queue.settled.wait_timeout_while(state, patience, |state| state.settled < target);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.settled >= target
    }

    /// Holds to new limits from the next group on.
    pub fn retain(&self, retention: Retention) {
        self.queue.lock().retention = retention;
    }

    #[must_use]
    pub fn status(&self) -> Status {
        self.queue.lock().status()
    }

    /// What keeps other daemons away from the directory.
    pub(super) fn lock(&self) -> Arc<DirectoryLock> {
        Arc::clone(&self.lock)
    }

    /// What says whether the room that is left is for others.
    pub(super) fn room(&self) -> Room {
        self.queue.room.clone()
    }

    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.filled.notify_one();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so already.
            let _ = writer.join();
        }
    }
}

impl Queue {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock leaves it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes how it goes, and that a group of this many runs is done with.
    pub(super) fn settle(&self, runs: u64, status: Status) {
        let mut state = self.lock();
        state.settled += runs;
        state.status = status;
        self.settled.notify_all();
    }

    /// Waits for something to write, and a little longer for company; the group, and whether the store is closing.
    pub(super) fn next_group(&self, idle: Duration, company: Duration) -> (Vec<Arc<Run>>, bool) {
        let idling = |state: &mut State| state.runs.is_empty() && !state.closed;
        let waited = self.filled.wait_timeout_while(self.lock(), idle, idling);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !state.runs.is_empty() {
            let few = |state: &mut State| {
                let many = state.runs.len() >= QUEUE_MAX / 2 || state.bytes > QUEUED_BYTES_MAX / 2;
                !(state.hurry || state.closed || many)
            };
            let waited = self.filled.wait_timeout_while(state, company, few);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.hurry = false;
        state.bytes = 0;
        (std::mem::take(&mut state.runs), state.closed)
    }
}

impl State {
    fn status(&self) -> Status {
        let dropped = self.status.dropped + self.refused;
        Status { queued: self.accepted - self.settled, dropped, ..self.status.clone() }
    }
}

/// Roughly the bytes a run takes in memory.
fn weight(run: &Run) -> u64 {
    let body = |body: &Option<BodyEvidence>| match body.as_ref().map(|body| &body.content) {
        Some(BodyContent::Text(text) | BodyContent::Base64(text)) => text.len(),
        Some(BodyContent::Omitted(_)) | None => 0,
    };
    let headers = |headers: &[(String, String)]| headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let steps = run.steps.iter().chain(&run.cleanup);
    let bytes = 512
        + steps.fold(0, |bytes, step| {
            let kept: usize = headers(&step.kept);
            step.evidence.iter().fold(bytes + 512 + kept, |bytes, exchange| {
                let lines: usize = headers(&exchange.request_headers) + headers(&exchange.response_headers);
                bytes + 512 + lines + body(&exchange.request_body) + body(&exchange.response_body)
            })
        });
    bytes as u64
}
