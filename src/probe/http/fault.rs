//! Names every trouble that hyper, h2 and the stream below them report, in one place.

use std::error::Error;
use std::io;

use super::meter::Flood;
use crate::model::failure::{Failure, FailureKind};
use crate::model::timing::Phase;

/// The failure behind an error, in the phase in which it showed. `in_body` tells whether the head of the answer was complete.
pub(super) fn failure(error: &(dyn Error + 'static), phase: Phase, in_body: bool) -> Failure {
    let links = chain(error);
    // The innermost cause knows best.
    let kind = links.iter().rev().find_map(|link| kind_of(*link, in_body)).unwrap_or(FailureKind::Internal);
    Failure::new(kind, text(&links)).in_phase(phase)
}

/// Whether the error says no more than that the connection is gone, so that the connection's own error is worth asking for.
pub(super) fn is_vague(error: &hyper::Error) -> bool {
    error.is_canceled() || error.is_closed() || error.is_user() || chain(error).iter().any(|link| is_lost(*link))
}

/// Whether the error is that of a peer which closed its connection without looking at the request, as far as can be known.
pub(super) fn is_departure(error: &hyper::Error) -> bool {
    error.is_canceled()
        || error.is_closed()
        || error.is_incomplete_message()
        || chain(error).iter().any(|link| is_lost(*link) || is_passed_over(&link.to_string()))
}

fn is_lost(link: &(dyn Error + 'static)) -> bool {
    link.downcast_ref::<io::Error>().is_some_and(|error| {
        let lost = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof];
        lost.contains(&error.kind())
    })
}

/// HTTP/2 says it: a connection that ends in order, and a stream refused before any work on it (RFC 9113 §8.7).
fn is_passed_over(text: &str) -> bool {
    text.starts_with("connection error received: not a result of an error")
        || text.starts_with("stream error received: refused stream")
}

/// An error and all its causes; those that `io::Error` hides as well.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    const LINKS_MAX: usize = 16;
    let mut links = Vec::new();
    let mut next = Some(error);
    while let Some(link) = next.filter(|_| links.len() < LINKS_MAX) {
        links.push(link);
        next = match link.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &'a (dyn Error + 'static)),
            None => link.source(),
        };
    }
    links
}

fn text(links: &[&(dyn Error + 'static)]) -> String {
    let mut parts: Vec<String> = links.iter().map(ToString::to_string).collect();
    // `io::Error` prints the error that it holds.
    parts.dedup();
    parts.join(": ")
}

fn kind_of(link: &(dyn Error + 'static), in_body: bool) -> Option<FailureKind> {
    if link.is::<Flood>() {
        return Some(flood(in_body));
    }
    if let Some(error) = link.downcast_ref::<hyper::Error>() {
        return kind_of_hyper(error);
    }
    if let Some(error) = link.downcast_ref::<io::Error>() {
        return kind_of_io(error);
    }
    if let Some(error) = link.downcast_ref::<rustls::Error>() {
        let ended = matches!(error, rustls::Error::AlertReceived(_));
        return Some(if ended { FailureKind::AnswerCutShort } else { FailureKind::MalformedAnswer });
    }
    kind_of_h2(&link.to_string(), in_body)
}

fn flood(in_body: bool) -> FailureKind {
    if in_body { FailureKind::BodyTooLarge } else { FailureKind::HeadersTooLarge }
}

/// What hyper itself knows; causes below it have been asked before.
fn kind_of_hyper(error: &hyper::Error) -> Option<FailureKind> {
    let text = error.to_string();
    if error.is_parse() {
        // The predicate for it exists only with hyper's server; the table test holds the text.
        let too_large = text == "message head is too large";
        return Some(if too_large { FailureKind::HeadersTooLarge } else { FailureKind::MalformedAnswer });
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Some(FailureKind::AnswerCutShort);
    }
    if text == "received unexpected message from connection" {
        return Some(FailureKind::MalformedAnswer);
    }
    // What else there is comes from the connection: h2 tells an error of the stream below by its text alone.
    (!error.is_user() && text != "http2 error").then_some(FailureKind::AnswerCutShort)
}

fn kind_of_io(error: &io::Error) -> Option<FailureKind> {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::WriteZero
        | io::ErrorKind::TimedOut => Some(FailureKind::AnswerCutShort),
        // As h2 passes on what rustls says.
        io::ErrorKind::InvalidData if error.to_string().starts_with("received fatal alert") => {
            Some(FailureKind::AnswerCutShort)
        }
        // A cause below, such as rustls', says more; without one it is hyper's word for broken chunks.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            if error.get_ref().is_none_or(|inner| !inner.is::<rustls::Error>()) =>
        {
            Some(FailureKind::MalformedAnswer)
        }
        _ => None,
    }
}

/// h2's errors can be told apart by their text only, unless h2 were a dependency of our own; the table test holds it.
fn kind_of_h2(text: &str, in_body: bool) -> Option<FailureKind> {
    if text.contains("endpoint requires HTTP/1.1") {
        return Some(FailureKind::VersionUnavailable);
    }
    if text.starts_with("stream error received") || text.starts_with("connection error received") {
        return Some(FailureKind::AnswerCutShort);
    }
    // h2's word for frames without end that bring nothing.
    if text.starts_with("connection error detected: detected excessive load") {
        return Some(flood(in_body));
    }
    let ours = ["stream error detected", "connection error detected", "protocol error"];
    ours.iter().any(|start| text.starts_with(start)).then_some(FailureKind::MalformedAnswer)
}

#[cfg(test)]
mod tests;
