//! Whatever a target sends, the exchange ends soon, in little memory, with a failure that has a name.

use forerunner::model::failure::FailureKind as Kind;
use forerunner::model::timing::Phase;
use forerunner::net::deadline::Limit;
use http::Method;
use proptest::prelude::*;

use super::{FIRST, Run, answer, body, check_failure, text};
use crate::support::http1::{Act, serve, write};

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// A server that plays `script` after it took a request ends the exchange with `kind` in `phase`.
async fn check(script: Vec<Act>, kind: Kind, phase: Phase) {
    let told = format!("{script:.200?}");
    let (address, _) = serve(vec![[vec![Act::Read], script].concat()]).await;
    let mut run = Run::at(address);
    let exchange = run.fetch("/").await;
    check_failure(&exchange, kind);
    assert_eq!(exchange.failure.and_then(|failure| failure.phase), Some(phase), "{told}");
    assert_eq!(exchange.hops.len(), 1);
    assert!(exchange.hops[0].answer.is_none());
}

#[tokio::test]
async fn bodies_without_end_are_cut_at_the_limit() {
    let chunked = format!("{OK}Transfer-Encoding: chunked\r\n\r\n");
    check(vec![write(&format!("{OK}\r\n")), Act::Flood(b"x".to_vec())], Kind::BodyTooLarge, Phase::Receive).await;
    check(vec![write(&chunked), Act::Flood(b"1\r\nx\r\n".to_vec())], Kind::BodyTooLarge, Phase::Receive).await;
    check(vec![write(&format!("{OK}Content-Length: 10000000000\r\n\r\n"))], Kind::BodyTooLarge, Phase::Receive).await;
    check(vec![write(&chunked), Act::Flood(b"0".to_vec())], Kind::BodyTooLarge, Phase::Receive).await;
    let extension = format!("{chunked}5;");
    check(vec![write(&extension), Act::Flood(b"x".to_vec())], Kind::MalformedAnswer, Phase::Receive).await;
    let trailers = format!("{chunked}0\r\n");
    check(vec![write(&trailers), Act::Flood(b"a: b\r\n".to_vec())], Kind::MalformedAnswer, Phase::Receive).await;
}

