//! What the daemon exposes, judged by the tool of those who scrape it.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

/// Long enough for a machine that does a lot else.
const PATIENCE: Duration = Duration::from_mins(1);

async fn scrape(address: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

/// The body of an answer that came in chunks.
pub fn body(answer: &str) -> String {
    let (_, mut rest) = answer.split_once("\r\n\r\n").expect("a head");
    let mut body = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        if size == 0 {
            break;
        }
        body.push_str(&more[..size]);
        rest = more[size..].trim_start_matches("\r\n");
    }
    body
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_metrics() {
    let directory = tempfile::tempdir().expect("a directory");
    let journey = "forerunner: 1\njourney: home\nlimits: { every: 1s }\nneeds: { hosts: { site: \"http://127.0.0.1:9\" } }\n\
                   steps: [{ step: open, get: / }]\nslo: [{ good: passed, target: 99%, over: 28d }]\n";
    std::fs::write(directory.path().join("home.yaml"), journey).expect("written");
    let config = "listen: 127.0.0.1:0\ndefaults: { every: 1s, allow: { private-addresses: true } }\nlog: { format: json }\n\
                  runs: [{ file: home.yaml, labels: { unit: sales } }]\n";
    std::fs::write(directory.path().join("c.yaml"), config).expect("written");
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_forerunner"))
        .args(["run", "--config", "c.yaml"])
        .current_dir(directory.path())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(daemon.stderr.take().expect("a log")).lines();
    let address = loop {
        let line = lines.next_line().await.expect("a log").expect("a line");
        let entry: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        if let Some(address) = entry["address"].as_str() {
            break address.to_owned();
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let failed = async {
        loop {
            let text = body(&scrape(&address).await);
            if text.contains("forerunner_step_failures_total{") {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let text = tokio::time::timeout(PATIENCE, failed).await.expect("a run in time");
    assert!(text.contains("reason=\"connect\""), "{text}");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed");
    let mut input = promtool.stdin.take().expect("its input");
    input.write_all(text.as_bytes()).await.expect("written");
    drop(input);
    let output = promtool.wait_with_output().await.expect("it ends");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}
