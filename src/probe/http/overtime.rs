//! Names the failure of a hop whose time ran out, by the phase it was in and by whose limit it was.

use crate::model::failure::{Failure, FailureKind};
use crate::model::timing::Phase;
use crate::net::deadline::{Deadline, Expired};

pub(super) fn failure(deadline: Deadline, phase: Phase) -> Failure {
    let (kind, what) = match phase {
        Phase::Resolve => (FailureKind::ResolveTimeout, "the name did not resolve"),
        Phase::Connect => (FailureKind::ConnectTimeout, "the connection was not made"),
        Phase::Tls => (FailureKind::HandshakeTimeout, "the TLS handshake did not end"),
        Phase::Send => (FailureKind::SendTimeout, "the target did not take the request"),
        Phase::Wait => (FailureKind::WaitTimeout, "the target did not begin to answer"),
        Phase::Receive => (FailureKind::ReceiveTimeout, "the answer did not end"),
    };
    Expired::Limit(deadline.limit).failure(kind, what).in_phase(phase)
}
