//! Names every trouble that hyper, h2 and the stream below them report, in one place.

use std::error::Error;
use std::io;

use super::meter::Flood;
use crate::model::failure::{Failure, FailureKind};
use crate::model::timing::Phase;
use crate::net::tls::failure::classify;

/// The failure behind an error, with the phase in which it showed unless the error itself belongs to another.
/// `in_body` tells whether the head of the answer was complete.
pub(super) fn failure(error: &(dyn Error + 'static), phase: Phase, in_body: bool) -> Failure {
    // With TLS 1.3 a server refuses the client's certificate after the handshake, in place of an answer.
    if let Some((kind @ FailureKind::ClientCertificateRefused, detail)) = classify(error) {
        return Failure::new(kind, detail).in_phase(Phase::Tls);
    }
    let links = chain(error);
    let kind = links.iter().find_map(|link| kind_of(*link, in_body)).unwrap_or(FailureKind::Internal);
    Failure::new(kind, text(&links)).in_phase(phase)
}

/// Whether the error says no more than that the connection is gone, so that the connection's own error is worth asking for.
pub(super) fn is_vague(error: &hyper::Error) -> bool {
    let broken = |link: &&(dyn Error + 'static)| {
        link.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
        })
    };
    error.is_canceled() || error.is_closed() || error.is_user() || chain(error).iter().any(broken)
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
        return Some(if in_body { FailureKind::BodyTooLarge } else { FailureKind::HeadersTooLarge });
    }
    if let Some(error) = link.downcast_ref::<hyper::Error>() {
        return kind_of_hyper(error, in_body);
    }
    if let Some(error) = link.downcast_ref::<io::Error>() {
        return kind_of_io(error);
    }
    if let Some(error) = link.downcast_ref::<rustls::Error>() {
        let ended = matches!(error, rustls::Error::AlertReceived(_));
        return Some(if ended { FailureKind::AnswerCutShort } else { FailureKind::MalformedAnswer });
    }
    kind_of_h2(&link.to_string())
}

/// None where a cause below says more.
fn kind_of_hyper(error: &hyper::Error, in_body: bool) -> Option<FailureKind> {
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
    if error.source().is_none() && in_body {
        return Some(FailureKind::AnswerCutShort);
    }
    None
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
fn kind_of_h2(text: &str) -> Option<FailureKind> {
    if text.contains("endpoint requires HTTP/1.1") {
        return Some(FailureKind::VersionUnavailable);
    }
    if text.starts_with("stream error received") || text.starts_with("connection error received") {
        return Some(FailureKind::AnswerCutShort);
    }
    let ours = ["stream error detected", "connection error detected", "protocol error"];
    ours.iter().any(|start| text.starts_with(start)).then_some(FailureKind::MalformedAnswer)
}

#[cfg(test)]
mod tests;
