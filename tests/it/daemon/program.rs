//! The real program as a daemon in a directory of its own: started, asked, signalled, waited for.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// Long enough for a machine that does a lot else; nothing waits for it unless something is wrong.
pub const PATIENCE: Duration = Duration::from_mins(3);

pub struct Daemon {
    pub child: Child,
    pub address: SocketAddr,
    /// Every line logged so far.
    log: Arc<Mutex<Vec<String>>>,
}

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forerunner"));
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

/// A directory with a configuration of two journeys at this target.
pub fn site(target: SocketAddr) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let journey = |id: &str| {
        format!(
            "forerunner: 1\njourney: {id}\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ site: \"http://{target}\" }} }}\n\
             steps: [{{ step: open, get: /{id}, expect: {{ body: hi }} }}]\n"
        )
    };
    std::fs::write(directory.path().join("one.yaml"), journey("one")).expect("written");
    std::fs::write(directory.path().join("two.yaml"), journey("two")).expect("written");
    configure(directory.path(), "  - file: one.yaml\n  - file: two.yaml\n");
    directory
}

pub fn configure(directory: &Path, runs: &str) -> PathBuf {
    let path = directory.join("c.yaml");
    let text = format!(
        "listen: 127.0.0.1:0\ndefaults: {{ every: 1s, allow: {{ private-addresses: true }} }}\nlog: {{ format: json }}\nruns:\n{runs}"
    );
    std::fs::write(&path, text).expect("written");
    path
}

/// A shop that is open or not.
pub async fn shop(open: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let status = if open.load(Ordering::SeqCst) { "200 OK" } else { "503 Service Unavailable" };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

impl Daemon {
    /// Started, and its address read from the log.
    pub async fn start(directory: &Path) -> Self {
        Self::start_with(directory, &[]).await
    }

    /// The same with more in its environment.
    pub async fn start_with(directory: &Path, environment: &[(&str, &str)]) -> Self {
        let mut command = program();
        command.envs(environment.iter().copied()).args(["run", "--config", "c.yaml"]).current_dir(directory);
        Self::of(command).await
    }

    /// What this command starts, which logs as JSON.
    pub async fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
        let mut lines = BufReader::new(child.stderr.take().expect("a log")).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let logged = Arc::clone(&log);
        let address = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = lines.next_line().await {
                logged.lock().expect("no panic").push(line.clone());
                let entry: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
                if let Some(address) = entry["address"].as_str() {
                    return address.parse().expect("an address");
                }
            }
            panic!("the log ended");
        })
        .await
        .expect("listening in time");
        // The log is read on, so that it never fills the pipe.
        let logged = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                logged.lock().expect("no panic").push(line);
            }
        });
        Self { child, address, log }
    }

    pub fn log(&self) -> String {
        self.log.lock().expect("no panic").join("\n")
    }

    pub async fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        let text = format!("{request} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    /// Asks until the answer has what is looked for.
    pub async fn until(&self, request: &str, holds: impl Fn(&str) -> bool) -> String {
        let last = Mutex::new(String::new());
        let asking = async {
            loop {
                let answer = self.ask(request).await;
                if holds(&answer) {
                    return answer;
                }
                *last.lock().expect("no panic") = answer;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, asking).await;
        found.unwrap_or_else(|_| {
            let (last, log) = (last.lock().expect("no panic"), self.log());
            let end =
                |text: &str| text.chars().rev().take(3_000).collect::<Vec<_>>().into_iter().rev().collect::<String>();
            panic!("it never came to that: {request}: {}\n{}", end(&last), end(&log))
        })
    }

    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await.expect("kill is there");
        assert!(sent.success());
    }

    pub async fn ended(mut self) -> Option<i32> {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("ended in time").expect("waited").code()
    }
}

pub fn ran(name: &str) -> impl Fn(&str) -> bool {
    let start = format!("forerunner_journey_runs_total{{journey=\"{name}\"}} ");
    move |metrics| {
        let count = metrics.lines().find_map(|line| line.strip_prefix(&start));
        count.is_some_and(|count| count.parse::<u64>().expect("a count") >= 2)
    }
}

pub async fn runs(directory: &Path) -> String {
    let output = program().args(["runs", "--config", "c.yaml"]).current_dir(directory).output().await.expect("run");
    String::from_utf8(output.stdout).expect("text")
}
