//! The thread that writes: groups of changes, each group durable before anybody hears of it. It never gives up.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::Shared;
use super::keeper::{Keeper, RESERVE_EVERY};
use super::prune;
use super::status::{self, LedgerStatus};
use super::work::{Effects, Job, Reply};
use crate::history::room::Room;
use crate::model::clock::Clock;
use crate::model::outbox::NotStored;

/// Jobs that share a transaction.
const GROUP_MAX: usize = 100;
/// Between two looks at what is too old to be kept.
const PRUNE_EVERY: Duration = Duration::from_hours(1);
/// Between two tries to come back to a disk that takes nothing, where nobody asks for anything.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// Up to so many notes that wait are counted after each group; more of them less often, in multiples of the time it takes.
const COUNTED_ALWAYS: u64 = 1_000;
const COUNT_SHARE: u32 = 20;

type Answer = (Reply, Result<(), NotStored>);

pub(super) struct Writer {
    pub keeper: Keeper,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    directory: PathBuf,
    /// Changes that nothing had room for.
    lost: u64,
    totals: Effects,
    last_sync: Duration,
    prune_at: Instant,
    /// When counting is worth its time again, and whether there is something new to count.
    count_at: Instant,
    uncounted: bool,
}

impl Writer {
    pub(super) fn new(
        directory: PathBuf,
        disk: Connection,
        room: Room,
        shared: Arc<Shared>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let now = Instant::now();
        Self {
            keeper: Keeper::new(directory.clone(), disk, room, Arc::clone(&clock)),
            shared,
            clock,
            directory,
            lost: 0,
            totals: Effects::default(),
            last_sync: Duration::ZERO,
            // Not while the first changes come.
            prune_at: now + RESERVE_EVERY,
            count_at: now,
            uncounted: true,
        }
    }

    /// Until every sender is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>, runtime: &Runtime) {
        loop {
            let patience = match &self.keeper.overflow {
                _ if self.uncounted => self.count_at.duration_since(Instant::now()),
                Some(_) => RETRY_EVERY,
                None => RESERVE_EVERY,
            };
            match runtime.block_on(async { timeout(patience, queue.recv()).await }) {
                Ok(Some(first)) => self.serve(first, &mut queue),
                Ok(None) => break,
                Err(_) => self.retry(),
            }
            self.keep_up();
        }
        self.keeper.come_back();
        if let Some(overflow) = &self.keeper.overflow {
            tracing::error!(changes = overflow.changes, "changes of incidents that could not be written are lost");
        }
    }

    fn serve(&mut self, first: Job, queue: &mut mpsc::Receiver<Job>) {
        let mut jobs = vec![first];
        while jobs.len() < GROUP_MAX
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        let answers = self.group(jobs);
        // Who hears of it finds the counts to match.
        self.publish();
        for (reply, result) in answers {
            // Whoever asked may have gone.
            let _ = reply.send(result);
        }
    }

    pub(super) fn group(&mut self, jobs: Vec<Job>) -> Vec<Answer> {
        let domain = self.shared.domain.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let done = self.keeper.run(&jobs, &domain, &*self.shared.moments);
        let why = self.keeper.trouble.clone().unwrap_or_default();
        let (done, durable) = match done {
            Ok(done) => done,
            Err(error) => {
                self.lost += jobs.iter().map(Job::changes).sum::<u64>();
                let told = NotStored::Trouble(format!("{why}; nor in memory: {error}"));
                return jobs.into_iter().map(|job| (job.reply(), Err(told.clone()))).collect();
            }
        };
        self.totals.add(&done.effects);
        if durable {
            self.last_sync = done.sync;
            return jobs.into_iter().map(Job::reply).zip(done.results).collect();
        }
        let mut answers = Vec::with_capacity(jobs.len());
        for ((job, result), (kept, lost)) in jobs.into_iter().zip(done.results).zip(done.taken) {
            self.lost += lost as u64;
            let then = match lost {
                0 => "they are kept in memory until there is room".to_owned(),
                _ => format!("{kept} are kept in memory, {lost} are lost"),
            };
            let result = match (&job, result) {
                (Job::Commit { .. }, Ok(())) => {
                    Err(NotStored::Trouble(format!("changes cannot be stored, {then}: {why}")))
                }
                (_, result) => result,
            };
            answers.push((job.reply(), result));
        }
        answers
    }

    /// Nobody asks for anything: what is kept in memory must not wait for that.
    fn retry(&mut self) {
        self.keeper.come_back();
        self.publish();
    }

    /// What is not urgent.
    fn keep_up(&mut self) {
        let now = Instant::now();
        if self.totals.take_news() {
            self.shared.changed.notify_waiters();
        }
        if self.keeper.overflow.is_some() {
            return;
        }
        if now >= self.prune_at
            && let Some(disk) = &mut self.keeper.disk
        {
            self.prune_at = now + PRUNE_EVERY;
            // What could not be removed now is tried again in an hour.
            let _ = prune::prune(disk, self.clock.now());
        }
        self.keeper.keep_reserve();
    }

    /// Tells everybody how it stands.
    pub(super) fn publish(&mut self) {
        let began = Instant::now();
        self.uncounted = began < self.count_at;
        let counted = self.keeper.file().filter(|_| !self.uncounted).and_then(|file| status::count(file).ok());
        if counted.as_ref().is_some_and(|counted| counted.waiting_for.values().sum::<u64>() > COUNTED_ALWAYS) {
            self.count_at = Instant::now() + COUNT_SHARE * began.elapsed();
        }
        let mut status = self.shared.status.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *status);
        *status = LedgerStatus {
            bytes: status::bytes(&self.directory),
            trouble: self.keeper.trouble.clone(),
            set_aside: self.keeper.set_aside.clone(),
            entered: self.totals.entered(),
            in_memory: self.keeper.overflow.as_ref().map_or(0, |overflow| overflow.changes),
            lost: self.lost,
            last_sync: self.last_sync,
            ..counted.unwrap_or(before)
        };
    }
}
