//! The worker of one channel: looks for what is due, has it sent, and writes down how that ended.

mod attempt;
mod backoff;
mod gate;
mod pace;
mod report;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::attempt::{Desk, Ended, Reached, is_too_old};
use self::backoff::back_off;
use self::gate::Gate;
use self::pace::Pace;
use self::report::Reporter;
pub use self::report::{Event, Report};
use super::channel::Channel;
use crate::base::time::Timestamp;
use crate::model::clock::Clock;
use crate::model::incident::NoticeKind;
use crate::model::outbox::{Address, Moments, Note, Outbox, Rendered, Settled};

/// Attempts of a channel at once: a slow relay holds up one of them.
const ATTEMPTS_MAX: usize = 4;
/// Notes that are looked at together; each holds a whole message.
const PAGE: usize = 32;
/// Notes of a store that takes nothing, at most, behind which others are still looked for.
const UNSETTLED_MAX: usize = 1000;
/// More than this for one receiver become one message.
const SINGLE_MAX: usize = 5;
/// As many as one digest stands for.
const DIGEST_MAX: usize = 20_000;
/// Looked at again after this time even if nobody said that anything changed: the wall clock may have been set.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// Given to attempts under way when the daemon stops; what they come to is known after the next start.
const LEAVE_MAX: Duration = Duration::from_secs(5);

/// Makes one message of several notes, of which only lines are there.
pub type MakeDigest = Arc<dyn Fn(&[Note]) -> Rendered + Send + Sync>;

/// What a worker works with.
pub struct Worker<C> {
    /// Of the channel in the configuration.
    pub name: String,
    pub channel: C,
    pub outbox: Arc<dyn Outbox>,
    pub digest: MakeDigest,
    pub clock: Arc<dyn Clock>,
    pub moments: Arc<dyn Moments>,
    /// Never waited for: what there is no room for is counted and told later.
    pub reports: mpsc::Sender<Report>,
}

impl<C: Channel> Worker<C> {
    /// Delivers until it is stopped.
    pub async fn run(self, stop: CancellationToken) {
        let Self { name, channel, outbox, digest, clock, moments, reports } = self;
        let reporter = Reporter::new(&name, reports);
        let desk = Arc::new(Desk { outbox, channel, clock, moments, reporter });
        let mut round = Round {
            name,
            desk: Arc::clone(&desk),
            digest,
            attempts: JoinSet::new(),
            under_way: HashMap::new(),
            unsettled: HashMap::new(),
            pace: Pace::default(),
            gate: Gate::default(),
        };
        loop {
            // Before the look, so that nothing that changes during it is missed.
            let changed = desk.outbox.changed();
            let wake_at = round.look().await;
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = round.attempts.join_next_with_id() => round.ended(ended),
                () = changed => {}
                () = sleep_until(wake_at) => {}
            }
        }
        let rest = async { while round.attempts.join_next().await.is_some() {} };
        let _ = timeout(LEAVE_MAX, rest).await;
    }
}

/// Where the worker stands.
struct Round<C> {
    name: String,
    desk: Arc<Desk<C>>,
    digest: MakeDigest,
    attempts: JoinSet<Ended>,
    /// By task: the note and its receiver; none for a look at whether a relay can be talked to.
    under_way: HashMap<Id, Option<(i64, String)>>,
    /// What the store did not take. These notes are not sent again.
    unsettled: HashMap<i64, Settled>,
    pace: Pace,
    gate: Gate,
}

impl<C: Channel> Round<C> {
    /// Begins what can be begun, and says when to look again.
    async fn look(&mut self) -> Instant {
        self.settle_again().await;
        let mut wake_at = Instant::now() + LOOK_AGAIN;
        // One bundle may make room for what waits behind it, and a digest is due at once.
        while self.attempts.len() < self.places() {
            let now = Instant::now();
            let (closed, opens) = self.pace.closed(now);
            wake_at = wake_at.min(opens.unwrap_or(wake_at));
            let wall = self.desk.clock.now();
            // Those that are done with, and that the store does not know to be, stand in front of all others.
            let most = PAGE + self.unsettled.len().min(UNSETTLED_MAX);
            let due = self.desk.outbox.due_beside(&self.name, wall, most, &closed).await;
            let Some(due) = self.desk.stored(due) else { break };
            match self.begin(due, wall).await {
                Begun::Bundled => {}
                Begun::Nothing { until } => {
                    wake_at = wake_at.min(until.unwrap_or(wake_at));
                    break;
                }
            }
        }
        let wall = self.desk.clock.now();
        let next = self.desk.outbox.next_due(&self.name, wall).await;
        if let Some(next) = self.desk.stored(next).flatten() {
            let nanos = u64::try_from(next.unix_nanos().saturating_sub(wall.unix_nanos())).unwrap_or_default();
            wake_at = wake_at.min(Instant::now() + Duration::from_nanos(nanos));
        }
        wake_at
    }

    /// While nobody can be talked to, one attempt is enough to find out when that changes.
    fn places(&self) -> usize {
        if self.gate.is_closed() { 1 } else { ATTEMPTS_MAX }
    }

