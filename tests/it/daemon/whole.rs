//! The whole daemon in this process, on a clock that tests move: what comes of starts, skips, reloads, a drain, and of
//! clocks that jump.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forerunner::app::daemon::Daemon;
use forerunner::app::daemon::start::{Drive, Log, Options};
use forerunner::app::daemon::vigil::Clocks;
use forerunner::base::time::Timestamp;
use forerunner::model::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// Every clock of a machine, moved by the runtime's, and by hand.
#[derive(Clone)]
struct Machine {
    started: Instant,
    /// What the wall clock was set by, and how long the machine slept, in seconds.
    moved: Arc<Mutex<(i64, u64)>>,
}

impl Machine {
    fn new() -> Self {
        Self { started: Instant::now(), moved: Arc::default() }
    }

    fn set_wall(&self, seconds: i64) {
        self.moved.lock().expect("no panic").0 += seconds;
    }

    fn suspend(&self, seconds: u64) {
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

/// Answers `hi`; `/slow` takes three seconds. Requests are written down by their first lines.
async fn target() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
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
        let limits = if line.contains("/limited") { "RateLimit: \"default\";r=0;t=120\r\n" } else { "" };
        seen.lock().expect("no panic").push(line);
        if slow {
            sleep(3 * SECOND).await;
        }
        let answer = format!("HTTP/1.1 200 OK\r\n{limits}Content-Length: 2\r\n\r\nhi");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A journey of one step, and what else it has.
fn journey(directory: &Path, id: &str, target: SocketAddr, path: &str, more: &str) {
    let text = format!(
        "forerunner: 1\njourney: {id}\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ site: \"http://{target}\" }}, writes: [things] }}\n\
         steps: [{{ step: open, get: {path}, expect: {{ body: hi }} }}]\n{more}"
    );
    std::fs::write(directory.join(format!("{id}.yaml")), text).expect("written");
}

fn configure(directory: &Path, runs: &str) {
    let text = format!(
        "listen: 127.0.0.1:0\ndefaults: {{ every: 10s, allow: {{ private-addresses: true, writes: true }} }}\nruns:\n{runs}"
    );
    std::fs::write(directory.join("c.yaml"), text).expect("written");
}

async fn start(directory: &Path, machine: &Machine) -> Daemon {
    let options = Options {
        config: directory.join("c.yaml"),
        listen: None,
        clock: Arc::new(machine.clone()),
        clocks: Arc::new(machine.clone()),
        drive: Drive::Runtime,
        log: Log::Foreign,
    };
    Daemon::start(options).await.expect("a daemon")
}

async fn ask(daemon: &Daemon, path: &str) -> String {
    let mut stream = TcpStream::connect(daemon.address()).await.expect("connected");
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: here\r\n\r\n").as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

/// The number of a series, by everything before its value.
async fn number(daemon: &Daemon, series: &str) -> Option<u64> {
    let metrics = ask(daemon, "/metrics").await;
    metrics.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

async fn of_journey(daemon: &Daemon, what: &str, name: &str, more: &str) -> u64 {
    let series = format!("forerunner_journey_{what}{{journey=\"{name}\"{more}}}");
    number(daemon, &series).await.unwrap_or_else(|| panic!("no {series}"))
}

/// What was planned is what was done, one way or the other, once nothing is in progress.
fn balanced(daemon: &Daemon) {
    let totals = daemon.scheduler().totals();
    assert_eq!(totals.planned, totals.finished_all() + totals.skipped_all());
}

#[tokio::test(start_paused = true)]
async fn runs_come_by_their_grid_and_every_one_is_counted_and_kept() {
    let (target, seen) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "home", target, "/", "");
    configure(directory.path(), "  - file: home.yaml\n");
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(605 * SECOND).await;
    let runs = of_journey(&daemon, "runs_total", "home", "").await;
    assert!((60..=62).contains(&runs), "{runs} runs in ten minutes");
    assert_eq!(of_journey(&daemon, "planned_runs_total", "home", "").await, runs);
    assert_eq!(seen.lock().expect("no panic").len() as u64, runs);
    assert!(ask(&daemon, "/").await.contains("passed"));
    let reader = forerunner::history::reader::Reader::new(&directory.path().join("data"));
    daemon.shutdown(SECOND).await;
    let kept = reader.list(&forerunner::history::list::Filter::default()).expect("a history");
    assert_eq!(kept.len() as u64, runs);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_longer_than_its_interval_skips_the_next_and_nothing_is_lost() {
    let (target, _) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "slow", target, "/slow", "");
    configure(directory.path(), "  - { file: slow.yaml, every: 2s }\n");
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(60 * SECOND).await;
    let skipped = of_journey(&daemon, "skipped_runs_total", "slow", ",reason=\"overlap\"").await;
    let runs = of_journey(&daemon, "runs_total", "slow", "").await;
    let planned = of_journey(&daemon, "planned_runs_total", "slow", "").await;
    assert!(skipped > 10 && runs > 10 && planned - runs - skipped <= 1, "{planned} {runs} {skipped}");
    let scheduler = Arc::clone(daemon.scheduler());
    daemon.shutdown(10 * SECOND).await;
    let totals = scheduler.totals();
    assert_eq!(totals.planned, totals.finished_all() + totals.skipped_all());
}

#[tokio::test(start_paused = true)]
async fn a_reload_changes_what_it_changes_and_nothing_else() {
    let (target, _) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "stays", target, "/", "");
    journey(directory.path(), "goes", target, "/", "");
    configure(directory.path(), "  - file: stays.yaml\n  - file: goes.yaml\n");
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(30 * SECOND).await;
    let before = of_journey(&daemon, "runs_total", "stays", "").await;
    journey(directory.path(), "comes", target, "/", "");
    configure(directory.path(), "  - file: stays.yaml\n  - file: comes.yaml\n");
    daemon.reloader().reload().await.expect("sound");
    assert_eq!(of_journey(&daemon, "runs_total", "stays", "").await, before, "what it counted is kept");
    assert_eq!(number(&daemon, "forerunner_journey_runs_total{journey=\"goes\"}").await, None);
    sleep(30 * SECOND).await;
    assert!((2..=4).contains(&of_journey(&daemon, "runs_total", "comes", "").await));
    assert!((2..=4).contains(&(of_journey(&daemon, "runs_total", "stays", "").await - before)));
    // What is broken changes nothing.
    configure(directory.path(), "  - file: nowhere.yaml\n");
    daemon.reloader().reload().await.expect_err("no such file");
    assert_eq!(number(&daemon, "forerunner_config_last_reload_successful").await, Some(0));
    let before = of_journey(&daemon, "runs_total", "stays", "").await;
    sleep(30 * SECOND).await;
    assert!(of_journey(&daemon, "runs_total", "stays", "").await > before);
    balanced(&daemon);
    daemon.shutdown(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_starts_nothing_lets_runs_end_and_cleans_up() {
    for (grace, ended) in [(10 * SECOND, "passed"), (SECOND, "indeterminate")] {
        let (target, seen) = target().await;
        let directory = tempfile::tempdir().expect("a directory");
        journey(directory.path(), "slow", target, "/slow", "cleanup: [{ step: undo, delete: /made }]\n");
        configure(directory.path(), "  - file: slow.yaml\n");
        let daemon = start(directory.path(), &Machine::new()).await;
        while daemon.scheduler().in_flight() == 0 {
            sleep(SECOND / 10).await;
        }
        // In the middle of the first answer.
        while seen.lock().expect("no panic").is_empty() {
            sleep(SECOND / 10).await;
        }
        daemon.shutdown(grace).await;
        assert_eq!(*seen.lock().expect("no panic"), ["GET /slow", "DELETE /made"], "{ended}");
        let reader = forerunner::history::reader::Reader::new(&directory.path().join("data"));
        let kept = reader.list(&forerunner::history::list::Filter::default()).expect("a history");
        assert_eq!(kept.iter().map(|run| run.outcome.word()).collect::<Vec<_>>(), [ended]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_jump_of_the_clock_or_a_suspend_touches_is_nobodys_fault() {
    let jumps: [fn(&Machine); 4] = [
        |machine| machine.set_wall(3600),
        |machine| machine.set_wall(-3600),
        |machine| machine.set_wall(365 * 86_400),
        |machine| machine.suspend(600),
    ];
    for (number_of_jump, jump) in jumps.into_iter().enumerate() {
        let (target, _) = target().await;
        let directory = tempfile::tempdir().expect("a directory");
        journey(directory.path(), "slow", target, "/slow", "");
        configure(directory.path(), "  - file: slow.yaml\n");
        let machine = Machine::new();
        let daemon = start(directory.path(), &machine).await;
        while daemon.scheduler().in_flight() == 0 {
            sleep(SECOND / 10).await;
        }
        jump(&machine);
        sleep(5 * SECOND).await;
        let indeterminate = of_journey(&daemon, "indeterminate_runs_total", "slow", ",cause=\"probe\"").await;
        assert_eq!(indeterminate, 1, "jump {number_of_jump}");
        assert_eq!(of_journey(&daemon, "runs_total", "slow", "").await, 0);
        // What comes later is judged again, by the same grid.
        sleep(60 * SECOND).await;
        let runs = of_journey(&daemon, "runs_total", "slow", "").await;
        assert!((5..=7).contains(&runs), "jump {number_of_jump}: {runs} runs");
        assert_eq!(of_journey(&daemon, "failures_total", "slow", "").await, 0);
        assert_eq!(of_journey(&daemon, "indeterminate_runs_total", "slow", ",cause=\"probe\"").await, 1);
        balanced_after(daemon).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_whose_quota_is_used_up_is_left_alone_until_it_is_renewed() {
    let (target, _) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "limited", target, "/limited", "");
    configure(directory.path(), "  - file: limited.yaml\n");
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(600 * SECOND).await;
    // One run in two minutes instead of twelve.
    assert!((4..=6).contains(&of_journey(&daemon, "runs_total", "limited", "").await));
    assert!(of_journey(&daemon, "skipped_runs_total", "limited", ",reason=\"quota\"").await > 40);
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_resolver_of_our_own_is_nobodys_fault() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = "forerunner: 1\njourney: home\nlimits: { every: 1s }\nneeds: { hosts: { site: \"http://site.example\" } }\nsteps: [{ get: / }]\n";
    std::fs::write(directory.path().join("home.yaml"), text).expect("written");
    // Nobody listens there, which this machine is told at once.
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    configure(directory.path(), &format!("  - {{ file: home.yaml, network: {{ resolver: \"{closed}\" }} }}\n"));
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(60 * SECOND).await;
    assert!(of_journey(&daemon, "indeterminate_runs_total", "home", ",cause=\"probe\"").await > 2);
    assert_eq!(of_journey(&daemon, "failures_total", "home", "").await, 0);
    balanced_after(daemon).await;
}

async fn balanced_after(daemon: Daemon) {
    let scheduler = Arc::clone(daemon.scheduler());
    daemon.shutdown(10 * SECOND).await;
    let totals = scheduler.totals();
    assert_eq!(totals.planned, totals.finished_all() + totals.skipped_all());
}
