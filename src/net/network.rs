//! How hosts are reached from this installation: what only a binding can say.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::connect::has_route;
use super::hosts::{Hosts, parse_hosts, parse_name_servers};
use super::proxy::Proxy;
use super::tls::{Roots, Tls};
use super::watched::Watched;
use crate::base::secret::Secret;

/// `network` of a binding, files already read.
#[derive(Clone, Default)]
pub struct Settings {
    /// PEM of further certificate authorities; they replace the system's for this network.
    pub ca: Option<Vec<u8>>,
    pub client: Option<ClientIdentity>,
    /// `http://[user:password@]host:port`: CONNECT for https, absolute form for http. Its password is secret.
    pub proxy: Option<Secret>,
    pub resolver: Resolver,
    /// `host:port` → address, before any look-up.
    pub resolve: Vec<(String, u16, IpAddr)>,
    /// Unix socket to connect to instead of the host's address.
    pub socket: Option<PathBuf>,
    pub tls_min: Option<TlsVersion>,
    pub tls_max: Option<TlsVersion>,
    /// SHA-256 of acceptable public keys (SPKI) in the chain's leaf; checked also with `insecure`.
    pub pin: Vec<[u8; 32]>,
    pub ip: IpChoice,
    /// Certificates are looked at, not verified.
    pub insecure: bool,
}

#[derive(Clone)]
pub struct ClientIdentity {
    /// PEM, leaf first.
    pub certificates: Vec<u8>,
    /// PEM.
    pub key: Secret,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolver {
    /// `/etc/hosts`, then the system's name servers.
    #[default]
    System,
    Server(SocketAddr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    Tls12,
    Tls13,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpChoice {
    /// The first address in resolver order; IPv6 only where this machine has a global IPv6 route.
    #[default]
    Either,
    V4,
    V6,
}

/// What all networks of a process share: the system's trusted certificates and resolver
/// configuration, read when first needed.
pub struct Machine {
    hosts: Watched<Hosts>,
    name_servers: Watched<Vec<IpAddr>>,
    /// When the routing table was asked for IPv6, and what it said.
    ipv6: Mutex<Option<(Instant, bool)>>,
    roots: Roots,
}

/// Ready to dial. Built once per distinct settings, shared by runs; holds no connection and no cached name.
pub struct Network {
    pub(super) machine: Arc<Machine>,
    pub(super) way: Way,
    pub(super) resolver: Resolver,
    pub(super) ip: IpChoice,
    pub(super) tls: Tls,
    resolve: Vec<(String, u16, IpAddr)>,
}

/// What is connected to in order to reach a host.
pub(super) enum Way {
    /// The host itself, as far as the egress guard lets us.
    Direct,
    Proxy(Proxy),
    Socket(PathBuf),
}

/// Why settings cannot be used: names the key of the binding (`ca`, `client-key` …).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    pub key: &'static str,
    pub message: String,
}

impl Network {
    /// # Errors
    /// Names the first key whose value cannot be used. No message quotes a key or a proxy's URL.
    pub fn new(settings: Settings, machine: &Arc<Machine>) -> Result<Self, NetworkError> {
        let tls = Tls::new(&settings)?;
        let way = match (settings.proxy, settings.socket) {
            (Some(_), Some(_)) => {
                return Err(NetworkError::new("socket", "`socket` and `proxy` exclude each other: keep one"));
            }
            (Some(url), None) => Way::Proxy(Proxy::parse(&url)?),
            (None, Some(path)) => Way::Socket(path),
            (None, None) => Way::Direct,
        };
        let mut resolve = settings.resolve;
        for (host, _, _) in &mut resolve {
            host.make_ascii_lowercase();
        }
        let (resolver, ip) = (settings.resolver, settings.ip);
        Ok(Self { machine: Arc::clone(machine), way, resolver, ip, tls, resolve })
    }

    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.tls.is_insecure()
    }

    /// The address that the binding states for a host.
    pub(super) fn overridden(&self, host: &str, port: u16) -> Option<IpAddr> {
        self.resolve.iter().find(|(name, at, _)| name == host && *at == port).map(|(_, _, address)| *address)
    }
}

impl NetworkError {
    pub(super) fn new(key: &'static str, message: impl Into<String>) -> Self {
        Self { key, message: message.into() }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::with_files("/etc/hosts", "/etc/resolv.conf")
    }
}

impl Machine {
    /// A machine with these files, for tests.
    pub(super) fn with_files(hosts: impl Into<PathBuf>, resolv_conf: impl Into<PathBuf>) -> Self {
        Self {
            hosts: Watched::new(hosts, parse_hosts),
            name_servers: Watched::new(resolv_conf, parse_name_servers),
            ipv6: Mutex::new(None),
            roots: Roots::default(),
        }
    }

    /// `/etc/hosts`; a missing or unreadable one names nobody.
    pub(super) async fn hosts(&self) -> Arc<Hosts> {
        self.hosts.get().await.unwrap_or_default()
    }

    /// The name servers of this machine, at least one.
    pub(super) async fn name_servers(&self) -> Result<Arc<Vec<IpAddr>>, String> {
        match self.name_servers.get().await {
            Ok(servers) if servers.is_empty() => Err("`/etc/resolv.conf` names no name server".to_owned()),
            Ok(servers) => Ok(servers),
            Err(error) => Err(format!("`/etc/resolv.conf` cannot be read: {}", super::connect::words(&error))),
        }
    }

    /// Whether this machine has a global IPv6 route, as of at most half a minute ago.
    pub(super) fn has_ipv6(&self) -> bool {
        let now = Instant::now();
        let mut known = self.ipv6.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some((asked, answer)) if now.saturating_duration_since(asked) < ROUTE_MAX_AGE => answer,
            _ => known.insert((now, has_route(false))).1,
        }
    }

    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }

    #[cfg(test)]
    pub(super) fn trusting_nobody(self) -> Self {
        Self { roots: Roots::loaded_by(rustls_native_certs::CertificateResult::default), ..self }
    }

    /// Says whether there is an IPv6 route, whatever the routing table says.
    #[cfg(test)]
    pub(super) fn pretend_ipv6(&self, has: bool) {
        let forever = Instant::now() + Duration::from_hours(24);
        *self.ipv6.lock().unwrap_or_else(PoisonError::into_inner) = Some((forever, has));
    }
}

/// Routes come and go with interfaces, seldom within half a minute; asking takes about ten microseconds.
const ROUTE_MAX_AGE: Duration = Duration::from_secs(30);
