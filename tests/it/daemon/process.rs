//! The real program: started, asked, reloaded, killed, started again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::support::http1::{always, ok, serve};

/// Long enough for a machine that does a lot else; nothing waits for it unless something is wrong.
const PATIENCE: Duration = Duration::from_mins(1);

struct Daemon {
    child: Child,
    address: SocketAddr,
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forerunner"));
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

/// A directory with a configuration of two journeys at this target.
fn site(target: SocketAddr) -> tempfile::TempDir {
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

fn configure(directory: &Path, runs: &str) -> PathBuf {
    let path = directory.join("c.yaml");
    let text = format!(
        "listen: 127.0.0.1:0\ndefaults: {{ every: 1s, allow: {{ private-addresses: true }} }}\nlog: {{ format: json }}\nruns:\n{runs}"
    );
    std::fs::write(&path, text).expect("written");
    path
}

impl Daemon {
    /// Started, and its address read from the log.
    async fn start(directory: &Path) -> Self {
        let mut child = program()
            .args(["run", "--config", "c.yaml"])
            .current_dir(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(child.stderr.take().expect("a log")).lines();
        let address = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = lines.next_line().await {
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
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, address }
    }

    async fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        let text = format!("{request} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    /// Asks until the answer has what is looked for.
    async fn until(&self, request: &str, holds: impl Fn(&str) -> bool) -> String {
        let asking = async {
            loop {
                let answer = self.ask(request).await;
                if holds(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("it never came to that")
    }

    async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await.expect("kill is there");
        assert!(sent.success());
    }

    async fn ended(mut self) -> Option<i32> {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("ended in time").expect("waited").code()
    }
}

fn ran(name: &str) -> impl Fn(&str) -> bool {
    let start = format!("forerunner_journey_runs_total{{journey=\"{name}\"}} ");
    move |metrics| {
        let count = metrics.lines().find_map(|line| line.strip_prefix(&start));
        count.is_some_and(|count| count.parse::<u64>().expect("a count") >= 2)
    }
}

async fn runs(directory: &Path) -> String {
    let output = program().args(["runs", "--config", "c.yaml"]).current_dir(directory).output().await.expect("run");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn a_daemon_runs_reloads_and_ends_in_order() {
    let (target, _) = serve(vec![always(&ok("hi"))]).await;
    let directory = site(target);
    let daemon = Daemon::start(directory.path()).await;
    daemon.until("GET /metrics", ran("one")).await;
    let metrics = daemon.until("GET /metrics", ran("two")).await;
    assert!(metrics.contains("forerunner_journey_success{journey=\"one\"} 1"), "{metrics}");
    assert!(daemon.ask("GET /-/ready").await.starts_with("HTTP/1.1 200"));
    assert!(daemon.ask("GET /").await.contains("two"));
    // What is broken changes nothing, and the answer says what.
    std::fs::write(directory.path().join("two.yaml"), "forerunner: 1\njourney: two\nsteps: [{ gett: / }]\n")
        .expect("written");
    let answer = daemon.ask("POST /-/reload").await;
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("gett"), "{answer}");
    let metrics = daemon.ask("GET /metrics").await;
    assert!(metrics.contains("forerunner_config_last_reload_successful 0"), "{metrics}");
    assert!(metrics.contains("forerunner_journey_success{journey=\"two\"}"), "{metrics}");
    // What is gone is gone at once.
    configure(directory.path(), "  - file: one.yaml\n");
    daemon.signal("HUP").await;
    let metrics = daemon.until("GET /metrics", |metrics| metrics.contains("last_reload_successful 1")).await;
    assert!(!metrics.contains("journey=\"two\"") && metrics.contains("journey=\"one\""), "{metrics}");
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended().await, Some(0));
    let listed = runs(directory.path()).await;
    assert!(listed.contains("passed") && listed.contains("one"), "{listed}");
}

#[tokio::test]
async fn what_is_in_the_way_of_a_start_is_named_and_nothing_starts() {
    let (target, seen) = serve(vec![always(&ok("hi"))]).await;
    let directory = site(target);
    let first = Daemon::start(directory.path()).await;
    // A second daemon finds the store in use.
    let second =
        program().args(["run", "--config", "c.yaml"]).current_dir(directory.path()).output().await.expect("run");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("in use by another forerunner"), "{said}");
    // Or its port.
    let taken = first.address.to_string();
    let third = program()
        .args(["run", "--config", "c.yaml", "--listen", &taken])
        .current_dir(directory.path())
        .output()
        .await
        .expect("run");
    let said = String::from_utf8_lossy(&third.stderr).into_owned();
    assert_eq!(third.status.code(), Some(1), "{said}");
    assert!(said.contains(&taken) && said.contains("--listen"), "{said}");
    drop(first);
    let broken = site(target);
    configure(broken.path(), "  - { file: one.yaml, evry: 5s }\n");
    let before = seen.connections();
    let fourth = program().args(["run", "--config", "c.yaml"]).current_dir(broken.path()).output().await.expect("run");
    let said = String::from_utf8_lossy(&fourth.stderr).into_owned();
    assert_eq!(fourth.status.code(), Some(2), "{said}");
    assert!(said.contains("did you mean `every`?") && said.contains("nothing was started"), "{said}");
    assert!(seen.connections() >= before);
}

#[tokio::test]
async fn a_killed_daemon_loses_no_more_than_its_last_moment() {
    let (target, _) = serve(vec![always(&ok("hi"))]).await;
    let directory = site(target);
    for round in 0..3 {
        let daemon = Daemon::start(directory.path()).await;
        daemon.until("GET /metrics", ran("one")).await;
        // Two runs are known to be over; the group that holds the first of them is long committed.
        let list = async {
            while runs(directory.path()).await.lines().count() <= round {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, list).await.expect("runs are kept");
        let before = runs(directory.path()).await;
        daemon.signal("KILL").await;
        assert_eq!(daemon.ended().await, None);
        let after = runs(directory.path()).await;
        for line in before.lines() {
            let id = line.split_whitespace().next().expect("an id");
            assert!(after.contains(id), "run {id} was lost");
        }
    }
}
