//! Counts an answer when its last byte was handed over, or when the client is gone.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use super::routes::{App, OTHER};
use super::watch::Answering;

/// The route that answered, as written in the program, and when the request came.
#[derive(Clone, Copy)]
pub(super) struct Handled {
    pub route: &'static str,
    pub since: Instant,
}

/// The answer, counted once it has left.
pub(super) fn counted(answer: Response, app: Arc<App>, answering: Answering) -> Response {
    let handled = answer.extensions().get().copied();
    let handled = handled.unwrap_or_else(|| Handled { route: OTHER, since: Instant::now() });
    let count = Count { app, handled, code: answer.status().as_u16() };
    answer.map(|body| Body::new(Counted { body, _answering: answering, _count: count }))
}

struct Count {
    app: Arc<App>,
    handled: Handled,
    code: u16,
}

impl Drop for Count {
    fn drop(&mut self) {
        self.app.site.metrics.own.http_request(self.handled.route, self.code, self.handled.since.elapsed());
    }
}

struct Counted {
    body: Body,
    _answering: Answering,
    _count: Count,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
