//! The thread that writes: groups of runs, then a little upkeep. It never gives up: what cannot be written is dropped and
//! counted, and the next group is tried again.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior};
use tokio::time::Instant;
use ulid::Ulid;

use super::codes::{FAILED, PASSED};
use super::connection::{HISTORY, is_damage};
use super::deltas::Deltas;
use super::dictionary::Dictionary;
use super::fold::{RECENT_ROWS_MAX, fold};
use super::horizon::Horizon;
use super::insert::{Refused, insert};
use super::lock::DirectoryLock;
use super::open;
use super::prune;
use super::retention::Retention;
use super::rollup::Grain;
use super::status::Status;
use super::store::Queue;
use crate::base::time::Timestamp;
use crate::model::clock::Clock;
use crate::model::run::Run;

/// How long a run waits for others to share its transaction: what a crash may lose, for a quarter of the commits.
const GROUP_WAIT: Duration = Duration::from_millis(250);
/// Between two looks at the file while there is nothing to write.
const IDLE: Duration = Duration::from_secs(5);
/// Between two foldings of recent counts into the roll-ups.
const FOLD_EVERY: Duration = Duration::from_mins(1);
/// Why runs are not written, and what helps.
const ROOM_FOR_INCIDENTS: &str = "the disk is nearly full, and what is left is kept for incidents; free 16 MiB, or give \
     `storage` a `path` on a larger disk";
/// Portions removed after one group to get below the ceiling.
const TRIM_PORTIONS: u32 = 4;

pub(super) struct Writer {
    directory: PathBuf,
    /// As long as the thread lives.
    _lock: Arc<DirectoryLock>,
    /// None after a failure to open it anew.
    file: Option<Connection>,
    dictionary: Dictionary,
    queue: Arc<Queue>,
    clock: Arc<dyn Clock>,
    recent_rows: u64,
    began: Instant,
    horizon: Horizon,
    fold_at: Instant,
    /// Unix day of the last clearing of the dictionary tables.
    forgot_on: i64,
    status: Status,
    write_trouble: Option<String>,
    upkeep_trouble: Option<String>,
}

impl Writer {
    pub(super) fn new(
        directory: PathBuf,
        lock: Arc<DirectoryLock>,
        file: Connection,
        queue: Arc<Queue>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let horizon = Horizon::new(clock.now(), Duration::ZERO);
        Self {
            directory,
            _lock: lock,
            file: Some(file),
            dictionary: Dictionary::default(),
            queue,
            clock,
            recent_rows: 0,
            began: Instant::now(),
            horizon,
            fold_at: Instant::now() + FOLD_EVERY,
            forgot_on: 0,
            status: Status::default(),
            write_trouble: None,
            upkeep_trouble: None,
        }
    }

    /// Until the store is dropped; then everything that waits is written.
    pub(super) fn run(mut self) {
        let mut done = 0;
        loop {
            self.keep_up();
            self.queue.settle(done, self.status.clone());
            let (group, closing) = self.queue.next_group(IDLE, GROUP_WAIT);
            if group.is_empty() && closing {
                break;
            }
            if !group.is_empty() {
                self.write(&group);
            }
            done = group.len() as u64;
        }
        if let Some(mut file) = self.file.take() {
            // Left undone, the next start does it.
            let _ = fold(&mut file);
            let _ = file.close();
        }
    }

    fn write(&mut self, group: &[Arc<Run>]) {
        if self.queue.room.is_for_incidents() {
            self.give_up(group, ROOM_FOR_INCIDENTS);
            return;
        }
        let began = Instant::now();
        let result = self.try_write(group).or_else(|error| {
            self.recover(&error);
            self.try_write(group)
        });
        match result {
            Ok(refused) => {
                self.status.written += group.len() as u64 - refused;
                self.status.dropped += refused;
                self.status.commit = began.elapsed();
                self.write_trouble = None;
            }
            Err(error) => self.give_up(group, &error.to_string()),
        }
    }

    fn give_up(&mut self, group: &[Arc<Run>], why: &str) {
        self.status.dropped += group.len() as u64;
        self.status.write_errors += 1;
        self.write_trouble = Some(format!("runs cannot be written to the history: {why}"));
    }

    /// Writes the whole group or nothing; how many of its runs cannot be stored at all.
    fn try_write(&mut self, group: &[Arc<Run>]) -> rusqlite::Result<u64> {
        let result = self.transact(group);
        if result.is_err() {
            // It may know numbers that the transaction has taken with it.
            self.dictionary.forget();
        }
        result
    }

