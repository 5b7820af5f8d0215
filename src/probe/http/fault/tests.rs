//! Every error that the libraries raise has its name; those that only a peer can cause are made by the integration tests.

use super::*;

/// An error with a cause, as hyper and h2 nest them.
#[derive(Debug)]
struct Link(&'static str, Option<Box<dyn Error + 'static>>);

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref()
    }
}

#[track_caller]
fn check(error: impl Error + 'static, in_body: bool, kind: FailureKind) {
    let outer = Link("http2 error", Some(Box::new(error)));
    let failure = failure(&outer, Phase::Wait, in_body);
    assert_eq!(failure.kind, kind, "{}", failure.detail);
    assert!(failure.detail.contains("http2 error: "), "{}", failure.detail);
}

#[test]
fn errors_of_the_stream_have_names() {
    for kind in [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::UnexpectedEof,
    ] {
        check(io::Error::from(kind), false, FailureKind::AnswerCutShort);
    }
    check(io::Error::new(io::ErrorKind::InvalidInput, "invalid chunk size line"), true, FailureKind::MalformedAnswer);
    check(io::Error::other(Flood), false, FailureKind::HeadersTooLarge);
    check(io::Error::other(Flood), true, FailureKind::BodyTooLarge);
}

#[test]
fn errors_of_http_2_have_names() {
    check(
        Link("stream error received: refused stream before processing any application logic", None),
        false,
        FailureKind::AnswerCutShort,
    );
    check(Link("connection error received: not a result of an error", None), false, FailureKind::AnswerCutShort);
    check(Link("stream error received: endpoint requires HTTP/1.1", None), false, FailureKind::VersionUnavailable);
    check(Link("connection error detected: frame with invalid size", None), false, FailureKind::MalformedAnswer);
    check(Link("stream error detected: unspecific protocol error detected", None), false, FailureKind::MalformedAnswer);
    let load = "connection error detected: detected excessive load generating behavior (b\"too_many_data_frames\")";
    check(Link(load, None), false, FailureKind::HeadersTooLarge);
    check(Link(load, None), true, FailureKind::BodyTooLarge);
    check(Link("what nobody knows", None), false, FailureKind::Internal);
}

#[test]
fn only_what_was_passed_over_may_be_sent_again() {
    assert!(is_passed_over("connection error received: not a result of an error"));
    assert!(is_passed_over("stream error received: refused stream before processing any application logic"));
    assert!(!is_passed_over("stream error received: unexpected internal error encountered"));
}

#[test]
fn a_chain_without_end_is_read_to_a_bound() {
    let mut error = Link("deep", None);
    for _ in 0..1_000 {
        error = Link("deep", Some(Box::new(error)));
    }
    assert_eq!(chain(&error).len(), 16);
}
