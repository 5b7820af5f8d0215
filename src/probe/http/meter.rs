//! Stamps what passes over a connection above TLS, where the first byte of an answer is not yet mixed with session tickets.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::connection::Protocol;
use super::frames::Frames;
use crate::model::failure::FailureKind;
use crate::net::dial::Stream;
use crate::net::tls::failure::classify;

/// What is known about the request in progress on one connection. Written by the connection's task, read by the hop.
pub(super) struct Meter {
    base: Instant,
    stage: AtomicU8,
    sent: Stamp,
    first_read: Stamp,
    head: Stamp,
    /// Bytes that may still be read for this request.
    allowance: AtomicU64,
    informational: AtomicU64,
    flooded: AtomicBool,
    speaks_http1: AtomicBool,
    /// Counts frames on HTTP/2. Only the connection's task takes the lock, but for the begin of a request.
    frames: Option<Mutex<Frames>>,
    /// Why the peer refuses our certificate. h2 keeps no more of an error than its text, so it is caught here.
    refusal: OnceLock<String>,
}

/// Nanoseconds since the meter's base plus one; zero means not yet.
#[derive(Default)]
struct Stamp(AtomicU64);

/// How far the request has come: hyper writes and flushes once it holds the whole of it, so the first flush that follows a write
/// after the hand-over ends the sending.
const BEGUN: u8 = 0;
const HANDED_OVER: u8 = 1;
const WRITTEN: u8 = 2;
const SENT: u8 = 3;

/// Interim answers (1xx) taken for one request. A server sends one `100` and a few `103`.
pub(super) const INTERIM_ANSWERS_MAX: u64 = 20;

/// The target sent more than any answer of the allowed size needs: interim answers, padding, control frames.
#[derive(Debug)]
pub(super) struct Flood;

impl std::fmt::Display for Flood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("far more bytes or interim answers than an answer of the allowed size needs")
    }
}

impl std::error::Error for Flood {}

impl Meter {
    pub(super) fn new(protocol: Protocol) -> Arc<Self> {
        let frames = match protocol {
            Protocol::Http1 => None,
            Protocol::Http2 => Some(Mutex::default()),
        };
        Arc::new(Self {
            frames,
            base: Instant::now(),
            stage: AtomicU8::new(BEGUN),
            sent: Stamp::default(),
            first_read: Stamp::default(),
            head: Stamp::default(),
            allowance: AtomicU64::new(0),
            informational: AtomicU64::new(0),
            flooded: AtomicBool::new(false),
            speaks_http1: AtomicBool::new(false),
            refusal: OnceLock::new(),
        })
    }

    /// A new request begins; at most `allowance` bytes may be read for it.
    pub(super) fn begin(&self, allowance: u64) {
        self.stage.store(BEGUN, Ordering::Release);
        self.sent.clear();
        self.first_read.clear();
        self.head.clear();
        self.allowance.store(allowance, Ordering::Release);
        self.informational.store(0, Ordering::Release);
        self.flooded.store(false, Ordering::Release);
        if let Some(frames) = &self.frames {
            frames.lock().unwrap_or_else(PoisonError::into_inner).begin();
        }
    }

    /// hyper has been given the last byte of the request.
    pub(super) fn hand_over(&self) {
        self.stage.store(HANDED_OVER, Ordering::Release);
    }

    /// The head of the answer is complete.
    pub(super) fn head_arrived(&self) {
        self.head.set(self.now());
    }

    /// An interim answer arrived; too many of them end the connection at its next read.
    pub(super) fn interim_answer(&self) {
        if self.informational.fetch_add(1, Ordering::AcqRel) >= INTERIM_ANSWERS_MAX {
            self.flooded.store(true, Ordering::Release);
        }
    }

    /// When the request was written completely.
    pub(super) fn sent(&self) -> Option<Instant> {
        self.at(&self.sent)
    }

    /// When the first byte was read since the request began.
    pub(super) fn first_read(&self) -> Option<Instant> {
        self.at(&self.first_read)
    }

    pub(super) fn head(&self) -> Option<Instant> {
        self.at(&self.head)
    }

    /// Whether the peer began with `HTTP/`, whatever it was asked.
    pub(super) fn speaks_http1(&self) -> bool {
        self.speaks_http1.load(Ordering::Acquire)
    }

    /// Whether the peer was cut off for sending too much.
    pub(super) fn flooded(&self) -> bool {
        self.flooded.load(Ordering::Acquire)
    }

