//! Chooses one address and connects once. No happy eyeballs: a half-dead dual stack must show.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::connect;
use super::deadline::{Deadline, Expired};
use super::guard::{self, Refusal};
use super::network::{Network, Way};
use super::proxy::Proxy;
use super::resolve::{self, Resolved, Source};
use super::stopwatch::Stopwatch;
use crate::model::authority::{PrivateAddresses, WebOrigin};
use crate::model::failure::{Failure, FailureKind};
use crate::model::observation::TlsFacts;
use crate::model::timing::Phase;

/// A byte stream to the host: plain, TLS or Unix.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// Offer `h2` and `http/1.1`.
    Negotiate,
    Http1,
    Http2,
    /// Offer nothing: what is spoken inside is no HTTP.
    Nothing,
}

/// What dialling showed, whether it succeeded or not. Phases resolve, connect and tls go to the stopwatch.
pub struct Dialled {
    /// What the host's name resolved to, in order; the address itself if it was stated. Empty with a
    /// proxy, which resolves for itself, and a Unix socket.
    pub resolved: Vec<IpAddr>,
    /// The other end: with a proxy, the proxy.
    pub remote: Option<SocketAddr>,
    pub local: Option<SocketAddr>,
    pub tls: Option<TlsFacts>,
    /// Whether requests must be sent in absolute form, to a plain-text proxy; with the `Proxy-Authorization` value if it has one.
    pub via_plain_proxy: Option<Option<http::HeaderValue>>,
    pub stream: Result<Box<dyn Stream>, Failure>,
}

/// Resolves, judges, connects and, for `https`/`tls`, shakes hands, until the deadline.
pub async fn dial(
    network: &Network,
    origin: &WebOrigin,
    private: &PrivateAddresses,
    alpn: Alpn,
    deadline: Deadline,
    stopwatch: &mut Stopwatch,
) -> Dialled {
    let mut dialler = Dialler { network, origin, deadline, stopwatch, seen: Seen::default() };
    let stream = dialler.dial(private, alpn).await;
    let Seen { resolved, remote, local, tls, via_plain_proxy } = dialler.seen;
    Dialled { resolved, remote, local, tls, via_plain_proxy, stream }
}

/// A TCP connection is made within three round trips, of which the first may be lost twice
/// (retransmitted after 1 s and 3 s): who has not answered by then is not there.
pub const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Two round trips and some arithmetic: as generous as connecting.
pub const TLS_MAX: Duration = Duration::from_secs(10);

/// More than a look-up ever takes by itself: it bounds the files read for it as well.
pub const RESOLVE_MAX: Duration = Duration::from_secs(6);

// ---------------------------------------------------------------------------------------------

struct Dialler<'a> {
    network: &'a Network,
    origin: &'a WebOrigin,
    deadline: Deadline,
    stopwatch: &'a mut Stopwatch,
    seen: Seen,
}

#[derive(Default)]
#[expect(clippy::option_option, reason = "as in `Dialled`: no plain proxy, or one that may want credentials")]
struct Seen {
    resolved: Vec<IpAddr>,
    remote: Option<SocketAddr>,
    local: Option<SocketAddr>,
    tls: Option<TlsFacts>,
    via_plain_proxy: Option<Option<http::HeaderValue>>,
}

