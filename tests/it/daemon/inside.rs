//! A whole daemon inside the test, on a clock that the test moves, and a target that does as the path says.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forerunner::app::daemon::Daemon;
use forerunner::app::daemon::start::{Drive, Log, Options};
use forerunner::app::daemon::vigil::Clocks;
use forerunner::base::time::Timestamp;
use forerunner::model::clock::Clock;
use forerunner::model::outbox::Unwatched;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

pub const SECOND: Duration = Duration::from_secs(1);

/// Every clock of a machine, moved by the runtime's, and by hand.
#[derive(Clone)]
pub struct Machine {
    started: Instant,
    /// What the wall clock was set by, and how long the machine slept, in seconds.
    moved: Arc<Mutex<(i64, u64)>>,
}

impl Machine {
    pub fn new() -> Self {
        Self { started: Instant::now(), moved: Arc::default() }
    }

    pub fn set_wall(&self, seconds: i64) {
        self.moved.lock().expect("no panic").0 += seconds;
    }

    pub fn suspend(&self, seconds: u64) {
        self.moved.lock().expect("no panic").1 += seconds;
    }
}

impl Clock for Machine {
    fn now(&self) -> Timestamp {
        let (set, slept) = *self.moved.lock().expect("no panic");
        let seconds = 1_795_000_000 + set + i64::try_from(slept).expect("small");
        Timestamp::from_unix_seconds(seconds).expect("in range").plus(self.started.elapsed())
    }
}

impl Clocks for Machine {
    fn wall(&self) -> Timestamp {
        Clock::now(self)
    }

    fn boot(&self) -> Duration {
        self.monotonic() + Duration::from_secs(self.moved.lock().expect("no panic").1)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

thread_local! {
    /// Whether `/sick` fails. A test has its thread for itself.
    pub static SICK: AtomicBool = const { AtomicBool::new(false) };
}

/// Makes `/sick` fail, or well again.
pub fn sick(fails: bool) {
    SICK.with(|sick| sick.store(fails, Ordering::SeqCst));
}

/// Answers `hi`; `/slow` takes three seconds. Requests are written down by their first lines.
pub async fn target() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let of_target = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&of_target)));
        }
    });
    (address, seen)
}

async fn answer(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    while let Ok(1..) = stream.read_buf(&mut request).await {
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut request)).expect("text");
        let line = text.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
        let slow = line.contains("/slow");
        let fails = line.contains("/sick") && SICK.with(|sick| sick.load(Ordering::SeqCst));
        let status = if fails { "503 Service Unavailable" } else { "200 OK" };
        let limits = if line.contains("/limited") { "RateLimit: \"default\";r=0;t=120\r\n" } else { "" };
        seen.lock().expect("no panic").push(line);
        if slow {
            sleep(3 * SECOND).await;
        }
        let answer = format!("HTTP/1.1 {status}\r\n{limits}Content-Length: 2\r\n\r\nhi");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A journey of one step, and what else it has.
pub fn journey(directory: &Path, id: &str, target: SocketAddr, path: &str, more: &str) {
    let text = format!(
        "forerunner: 1\njourney: {id}\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ site: \"http://{target}\" }}, writes: [things] }}\n\
         steps: [{{ step: open, get: {path}, expect: {{ body: hi }} }}]\n{more}"
    );
    std::fs::write(directory.join(format!("{id}.yaml")), text).expect("written");
}

pub fn configure(directory: &Path, runs: &str) {
    let text = format!(
        "listen: 127.0.0.1:0\ndefaults: {{ every: 10s, allow: {{ private-addresses: true, writes: true }} }}\nruns:\n{runs}"
    );
    std::fs::write(directory.join("c.yaml"), text).expect("written");
}

pub async fn start(directory: &Path, machine: &Machine) -> Daemon {
    let options = Options {
        config: directory.join("c.yaml"),
        listen: None,
        clock: Arc::new(machine.clone()),
        clocks: Arc::new(machine.clone()),
        drive: Drive::Runtime,
        log: Log::Foreign,
        moments: Arc::new(Unwatched),
        annex: axum::Router::new(),
    };
    Daemon::start(options).await.expect("a daemon")
}

pub async fn ask(daemon: &Daemon, path: &str) -> String {
    let mut stream = TcpStream::connect(daemon.address()).await.expect("connected");
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: here\r\n\r\n").as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

/// The number of a series, by everything before its value.
pub async fn number(daemon: &Daemon, series: &str) -> Option<u64> {
    let metrics = ask(daemon, "/metrics").await;
    metrics.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

pub async fn of_journey(daemon: &Daemon, what: &str, name: &str, more: &str) -> u64 {
    let series = format!("forerunner_journey_{what}{{journey=\"{name}\"{more}}}");
    number(daemon, &series).await.unwrap_or_else(|| panic!("no {series}"))
}

/// What was planned is what was done, one way or the other, once nothing is in progress.
pub fn balanced(daemon: &Daemon) {
    let totals = daemon.scheduler().totals();
    assert_eq!(totals.planned, totals.finished_all() + totals.skipped_all());
}

/// Ends the daemon in order; every start that was planned was done or skipped.
pub async fn balanced_after(daemon: Daemon) {
    let scheduler = Arc::clone(daemon.scheduler());
    daemon.shutdown(10 * SECOND).await;
    let totals = scheduler.totals();
    assert_eq!(totals.planned, totals.finished_all() + totals.skipped_all());
}

/// Waits for what threads do that know nothing of the paused clock, which stands still meanwhile.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    const LOOKS_MAX: usize = 30_000;
    for _ in 0..LOOKS_MAX {
        if holds() {
            return;
        }
        // Time does not pass by itself as long as something blocks.
        let pause = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(2)));
        pause.await.expect("no panic");
    }
    panic!("it never came to that: {what}");
}