    /// Why the peer refuses the client's certificate, if it does. With TLS 1.3 it says so only after the handshake.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.refusal.get().map(String::as_str)
    }

    fn failed(&self, error: &io::Error) {
        if let Some((FailureKind::ClientCertificateRefused, why)) = classify(error) {
            // The first one counts.
            let _ = self.refusal.set(why);
        }
    }

    fn at(&self, stamp: &Stamp) -> Option<Instant> {
        stamp.get().map(|since| self.base + since)
    }

    fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.base)
    }

    fn wrote(&self, result: &Poll<io::Result<usize>>) {
        if matches!(result, Poll::Ready(Ok(1..))) && self.stage.load(Ordering::Acquire) == HANDED_OVER {
            self.stage.store(WRITTEN, Ordering::Release);
        }
    }

    fn flushed(&self) {
        if self.stage.load(Ordering::Acquire) == WRITTEN {
            self.sent.set(self.now());
            self.stage.store(SENT, Ordering::Release);
        }
    }

    /// Counts bytes that came in; false if they are too many.
    fn read(&self, bytes: &[u8]) -> bool {
        if self.first_read.get().is_none() {
            self.first_read.set(self.now());
            if bytes.starts_with(b"HTTP/") {
                self.speaks_http1.store(true, Ordering::Release);
            }
        }
        let left = self.allowance.load(Ordering::Acquire);
        let count = bytes.len() as u64;
        self.allowance.store(left.saturating_sub(count), Ordering::Release);
        let fits = |frames: &Mutex<Frames>| frames.lock().unwrap_or_else(PoisonError::into_inner).take(bytes);
        if count > left || !self.frames.as_ref().is_none_or(fits) {
            self.flooded.store(true, Ordering::Release);
        }
        !self.flooded()
    }
}

impl Stamp {
    fn clear(&self) {
        self.0.store(0, Ordering::Release);
    }

    fn set(&self, since: Duration) {
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.0.store(nanos.saturating_add(1), Ordering::Release);
    }

    fn get(&self) -> Option<Duration> {
        self.0.load(Ordering::Acquire).checked_sub(1).map(Duration::from_nanos)
    }
}

/// The stream of a connection with its meter.
pub(super) struct Metered {
    stream: Box<dyn Stream>,
    meter: Arc<Meter>,
    /// With what writing failed, while the last words of the peer are awaited.
    lost: Option<io::Error>,
}

impl Metered {
    pub(super) fn new(stream: Box<dyn Stream>, meter: Arc<Meter>) -> Self {
        Self { stream, meter, lost: None }
    }

    /// A peer that leaves may have said why before: that writing fails becomes known only once what came is read.
    fn after_last_words<T>(&mut self, cx: &mut Context<'_>, error: io::Error) -> Poll<io::Result<T>> {
        if !matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) {
            return Poll::Ready(Err(error));
        }
        let mut space = [0; 256];
        let mut words = ReadBuf::new(&mut space);
        match Pin::new(&mut self.stream).poll_read(cx, &mut words) {
            // It comes: the peer has closed the connection.
            Poll::Pending => {
                self.lost = Some(error);
                return Poll::Pending;
            }
            Poll::Ready(Ok(())) if !words.filled().is_empty() => {
                self.meter.read(words.filled());
            }
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.meter.failed(&error),
        }
        Poll::Ready(Err(error))
    }

    /// Writes or flushes, unless that has failed before.
    fn writing<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut Box<dyn Stream>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Some(error) = self.lost.take() {
            return self.after_last_words(cx, error);
        }
        match write(Pin::new(&mut self.stream), cx) {
            Poll::Ready(Err(error)) => self.after_last_words(cx, error),
            result => result,
        }
    }
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        match &result {
            Poll::Ready(Ok(())) => {
                let new = &buf.filled()[before..];
                if !new.is_empty() && !self.meter.read(new) {
                    return Poll::Ready(Err(io::Error::other(Flood)));
                }
            }
            Poll::Ready(Err(error)) => self.meter.failed(error),
            Poll::Pending => {}
        }
        result
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = self.writing(cx, |stream, cx| stream.poll_write(cx, buf));
        self.meter.wrote(&result);
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.writing(cx, AsyncWrite::poll_flush);
        if matches!(result, Poll::Ready(Ok(()))) {
            self.meter.flushed();
        }
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = self.writing(cx, |stream, cx| stream.poll_write_vectored(cx, bufs));
        self.meter.wrote(&result);
        result
    }
}