    async fn begin(&mut self, due: Vec<Note>, wall: Timestamp) -> Begun {
        let mut until: Option<Instant> = None;
        let mut judged = HashSet::new();
        for note in due {
            let now = Instant::now();
            let receiver = note.address.recipient.clone();
            if self.is_taken(note.id) {
                continue;
            }
            if self.pace.open_at(&receiver, now) > now {
                let opens = self.pace.open_at(&receiver, now);
                until = Some(until.map_or(opens, |known| known.min(opens)));
                continue;
            }
            if note.attempts > 0 && is_too_old(&note, wall) {
                self.expire(note).await;
                continue;
            }
            if let Some(opens) = self.gate.opens_at(note.attempts == 0).filter(|opens| *opens > now) {
                until = Some(until.map_or(opens, |known| known.min(opens)));
                continue;
            }
            if self.attempts.len() >= self.places() {
                break;
            }
            if judged.insert(receiver) {
                let crowd = self.crowd(&note.address).await;
                if crowd.len() > SINGLE_MAX {
                    if self.gate.is_closed() {
                        self.knock();
                        break;
                    }
                    if self.bundle(&crowd).await {
                        return Begun::Bundled;
                    }
                }
            }
            self.attempt(note, now);
        }
        Begun::Nothing { until }
    }

    fn is_taken(&self, id: i64) -> bool {
        self.unsettled.contains_key(&id) || self.under_way.values().flatten().any(|(taken, _)| *taken == id)
    }

    /// What waits for a receiver and could be told together.
    async fn crowd(&self, address: &Address) -> Vec<Note> {
        let waiting = self.desk.outbox.waiting(address, DIGEST_MAX).await;
        let mut notes = self.desk.stored(waiting).unwrap_or_default();
        // A digest stays what it is, and a test wants to arrive itself.
        notes.retain(|note| !matches!(note.kind, NoticeKind::Digest | NoticeKind::Test) && !self.is_taken(note.id));
        notes
    }

    /// Makes one of many. False if they have to go one by one.
    async fn bundle(&self, crowd: &[Note]) -> bool {
        let ids: Vec<i64> = crowd.iter().map(|note| note.id).collect();
        let digest = (self.digest)(crowd);
        self.desk.moments.reached("delivery.bundling");
        let bundled = self.desk.outbox.bundle(&ids, self.desk.clock.now(), digest).await;
        self.desk.moments.reached("delivery.bundled");
        self.desk.stored(bundled).is_some()
    }

    fn attempt(&mut self, note: Note, now: Instant) {
        let (id, receiver) = (note.id, note.address.recipient.clone());
        self.pace.take(&receiver, now);
        let desk = Arc::clone(&self.desk);
        let task = self.attempts.spawn(async move { desk.attempt(note).await });
        self.under_way.insert(task.id(), Some((id, receiver)));
    }

    fn knock(&mut self) {
        let desk = Arc::clone(&self.desk);
        let task = self.attempts.spawn(async move { desk.knock().await });
        self.under_way.insert(task.id(), None);
    }

    fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (task, ended) = match ended {
            Ok((task, ended)) => (task, Some(ended)),
            Err(error) => (error.id(), None),
        };
        let note = self.under_way.remove(&task).flatten();
        let Some(ended) = ended else {
            // A mistake of ours. Tried again at once, it would be made again at once.
            if let Some((id, _)) = note {
                let until = self.desk.clock.now().plus(back_off(1, id.unsigned_abs()));
                let said = "the attempt broke off inside forerunner".to_owned();
                self.unsettled.insert(id, Settled::Deferred { until, said, maybe_sent: true });
            }
            return;
        };
        if let Some((id, receiver)) = note {
            if let Some(settled) = ended.unsettled {
                self.unsettled.insert(id, settled);
            }
            if !ended.counts {
                self.pace.give_back(&receiver);
            }
        }
        match ended.reached {
            Reached::Relay => {
                if self.gate.open() {
                    self.desk.reporter.tell(Event::Up);
                }
            }
            Reached::Untried => {}
            Reached::Nobody { said, wait } => {
                let seed = self.name.bytes().fold(0, |seed: u64, byte| seed.rotate_left(7) ^ u64::from(byte));
                if self.gate.close(Instant::now(), wait, seed) {
                    self.desk.reporter.tell(Event::Down { said });
                }
            }
        }
    }

    async fn expire(&mut self, note: Note) {
        let said = "nobody took it within a day after the incident ended".to_owned();
        let settled = Settled::Expired { said: said.clone() };
        let settling = self.desk.outbox.settle(note.id, self.desk.clock.now(), settled.clone()).await;
        if self.desk.is_open(settling) {
            self.unsettled.insert(note.id, settled);
        }
        self.desk.reporter.tell(Event::Expired { recipient: note.address.recipient, said });
    }

    /// What the store did not take before.
    async fn settle_again(&mut self) {
        for (id, settled) in std::mem::take(&mut self.unsettled) {
            let settling = self.desk.outbox.settle(id, self.desk.clock.now(), settled.clone()).await;
            if self.desk.is_open(settling) {
                self.unsettled.insert(id, settled);
            }
        }
    }
}

enum Begun {
    /// Several became one, which is due now.
    Bundled,
    /// No more can be begun, before this time if nothing else happens.
    Nothing { until: Option<Instant> },
}
