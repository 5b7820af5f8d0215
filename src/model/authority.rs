//! What a run may reach: the declared origins, and the address ranges its binding opens.

use std::fmt;
use std::sync::Arc;

use crate::base::secret::HostIndex;

/// Scheme, host and port: what "the same place" means.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebOrigin {
    /// Lower case: `https`, `http`, `tcp`, `tls`, `dns`.
    pub scheme: String,
    /// Lower case, punycode; IPv6 addresses without brackets.
    pub host: String,
    pub port: u16,
}

impl WebOrigin {
    /// The origin of an absolute URL; none if it has no host or no known port.
    #[must_use]
    pub fn of(url: &url::Url) -> Option<Self> {
        let port = url.port_or_known_default().or_else(|| (url.scheme() == "dns").then_some(53))?;
        let host = match url.host()? {
            url::Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
            url::Host::Ipv4(address) => address.to_string(),
            url::Host::Ipv6(address) => address.to_string(),
        };
        Some(Self { scheme: url.scheme().to_owned(), host, port })
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}://{open}{}{close}", self.scheme, self.host)?;
        match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) | ("dns", 53) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

/// A range of addresses, `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    pub address: std::net::IpAddr,
    pub length: u8,
}

/// Which of the addresses that are refused by default the binding opens. Metadata services stay
/// refused in every case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PrivateAddresses {
    #[default]
    Refused,
    Allowed,
    AllowedWithin(Vec<Prefix>),
}

/// A host that the journey declares.
#[derive(Clone, Debug)]
pub struct DeclaredHost {
    pub name: String,
    /// Without query and fragment; the path is the base path.
    pub url: url::Url,
    pub origin: WebOrigin,
    /// Who repairs it.
    pub owner: Option<String>,
    /// Whether connections are kept for later requests of the same run.
    pub reuse: bool,
}

/// The whole authority of a run.
#[derive(Clone, Debug)]
pub struct Authority {
    /// In the order of [`HostIndex`].
    pub hosts: Arc<[DeclaredHost]>,
    pub private_addresses: PrivateAddresses,
    pub writes: bool,
}

impl Authority {
    #[must_use]
    pub fn host(&self, index: HostIndex) -> Option<&DeclaredHost> {
        self.hosts.get(usize::from(index.0))
    }

    /// The declared hosts with this origin, the preferred one first if it is among them.
    #[must_use]
    pub fn declared(&self, origin: &WebOrigin, preferred: HostIndex) -> Option<HostIndex> {
        let matches = |host: &DeclaredHost| host.origin == *origin;
        if self.host(preferred).is_some_and(matches) {
            return Some(preferred);
        }
        self.hosts.iter().position(matches).and_then(|index| u8::try_from(index).ok()).map(HostIndex)
    }
}
