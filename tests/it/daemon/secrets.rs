//! A target that repeats the secret it was sent, and a daemon that tells everything it knows: the secret is in none of it.

use super::program::{Daemon, ran, runs};
use crate::support::http1::{Act, Seen, serve};

const SECRET: &str = "s3cr3t/+==\"value";

/// Answers with what it was asked, in every place of an answer.
fn echo() -> Vec<Act> {
    let answer = format!(
        "HTTP/1.1 503 {SECRET}\r\nContent-Type: text/plain\r\nX-Echo: {SECRET}\r\nX-{{}}: 1\r\nSet-Cookie: a={SECRET}\r\n\
         Content-Length: {}\r\n\r\n{SECRET}",
        SECRET.len()
    )
    .replace("X-{}: 1\r\n", "");
    (0..50).flat_map(|_| [Act::Read, Act::Write(answer.clone().into_bytes())]).collect()
}

#[tokio::test]
async fn no_log_page_metric_or_list_holds_a_secret() {
    let (target, seen): (_, Seen) = serve(vec![echo()]).await;
    let directory = tempfile::tempdir().expect("a directory");
    let journey = format!(
        "forerunner: 1\njourney: one\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ site: \"http://{target}\" }}, secrets: {{ key: {{ to: [site] }} }} }}\n\
         steps: [{{ step: open, get: \"/a?key=${{key}}\", headers: {{ X-Key: \"${{key}}\" }}, keep: {{ shown: body }}, expect: {{ body: other }} }}]\n"
    );
    std::fs::write(directory.path().join("one.yaml"), journey).expect("written");
    let config = "listen: 127.0.0.1:0\nlog: { format: json, level: trace }\nruns:\n  - file: one.yaml\n    every: 1s\n    allow: { private-addresses: true }\n    secrets: { key: env:THE_KEY }\n";
    std::fs::write(directory.path().join("c.yaml"), config).expect("written");
    let daemon = Daemon::start_with(directory.path(), &[("THE_KEY", SECRET)]).await;
    let metrics = daemon.until("GET /metrics", ran("one")).await;
    let list = runs(directory.path()).await;
    let id = list.split_whitespace().next().expect("a run").to_owned();
    let page = daemon.until(&format!("GET /runs/{id}"), |page| page.contains("step")).await;
    let first = daemon.ask("GET /").await;
    let output = super::program::program()
        .args(["runs", "--config", "c.yaml", "--format", "json", &id])
        .current_dir(directory.path())
        .output()
        .await
        .expect("run");
    let json = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(json.contains("503") && page.contains("503") && !seen.requests().is_empty(), "{json}");
    let log = daemon.log();
    assert!(log.contains("run_id") && log.contains("\"step\":\"open\""), "a run and a step are named: {log}");
    let forms = [SECRET, "s3cr3t", "czNjcjN0", "s3cr3t%2F"];
    for (what, text) in [
        ("metrics", &metrics),
        ("list", &list),
        ("run page", &page),
        ("first page", &first),
        ("json", &json),
        ("log", &log),
    ] {
        for form in forms {
            assert!(!text.contains(form), "the {what} holds `{form}`: {text}");
        }
    }
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended().await, Some(0));
}
