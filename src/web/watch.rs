//! The deadlines of one connection: nobody may keep one for nothing, and nobody may answer for a slow reader.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// From the first byte of a request to the end of its head, and for the TLS handshake: a client on a slow line needs a
/// second, one that means harm would take for ever.
pub(super) const HEAD_MAX: Duration = Duration::from_secs(10);
/// From the end of the head to the last byte of the answer: more than Prometheus waits by default, and enough for a
/// reload of everything.
pub(super) const REQUEST_MAX: Duration = Duration::from_mins(1);
/// Between two requests: a scraper that comes once a minute keeps its connection.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(90);
/// Without the client taking a single byte that waits for it.
pub(super) const WRITE_STALLED_MAX: Duration = Duration::from_secs(10);

/// What one connection is at; shared by its stream, its requests and the task that ends it.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<State>>);

struct State {
    at: Stage,
    since: Instant,
    stalled_since: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing of a request has come.
    Idle,
    /// A request has begun to come.
    Head,
    /// A request is being answered.
    Answer,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { at: Stage::Idle, since: Instant::now(), stalled_since: None })))
    }

    /// When the connection has to end unless something happens before.
    pub(super) fn deadline(&self) -> Instant {
        self.with(|state| {
            let stage = match state.at {
                Stage::Idle => IDLE_MAX,
                Stage::Head => HEAD_MAX,
                Stage::Answer => REQUEST_MAX,
            };
            let stalled = state.stalled_since.map(|since| since + WRITE_STALLED_MAX);
            stalled.map_or(state.since + stage, |stalled| stalled.min(state.since + stage))
        })
    }

    /// The head of a request is complete; until the answer, or what is left of it, is dropped.
    pub(super) fn answering(&self) -> Answering {
        self.enter(Stage::Answer);
        Answering(self.clone())
    }

    fn enter(&self, stage: Stage) {
        self.with(|state| (state.at, state.since) = (stage, Instant::now()));
    }

    fn read(&self) {
        self.with(|state| {
            if state.at == Stage::Idle {
                (state.at, state.since) = (Stage::Head, Instant::now());
            }
        });
    }

    fn wrote(&self, pending: bool) {
        self.with(|state| {
            state.stalled_since = if pending { state.stalled_since.or_else(|| Some(Instant::now())) } else { None };
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request that is being answered.
pub(super) struct Answering(Watch);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.enter(Stage::Idle);
    }
}

/// A stream that tells what it is at.
pub(super) struct Watched<S> {
    stream: S,
    watch: Watch,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    pub(super) fn io(stream: S, watch: Watch) -> TokioIo<Self> {
        TokioIo::new(Self { stream, watch })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.watch.read();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch.wrote(polled.is_pending());
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        if polled.is_pending() {
            self.watch.wrote(true);
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch.wrote(polled.is_pending());
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch.wrote(polled.is_pending());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_waited_for_less_long_than_one_that_reads() {
        let (mut client, server) = tokio::io::duplex(8);
        let watch = Watch::new();
        let answering = watch.answering();
        let began = Instant::now();
        assert_eq!(watch.deadline(), began + REQUEST_MAX);
        let mut stream = Watched { stream: server, watch: watch.clone() };
        let writing = tokio::spawn(async move { stream.write_all(&[0; 20]).await });
        tokio::task::yield_now().await;
        assert_eq!(watch.deadline(), began + WRITE_STALLED_MAX);
        tokio::time::advance(Duration::from_secs(4)).await;
        client.read_exact(&mut [0; 8]).await.expect("read");
        tokio::task::yield_now().await;
        assert_eq!(watch.deadline(), began + Duration::from_secs(4) + WRITE_STALLED_MAX);
        client.read_exact(&mut [0; 12]).await.expect("read");
        writing.await.expect("ended").expect("written");
        assert_eq!(watch.deadline(), began + REQUEST_MAX);
        drop(answering);
        assert_eq!(watch.deadline(), Instant::now() + IDLE_MAX);
    }
}
