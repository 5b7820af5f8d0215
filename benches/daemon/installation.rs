//! An installation to measure: a configuration and as many journeys as wanted, and the daemon that runs them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use forerunner::app::clock::SystemClock;
use forerunner::app::daemon::Daemon;
use forerunner::app::daemon::start::{Drive, Log, Options};
use forerunner::app::daemon::vigil::MachineClocks;
use forerunner::model::outbox::Unwatched;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::target::Target;

pub struct Installation {
    pub directory: tempfile::TempDir,
    pub every: Duration,
}

impl Installation {
    /// Journeys of one step each, a file each, all at one target.
    pub fn new(target: &Target, journeys: u32, every: Duration, secure: bool) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let probes = directory.path().join("probes");
        std::fs::create_dir(&probes).expect("made");
        let url = if secure {
            format!("https://localhost:{}", target.secure.port())
        } else {
            format!("http://{}", target.plain)
        };
        let mut runs = String::new();
        for number in 0..journeys {
            let text = format!(
                "forerunner: 1\njourney: j{number}\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ site: \"{url}\" }} }}\n\
                 steps:\n  - step: open\n    get: \"/slow/${{run.id}}\"\n    expect: {{ status: 200, $.state: up }}\n"
            );
            std::fs::write(probes.join(format!("j{number}.yaml")), text).expect("written");
            writeln!(runs, "  - file: probes/j{number}.yaml").expect("memory");
        }
        let network = if secure { format!("network: {{ ca: \"{}\" }}\n", target.ca.display()) } else { String::new() };
        let config = format!(
            "listen: 127.0.0.1:0\nlimits: {{ runs-in-flight: 1000, runs-per-host: 100000 }}\n{network}\
             defaults: {{ every: {}s, allow: {{ private-addresses: true }} }}\nruns:\n{runs}",
            every.as_secs()
        );
        std::fs::write(directory.path().join("c.yaml"), config).expect("written");
        Self { directory, every }
    }

    pub async fn start(&self) -> Daemon {
        let clock = Arc::new(SystemClock);
        let options = Options {
            config: self.directory.path().join("c.yaml"),
            listen: None,
            clock: clock.clone(),
            clocks: Arc::new(MachineClocks(clock)),
            drive: Drive::Thread,
            log: Log::Foreign,
            moments: Arc::new(Unwatched),
            annex: axum::Router::new(),
        };
        Daemon::start(options).await.expect("a daemon")
    }

    pub fn storage(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }
}

/// What `/metrics` says.
pub async fn metrics(daemon: &Daemon) -> String {
    let mut stream = TcpStream::connect(daemon.address()).await.expect("connected");
    let request = b"GET /metrics?collect[]=self&collect[]=journeys HTTP/1.0\r\nHost: here\r\n\r\n";
    stream.write_all(request).await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    text
}

/// From nothing to the first run that ended, and of a reload with one journey changed.
pub async fn times(installation: &Installation) -> (Duration, Duration) {
    let since = Instant::now();
    let daemon = installation.start().await;
    while daemon.scheduler().totals().finished_all() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let start = since.elapsed();
    touch(&installation.directory.path().join("probes/j0.yaml"));
    let since = Instant::now();
    daemon.reloader().reload().await.expect("a sound configuration");
    let reload = since.elapsed();
    daemon.shutdown(Duration::from_secs(10)).await;
    (start, reload)
}

fn touch(path: &Path) {
    let text = std::fs::read_to_string(path).expect("text").replace("step: open", "step: look");
    std::fs::write(path, text).expect("written");
}
