//! `forerunner healthcheck`: one line and an exit code, for container runtimes and scripts.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use url::Url;

use super::arguments::{Color, Healthcheck};
use super::exit::Exit;
use super::paint;
use crate::app::health::{Address, Trouble, ask};
use crate::config;
use crate::web::access::Access;

/// # Errors
/// The output cannot be written, or the configuration does not say where the daemon is.
pub async fn run(arguments: &Healthcheck, color: Color) -> std::io::Result<Exit> {
    let (address, by_users) = match &arguments.config {
        None => (Address { url: arguments.url.clone(), public_key: None }, false),
        Some(path) => of_config(path).map_err(std::io::Error::other)?,
    };
    let place = shown(&address.url);
    match ask(&address).await {
        Ok(()) => {
            writeln!(paint::stdout(color), "{place} is ready")?;
            Ok(Exit::Ok)
        }
        // Their passwords stand nowhere in clear, and an image has one check for all who use it.
        Err(Trouble::WantsUser) if by_users => {
            writeln!(paint::stdout(color), "{place} is up; whether it is ready, only a user is told")?;
            Ok(Exit::Ok)
        }
        Err(trouble) => {
            writeln!(paint::stderr(color), "error: {place}: {trouble}")?;
            Ok(Exit::Usage)
        }
    }
}

/// Without the password.
fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), &url[url::Position::BeforeHost..url::Position::AfterPort])
}

/// Where a daemon of this configuration listens, as it is reached from the same machine, and whether it lets in users only.
fn of_config(path: &Path) -> Result<(Address, bool), String> {
    let settings = config::settings(path)?;
    let access = settings.web_config.as_ref().map(|path| Access::load(path)).transpose();
    let access = access.map_err(|error| error.to_string())?;
    let listen: SocketAddr = settings.listen;
    if listen.port() == 0 {
        return Err(
            "`listen` has port 0, so that nobody knows where it listens; write a port, or give --url".to_owned()
        );
    }
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let public_key = access.as_ref().and_then(Access::public_key);
    let scheme = if public_key.is_some() { "https" } else { "http" };
    let url = Url::parse(&format!("{scheme}://{}", SocketAddr::new(ip, listen.port())));
    let by_users = access.is_some_and(|access| access.protects().users);
    Ok((Address { url: url.map_err(|error| error.to_string())?, public_key }, by_users))
}
