//! States and commands: what supervisors and operators get to read.

use http::{Method, StatusCode};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::client::{ask, raw, read_to_end, request};
use super::{Daemon, get};

#[tokio::test]
async fn readiness_follows_the_daemon() {
    let daemon = Daemon::start().await;
    let ready = async || {
        let answer = get(daemon.address, "/-/ready").await;
        (answer.status, answer.text().to_owned())
    };
    let (status, said) = ready().await;
    assert_eq!((status, said.starts_with("starting: ")), (StatusCode::SERVICE_UNAVAILABLE, true), "{said}");
    daemon.site.readiness.ready();
    assert_eq!(ready().await, (StatusCode::OK, "ready\n".to_owned()));
    daemon.site.readiness.draining();
    daemon.site.readiness.ready();
    let (status, said) = ready().await;
    assert_eq!((status, said.starts_with("stopping: ")), (StatusCode::SERVICE_UNAVAILABLE, true), "{said}");
    assert_eq!(get(daemon.address, "/-/healthy").await.text(), "healthy\n");
}

#[tokio::test]
async fn a_reload_says_what_came_of_it() {
    let daemon = Daemon::start().await;
    let reload = async || ask(daemon.address, request(&Method::POST, "/-/reload", &[])).await;
    let answer = reload().await;
    assert_eq!((answer.status, answer.text()), (StatusCode::OK, "loaded 3 journeys\n"));
    *daemon.commands.0.lock().expect("unpoisoned") = Err("a.yaml:1:2: wrong\nb.yaml:3:4: wrong too\n".to_owned());
    let answer = reload().await;
    let said = (answer.status, answer.text());
    assert_eq!(said, (StatusCode::INTERNAL_SERVER_ERROR, "a.yaml:1:2: wrong\nb.yaml:3:4: wrong too\n"));
    let long = format!(
        "POST /-/reload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2000\r\n\r\n{}",
        "x".repeat(2000)
    );
    assert!(raw(daemon.address, long.as_bytes()).await.starts_with("HTTP/1.1 413 "));
    let short = "POST /-/reload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\na=b";
    assert!(raw(daemon.address, short.as_bytes()).await.starts_with("HTTP/1.1 500 "));
}

#[tokio::test]
async fn other_methods_are_refused_in_words() {
    let daemon = Daemon::start().await;
    for (method, path, allowed) in [
        (Method::GET, "/-/reload", "POST"),
        (Method::HEAD, "/-/reload", "POST"),
        (Method::PUT, "/-/reload", "POST"),
        (Method::POST, "/metrics", "GET, HEAD"),
        (Method::DELETE, "/", "GET, HEAD"),
        (Method::POST, "/-/healthy", "GET, HEAD"),
        (Method::OPTIONS, "/runs/x", "GET, HEAD"),
    ] {
        let answer = ask(daemon.address, request(&method, path, &[])).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(method == Method::HEAD || answer.body.len() > 20, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_page_of_another_site_commands_nothing() {
    let daemon = Daemon::start().await;
    for (headers, status) in [
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (vec![("sec-fetch-site", "same-origin"), ("origin", "http://forerunner.test")], 200),
        (vec![("sec-fetch-site", "none")], 200),
        (vec![("origin", "https://evil.test")], 403),
        (vec![("origin", "null")], 403),
        (vec![("origin", "http://forerunner.test")], 200),
    ] {
        let answer = ask(daemon.address, request(&Method::POST, "/-/reload", &headers)).await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_safe_headers() {
    let daemon = Daemon::start().await;
    for path in ["/", "/metrics", "/runs/x", "/nowhere", "/-/reload", "/style.css", "/status"] {
        let answer = get(daemon.address, path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{path}");
    }
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_closes_the_rest() {
    let daemon = Daemon::start().await;
    let mut idle = TcpStream::connect(daemon.address).await.expect("connected");
    idle.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\nGET /-/healthy HTTP/1.1\r\n").await.expect("sent");
    assert_eq!(get(daemon.address, "/-/healthy").await.status, StatusCode::OK);
    daemon.stop.cancel();
    daemon.server.await.expect("ended");
    assert!(read_to_end(&mut idle).await.starts_with("HTTP/1.1 200 OK"));
    assert!(TcpStream::connect(daemon.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn the_status_page_shows_the_daemon() {
    let daemon = Daemon::start().await;
    let page = get(daemon.address, "/status").await;
    for said in ["1 d 2 h", "/etc/forerunner/&lt;config&gt;.yaml", "12 MiB of 4 GiB", "runs in flight", "starting: "] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
}
