//! From the outbox to a relay that misbehaves, and what of it arrives.

mod delivery;
mod dialogue;
mod drops;
mod encryption;
mod hostile;
mod ledger;
mod letters;
mod outbox;
mod relays;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use forerunner::base::time::Timestamp;
use forerunner::model::clock::Clock;
use forerunner::model::incident::NoticeKind;
use forerunner::model::outbox::{Moments, Note, Rendered};
use forerunner::net::network::{Machine, Settings};
use forerunner::notify::channel::{Channel, Trouble};
use forerunner::notify::delivery::{Event, Report, Worker};
use forerunner::notify::email::Email;
use forerunner::notify::email::settings::{EmailSettings, Login, Password, Relay, RelayTls};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::outbox::{Model, rendered};
use crate::support::smtp::Peer;

/// Runs a test on a runtime whose time is paused, and which has two threads for work that blocks: one keeps time from
/// passing, the other one does everything else in order.
pub fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).max_blocking_threads(2).build().expect("a runtime");
    runtime.block_on(test);
}

/// Time that passes only when a test says so. The runtime would let it pass whenever it has nothing to do, also while
/// bytes are on their way between two sockets; it does not as long as a thread works for it. One a test at a time.
pub struct Frozen {
    _working: std::sync::mpsc::Sender<()>,
    started: Instant,
}

impl Frozen {
    pub fn new() -> Self {
        let (working, done) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || done.recv().is_err());
        Self { _working: working, started: Instant::now() }
    }

    pub fn clock(&self) -> Wall {
        Wall(self.started)
    }

    /// Lets everything that can happen now happen: bytes between sockets, and files that are read.
    pub async fn calm(&self) {
        for _ in 0..4 {
            for _ in 0..32 {
                tokio::task::yield_now().await;
            }
            // The one thread for such work has then done all that was asked of it before.
            tokio::task::spawn_blocking(|| ()).await.expect("done");
        }
    }

    /// Second by second.
    pub async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            self.calm().await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        self.calm().await;
    }

    /// Until it is so. How many seconds that took; more than `most` are a failure.
    #[track_caller]
    pub fn until<'a>(&'a self, most: u64, what: &'a str, so: impl Fn() -> bool + 'a) -> impl Future<Output = u64> + 'a {
        let place = std::panic::Location::caller();
        async move {
            for seconds in 0..=most {
                for _ in 0..4 {
                    self.calm().await;
                    if so() {
                        return seconds;
                    }
                }
                tokio::time::advance(Duration::from_secs(1)).await;
            }
            panic!("{place}: not within {most} s: {what}");
        }
    }
}

/// The wall clock, moved by the frozen one.
#[derive(Clone, Copy)]
pub struct Wall(Instant);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_334_400).expect("in range").plus(self.0.elapsed())
    }
}

/// A relay as the configuration has it.
pub fn relay(name: &str, peer: &Peer) -> Relay {
    Relay { host: name.to_owned(), port: peer.address.port(), tls: RelayTls::None, login: None, ca: None }
}

pub fn login(directory: &tempfile::TempDir, user: &str, password: &str) -> Login {
    let path = directory.path().join(user);
    std::fs::write(&path, format!("{password}\n")).expect("written");
    Login { user: user.to_owned(), password: Password::File(path) }
}

pub fn email(relays: Vec<Relay>) -> Email {
    let named = relays.iter().filter(|relay| relay.host.contains(".test"));
    let resolve = named.map(|relay| (relay.host.clone(), relay.port, [127, 0, 0, 1].into())).collect();
    let network = Settings { resolve, ..Settings::default() };
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let settings = EmailSettings {
        from: "forerunner@example.org".to_owned(),
        to: owned(&["a@x.test", "b@x.test", "c@x.test"]),
        fallback: owned(&["boss@x.test"]),
        relays,
        hello: "monitor.example.org".to_owned(),
    };
    Email::new(settings, network, &Arc::new(Machine::default())).map_err(|bad| bad.message).expect("sound")
}

/// The moments that were passed.
#[derive(Default)]
pub struct Passed(pub std::sync::Mutex<Vec<&'static str>>);

impl Moments for Passed {
    fn reached(&self, moment: &'static str) {
        self.0.lock().expect("no panic").push(moment);
    }
}

/// A worker at work on an outbox.
pub struct Office {
    pub time: Frozen,
    pub outbox: Arc<Model>,
    reports: std::sync::Mutex<(mpsc::Receiver<Report>, Vec<Event>)>,
    pub moments: Arc<Passed>,
    stop: CancellationToken,
}

impl Office {
    pub fn open(relays: Vec<Relay>) -> Self {
        Self::with(email(relays))
    }

    pub fn with(channel: impl Channel) -> Self {
        Self::with_reports(channel, 100_000)
    }

    /// With room for so many reports.
    pub fn with_reports(channel: impl Channel, room: usize) -> Self {
        let time = Frozen::new();
        let outbox = Arc::new(Model::default());
        let (reports, received) = mpsc::channel(room);
        let stop = CancellationToken::new();
        let moments = Arc::<Passed>::default();
        let worker = Worker {
            name: "ops".to_owned(),
            channel,
            outbox: outbox.clone(),
            digest: Arc::new(digest),
            clock: Arc::new(time.clock()),
            moments: moments.clone(),
            reports,
        };
        tokio::spawn(worker.run(stop.clone()));
        Self { time, outbox, reports: std::sync::Mutex::new((received, Vec::new())), moments, stop }
    }

    /// A notice of its own incident.
    pub fn notice(&self, incident: &str, to: &str) -> i64 {
        self.outbox.add(to, incident, 1, NoticeKind::Firing, self.time.clock().now())
    }

    /// Until nothing waits any more.
    pub async fn done(&self, most: u64) -> u64 {
        self.time.until(most, "all is settled", || self.outbox.waiting() == 0).await
    }

    /// Everything that was told so far.
    pub fn events(&self) -> Vec<Event> {
        let mut reports = self.reports.lock().expect("no panic");
        while let Ok(report) = reports.0.try_recv() {
            assert_eq!(&*report.channel, "ops");
            reports.1.push(report.event);
        }
        reports.1.clone()
    }

    /// Reasons of failures, in order.
    pub fn reasons(&self) -> Vec<&'static str> {
        let reason = |event: &Event| if let Event::Failed(failure) = event { Some(failure.reason) } else { None };
        self.events().iter().filter_map(reason).collect()
    }

    pub fn troubles(&self) -> Vec<Trouble> {
        self.events().iter().filter_map(Event::trouble).collect()
    }

    pub fn break_disk(&self, broken: bool) {
        self.outbox.broken.store(broken, Ordering::SeqCst);
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A digest of one line a note.
fn digest(notes: &[Note]) -> Rendered {
    let line = |note: &Note| format!("{} {}\r\n", note.rendered.line.title, note.rendered.line.at);
    let lines = notes.iter().map(line).collect::<Vec<_>>().concat();
    let at = notes.last().map_or(Timestamp::UNIX_EPOCH, |note| note.queued_at);
    rendered(NoticeKind::Digest, at, &format!("{} notices", notes.len()), lines.as_bytes())
}
