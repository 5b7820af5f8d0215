//! What is sent: header order, defaults and their replacement, cookies, labels, the allowance.

use std::sync::atomic::{AtomicU32, Ordering};

use forerunner::base::secret::{Label, Labelled};
use forerunner::model::failure::FailureKind as Kind;
use forerunner::probe::http::{CookieUse, Request};
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderName, Method};

use super::{FIRST, Run, SECOND, answer, body, check_failure, header};
use crate::support::http1::{Act, ok, serve, write};

/// A request changed by `change` goes out as `expected`; the host's address and the trace are replaced.
async fn check(method: Method, change: impl FnOnce(&mut Request), expected: &[&str]) {
    let (address, seen) = serve(vec![vec![Act::Read, ok("")]]).await;
    let mut run = Run::at(address);
    let mut request = run.request(FIRST, method, "/a/b?c=d");
    change(&mut request);
    let exchange = run.send(&request).await;
    answer(&exchange);
    let sent = &exchange.hops[0].request;
    let trace = format!("00-{:032x}-{}-03", 0xabc, sent.span_id);
    let recorded: Vec<String> = sent
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.value.as_bytes())))
        .collect();
    let request = seen.requests().remove(0);
    let (head, _) = request.split_once("\r\n\r\n").expect("a head");
    let lines: Vec<String> = head
        .lines()
        .skip(1)
        .map(|line| {
            line.split_once(": ").map_or(String::new(), |(name, value)| format!("{}: {value}", name.to_lowercase()))
        })
        .collect();
    assert_eq!(recorded, lines, "what is recorded is what is sent");
    let told: Vec<String> =
        head.lines().map(|line| line.replace(&address.to_string(), "HOST").replace(&trace, "TRACE")).collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn every_request_names_itself_and_its_trace() {
    check(
        Method::GET,
        |_| (),
        &[
            "GET /a/b?c=d HTTP/1.1",
            "Host: HOST",
            "User-Agent: forerunner/0 (tests)",
            "Accept: */*",
            "Accept-Encoding: gzip, deflate, br, zstd",
            "Traceparent: TRACE",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_steps_headers_replace_and_drop_default_ones() {
    let change = |request: &mut Request| {
        request.headers.push(header("accept", "text/html", Label::ANYWHERE));
        request.headers.push(header("x-a", "1", Label::only([FIRST])));
        request.headers.push(header("x-a", "2", Label::ANYWHERE));
        request.without = vec![USER_AGENT, ACCEPT, HeaderName::from_static("accept-encoding")];
        request.media_type = Some("text/plain; charset=utf-8".to_owned());
        request.body = Some(body("hello"));
    };
    check(
        Method::POST,
        change,
        &[
            "POST /a/b?c=d HTTP/1.1",
            "Host: HOST",
            "Traceparent: TRACE",
            "Accept: text/html",
            "X-A: 1",
            "X-A: 2",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Length: 5",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_write_without_a_body_says_so() {
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let first = format!("{method} /a/b?c=d HTTP/1.1");
        let drop_defaults = |request: &mut Request| {
            request.without = vec![USER_AGENT, ACCEPT, HeaderName::from_static("accept-encoding")];
        };
        check(method, drop_defaults, &[&first, "Host: HOST", "Traceparent: TRACE", "Content-Length: 0"]).await;
    }
}

#[tokio::test]
async fn cookies_come_back_and_the_steps_own_join_them() {
    let set =
        write("HTTP/1.1 500 Oh\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/\r\nContent-Length: 0\r\n\r\n");
    let (address, seen) = serve(vec![vec![Act::Read, set, Act::Read, ok(""), Act::Read, ok("")]]).await;
    let mut run = Run::at(address);
    run.fetch("/").await;
    let mut request = run.get("/x");
    let also = vec![("b".to_owned(), Labelled::new("mine".to_owned(), Label::only([FIRST])))];
    request.cookies = CookieUse::Jar { also };
    let exchange = run.send(&request).await;
    let (_, cookie) = exchange.hops[0].request.headers.iter().find(|(name, _)| name == "cookie").expect("a cookie");
    assert!(cookie.label.is_secret());
    request.cookies = CookieUse::None;
    run.send(&request).await;
    let requests = seen.requests();
    assert!(requests[1].contains("\r\nCookie: a=1; b=mine\r\n"), "{}", requests[1]);
    assert!(!requests[2].contains("Cookie"));
}

#[tokio::test]
async fn cookies_are_not_stored_if_the_step_takes_none() {
    let set = write("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n");
    let (address, seen) = serve(vec![vec![Act::Read, set, Act::Read, ok("")]]).await;
    let mut run = Run::at(address);
    let mut request = run.get("/");
    request.cookies = CookieUse::None;
    run.send(&request).await;
    run.fetch("/").await;
    assert!(!seen.requests()[1].contains("Cookie"));
}

#[tokio::test]
async fn nothing_that_may_not_be_sent_is_sent() {
    #[track_caller]
    fn refused(name: &'static str, value: &'static str) -> impl Fn(&mut Request) {
        move |request| request.headers.push(header(name, value, Label::only([SECOND])))
    }
    async fn check(change: impl FnOnce(&mut Request), kind: Kind) {
        let (address, seen) = serve(vec![vec![Act::Read, ok("")]]).await;
        let mut run = Run::against(&[format!("http://{address}/"), "http://other.test/".to_owned()]);
        let mut request = run.get("/");
        change(&mut request);
        let exchange = run.send(&request).await;
        check_failure(&exchange, kind);
        assert!(exchange.hops.is_empty());
        assert_eq!(run.requests.load(Ordering::Relaxed), 100, "a refusal costs nothing");
        assert_eq!(seen.connections(), 0);
        let failure = exchange.failure.expect("checked");
        assert!(!failure.detail.contains("s3cret"), "{}", failure.detail);
    }
    let url = |text: &str| Labelled::open(text.parse().expect("a URL"));
    check(|request| request.url = url("http://elsewhere.test/"), Kind::OriginRefused).await;
    check(|request| request.url = url("http://other.test/"), Kind::OriginRefused).await;
    check(|request| request.url.label = Label::NOWHERE, Kind::LabelRefused).await;
    check(refused("authorization", "s3cret"), Kind::LabelRefused).await;
    check(|request| request.body = Some(Labelled::new("s3cret".into(), Label::only([SECOND]))), Kind::LabelRefused)
        .await;
    check(|request| request.headers.push(header("transfer-encoding", "chunked", Label::ANYWHERE)), Kind::ValueUnusable)
        .await;
    for value in ["s3cret\r\nX: y", "s3cret; d=e", "s3cret\0"] {
        let also = vec![("c".to_owned(), Labelled::open(value.to_owned()))];
        check(|request| request.cookies = CookieUse::Jar { also }, Kind::ValueUnusable).await;
    }
}

#[tokio::test]
async fn the_allowance_is_counted_down_to_nothing() {
    let (address, seen) = serve(vec![vec![Act::Read, ok(""), Act::Read, ok("")]]).await;
    let mut run = Run::at(address);
    run.requests = AtomicU32::new(2);
    answer(&run.fetch("/").await);
    answer(&run.fetch("/").await);
    let exchange = run.fetch("/").await;
    check_failure(&exchange, Kind::AllowanceUsedUp);
    assert!(exchange.hops.is_empty());
    assert_eq!(seen.requests().len(), 2);
}

#[tokio::test]
async fn span_ids_differ_within_a_run() {
    let (address, _) = serve(vec![vec![Act::Read, ok(""), Act::Read, ok("")]]).await;
    let mut run = Run::at(address);
    let (first, second) = (run.fetch("/").await, run.fetch("/").await);
    assert_ne!(first.hops[0].request.span_id, second.hops[0].request.span_id);
}