#[tokio::test]
async fn the_head_is_bounded_in_bytes_and_fields() {
    check(vec![write(OK), Act::Flood(b"a: b\r\n".to_vec())], Kind::HeadersTooLarge, Phase::Receive).await;
    check(vec![write(OK), Act::Flood(b"x".to_vec())], Kind::HeadersTooLarge, Phase::Receive).await;
    check(vec![write(&format!("{OK}a: ")), Act::Flood(b"x".to_vec())], Kind::HeadersTooLarge, Phase::Receive).await;
    let fields = "a: b\r\n".repeat(257);
    check(vec![write(&format!("{OK}{fields}Content-Length: 0\r\n\r\n"))], Kind::HeadersTooLarge, Phase::Receive).await;
    let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
    check(vec![Act::Flood(interim)], Kind::HeadersTooLarge, Phase::Receive).await;
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    for text in [
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        "\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{50}",
        "HTTP/1.1 000 None\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
        check(vec![write(text)], Kind::MalformedAnswer, Phase::Receive).await;
    }
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_cut_short() {
    check(vec![], Kind::AnswerCutShort, Phase::Wait).await;
    check(vec![Act::Reset], Kind::AnswerCutShort, Phase::Wait).await;
    check(vec![write("HTTP/1.1 200")], Kind::AnswerCutShort, Phase::Receive).await;
    check(vec![write(&format!("{OK}Content-Length: 5\r\n\r\nabc"))], Kind::AnswerCutShort, Phase::Receive).await;
    let chunked = format!("{OK}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
    check(vec![write(&chunked)], Kind::AnswerCutShort, Phase::Receive).await;
    check(vec![write(&chunked), Act::Reset], Kind::AnswerCutShort, Phase::Receive).await;
}

/// The same where the peer stops the clock, which can be done once in a runtime.
fn check_alone(script: Vec<Act>, kind: Kind, phase: Phase) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(check(script, kind, phase));
}

#[test]
fn silence_and_drips_end_at_the_deadline_in_their_phase() {
    check_alone(vec![Act::Silence], Kind::WaitTimeout, Phase::Wait);
    check_alone(vec![write("H"), Act::Silence], Kind::ReceiveTimeout, Phase::Receive);
    let begun = format!("{OK}Content-Length: 5\r\n\r\nab");
    check_alone(vec![write(&begun), Act::Silence], Kind::ReceiveTimeout, Phase::Receive);
    check_alone(vec![write(OK), Act::Drip(b"a: b\r\n".to_vec())], Kind::ReceiveTimeout, Phase::Receive);
    check_alone(vec![write(&format!("{OK}\r\n")), Act::Drip(b"x".to_vec())], Kind::ReceiveTimeout, Phase::Receive);
}

#[tokio::test]
async fn a_request_that_is_not_taken_is_a_send_timeout() {
    let (address, _) = serve(vec![vec![Act::ReadHead, Act::Silence]]).await;
    let mut run = Run::at(address);
    let mut request = run.request(FIRST, Method::POST, "/");
    let large = vec![b'x'; 32 * 1024 * 1024];
    request.body = Some(forerunner::base::secret::Labelled::open(large.into()));
    let exchange = run.send(&request).await;
    check_failure(&exchange, Kind::SendTimeout);
    assert_eq!(exchange.failure.and_then(|failure| failure.phase), Some(Phase::Send));
}

#[tokio::test]
async fn the_end_of_the_run_is_named_as_such() {
    let (address, _) = serve(vec![vec![Act::Read, Act::Silence]]).await;
    let mut run = Run::at(address);
    run.limit = Limit::Run;
    let exchange = run.fetch("/").await;
    check_failure(&exchange, Kind::RunTimeout);
    assert_eq!(exchange.failure.and_then(|failure| failure.phase), Some(Phase::Wait));
}

#[tokio::test]
async fn odd_but_valid_answers_are_answers() {
    for (head, status, expected) in [
        ("HTTP/1.1 999 \r\nContent-Length: 1\r\n\r\nx", 999, "x"),
        ("HTTP/1.1 200\r\nX: \u{e9}\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
        ("HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "until the end"),
        ("HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n", 204, ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 10000000000\r\n\r\n", 304, ""),
        ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: x-unknown\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 200, ""),
    ] {
        let (address, _) = serve(vec![vec![Act::Read, write(head)]]).await;
        let exchange = Run::at(address).fetch("/").await;
        assert_eq!((answer(&exchange).status.as_u16(), text(&exchange)), (status, expected), "{head}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_decode_is_named_and_a_bomb_is_too_large() {
    let head = format!("{OK}Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain");
    check(vec![write(&head)], Kind::BodyUndecodable, Phase::Receive).await;
    // A frame of run-length blocks: 64 GiB in 2 MiB, sent only as far as it is taken.
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    let header = ((128 * 1024_u32) << 3) | (1 << 1);
    bomb.extend([header.to_le_bytes()[0], header.to_le_bytes()[1], header.to_le_bytes()[2], 0].repeat(200_000));
    let head = format!("{OK}Content-Encoding: zstd\r\nContent-Length: {}\r\n\r\n", bomb.len());
    check(vec![write(&head), Act::Write(bomb)], Kind::BodyTooLarge, Phase::Receive).await;
}

#[tokio::test]
async fn a_body_of_the_limit_passes_and_one_byte_more_does_not() {
    for (size, fits) in [(1000, true), (1001, false)] {
        let head = format!("{OK}Content-Length: {size}\r\n\r\n{}", "x".repeat(size));
        let (address, _) = serve(vec![vec![Act::Read, write(&head)]]).await;
        let mut run = Run::at(address);
        run.body_max = 1000;
        let exchange = run.fetch("/").await;
        if fits {
            assert_eq!(text(&exchange).len(), size);
            assert_eq!(answer(&exchange).wire_size, 1000);
        } else {
            check_failure(&exchange, Kind::BodyTooLarge);
        }
    }
}

#[tokio::test]
async fn an_answer_before_the_request_is_taken_counts() {
    let refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
    let (address, _) = serve(vec![vec![write(refusal), Act::Read]]).await;
    let mut run = Run::at(address);
    let mut request = run.request(FIRST, Method::POST, "/");
    request.body = Some(body("x"));
    let exchange = run.send(&request).await;
    // The peer spoke before it was asked: hyper takes that for a broken connection, or in time for an answer.
    if exchange.failure.is_none() {
        assert_eq!(answer(&exchange).status, 413);
    } else {
        check_failure(&exchange, Kind::MalformedAnswer);
    }
}

const CANNED: [&str; 3] = [
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello world",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nT: u\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
];

/// What became of an answer that was cut after `cut` bytes, or in which the byte there was changed.
fn outcome(bytes: Vec<u8>, reset: bool) -> Result<(u16, Vec<u8>), Kind> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut script = vec![Act::Read, Act::Write(bytes)];
        script.extend(reset.then_some(Act::Reset));
        let (address, _) = serve(vec![script]).await;
        let exchange = Run::at(address).fetch("/").await;
        match &exchange.failure {
            Some(failure) => Err(failure.kind),
            None => Ok((answer(&exchange).status.as_u16(), answer(&exchange).body.to_vec())),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_cut_anywhere_is_whole_or_a_failure(which in 0..CANNED.len(), at in any::<prop::sample::Index>(), reset: bool) {
        let whole = CANNED[which].as_bytes();
        let cut = at.index(whole.len() + 1);
        match outcome(whole[..cut].to_vec(), reset) {
            Ok((status, body)) => prop_assert!(cut == whole.len() && status == 200 && body == b"hello world", "{cut} of {which}"),
            Err(Kind::AnswerCutShort) => {}
            // A reset may overtake what was sent before it.
            Err(kind) => prop_assert!(kind == Kind::MalformedAnswer, "{kind:?}"),
        }
    }

    #[test]
    fn an_answer_with_a_changed_byte_ends_in_something_with_a_name(which in 0..CANNED.len(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = CANNED[which].as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Err(kind) = outcome(bytes, false) {
            let named = [Kind::AnswerCutShort, Kind::MalformedAnswer, Kind::BodyTooLarge, Kind::HeadersTooLarge];
            prop_assert!(named.contains(&kind), "{kind:?}");
        }
    }
}
