//! Versions of HTTP: chosen by ALPN, demanded, refused.

use forerunner::model::failure::FailureKind as Kind;
use forerunner::model::timing::Phase;
use forerunner::probe::http::Version;
use http::Method;

use super::tls::{Target, https};
use super::{FIRST, Run, answer, body, check_failure, text};
use crate::support::http1::{Act, ok, serve, write};
use crate::support::http2;

#[tokio::test]
async fn alpn_chooses_and_a_demand_is_met_or_named() {
    for (offered, asked, expected) in [
        (&["h2", "http/1.1"][..], None, Ok(http::Version::HTTP_2)),
        (&["http/1.1"], None, Ok(http::Version::HTTP_11)),
        (&[], None, Ok(http::Version::HTTP_11)),
        (&["h2", "http/1.1"], Some(Version::Http11), Ok(http::Version::HTTP_11)),
        (&["h2", "http/1.1"], Some(Version::Http2), Ok(http::Version::HTTP_2)),
        (&["http/1.1"], Some(Version::Http2), Err(Kind::VersionUnavailable)),
        (&[], Some(Version::Http2), Err(Kind::VersionUnavailable)),
        (&["h2"], Some(Version::Http11), Err(Kind::VersionUnavailable)),
    ] {
        let (mut run, _) = https(&Target { alpn: offered, ..Target::default() }).await;
        let mut request = run.get("/");
        request.version = asked;
        let exchange = run.send(&request).await;
        match expected {
            Ok(version) => {
                assert_eq!(answer(&exchange).version, version, "{offered:?} {asked:?}");
                assert_eq!(exchange.hops[0].request.version, Some(version));
            }
            Err(kind) => {
                check_failure(&exchange, kind);
                assert_eq!(exchange.failure.and_then(|failure| failure.phase), Some(Phase::Tls));
            }
        }
    }
}

#[tokio::test]
async fn a_connection_of_another_version_is_not_used_again() {
    let (mut run, seen) = https(&Target::default()).await;
    let mut request = run.get("/");
    for (asked, reused) in [
        (None, false),
        (None, true),
        (Some(Version::Http2), true),
        (Some(Version::Http11), false),
        (Some(Version::Http11), true),
        (None, false),
    ] {
        request.version = asked;
        let exchange = run.send(&request).await;
        answer(&exchange);
        assert_eq!(exchange.hops[0].reused, reused, "{asked:?}");
        assert!(exchange.hops[0].tls.as_ref().is_some_and(|tls| !tls.chain.is_empty()), "also on a kept connection");
    }
    assert_eq!(seen.connections(), 3);
}

#[tokio::test]
async fn http_2_without_tls_is_spoken_by_prior_knowledge() {
    let address = http2::serve(http2::echo()).await;
    let mut run = Run::at(address);
    let mut request = run.request(FIRST, Method::POST, "/a?b=c");
    request.version = Some(Version::Http2);
    request.media_type = Some("text/plain".to_owned());
    request.body = Some(body("hello"));
    for reused in [false, true] {
        let exchange = run.send(&request).await;
        let expected = format!(
            "POST http://{address}/a?b=c\nuser-agent: forerunner/0 (tests)\naccept: */*\n\
             accept-encoding: gzip, deflate, br, zstd\ncontent-type: text/plain\ncontent-length: 5\n\nhello"
        );
        assert_eq!(text(&exchange), expected);
        let hop = &exchange.hops[0];
        assert_eq!(hop.reused, reused);
        assert_eq!(hop.request.headers[0].0, "host");
        for phase in [Phase::Send, Phase::Wait, Phase::Receive] {
            assert!(hop.timings.get(phase).is_some(), "{phase:?}");
        }
    }
}

#[tokio::test]
async fn a_large_body_passes_http_2_both_ways() {
    let address =
        http2::serve(http2::answer(|_, body| http::Response::new(http_body_util::Full::new(body.clone())))).await;
    let mut run = Run::at(address);
    let mut request = run.request(FIRST, Method::PUT, "/");
    request.version = Some(Version::Http2);
    let large: Vec<u8> = (0..1024 * 1024_u32).map(|n| n.to_le_bytes()[0]).collect();
    request.body = Some(forerunner::base::secret::Labelled::open(large.clone().into()));
    let exchange = run.send(&request).await;
    assert!(answer(&exchange).body == large);
    run.body_max = 1024 * 1024 - 1;
    check_failure(&run.send(&request).await, Kind::BodyTooLarge);
}

#[tokio::test]
async fn bounds_hold_on_http_2_as_well() {
    let head = |name: &'static str, size: usize, count: usize| {
        http2::answer(move |_, _| {
            let mut response = http::Response::new(http_body_util::Full::default());
            for _ in 0..count {
                response.headers_mut().append(name, "x".repeat(size).parse().expect("a value"));
            }
            response
        })
    };
    for (size, count) in [(70_000, 1), (1, 257)] {
        let mut run = Run::at(http2::serve(head("x-large", size, count)).await);
        let mut request = run.get("/");
        request.version = Some(Version::Http2);
        check_failure(&run.send(&request).await, Kind::HeadersTooLarge);
    }
}

#[tokio::test]
async fn a_head_request_has_no_body_whatever_its_length_says() {
    let answer_with_length = || {
        http2::answer(|_, _| {
            let mut response = http::Response::new(http_body_util::Full::default());
            response.headers_mut().insert("content-length", "10000000000".parse().expect("a value"));
            response
        })
    };
    let mut run = Run::at(http2::serve(answer_with_length()).await);
    let mut request = run.request(FIRST, Method::HEAD, "/");
    request.version = Some(Version::Http2);
    assert_eq!(text(&run.send(&request).await), "");
    let (address, _) =
        serve(vec![vec![Act::Read, write("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")]]).await;
    let mut run = Run::at(address);
    let request = run.request(FIRST, Method::HEAD, "/");
    assert_eq!(text(&run.send(&request).await), "");
}

#[tokio::test]
async fn a_peer_that_speaks_http_1_only_is_named() {
    let refusal = write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let (address, _) = serve(vec![vec![Act::ReadHead, refusal]]).await;
    let mut run = Run::at(address);
    let mut request = run.get("/");
    request.version = Some(Version::Http2);
    check_failure(&run.send(&request).await, Kind::VersionUnavailable);
    let (address, _) = serve(vec![vec![Act::Read, ok("")]]).await;
    assert_eq!(text(&Run::at(address).fetch("/").await), "");
}
