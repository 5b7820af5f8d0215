//! From a host's name to its addresses, as this machine would do it, but asked anew for every connection.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::time::{Instant, timeout_at};

use super::connect;
use super::name_server::{Answer, AskError, Family, ask};
use super::network::{IpChoice, Network, Resolver};
use crate::model::failure::{Failure, FailureKind, Origin};

/// The addresses of a host, at least one.
#[derive(Debug, PartialEq, Eq)]
pub struct Resolved {
    pub addresses: Vec<IpAddr>,
    pub source: Source,
}

/// Who says what the addresses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The URL of the definition.
    Literal,
    /// `resolve` of the binding.
    Binding,
    /// `/etc/hosts` or a name server.
    LookUp,
}

/// The address without a look-up, if the definition or the binding states it.
#[must_use]
pub fn stated(network: &Network, host: &str, port: u16) -> Option<Resolved> {
    let binding = || network.overridden(host, port).map(|address| (address, Source::Binding));
    let (address, source) = host.parse().ok().map(|address| (address, Source::Literal)).or_else(binding)?;
    Some(Resolved { addresses: vec![address], source })
}

/// Looks a name up: `/etc/hosts`, then the name servers, each asked at most once. IPv4 comes before
/// IPv6, and IPv6 only if it can be used. `until` is when the caller gives up; the name servers
/// share the time until then.
///
/// # Errors
/// `name-not-found`, `name-server-failure`, `resolve-timeout`, `resolver-unreachable`, `no-network`
/// or `no-local-resources`.
pub async fn look_up(network: &Network, host: &str, until: Instant) -> Result<Resolved, Failure> {
    let found = |addresses| Ok(Resolved { addresses, source: Source::LookUp });
    if network.resolver == Resolver::System
        && let Some(addresses) = network.machine.hosts().await.get(host)
    {
        let usable = choose(addresses, network);
        return if usable.is_empty() { Err(wrong_family(host, network.ip)) } else { found(usable) };
    }
    // RFC 6761, section 6.3: such names are never asked for.
    if host == "localhost" || host.ends_with(".localhost") {
        return found(choose(&[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()], network));
    }
    // The final dot keeps every kind of search domain away.
    let name = Name::from_ascii(format!("{host}.")).map_err(|_| {
        Failure::new(FailureKind::NameNotFound, format!("`{host}` is not a name that can be looked up"))
    })?;
    found(Servers::of(network, host, until.min(Instant::now() + ANSWER_MAX)).await?.addresses(&name, network).await?)
}

// ---------------------------------------------------------------------------------------------

/// As long as the C library waits for one answer: who waits longer has lost the customer anyway.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The addresses that may be used, IPv4 first. With a free choice, IPv6 is left out where this
/// machine has no route for it, unless there is nothing else.
fn choose(addresses: &[IpAddr], network: &Network) -> Vec<IpAddr> {
    let of = |v4: bool| addresses.iter().copied().filter(move |address| address.is_ipv4() == v4);
    let only_v6 = of(true).next().is_none();
    match network.ip {
        IpChoice::V6 => of(false).collect(),
        IpChoice::Either if only_v6 || network.machine.has_ipv6() => of(true).chain(of(false)).collect(),
        IpChoice::Either | IpChoice::V4 => of(true).collect(),
    }
}

fn wrong_family(host: &str, choice: IpChoice) -> Failure {
    let family = match choice {
        IpChoice::Either => "address",
        IpChoice::V4 => "IPv4 address, and the binding says `ip: 4`",
        IpChoice::V6 => "IPv6 address, and the binding says `ip: 6`",
    };
    Failure::new(FailureKind::NameNotFound, format!("`{host}` has no {family}"))
}

/// The name servers to ask, and for whom.
struct Servers<'a> {
    host: &'a str,
    addresses: Vec<SocketAddr>,
    until: Instant,
}

impl<'a> Servers<'a> {
    async fn of(network: &Network, host: &'a str, until: Instant) -> Result<Self, Failure> {
        let addresses = match network.resolver {
            Resolver::Server(address) => vec![address],
            Resolver::System => {
                let servers = network.machine.name_servers().await.map_err(|problem| {
                    Failure::new(FailureKind::ResolverUnreachable, format!("`{host}` cannot be looked up: {problem}"))
                })?;
                servers.iter().map(|address| SocketAddr::new(*address, 53)).collect()
            }
        };
        Ok(Self { host, addresses, until })
    }

    async fn addresses(&self, name: &Name, network: &Network) -> Result<Vec<IpAddr>, Failure> {
        match network.ip {
            IpChoice::V4 => self.of_family(name, Family::V4, network.ip).await,
            IpChoice::V6 => self.of_family(name, Family::V6, network.ip).await,
            IpChoice::Either if network.machine.has_ipv6() => {
                let (v4, v6) = tokio::join!(self.ask(name, Family::V4), self.ask(name, Family::V6));
                self.combine(v4, v6)
            }
            IpChoice::Either => match self.ask(name, Family::V4).await {
                // Whose trouble this is depends on whether the name has addresses that only we cannot use.
                Ok(Answer::Addresses(none)) if none.is_empty() => Err(match self.ask(name, Family::V6).await {
                    Ok(Answer::Addresses(some)) if !some.is_empty() => Failure::new(
                        FailureKind::NoNetwork,
                        format!("`{}` has IPv6 addresses only, and this machine has no IPv6 route", self.host),
                    ),
                    _ => wrong_family(self.host, network.ip),
                }),
                answer => self.combine(answer, Ok(Answer::Addresses(Vec::new()))),
            },
        }
    }

