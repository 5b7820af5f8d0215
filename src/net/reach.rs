//! Reaching a server of our own, such as a mail relay: every address of it is tried, and nothing is measured.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::connect;
use super::deadline::{Deadline, Limit};
use super::dial::{Alpn, RESOLVE_MAX, Stream};
use super::network::Network;
use super::resolve;
use crate::base::duration::format_duration;
use crate::model::failure::{Failure, FailureKind};

/// A server with more addresses than this is tried at the first of them.
const ADDRESSES_MAX: usize = 8;

/// The addresses of a host, as this machine would look them up. The host is the operator's, so no guard judges them.
///
/// # Errors
/// As [`resolve::look_up`].
pub async fn addresses(network: &Network, host: &str, port: u16) -> Result<Vec<IpAddr>, Failure> {
    let host = host.to_ascii_lowercase();
    if let Some(stated) = resolve::stated(network, &host, port) {
        return Ok(stated.addresses);
    }
    let found = timeout(RESOLVE_MAX, resolve::look_up(network, &host, Instant::now() + RESOLVE_MAX)).await;
    let found = found.unwrap_or_else(|_| {
        Err(Failure::new(FailureKind::ResolveTimeout, format!("`{host}` was not looked up in time")))
    })?;
    Ok(found.addresses)
}

/// Connects to the first address that takes the connection within `each`.
///
/// # Errors
/// The failure of the last address; `connect-timeout` if it was silent.
pub async fn connect(addresses: &[IpAddr], port: u16, each: Duration) -> Result<TcpStream, Failure> {
    let mut told = Failure::new(FailureKind::NameNotFound, "there is no address to connect to");
    for address in addresses.iter().take(ADDRESSES_MAX) {
        let address = SocketAddr::new(*address, port);
        told = match timeout(each, connect::tcp(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(failure)) => failure,
            Err(_) => {
                let detail = format!("{address} did not take the connection within {}", format_duration(each));
                Failure::new(FailureKind::ConnectTimeout, detail)
            }
        };
    }
    Err(told)
}

/// Shakes hands over a connection, within `most`. The certificate must be for `host` and of an authority that the
/// network trusts.
///
/// # Errors
/// Why the other side cannot be trusted or talked to.
pub async fn encrypt(
    network: &Network,
    host: &str,
    stream: Box<dyn Stream>,
    most: Duration,
) -> Result<Box<dyn Stream>, Failure> {
    let trust = network.tls.trust(network.machine.roots()).await?;
    let deadline = Deadline { at: Instant::now() + most, limit: Limit::Step };
    let (_, outcome) = network.tls.handshake(trust, Alpn::Nothing, host, stream, deadline, most).await;
    outcome.map(|stream| Box::new(stream) as Box<dyn Stream>)
}
