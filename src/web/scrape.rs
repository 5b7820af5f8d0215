//! `/metrics`: encoded on a thread of its own and handed over in chunks, as fast as the scraper reads them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::answer::plain;
use super::routes::App;
use crate::metrics::scrape::ScrapeRequest;

/// Chunks that wait for the client: the encoder works on the next while one is being sent. With it a scrape holds about
/// 320 KiB however large the answer is.
const CHUNKS_MAX: usize = 4;

pub(super) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let (accept, coding) = (list(request.headers(), &ACCEPT), list(request.headers(), &ACCEPT_ENCODING));
    let asked = match ScrapeRequest::from_http(accept.as_deref(), coding.as_deref(), request.uri().query()) {
        Ok(asked) => asked,
        Err(error) => return plain(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let body = if request.method() == Method::HEAD {
        Body::empty()
    } else {
        let Ok(slot) = Arc::clone(&app.scrapes).try_acquire_owned() else {
            app.site.metrics.own.queue_full("web_scrapes").inc();
            let mut answer = plain(StatusCode::SERVICE_UNAVAILABLE, "too many scrapes at once; try again");
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            return answer;
        };
        let (sender, receiver) = mpsc::channel(CHUNKS_MAX);
        let metrics = Arc::clone(&app.site.metrics);
        tokio::task::spawn_blocking(move || {
            let _slot = slot;
            let written = metrics.write(&asked, &mut |chunk| send(&sender, Part::Chunk(Bytes::copy_from_slice(chunk))));
            if written.is_ok() {
                let _ = send(&sender, Part::End);
            }
        });
        Body::new(Stream { receiver, ended: false })
    };
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asked.format.content_type()));
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    if let Some(coding) = asked.content_encoding() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    answer
}

/// A header that is a list, its lines joined.
fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

enum Part {
    Chunk(Bytes),
    /// All was written. An answer without it must not look complete.
    End,
}

/// Waits until there is room; fails once the client is gone, which ends the encoding.
fn send(sender: &mpsc::Sender<Part>, part: Part) -> io::Result<()> {
    sender.blocking_send(part).map_err(|_| io::ErrorKind::BrokenPipe.into())
}

struct Stream {
    receiver: mpsc::Receiver<Part>,
    ended: bool,
}

impl hyper::body::Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let part = ready!(self.receiver.poll_recv(cx));
        self.ended = !matches!(part, Some(Part::Chunk(_)));
        Poll::Ready(match part {
            Some(Part::Chunk(chunk)) => Some(Ok(Frame::data(chunk))),
            Some(Part::End) => None,
            None => Some(Err(io::Error::other("the encoding of the metrics broke off"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
