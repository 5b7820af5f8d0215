//! HTTP/2 frames that no good server sends, and those with which one leaves.

use forerunner::model::failure::FailureKind as Kind;
use forerunner::probe::http::Version;

use super::{Run, answer, check_failure};
use crate::support::http1::{Act, serve};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `:status: 200` by the static table.
const STATUS_200: u8 = 0x88;

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

fn settings() -> Act {
    Act::Write(frame(SETTINGS, 0, 0, &[]))
}

/// A server that does this once the client has spoken ends the exchange with `kind`.
async fn check(acts: Vec<Act>, kind: Kind) {
    let (address, _) = serve(vec![[vec![Act::ReadHead, settings()], acts].concat()]).await;
    let mut run = Run::at(address);
    let mut request = run.get("/");
    request.version = Some(Version::Http2);
    check_failure(&run.send(&request).await, kind);
}

#[tokio::test]
async fn a_server_that_leaves_or_resets_cuts_the_answer_short() {
    check(vec![], Kind::AnswerCutShort).await;
    check(vec![Act::Reset], Kind::AnswerCutShort).await;
    for reason in [0, 2, 7, 8, 11] {
        check(vec![Act::Write(frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, reason]))], Kind::AnswerCutShort).await;
        let head = frame(HEADERS, END_HEADERS, 1, &[STATUS_200]);
        let reset = frame(RST_STREAM, 0, 1, &[0, 0, 0, reason]);
        check(vec![Act::Write([head, reset].concat())], Kind::AnswerCutShort).await;
    }
    let required = frame(RST_STREAM, 0, 1, &[0, 0, 0, 13]);
    check(vec![Act::Write(required)], Kind::VersionUnavailable).await;
    let begun = [frame(HEADERS, END_HEADERS, 1, &[STATUS_200]), frame(DATA, 0, 1, b"half")].concat();
    check(vec![Act::Write(begun)], Kind::AnswerCutShort).await;
}

#[tokio::test]
async fn broken_frames_are_malformed() {
    for broken in [
        frame(DATA, 0, 1, b"before the head"),
        frame(HEADERS, END_HEADERS, 1, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &[]),
        frame(PING, 0, 0, b"short"),
        frame(SETTINGS, 0, 1, &[]),
        vec![0xff; 64],
    ] {
        check(vec![Act::Write(broken)], Kind::MalformedAnswer).await;
    }
}

#[tokio::test]
async fn floods_of_frames_are_bounded() {
    check(vec![Act::Flood(frame(PING, 1, 0, b"unasked!"))], Kind::HeadersTooLarge).await;
    check(vec![Act::Flood(frame(SETTINGS, 0, 0, &[]))], Kind::HeadersTooLarge).await;
    let endless = Act::Flood(frame(CONTINUATION, 0, 1, &[0, 1, b'a', 1, b'b']));
    check(vec![Act::Write(frame(HEADERS, 0, 1, &[STATUS_200])), endless], Kind::HeadersTooLarge).await;
    let interim = frame(HEADERS, END_HEADERS, 1, &[&[0x08, 3], &b"103"[..]].concat());
    check(vec![Act::Flood(interim)], Kind::HeadersTooLarge).await;
    let head = Act::Write(frame(HEADERS, END_HEADERS, 1, &[STATUS_200]));
    check(vec![head.clone(), Act::Flood(frame(DATA, 0, 1, &[]))], Kind::BodyTooLarge).await;
    check(vec![head, Act::Flood(frame(DATA, 0, 1, b"x"))], Kind::BodyTooLarge).await;
}

#[tokio::test]
async fn an_interim_answer_is_passed_over() {
    let interim = frame(HEADERS, END_HEADERS, 1, &[&[0x08, 3], &b"103"[..]].concat());
    let whole = [interim.clone(), interim, frame(HEADERS, END_HEADERS | END_STREAM, 1, &[STATUS_200])].concat();
    let (address, _) = serve(vec![vec![Act::ReadHead, settings(), Act::Write(whole)]]).await;
    let mut run = Run::at(address);
    let mut request = run.get("/");
    request.version = Some(Version::Http2);
    assert_eq!(answer(&run.send(&request).await).status, 200);
}

#[tokio::test]
async fn a_connection_that_ends_in_order_is_replaced() {
    let whole = frame(HEADERS, END_HEADERS | END_STREAM, 1, &[STATUS_200]);
    let leave = frame(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]);
    for first in [vec![Act::Write([whole.clone(), leave].concat())], vec![Act::Write(whole.clone())]] {
        let first = [vec![Act::ReadHead, settings()], first].concat();
        let second = vec![Act::ReadHead, settings(), Act::Write(whole.clone())];
        let (address, seen) = serve(vec![first, second]).await;
        let mut run = Run::at(address);
        let mut request = run.get("/");
        request.version = Some(Version::Http2);
        for _ in 0..2 {
            let exchange = run.send(&request).await;
            assert_eq!(answer(&exchange).status, 200);
            assert!(!exchange.hops[0].reused);
        }
        assert_eq!(seen.connections(), 2);
    }
}