    fn transact(&mut self, group: &[Arc<Run>]) -> rusqlite::Result<u64> {
        let Some(file) = &mut self.file else { return Err(not_open()) };
        let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut deltas = Deltas::default();
        let mut refused = 0;
        for run in group {
            match insert(&transaction, &mut self.dictionary, &mut deltas, run) {
                Ok(()) => {}
                Err(Refused::Run) => refused += 1,
                Err(Refused::File(error)) => return Err(error),
            }
        }
        let rows = deltas.store(&transaction)?;
        transaction.commit()?;
        self.recent_rows += rows;
        Ok(refused)
    }

    /// Does what may help before a second try.
    fn recover(&mut self, error: &rusqlite::Error) {
        if is_damage(error) || self.file.is_none() {
            self.begin_anew(error);
        } else if matches!(error.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure))
            && let Some(file) = &mut self.file
        {
            // The ceiling may have been raised; else history makes room for itself, and gives back what its log takes.
            let _ = prune::hold_ceiling(file, &self.queue.lock().retention);
            if let Ok(count) = prune::remove_oldest(file) {
                self.status.trimmed += count;
            }
            let _ = file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    fn begin_anew(&mut self, error: &rusqlite::Error) {
        let now = self.clock.now();
        self.dictionary.forget();
        if let Some(file) = self.file.take() {
            let _ = file.close();
            match open::set_aside(&HISTORY, &self.directory, now) {
                Ok(path) => {
                    let path = path.display();
                    tracing::error!(%path, %error, "the history is damaged and was set aside; a new one begins");
                }
                Err(cause) => tracing::error!(%error, %cause, "the history is damaged and cannot be set aside"),
            }
        }
        match open::open_file(&HISTORY, &self.directory, now) {
            Ok((file, _)) => self.file = Some(file),
            Err(cause) => tracing::debug!(%cause, "the history cannot be opened"),
        }
    }

    fn keep_up(&mut self) {
        let before = self.status.trouble.is_some();
        let retention = self.queue.lock().retention;
        let now = self.horizon.now(self.clock.now(), self.began.elapsed());
        let alone = self.queue.room.is_for_incidents();
        // Upkeep, too, takes room before it gives some.
        let kept_up = if alone { Ok(()) } else { self.try_keep_up(&retention, now) };
        match kept_up {
            Ok(()) => self.upkeep_trouble = None,
            Err(error) => {
                self.recover(&error);
                self.upkeep_trouble = Some(format!("the history cannot be kept in order: {error}"));
            }
        }
        self.cut_log(if alone { 0 } else { retention.log_bytes_max() });
        self.status.trouble = self.write_trouble.clone().or_else(|| self.upkeep_trouble.clone());
        match &self.status.trouble {
            Some(trouble) if !before => tracing::error!("{trouble}; probing and judging go on, runs are dropped"),
            None if before => tracing::info!(dropped = self.status.dropped, "the history is written again"),
            _ => {}
        }
    }

    /// Empties a log that has grown beyond its share, which a long reading or a large group lets it.
    fn cut_log(&mut self, log_bytes_max: u64) {
        let path = HISTORY.path(&self.directory);
        let log = PathBuf::from(format!("{}-wal", path.display()));
        let bytes = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
        if bytes(&log) > log_bytes_max
            && let Some(file) = &self.file
        {
            // While somebody reads it stays as it is, until the next look.
            let _ = file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        self.status.bytes = bytes(&path) + bytes(&log);
    }

    fn try_keep_up(&mut self, retention: &Retention, now: Timestamp) -> rusqlite::Result<()> {
        let Some(file) = &mut self.file else { return Err(not_open()) };
        prune::hold_ceiling(file, retention)?;
        if self.recent_rows >= RECENT_ROWS_MAX || (self.recent_rows > 0 && Instant::now() >= self.fold_at) {
            fold(file)?;
            self.recent_rows = 0;
            self.fold_at = Instant::now() + FOLD_EVERY;
        }
        self.status.expired += prune::expire(file, retention, now)?;
        self.status.trimmed += prune::trim(file, retention, TRIM_PORTIONS)?;
        let today = Grain::Day.start_of(now);
        if self.forgot_on != today {
            prune::forget_unused(file, retention, now)?;
            self.dictionary.forget();
            self.forgot_on = today;
        }
        self.status.oldest = oldest(file)?;
        Ok(())
    }
}

/// What is answered for a file that could not be opened anew.
fn not_open() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN), None)
}

fn oldest(file: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let mut oldest: Option<Timestamp> = None;
    for table in [PASSED, FAILED] {
        let select = format!("SELECT id FROM {table} ORDER BY id LIMIT 1");
        let id: Option<[u8; 16]> = file.prepare_cached(&select)?.query_row([], |row| row.get(0)).optional()?;
        let at = id.and_then(|id| i64::try_from(Ulid::from_bytes(id).timestamp_ms()).ok());
        let at = at.and_then(|millis| Timestamp::from_unix_nanos(i128::from(millis) * 1_000_000));
        oldest = [oldest, at].into_iter().flatten().min();
    }
    Ok(oldest)
}
