//! Makes one connection to one address, and says in our words why it could not.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use tokio::net::{TcpStream, UnixStream};

use crate::model::failure::{Failure, FailureKind};

/// Connects over TCP. Small writes are sent at once.
///
/// # Errors
/// The failure, without a phase.
pub async fn tcp(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).await.map_err(|error| {
        let kind = classify(&error, has_route(address.is_ipv4()));
        Failure::new(kind, format!("{address} cannot be connected to: {}", words(&error)))
    })?;
    // On loopback, a port of the ephemeral range that nobody listens at can connect to itself.
    if stream.local_addr().is_ok_and(|local| local == address) {
        return Err(Failure::new(FailureKind::ConnectionRefused, format!("nothing listens at {address}")));
    }
    // Fails only on a connection that is gone already; the first write will say so.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Connects to a Unix socket.
///
/// # Errors
/// The failure, without a phase.
pub async fn unix(path: &Path) -> Result<UnixStream, Failure> {
    UnixStream::connect(path).await.map_err(|error| {
        let kind = match error.kind() {
            // No such socket, or a queue of connections that nobody takes.
            io::ErrorKind::NotFound | io::ErrorKind::WouldBlock => FailureKind::ConnectionRefused,
            _ => classify(&error, true),
        };
        Failure::new(kind, format!("Unix socket `{}` cannot be connected to: {}", path.display(), words(&error)))
    })
}

/// What an error of the system means for a connection that is being made. `routed` says whether
/// this machine has a route to the internet at all: without one, an unreachable network is ours.
#[must_use]
pub fn classify(error: &io::Error, routed: bool) -> FailureKind {
    use io::ErrorKind as E;
    match error.kind() {
        E::ConnectionRefused => FailureKind::ConnectionRefused,
        E::ConnectionReset | E::ConnectionAborted | E::BrokenPipe | E::NotConnected | E::UnexpectedEof => {
            FailureKind::ConnectReset
        }
        E::TimedOut => FailureKind::ConnectTimeout,
        E::HostUnreachable => FailureKind::Unreachable,
        E::NetworkUnreachable if routed => FailureKind::Unreachable,
        // Not permitted: a firewall or sandbox of this machine.
        E::NetworkUnreachable | E::NetworkDown | E::PermissionDenied => FailureKind::NoNetwork,
        E::AddrInUse | E::AddrNotAvailable | E::OutOfMemory => FailureKind::NoLocalResources,
        _ if error.raw_os_error().is_some_and(|code| OUT_OF_RESOURCES.contains(&code)) => FailureKind::NoLocalResources,
        // The family itself is missing (`EAFNOSUPPORT`), as where IPv6 is switched off.
        E::Unsupported | E::InvalidInput => FailureKind::NoNetwork,
        _ if error.raw_os_error().is_some_and(|code| NO_FAMILY.contains(&code)) => FailureKind::NoNetwork,
        _ => FailureKind::Internal,
    }
}

/// The system's own words, without its error number.
#[must_use]
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Whether this machine has a route to the internet in this family. Connecting a datagram socket
/// asks the routing table and sends nothing.
#[must_use]
pub fn has_route(v4: bool) -> bool {
    // Addresses of a root name server: global, and not expected to move.
    let (any, global): (IpAddr, IpAddr) = if v4 {
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(198, 41, 0, 4).into())
    } else {
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30).into())
    };
    let source = || {
        let socket = std::net::UdpSocket::bind((any, 0))?;
        socket.connect((global, 53))?;
        socket.local_addr()
    };
    source().is_ok_and(|source: SocketAddr| match source.ip() {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local(),
        IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
    })
}

/// `ENFILE`, `EMFILE` (the same everywhere) and `ENOBUFS` (Linux, BSD), for which the standard
/// library has no kind.
const OUT_OF_RESOURCES: [i32; 4] = [23, 24, 105, 55];

/// `EAFNOSUPPORT` (Linux, BSD).
const NO_FAMILY: [i32; 2] = [97, 47];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_become_failures() {
        use FailureKind as K;
        use io::ErrorKind as E;
        for (error, routed, unrouted) in [
            (E::ConnectionRefused.into(), K::ConnectionRefused, K::ConnectionRefused),
            (E::ConnectionReset.into(), K::ConnectReset, K::ConnectReset),
            (E::ConnectionAborted.into(), K::ConnectReset, K::ConnectReset),
            (E::TimedOut.into(), K::ConnectTimeout, K::ConnectTimeout),
            (E::HostUnreachable.into(), K::Unreachable, K::Unreachable),
            (E::NetworkUnreachable.into(), K::Unreachable, K::NoNetwork),
            (E::NetworkDown.into(), K::NoNetwork, K::NoNetwork),
            (E::PermissionDenied.into(), K::NoNetwork, K::NoNetwork),
            (E::AddrNotAvailable.into(), K::NoLocalResources, K::NoLocalResources),
            (E::AddrInUse.into(), K::NoLocalResources, K::NoLocalResources),
            (E::OutOfMemory.into(), K::NoLocalResources, K::NoLocalResources),
            (io::Error::from_raw_os_error(24), K::NoLocalResources, K::NoLocalResources),
            (io::Error::from_raw_os_error(23), K::NoLocalResources, K::NoLocalResources),
            (io::Error::other("?"), K::Internal, K::Internal),
        ] {
            assert_eq!(classify(&error, true), routed, "{error}");
            assert_eq!(classify(&error, false), unrouted, "{error} without a route");
        }
    }

    #[test]
    fn the_words_of_the_system_fit_into_a_sentence() {
        assert_eq!(words(&io::Error::from_raw_os_error(24)), "too many open files");
        assert_eq!(words(&io::Error::other("odd")), "odd");
    }
}
