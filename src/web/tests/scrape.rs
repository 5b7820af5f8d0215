//! Scrapes: the format that was asked for, whole or compressed, and never in the way of others.

use std::io::Read as _;

use flate2::read::GzDecoder;
use http::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use super::client::{ask, read_to_end, request};
use super::{Daemon, get};

const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[tokio::test]
async fn a_scraper_gets_the_format_it_asks_for() {
    let daemon = Daemon::start().await;
    daemon.schedule(2);
    for (accept, expected, end) in [
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", OPEN, "# EOF\n"),
        ("text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5", TEXT, "\n"),
        ("*/*", TEXT, "\n"),
        ("image/png", TEXT, "\n"),
    ] {
        let answer = ask(daemon.address, request(&Method::GET, "/metrics", &[("accept", accept)])).await;
        assert_eq!(answer.header("content-type"), Some(expected), "{accept}");
        assert_eq!(answer.header("vary"), Some("accept, accept-encoding"));
        assert!(answer.text().ends_with(end) && answer.text().contains("journey=\"journey-1\""), "{accept}");
    }
}

#[tokio::test]
async fn compression_is_only_for_those_who_take_it() {
    let daemon = Daemon::start().await;
    daemon.schedule(50);
    let plain = get(daemon.address, "/metrics?collect[]=journeys").await;
    assert_eq!(plain.header("content-encoding"), None);
    let path = "/metrics?collect[]=journeys";
    let packed = ask(daemon.address, request(&Method::GET, path, &[("accept-encoding", "gzip")])).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(packed.body.as_slice()).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, plain.text());
    assert!(packed.body.len() < text.len() / 4, "{} of {}", packed.body.len(), text.len());
}

#[tokio::test]
async fn a_scrape_may_ask_for_a_part() {
    let daemon = Daemon::start().await;
    daemon.schedule(4);
    let own = get(daemon.address, "/metrics?collect[]=self").await;
    assert!(own.text().contains("forerunner_build_info") && !own.text().contains("journey-1"));
    let parts = [get(daemon.address, "/metrics?shard=1/2").await, get(daemon.address, "/metrics?shard=2/2").await];
    let holds = |part: &super::Answer| (0..4).filter(|n| part.text().contains(&format!("\"journey-{n}\""))).count();
    assert_eq!(parts.iter().map(holds).sum::<usize>(), 4);
    for (path, said) in [("/metrics?collect[]=x", "`collect[]` is"), ("/metrics?shard=3/2", "`shard` is a part")] {
        let refused = get(daemon.address, path).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text().starts_with(said), "{}", refused.text());
    }
}

#[tokio::test]
async fn head_answers_with_the_same_headers_and_nothing_else() {
    let daemon = Daemon::start().await;
    for path in ["/metrics", "/", "/status", "/style.css", "/-/healthy"] {
        let whole = get(daemon.address, path).await;
        let head = ask(daemon.address, request(&Method::HEAD, path, &[])).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "{path}");
        for name in ["content-type", "content-security-policy", "cache-control"] {
            assert_eq!(head.header(name), whole.header(name), "{path}: {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_scraper_is_cut_and_holds_up_nobody() {
    let daemon = Daemon::start().await;
    daemon.schedule(3_000);
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("set");
    let mut slow = socket.connect(daemon.address).await.expect("connected");
    slow.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    let mut first = [0; 15];
    slow.read_exact(&mut first).await.expect("the answer begins");
    assert_eq!(&first, b"HTTP/1.1 200 OK");

    let whole = ask(daemon.address, request(&Method::GET, "/metrics", &[("accept", OPEN)])).await;
    assert!(whole.text().ends_with("# EOF\n") && whole.body.len() > 4 << 20, "{} bytes", whole.body.len());
    assert_eq!(get(daemon.address, "/").await.status, StatusCode::OK);

    let counted = "forerunner_http_requests_total{code=\"200\",handler=\"/metrics\"}";
    while daemon.own_metric(counted).as_deref() != Some("2") {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    let rest = read_to_end(&mut slow).await;
    assert!(!rest.ends_with("0\r\n\r\n"), "what was cut does not look complete");
}

#[tokio::test]
async fn answers_are_counted_by_route() {
    let daemon = Daemon::start().await;
    for path in ["/", "/?page=2", "/runs/a", "/runs/b", "/nowhere/1", "/nowhere/2", "/-/ready"] {
        get(daemon.address, path).await;
    }
    for (code, route, count) in [(200, "/", "2"), (404, "/runs/{id}", "2"), (404, "other", "2"), (503, "/-/ready", "1")]
    {
        let series = format!("forerunner_http_requests_total{{code=\"{code}\",handler=\"{route}\"}}");
        assert_eq!(daemon.own_metric(&series).as_deref(), Some(count), "{series}");
    }
}
