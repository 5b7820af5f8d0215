//! One connection of a run: opened step by step, driven by a task that ends with it, kept for the next request to its host.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Response, Version as HttpVersion};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::meter::{Meter, Metered};
use super::outgoing::Outgoing;
use super::{ProbeContext, Version};
use crate::base::secret::HostIndex;
use crate::model::authority::DeclaredHost;
use crate::model::failure::{Failure, FailureKind, Origin};
use crate::model::observation::TlsFacts;
use crate::model::timing::Phase;
use crate::net::deadline::Deadline;
use crate::net::dial::{Alpn, dial};
use crate::net::network::Network;
use crate::net::stopwatch::Stopwatch;

/// Largest header section of an answer, bytes: four times what browsers and servers commonly take.
pub(super) const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Header section that HTTP/2 takes at all, bytes, each field counted with 32 more: what lies between the two limits is refused by
/// name, what is above this one looks to h2 like any other breach of the protocol.
const HTTP2_HEADER_BYTES_MAX: u32 = 1024 * 1024;
/// Header fields of an answer.
pub(super) const HEADER_FIELDS_MAX: usize = 256;
/// HTTP/2 receive window, bytes: four times the protocol's own, so that most bodies arrive without a pause for window updates.
const WINDOW_BYTES: u32 = 256 * 1024;
/// How long the connection's own error may come after that of its request. They stem from the same event.
const CAUSE_WAIT: Duration = Duration::from_millis(5);

/// What opening showed, whether it succeeded or not.
pub(super) struct Opened {
    pub(super) resolved: Vec<IpAddr>,
    pub(super) facts: Facts,
    pub(super) connection: Result<Connection, Failure>,
}

/// What stays true as long as a connection lives.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) remote: Option<SocketAddr>,
    pub(super) local: Option<SocketAddr>,
    pub(super) tls: Option<TlsFacts>,
}

#[expect(clippy::option_option, reason = "as in `Dialled`: no plain proxy, or one that may want credentials")]
pub(super) struct Connection {
    sender: Sender,
    pub(super) meter: Arc<Meter>,
    asked: Alpn,
    /// Of a plain-text proxy: requests in absolute form, and its `Proxy-Authorization`.
    pub(super) via_plain_proxy: Option<Option<HeaderValue>>,
    pub(super) facts: Facts,
    /// The error with which the connection ended.
    ended: oneshot::Receiver<hyper::Error>,
    tasks: Tasks,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

enum Sender {
    Http1(http1::SendRequest<Outgoing>),
    Http2(http2::SendRequest<Outgoing>),
}

/// What to offer for the version that a step asks for.
pub(super) fn alpn(version: Option<Version>, host: &DeclaredHost) -> Alpn {
    match version {
        Some(Version::Http2) => Alpn::Http2,
        None if host.origin.scheme == "https" => Alpn::Negotiate,
        None | Some(Version::Http10 | Version::Http11) => Alpn::Http1,
    }
}

/// Opens a connection for requests of `version`.
pub(super) async fn open(
    network: &Network,
    host: &DeclaredHost,
    version: Option<Version>,
    cx: &ProbeContext<'_>,
    stopwatch: &mut Stopwatch,
) -> Opened {
    let asked = alpn(version, host);
    let dialled = dial(network, &host.origin, &cx.authority.private_addresses, asked, cx.deadline, stopwatch).await;
    let facts = Facts { remote: dialled.remote, local: dialled.local, tls: dialled.tls };
    let resolved = dialled.resolved;
    let stream = dialled.stream.and_then(|stream| {
        let protocol = protocol(host, asked, facts.tls.as_ref(), dialled.via_plain_proxy.is_some())?;
        Ok((stream, protocol))
    });
    let (stream, protocol) = match stream {
        Ok(found) => found,
        Err(failure) => return Opened { resolved, facts, connection: Err(failure) },
    };
    let meter = Meter::new(protocol);
    let io = TokioIo::new(Metered::new(stream, Arc::clone(&meter)));
    let tasks = Tasks::default();
    let (end, ended) = oneshot::channel();
    let sender = match protocol {
        Protocol::Http1 => begin_http1(io, &tasks, end).await,
        Protocol::Http2 => begin_http2(io, &tasks, end, &meter, cx.deadline).await,
    };
    match sender {
        Ok(sender) => {
            let via_plain_proxy = dialled.via_plain_proxy;
            let connection = Connection { sender, meter, asked, via_plain_proxy, facts, ended, tasks };
            Opened { resolved, facts: Facts::default(), connection: Ok(connection) }
        }
        Err(failure) => {
            stopwatch.end(Phase::Send);
            Opened { resolved, facts, connection: Err(failure) }
        }
    }
}

/// Which protocol the new connection speaks, or why it is not the one asked for.
fn protocol(host: &DeclaredHost, asked: Alpn, tls: Option<&TlsFacts>, proxied: bool) -> Result<Protocol, Failure> {
    let negotiated = tls.and_then(|tls| tls.alpn.as_deref());
    if host.origin.scheme != "https" {
        if asked == Alpn::Http2 && proxied {
            let detail = "HTTP/2 without TLS cannot pass the proxy of this network";
            let failure = Failure::new(FailureKind::VersionUnavailable, detail);
            return Err(failure.in_phase(Phase::Connect).from(Origin::Vantage));
        }
        return Ok(if asked == Alpn::Http2 { Protocol::Http2 } else { Protocol::Http1 });
    }
    match (asked, negotiated) {
        (_, Some("h2")) => Ok(Protocol::Http2),
        (Alpn::Http2, other) => {
            let spoken = other.unwrap_or("nothing by ALPN, so HTTP/1.1");
            let detail = format!("asked for HTTP/2, the target chose {spoken}");
            Err(Failure::new(FailureKind::VersionUnavailable, detail).in_phase(Phase::Tls))
        }
        _ => Ok(Protocol::Http1),
    }
}

async fn begin_http1(
    io: TokioIo<Metered>,
    tasks: &Tasks,
    end: oneshot::Sender<hyper::Error>,
) -> Result<Sender, Failure> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADER_FIELDS_MAX)
        // As browsers and curl write them: some old servers know no other.
        .title_case_headers(true)
        .handshake(io)
        .await
        .map_err(|error| super::fault::failure(&error, Phase::Send, false))?;
    tasks.spawn(drive(connection, end));
    Ok(Sender::Http1(sender))
}