impl Dialler<'_> {
    async fn dial(&mut self, private: &PrivateAddresses, alpn: Alpn) -> Result<Box<dyn Stream>, Failure> {
        let network = self.network;
        if !matches!(self.origin.scheme.as_str(), "https" | "tls") {
            return self.connect(private).await;
        }
        // Before the clock of a phase runs: the first of all connections loads the system's authorities.
        let trust = self.deadline.bound(TLS_MAX, network.tls.trust(network.machine.roots())).await;
        let trust = trust.unwrap_or_else(|expired| {
            let what = "the certificate authorities of this machine were not loaded";
            Err(expired.failure(FailureKind::LocalCertificateUnusable, what))
        });
        let trust = trust.map_err(|failure| failure.in_phase(Phase::Tls))?;
        self.stopwatch.skip();
        let stream = self.connect(private).await?;
        let (facts, outcome) =
            network.tls.handshake(trust, alpn, &self.origin.host, stream, self.deadline, TLS_MAX).await;
        self.stopwatch.end(Phase::Tls);
        self.seen.tls = facts;
        match outcome {
            Ok(stream) => Ok(Box::new(stream)),
            Err(failure) => Err(failure.in_phase(Phase::Tls)),
        }
    }

    async fn connect(&mut self, private: &PrivateAddresses) -> Result<Box<dyn Stream>, Failure> {
        let network = self.network;
        Ok(match &network.way {
            Way::Direct => Box::new(self.connect_directly(private).await?),
            Way::Proxy(proxy) => Box::new(self.connect_by_proxy(proxy).await?),
            Way::Socket(path) => {
                let connected = self.deadline.bound(CONNECT_MAX, connect::unix(path)).await;
                let what = format!("Unix socket `{}` did not take the connection", path.display());
                Box::new(self.connected(connected, &what)?)
            }
        })
    }

    async fn connect_directly(&mut self, private: &PrivateAddresses) -> Result<TcpStream, Failure> {
        let WebOrigin { host, port, .. } = self.origin;
        let found = self.resolve(host, *port).await?;
        self.seen.resolved.clone_from(&found.addresses);
        let address = permitted(host, &found, private)?;
        self.connect_to(SocketAddr::new(address, *port)).await
    }

    /// The name of the proxy is the operator's, so the guard does not look at it.
    async fn connect_by_proxy(&mut self, proxy: &Proxy) -> Result<TcpStream, Failure> {
        let blame = |failure: Failure| match failure.kind {
            FailureKind::RunTimeout | FailureKind::NoLocalResources | FailureKind::NoNetwork => failure,
            _ => Failure { phase: failure.phase, ..proxy.failure(&format!("cannot be reached: {}", failure.detail)) },
        };
        let found = self.resolve(&proxy.host, proxy.port).await.map_err(blame)?;
        let Some(address) = found.addresses.first() else {
            return Err(proxy.failure("has no address").in_phase(Phase::Resolve));
        };
        let address = SocketAddr::new(*address, proxy.port);
        if self.origin.scheme == "http" {
            let stream = self.connect_to(address).await.map_err(blame)?;
            self.seen.via_plain_proxy = Some(proxy.authorization.clone());
            return Ok(stream);
        }
        self.seen.remote = Some(address);
        let mut reached = false;
        let tunnel = async {
            let mut stream = connect::tcp(address).await.map_err(blame)?;
            reached = true;
            proxy.tunnel(&mut stream, self.origin).await?;
            Ok(stream)
        };
        let tunnelled = self.deadline.bound(CONNECT_MAX, tunnel).await;
        let what = format!("proxy {address} made no connection to `{}`", self.origin.host);
        let tunnelled = self.connected(tunnelled, &what);
        // A proxy that takes connections and then is silent most often waits for the host.
        let tunnelled = if reached { tunnelled } else { tunnelled.map_err(blame) };
        self.seen.local = tunnelled.as_ref().ok().and_then(|stream| stream.local_addr().ok());
        tunnelled
    }

    async fn connect_to(&mut self, address: SocketAddr) -> Result<TcpStream, Failure> {
        self.seen.remote = Some(address);
        let connected = self.deadline.bound(CONNECT_MAX, connect::tcp(address)).await;
        let stream = self.connected(connected, &format!("{address} did not take the connection"))?;
        self.seen.local = stream.local_addr().ok();
        Ok(stream)
    }

    /// Ends the connect phase.
    fn connected<T>(&mut self, outcome: Result<Result<T, Failure>, Expired>, what: &str) -> Result<T, Failure> {
        self.stopwatch.end(Phase::Connect);
        outcome
            .unwrap_or_else(|expired| Err(expired.failure(FailureKind::ConnectTimeout, what)))
            .map_err(|failure| failure.in_phase(Phase::Connect))
    }

    async fn resolve(&mut self, host: &str, port: u16) -> Result<Resolved, Failure> {
        if let Some(stated) = resolve::stated(self.network, host, port) {
            return Ok(stated);
        }
        let look_up = resolve::look_up(self.network, host, self.deadline.at);
        let outcome = self.deadline.bound(RESOLVE_MAX, look_up).await;
        self.stopwatch.end(Phase::Resolve);
        outcome
            .unwrap_or_else(|expired| {
                Err(expired.failure(FailureKind::ResolveTimeout, &format!("`{host}` was not looked up")))
            })
            .map_err(|failure| failure.in_phase(Phase::Resolve))
    }
}

/// The first address that the guard lets pass; every one is judged before any is used.
fn permitted(host: &str, found: &Resolved, private: &PrivateAddresses) -> Result<IpAddr, Failure> {
    let judged: Vec<Result<IpAddr, Refusal>> =
        found.addresses.iter().map(|address| guard::judge(*address, private).map(|()| *address)).collect();
    if let Some(address) = judged.iter().find_map(|judged| judged.as_ref().ok()) {
        return Ok(*address);
    }
    let refusals: Vec<Refusal> = judged.into_iter().filter_map(Result::err).collect();
    let Some(told) = refusals.iter().find(|refusal| refusal.can_be_allowed).or(refusals.first()) else {
        return Err(
            Failure::new(FailureKind::NameNotFound, format!("`{host}` has no address")).in_phase(Phase::Resolve)
        );
    };
    Err(match found.source {
        Source::Literal => Failure::new(FailureKind::AddressRefused, told.to_string()).in_phase(Phase::Connect),
        Source::Binding => {
            let detail = format!("`{host}` is, by `resolve` of the binding, {told}");
            Failure::new(FailureKind::AddressRefused, detail).in_phase(Phase::Connect)
        }
        Source::LookUp => {
            let others = match refusals.len() - 1 {
                0 => String::new(),
                more => format!(" ({more} more, all refused)"),
            };
            let detail = format!("`{host}` is {told}{others}");
            Failure::new(FailureKind::AddressesRefused, detail).in_phase(Phase::Resolve)
        }
    })
}
