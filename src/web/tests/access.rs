//! Users, passwords and headers by the web configuration file, also after it changed.

use std::fs;
use std::path::{Path, PathBuf};

use http::{Method, StatusCode};
use tempfile::TempDir;

use super::client::{ask, basic, request};
use super::{Answer, Daemon};
use crate::web::access::{Access, NotUsable, Protects};

fn hash(password: &str) -> String {
    bcrypt::hash(password, 4).expect("a hash")
}

fn users(pairs: &[(&str, &str)]) -> String {
    let lines = pairs.iter().map(|(user, password)| format!("  {user}: {}\n", hash(password)));
    format!("basic_auth_users:\n{}", lines.collect::<String>())
}

fn written(directory: &TempDir, text: &str) -> PathBuf {
    let path = directory.path().join("web.yml");
    fs::write(&path, text).expect("written");
    path
}

async fn daemon(path: &Path) -> Daemon {
    Daemon::start_with(Some(Access::load(path).expect("usable")), 32).await
}

async fn as_user(daemon: &Daemon, user: &str, password: &str) -> Answer {
    ask(daemon.address, request(&Method::GET, "/-/healthy", &[("authorization", &basic(user, password))])).await
}

#[tokio::test]
async fn only_known_users_are_let_in_everywhere() {
    let directory = TempDir::new().expect("a directory");
    let daemon = daemon(&written(&directory, &users(&[("prometheus", "scrape me"), ("ops", "läuft:1")]))).await;
    for path in ["/", "/metrics", "/-/healthy", "/-/ready", "/style.css", "/nowhere", "/-/reload"] {
        let answer = ask(daemon.address, request(&Method::GET, path, &[])).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"forerunner\", charset=\"UTF-8\""));
        assert!(answer.header("content-security-policy").is_some());
    }
    for (user, password, status) in [
        ("prometheus", "scrape me", 200),
        ("prometheus", "scrape me", 200),
        ("ops", "läuft:1", 200),
        ("ops", "scrape me", 401),
        ("prometheus", "", 401),
        ("nobody", "scrape me", 401),
        ("", "", 401),
    ] {
        assert_eq!(as_user(&daemon, user, password).await.status, status, "{user} {password}");
    }
    for value in
        ["Basic", "Basic !", "Basic bm9jb2xvbg==", "Bearer x", "basic  ", &format!("Basic {}", "A".repeat(2000))]
    {
        let answer = ask(daemon.address, request(&Method::GET, "/", &[("authorization", value)])).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{value}");
    }
    let series = "forerunner_http_requests_total{code=\"401\",handler=\"/metrics\"}";
    assert_eq!(daemon.own_metric(series).as_deref(), Some("1"));
}

#[tokio::test]
async fn users_rotate_without_a_restart_and_a_broken_file_changes_nothing() {
    let directory = TempDir::new().expect("a directory");
    let path = written(&directory, &users(&[("ops", "first")]));
    let daemon = daemon(&path).await;
    let passes = async |password| as_user(&daemon, "ops", password).await.status == StatusCode::OK;
    assert!(passes("first").await && !passes("second").await);
    written(&directory, &users(&[("ops", "second")]));
    assert!(!passes("first").await && passes("second").await);
    for broken in ["basic_auth_user: {}", "basic_auth_users: { ops: plain }", "a: [", "basic_auth_users: { ops: 1 }"] {
        written(&directory, broken);
        assert!(passes("second").await && !passes("first").await, "{broken}");
    }
    fs::remove_file(&path).expect("removed");
    assert!(passes("second").await && !passes("first").await);
    written(&directory, &users(&[("ops", "third")]));
    assert!(passes("third").await && !passes("second").await);
}

#[tokio::test]
async fn headers_of_the_file_stand_in_place_of_ours() {
    let directory = TempDir::new().expect("a directory");
    let text = "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: sameorigin\n    \
                Strict-Transport-Security: max-age=3600\n    Content-Security-Policy: ''\n";
    let daemon = daemon(&written(&directory, text)).await;
    let answer = ask(daemon.address, request(&Method::GET, "/", &[])).await;
    assert_eq!(answer.header("x-frame-options"), Some("sameorigin"));
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=3600"));
    assert!(answer.header("content-security-policy").expect("ours").starts_with("default-src 'none'"));
}

#[tokio::test]
async fn more_requests_than_the_limit_are_refused() {
    let directory = TempDir::new().expect("a directory");
    let daemon = daemon(&written(&directory, "rate_limit: { interval: 1h, burst: 2 }\n")).await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(ask(daemon.address, request(&Method::GET, "/-/healthy", &[])).await.status.as_u16());
    }
    assert_eq!(answers, [200, 200, 429]);
}

/// The places and words of what is wrong.
fn check(text: &str, expected: &[&str]) {
    let directory = TempDir::new().expect("a directory");
    let path = written(&directory, text);
    let Err(NotUsable(problems)) = Access::load(&path) else { panic!("usable: {text}") };
    let shown = NotUsable(problems).to_string().replace(&format!("{}:", path.display()), "");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{text}\n{shown}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{text}\n{line}\n{expected}");
    }
}

#[test]
fn problems_are_told_all_at_once_with_their_places() {
    check("tls_server_confg: {}\n", &["1:1: unknown key `tls_server_confg`; did you mean `tls_server_config`?"]);
    check(
        "basic_auth_users:\n  a: secret-word\n  b: $2y$31$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n",
        &["2:6: the password of `a` is not a bcrypt hash", "3:6: a cost of 31 takes too long"],
    );
    check(
        "http_server_config:\n  headers:\n    Server: x\n    X-Frame-Options: maybe\n",
        &["3:5: header `Server` cannot be set", "4:22: `maybe` is not a value of `X-Frame-Options`"],
    );
    check(
        "tls_server_config: {}\n",
        &["1:20: `cert` or `cert_file` is missing", "1:20: `key` or `key_file` is missing"],
    );
    check(
        "tls_server_config:\n  cert_file: none.pem\n  key: nonsense\n  max_version: TLS11\n  client_ca_file: x\n",
        &[
            "2:14: `",
            "3:8: this holds no private key",
            "4:16: `TLS11` is not spoken",
            "5:19: no client is asked for a certificate",
        ],
    );
    check("rate_limit: { interval: 1s, burst: 0 }\n", &["1:36: with `burst: 0` no request"]);
    check("a: 1\n---\nb: 2\n", &["3:1: a web configuration is one document"]);
}

#[test]
fn a_password_that_is_no_hash_is_not_shown() {
    let directory = TempDir::new().expect("a directory");
    let path = written(&directory, "basic_auth_users: { ops: hunter2 }\n");
    let problems = Access::load(&path).err().expect("refused");
    assert!(!problems.to_string().contains("hunter2"), "{problems}");
}

#[test]
fn what_a_file_protects_is_known() {
    let directory = TempDir::new().expect("a directory");
    for (text, tls, asks) in
        [("", false, false), (&users(&[("a", "b")]), false, true), ("basic_auth_users: {}", false, false)]
    {
        let access = Access::load(&written(&directory, text)).expect("usable");
        assert_eq!(access.protects(), Protects { tls, users: asks }, "{text}");
    }
}
