//! Hands a request body to hyper in pieces, and tells the meter when the last one is gone.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::meter::Meter;

/// The largest piece: one HTTP/2 frame of the default size, so that flow control is felt and a stuck upload shows as such.
const PIECE_BYTES: usize = 16 * 1024;

pub(super) struct Outgoing {
    rest: Bytes,
    meter: Arc<Meter>,
}

impl Outgoing {
    pub(super) fn new(body: Bytes, meter: Arc<Meter>) -> Self {
        Self { rest: body, meter }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(size);
        if self.rest.is_empty() {
            self.meter.hand_over();
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
