//! Takes the body of an answer as it arrives, and stops at the limit instead of draining what follows.

use bytes::{Bytes, BytesMut};
use http::Version;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// Room for the frame of a content coding that cannot make the body smaller: a 64th, and headers and trailers.
const CODED_EXTRA: (u64, u64) = (64, 1024);

pub(super) enum ReceiveError {
    TooLarge,
    /// HTTP/2: the stream was given up, which hyper takes for an end if no error is named.
    GivenUp,
    Broken(hyper::Error),
}

/// Most bytes of a body as transferred, for a decoded body of at most `body_max`.
pub(super) fn wire_max(body_max: u64, coded: bool) -> u64 {
    let (part, fixed) = CODED_EXTRA;
    if coded { body_max.saturating_add(body_max / part).saturating_add(fixed) } else { body_max }
}

/// Receives up to `max` bytes; a body that announces more is refused at once. Trailers are dropped.
pub(super) async fn receive(mut body: Incoming, version: Version, max: u64) -> Result<Bytes, ReceiveError> {
    if body.size_hint().lower() > max {
        return Err(ReceiveError::TooLarge);
    }
    let mut only = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(ReceiveError::Broken)?.into_data() else { continue };
        let size = only.len().max(joined.len()) + piece.len();
        if size as u64 > max {
            return Err(ReceiveError::TooLarge);
        }
        // A body in one piece is not copied.
        if only.is_empty() && joined.is_empty() {
            only = piece;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut only));
            joined.extend_from_slice(&piece);
        }
    }
    if version == Version::HTTP_2 && !body.is_end_stream() {
        return Err(ReceiveError::GivenUp);
    }
    Ok(if joined.is_empty() { only } else { joined.freeze() })
}
