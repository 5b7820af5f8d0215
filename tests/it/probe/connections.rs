//! When a connection is used again, and what happens if its peer has left.

use std::sync::atomic::Ordering;

use forerunner::model::failure::FailureKind as Kind;
use forerunner::model::timing::Phase;
use forerunner::net::network::Settings;
use forerunner::probe::http::Version;
use http::Method;
use std::sync::Arc;

use super::{FIRST, Run, answer, body, check_failure, text};
use crate::support::http1::{Act, ok, serve, serve_unix, write};

#[tokio::test]
async fn a_run_keeps_its_connection_and_says_so() {
    let (address, seen) = serve(vec![vec![Act::Read, ok("a"), Act::Read, ok("b")]]).await;
    let mut run = Run::at(address);
    let (first, second) = (run.fetch("/").await, run.fetch("/").await);
    assert_eq!((text(&first), text(&second), seen.connections()), ("a", "b", 1));
    let (first, second) = (&first.hops[0], &second.hops[0]);
    assert_eq!((first.reused, second.reused), (false, true));
    assert_eq!((first.remote, first.local), (second.remote, second.local));
    assert_eq!(first.remote, Some(address));
    assert!(second.resolved.is_empty());
    let happened = |phase| (first.timings.get(phase).is_some(), second.timings.get(phase).is_some());
    assert_eq!(happened(Phase::Connect), (true, false));
    for phase in [Phase::Send, Phase::Wait, Phase::Receive] {
        assert_eq!(happened(phase), (true, true), "{phase:?}");
    }
}

#[tokio::test]
async fn a_host_that_wants_no_reuse_gets_none() {
    let (address, seen) = serve(vec![vec![Act::Read, ok("a")]]).await;
    let mut run = Run::at(address);
    let mut hosts = run.authority.hosts.to_vec();
    hosts[0].reuse = false;
    run.authority.hosts = Arc::from(hosts);
    let exchange = run.fetch("/").await;
    assert!(exchange.hops[0].request.headers.iter().any(|(name, _)| name == "connection"));
    assert!(!run.fetch("/").await.hops[0].reused);
    assert_eq!(seen.connections(), 2);
    assert!(seen.requests()[0].contains("\r\nConnection: close\r\n"));
}

#[tokio::test]
async fn old_http_gets_a_connection_for_each_request() {
    let answer_of_old = write("HTTP/1.0 200 OK\r\n\r\nold");
    let (address, seen) = serve(vec![vec![Act::Read, answer_of_old]]).await;
    let mut run = Run::at(address);
    let mut request = run.get("/");
    request.version = Some(Version::Http10);
    for _ in 0..2 {
        let exchange = run.send(&request).await;
        assert_eq!((text(&exchange), answer(&exchange).version), ("old", http::Version::HTTP_10));
        assert_eq!(exchange.hops[0].request.version, Some(http::Version::HTTP_10));
    }
    assert!(seen.requests()[0].starts_with("GET / HTTP/1.0\r\nHost: "), "{:?}", seen.requests());
    assert_eq!(seen.connections(), 2);
}

#[tokio::test]
async fn a_closed_connection_is_replaced_and_the_hop_says_so() {
    let close = write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na");
    for first in [vec![Act::Read, close], vec![Act::Read, ok("a")]] {
        let (address, seen) = serve(vec![first, vec![Act::Read, ok("b")]]).await;
        let mut run = Run::at(address);
        run.fetch("/").await;
        let exchange = run.fetch("/").await;
        assert_eq!((text(&exchange), exchange.hops.len()), ("b", 1));
        assert!(!exchange.hops[0].reused);
        assert!(exchange.hops[0].timings.get(Phase::Connect).is_some());
        assert_eq!(seen.connections(), 2);
    }
}

#[tokio::test]
async fn a_peer_that_leaves_on_reuse_is_asked_once_more_if_that_does_no_harm() {
    let leaves = vec![Act::Read, ok("a"), Act::Read];
    for (method, again) in [(Method::GET, true), (Method::HEAD, true), (Method::POST, false), (Method::DELETE, false)] {
        let (address, seen) = serve(vec![leaves.clone(), vec![Act::Read, ok("")]]).await;
        let mut run = Run::at(address);
        run.fetch("/").await;
        let mut request = run.request(FIRST, method.clone(), "/");
        request.body = (method == Method::POST).then(|| body("x"));
        let exchange = run.send(&request).await;
        assert_eq!(exchange.hops.len(), 1);
        if again {
            answer(&exchange);
            assert!(!exchange.hops[0].reused);
            assert_eq!((seen.requests().len(), run.requests.load(Ordering::Relaxed)), (3, 97));
        } else {
            check_failure(&exchange, Kind::AnswerCutShort);
            assert!(exchange.hops[0].reused);
            assert_eq!(seen.requests().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_fresh_connection_is_never_tried_twice() {
    let (address, seen) = serve(vec![vec![Act::Read]]).await;
    let exchange = Run::at(address).fetch("/").await;
    check_failure(&exchange, Kind::AnswerCutShort);
    assert_eq!(seen.connections(), 1);
}

#[tokio::test]
async fn a_connection_does_not_outlive_a_failure_or_an_excess() {
    let large = write(&format!("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n{}", "x".repeat(2000)));
    let (address, seen) = serve(vec![vec![Act::Read, large], vec![Act::Read, ok("b")]]).await;
    let mut run = Run::at(address);
    run.body_max = 1000;
    check_failure(&run.fetch("/").await, Kind::BodyTooLarge);
    assert_eq!(text(&run.fetch("/").await), "b");
    assert_eq!(seen.connections(), 2);
}

#[tokio::test]
async fn a_refused_connection_still_shows_the_hop() {
    let (address, _) = serve(vec![]).await;
    let mut run = Run::at(address);
    run.authority.private_addresses = forerunner::model::authority::PrivateAddresses::Refused;
    let exchange = run.fetch("/").await;
    check_failure(&exchange, Kind::AddressRefused);
    assert_eq!(exchange.hops.len(), 1);
    assert_eq!(exchange.hops[0].request.version, None);
}

#[tokio::test]
async fn a_unix_socket_stands_for_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("web.sock");
    let seen = serve_unix(&path, vec![vec![Act::Read, ok("unix")]]);
    let settings = || Settings { socket: Some(path.clone()), ..Settings::default() };
    let mut run = Run::through(&["http://app.test/".to_owned()], settings);
    assert_eq!(text(&run.fetch("/x").await), "unix");
    assert!(seen.requests()[0].starts_with("GET /x HTTP/1.1\r\nHost: app.test\r\n"));
}