async fn begin_http2(
    io: TokioIo<Metered>,
    tasks: &Tasks,
    end: oneshot::Sender<hyper::Error>,
    meter: &Meter,
    deadline: Deadline,
) -> Result<Sender, Failure> {
    meter.begin(u64::from(WINDOW_BYTES));
    let handshake = http2::Builder::new(tasks.clone())
        .max_header_list_size(HTTP2_HEADER_BYTES_MAX)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .handshake(io);
    match timeout_at(deadline.at, handshake).await {
        Ok(Ok((sender, connection))) => {
            tasks.spawn(drive(connection, end));
            Ok(Sender::Http2(sender))
        }
        Ok(Err(error)) => Err(super::fault::failure(&error, Phase::Send, false)),
        Err(_) => Err(super::overtime::failure(deadline, Phase::Send)),
    }
}

async fn drive(connection: impl Future<Output = hyper::Result<()>>, end: oneshot::Sender<hyper::Error>) {
    if let Err(error) = connection.await {
        // Nobody listens if the hop has ended before.
        drop(end.send(error));
    }
}

impl Connection {
    pub(super) fn version(&self) -> HttpVersion {
        match self.sender {
            Sender::Http1(_) => HttpVersion::HTTP_11,
            Sender::Http2(_) => HttpVersion::HTTP_2,
        }
    }

    /// Whether it can carry a request for which one would dial with `asked`.
    pub(super) fn suits(&self, asked: Alpn) -> bool {
        let closed = match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        };
        let speaks = match self.sender {
            Sender::Http1(_) => Alpn::Http1,
            Sender::Http2(_) => Alpn::Http2,
        };
        !closed && (self.asked == asked || speaks == asked)
    }

    /// Waits until a request can be sent.
    ///
    /// # Errors
    /// The peer has closed the connection.
    pub(super) async fn ready(&mut self) -> hyper::Result<()> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await,
            Sender::Http2(sender) => sender.ready().await,
        }
    }

    pub(super) async fn send(
        &mut self,
        message: http::Request<Outgoing>,
    ) -> Result<Response<Incoming>, TrySendError<http::Request<Outgoing>>> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.try_send_request(message).await,
            Sender::Http2(sender) => sender.try_send_request(message).await,
        }
    }

    /// The error with which the connection ended, waited for briefly.
    pub(super) async fn cause(&mut self) -> Option<hyper::Error> {
        timeout(CAUSE_WAIT, &mut self.ended).await.ok()?.ok()
    }

    /// When the answer began to arrive: on HTTP/2 its head, since other frames come before it.
    pub(super) fn first_byte(&self) -> Option<Instant> {
        match self.sender {
            Sender::Http1(_) => self.meter.first_read(),
            Sender::Http2(_) => self.meter.head(),
        }
    }
}

impl Facts {
    /// The same facts once more, for a request that a kept connection carries.
    pub(super) fn again(&self) -> Self {
        let tls = self.tls.as_ref().map(|tls| TlsFacts {
            version: tls.version,
            cipher: tls.cipher.clone(),
            alpn: tls.alpn.clone(),
            chain: tls.chain.clone(),
            refused: tls.refused.clone(),
            insecure: tls.insecure,
        });
        Self { remote: self.remote, local: self.local, tls }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}

/// Kept connections of a run, by host.
pub(super) struct Kept(Vec<Option<Connection>>);

impl Kept {
    pub(super) fn new(hosts: usize) -> Self {
        Self(std::iter::repeat_with(|| None).take(hosts).collect())
    }

    /// Takes out the connection of a host; one that does not suit is closed.
    pub(super) fn take(&mut self, host: HostIndex, asked: Alpn) -> Option<Connection> {
        self.0.get_mut(usize::from(host.0))?.take().filter(|connection| connection.suits(asked))
    }

    pub(super) fn keep(&mut self, host: HostIndex, connection: Connection) {
        if let Some(slot) = self.0.get_mut(usize::from(host.0)) {
            *slot = Some(connection);
        }
    }
}

/// The tasks of one connection: one, on HTTP/2 a few. hyper asks for them through its executor trait.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<AbortHandle>>>);

impl Tasks {
    fn spawn(&self, task: impl Future<Output: Send> + Send + 'static) {
        let handle = tokio::spawn(task).abort_handle();
        let mut handles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handles.retain(|handle| !handle.is_finished());
        handles.push(handle);
    }

    fn abort(&self) {
        for handle in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            handle.abort();
        }
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}
