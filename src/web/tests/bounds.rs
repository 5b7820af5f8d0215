//! Bounds: what a client may send, how long it may take, how many there may be.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{raw, read_to_end};
use super::{Daemon, get};
use crate::web::watch::{HEAD_MAX, IDLE_MAX};

#[tokio::test]
async fn huge_heads_are_refused() {
    let daemon = Daemon::start().await;
    let head = |more: &str| format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{more}\r\n");
    for (bytes, status) in [
        (head(""), "HTTP/1.1 200 "),
        (head(&format!("A: {}\r\n", "x".repeat(12 * 1024))), "HTTP/1.1 200 "),
        (head(&format!("A: {}\r\n", "x".repeat(20 * 1024))), "HTTP/1.1 431 "),
        (head(&"A: x\r\n".repeat(60)), "HTTP/1.1 200 "),
        (head(&"A: x\r\n".repeat(100)), "HTTP/1.1 431 "),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(20 * 1024)), "HTTP/1.1 4"),
        ("nonsense\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
    ] {
        let answer = raw(daemon.address, bytes.as_bytes()).await;
        assert!(answer.starts_with(status), "{} bytes: {:?}", bytes.len(), answer.lines().next());
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_is_waited_for_only_so_long() {
    let daemon = Daemon::start().await;
    let began = tokio::time::Instant::now();
    let mut client = TcpStream::connect(daemon.address).await.expect("connected");
    client.write_all(b"GET / HTTP/1.1\r\nHost: ").await.expect("sent");
    assert_eq!(read_to_end(&mut client).await, "");
    let waited = began.elapsed();
    assert!((HEAD_MAX..HEAD_MAX + Duration::from_secs(1)).contains(&waited), "{waited:?} of paused time");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_in_the_end() {
    let daemon = Daemon::start().await;
    let began = tokio::time::Instant::now();
    let mut client = TcpStream::connect(daemon.address).await.expect("connected");
    assert_eq!(read_to_end(&mut client).await, "");
    let waited = began.elapsed();
    assert!((IDLE_MAX..IDLE_MAX + Duration::from_secs(1)).contains(&waited), "{waited:?} of paused time");
}

#[tokio::test]
async fn more_connections_than_allowed_are_closed_and_counted() {
    let daemon = Daemon::start_with(None, 2).await;
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut client = TcpStream::connect(daemon.address).await.expect("connected");
        client.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
        let mut first = [0; 15];
        client.read_exact(&mut first).await.expect("an answer");
        kept.push(client);
    }
    let mut further = TcpStream::connect(daemon.address).await.expect("connected");
    assert_eq!(read_to_end(&mut further).await, "");
    let counted = daemon.own_metric("forerunner_queue_full_total{queue=\"web_connections\"}");
    assert_eq!(counted.as_deref(), Some("1"));
    // A place is free again as soon as the server has seen one of them go.
    kept.pop();
    loop {
        let mut client = TcpStream::connect(daemon.address).await.expect("connected");
        let _ = client.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        if read_to_end(&mut client).await.ends_with("healthy\n") {
            break;
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_takes_nobody_along() {
    let daemon = Daemon::start().await;
    daemon.schedule(500);
    for bytes in [&b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"GET / HTT", b"", b"\x16\x03\x01\x00"] {
        let mut client = TcpStream::connect(daemon.address).await.expect("connected");
        client.write_all(bytes).await.expect("sent");
    }
    assert_eq!(get(daemon.address, "/-/healthy").await.text(), "healthy\n");
}
