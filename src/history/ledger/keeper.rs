//! Where the ledger is: on disk, or in memory while the disk takes nothing; and what is done to get back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::time::Instant;

use super::group::{self, Done};
use super::overflow::{CHANGES_MAX, Overflow};
use super::reserve::Reserve;
use super::work::Job;
use crate::history::connection::{LEDGER, is_damage};
use crate::history::open::{self, SetAside};
use crate::history::room::Room;
use crate::model::clock::Clock;
use crate::model::outbox::Moments;

/// Between two tries to take the reserve again: on a disk that is nearly full each of them is in everybody's way.
pub(super) const RESERVE_EVERY: Duration = Duration::from_mins(1);

pub(super) struct Keeper {
    /// None while the file cannot be opened.
    pub disk: Option<Connection>,
    /// What stands for the disk while it takes nothing.
    pub overflow: Option<Overflow>,
    /// Why it does not.
    pub trouble: Option<String>,
    /// The file that turned out damaged last.
    pub set_aside: Option<SetAside>,
    directory: PathBuf,
    clock: Arc<dyn Clock>,
    reserve: Reserve,
    reserve_at: Instant,
}

impl Keeper {
    pub(super) fn new(directory: PathBuf, disk: Connection, room: Room, clock: Arc<dyn Clock>) -> Self {
        let reserve = Reserve::make(&directory, room);
        let reserve_at = Instant::now() + RESERVE_EVERY;
        Self { disk: Some(disk), overflow: None, trouble: None, set_aside: None, directory, clock, reserve, reserve_at }
    }

    /// Does the jobs wherever that is possible now. Whether they are durable, and not only in memory.
    ///
    /// # Errors
    /// It is possible nowhere.
    pub(super) fn run(&mut self, jobs: &[Job], domain: &str, moments: &dyn Moments) -> rusqlite::Result<(Done, bool)> {
        // What was kept comes first: what follows builds on it.
        self.come_back();
        if self.overflow.is_none() {
            match self.on_disk(jobs, domain, moments) {
                Ok(done) => {
                    self.trouble = None;
                    return Ok((done, true));
                }
                Err(error) => self.leave_disk(&error),
            }
        }
        let overflow = self.overflow.as_mut().ok_or_else(not_open)?;
        let room = CHANGES_MAX - overflow.changes;
        let done = group::run(&mut overflow.file, jobs, room, domain, moments)?;
        overflow.changes += done.taken.iter().map(|(kept, _)| kept).sum::<usize>();
        Ok((done, false))
    }

    fn on_disk(&mut self, jobs: &[Job], domain: &str, moments: &dyn Moments) -> rusqlite::Result<Done> {
        let mut done = self.try_disk(jobs, domain, moments);
        if done.as_ref().is_err_and(is_full) && self.make_room() {
            done = self.try_disk(jobs, domain, moments);
        }
        match done {
            Err(error) if is_damage(&error) => {
                self.begin_anew(&error);
                self.come_back();
                if self.overflow.is_none() { self.try_disk(jobs, domain, moments) } else { Err(error) }
            }
            done => done,
        }
    }

    fn try_disk(&mut self, jobs: &[Job], domain: &str, moments: &dyn Moments) -> rusqlite::Result<Done> {
        let disk = self.disk.as_mut().ok_or_else(not_open)?;
        group::run(disk, jobs, usize::MAX, domain, moments)
    }

    fn leave_disk(&mut self, error: &rusqlite::Error) {
        self.trouble = Some(error.to_string());
        if self.overflow.is_none() {
            self.overflow = Overflow::begin(self.disk.as_ref()).ok();
        }
    }

    /// Writes what was kept in memory, if the disk takes it now.
    pub(super) fn come_back(&mut self) {
        if self.overflow.is_none() {
            return;
        }
        let mut written = self.write_back();
        if written.as_ref().is_err_and(is_full) && self.make_room() {
            written = self.write_back();
        }
        if let Err(error) = &written
            && is_damage(error)
        {
            self.begin_anew(error);
            written = self.write_back();
        }
        match written {
            Ok(refused) => {
                if refused > 0 {
                    tracing::error!(refused, "some of what was kept in memory cannot be stored");
                }
                self.overflow = None;
                self.trouble = None;
                self.reserve_at = Instant::now() + RESERVE_EVERY;
            }
            Err(error) => self.trouble = Some(error.to_string()),
        }
    }

    fn write_back(&mut self) -> rusqlite::Result<usize> {
        if self.disk.is_none() {
            self.reopen();
        }
        let disk = self.disk.as_mut().ok_or_else(not_open)?;
        self.overflow.as_ref().map_or(Ok(0), |overflow| overflow.write_back(disk))
    }

    /// Gives up the reserve. Whether there was one.
    fn make_room(&mut self) -> bool {
        let given = self.reserve.give_up();
        if let (true, Some(disk)) = (given, &self.disk) {
            // What is in the log needs the space twice until it is in the file.
            let _ = disk.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        self.reserve_at = Instant::now() + RESERVE_EVERY;
        given
    }

    /// Saves what is under way from a damaged file, and moves the file away.
    fn begin_anew(&mut self, error: &rusqlite::Error) {
        self.leave_disk(error);
        // What could not be closed is moved all the same.
        let _ = self.disk.take().map(Connection::close);
        match open::set_aside(&LEDGER, &self.directory, self.clock.now()) {
            Ok(path) => {
                let set_aside = SetAside { noun: LEDGER.noun, path, reason: error.to_string() };
                tracing::error!("{set_aside}");
                self.set_aside = Some(set_aside);
                self.reopen();
            }
            Err(cause) => tracing::error!(%error, %cause, "the record of incidents is damaged and cannot be set aside"),
        }
    }

    fn reopen(&mut self) {
        match open::open_file(&LEDGER, &self.directory, self.clock.now()) {
            Ok((file, _)) => self.disk = Some(file),
            Err(cause) => tracing::debug!(%cause, "the record of incidents cannot be opened"),
        }
    }

    /// The ledger, wherever it is now.
    pub(super) fn file(&self) -> Option<&Connection> {
        self.overflow.as_ref().map(|overflow| &overflow.file).or(self.disk.as_ref())
    }

    /// Takes the reserve again, once in a while.
    pub(super) fn keep_reserve(&mut self) {
        if self.overflow.is_none() && Instant::now() >= self.reserve_at {
            self.restore_reserve();
        }
    }

    pub(super) fn restore_reserve(&mut self) {
        self.reserve_at = Instant::now() + RESERVE_EVERY;
        self.reserve.restore();
    }
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// What is answered for a file that could not be opened anew.
fn not_open() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN), None)
}