    async fn of_family(&self, name: &Name, family: Family, choice: IpChoice) -> Result<Vec<IpAddr>, Failure> {
        match self.ask(name, family).await {
            Ok(Answer::Addresses(addresses)) if addresses.is_empty() => Err(wrong_family(self.host, choice)),
            answer => self.combine(answer, Ok(Answer::Addresses(Vec::new()))),
        }
    }

    /// What the answers for both families come to. Addresses of one are enough; without any, the
    /// clearest negative answer is told.
    fn combine(&self, v4: Asked, v6: Asked) -> Result<Vec<IpAddr>, Failure> {
        match (v4, v6) {
            (Ok(Answer::NoSuchName), _) | (_, Ok(Answer::NoSuchName)) => {
                Err(Failure::new(FailureKind::NameNotFound, format!("`{}` does not exist", self.host)))
            }
            (Ok(Answer::Addresses(v4)), Ok(Answer::Addresses(v6))) if v4.is_empty() && v6.is_empty() => {
                Err(wrong_family(self.host, IpChoice::Either))
            }
            (Ok(Answer::Addresses(v4)), Ok(Answer::Addresses(v6))) => Ok([v4, v6].concat()),
            (Ok(Answer::Addresses(some)), Err(error)) | (Err(error), Ok(Answer::Addresses(some))) => {
                if some.is_empty() { Err(self.failure(error)) } else { Ok(some) }
            }
            (Err(error), Err(_)) => Err(self.failure(error)),
        }
    }

    /// Asks one server after the other until one knows, each for an equal share of the time that is
    /// left; the last one may take all of it. Of several failures the one that says most is told.
    async fn ask(&self, name: &Name, family: Family) -> Asked {
        let started = Instant::now();
        let mut told = None;
        for (index, server) in self.addresses.iter().enumerate() {
            let now = Instant::now();
            let share = match u32::try_from(self.addresses.len() - index) {
                // Not `until`: if that is the deadline, the caller says whose it was.
                Ok(1) | Err(_) => started + ANSWER_MAX,
                Ok(left) => now + self.until.saturating_duration_since(now) / left,
            };
            let error = match timeout_at(share, ask(*server, name, family)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                Err(_) => AskError::Silent,
            };
            if told.as_ref().is_none_or(|(_, before)| telling(&error) > telling(before)) {
                told = Some((*server, error));
            }
        }
        Err(told)
    }

    fn failure(&self, error: Option<(SocketAddr, AskError)>) -> Failure {
        let host = self.host;
        let Some((server, error)) = error else {
            let detail = format!("`{host}` cannot be looked up: no name server is configured");
            return Failure::new(FailureKind::ResolverUnreachable, detail);
        };
        let (kind, what) = match &error {
            AskError::Failure(code) => (FailureKind::NameServerFailure, format!("answers {code}")),
            AskError::Malformed => {
                (FailureKind::NameServerFailure, "answers with something that is not DNS".to_owned())
            }
            AskError::Silent => (FailureKind::ResolveTimeout, "does not answer in time".to_owned()),
            AskError::Io(error) => (unreachable(error), format!("cannot be asked: {}", connect::words(error))),
        };
        Failure::new(kind, format!("`{host}` cannot be looked up: name server {server} {what}"))
    }
}

type Asked = Result<Answer, Option<(SocketAddr, AskError)>>;

fn telling(error: &AskError) -> u8 {
    match error {
        AskError::Io(_) => 0,
        AskError::Silent => 1,
        AskError::Malformed => 2,
        AskError::Failure(_) => 3,
    }
}

/// Whatever keeps us from asking is trouble of this machine.
fn unreachable(error: &io::Error) -> FailureKind {
    match connect::classify(error, false) {
        kind if kind.usual_origin() == Origin::Vantage => kind,
        _ => FailureKind::ResolverUnreachable,
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;

    use super::*;
    use crate::net::tests::peers::{Reply, name_server, refused};

    #[tokio::test]
    async fn the_next_name_server_is_asked_where_one_is_of_no_help() {
        let good = || Reply::Addresses(vec!["127.0.0.1"]);
        for (first, second, expected) in [
            (None, Some(good()), Ok("127.0.0.1")),
            (Some(Reply::Code(ResponseCode::ServFail)), Some(good()), Ok("127.0.0.1")),
            (Some(Reply::Garbage), Some(good()), Ok("127.0.0.1")),
            (Some(Reply::Ignored), Some(good()), Ok("127.0.0.1")),
            (Some(Reply::Code(ResponseCode::NXDomain)), Some(good()), Err(FailureKind::NameNotFound)),
            (Some(Reply::Code(ResponseCode::ServFail)), None, Err(FailureKind::NameServerFailure)),
            (None, Some(Reply::Code(ResponseCode::Refused)), Err(FailureKind::NameServerFailure)),
            (Some(Reply::Ignored), None, Err(FailureKind::ResolveTimeout)),
            (None, None, Err(FailureKind::ResolverUnreachable)),
        ] {
            let mut addresses = Vec::new();
            for reply in [first, second] {
                addresses.push(match reply {
                    Some(reply) => name_server(move |_| reply.clone()).await,
                    None => refused(),
                });
            }
            // A short share for the first; the last one has as long as it takes.
            let until = Instant::now() + Duration::from_millis(100);
            let servers = Servers { host: "shop.example", addresses, until };
            let name = Name::from_ascii("shop.example.").expect("a name");
            let answer = servers.of_family(&name, Family::V4, IpChoice::V4).await;
            let expected = expected.map(|address| vec![address.parse::<IpAddr>().expect("an address")]);
            assert_eq!(answer.map_err(|failure| failure.kind), expected);
        }
    }
}
