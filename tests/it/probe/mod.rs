//! The HTTP probe against peers on loopback, good and hostile.

mod connections;
mod frames;
mod hostile;
mod phases;
mod redirects;
mod requests;
mod tls;
mod versions;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use bytes::Bytes;
use forerunner::base::secret::{HostIndex, Label, Labelled};
use forerunner::base::time::Timestamp;
use forerunner::model::authority::{Authority, DeclaredHost, PrivateAddresses, WebOrigin};
use forerunner::model::clock::Clock;
use forerunner::model::failure::FailureKind;
use forerunner::model::observation::{Answer, Exchange};
use forerunner::net::deadline::{Deadline, Limit};
use forerunner::net::network::{Machine, Network, Settings};
use forerunner::probe::http::{CookieUse, Follow, NothingSecret, ProbeContext, Request, Session};
use http::{HeaderName, HeaderValue, Method};
use tokio::time::Instant;
use url::Url;

pub const FIRST: HostIndex = HostIndex(0);
pub const SECOND: HostIndex = HostIndex(1);

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_348_800).expect("in range")
    }
}

/// One run against some hosts.
pub struct Run {
    pub authority: Authority,
    pub session: Session,
    pub requests: AtomicU32,
    pub body_max: u64,
    pub timeout: Duration,
    pub limit: Limit,
}

impl Run {
    /// Against hosts at these addresses, reached without more ado.
    pub fn against(urls: &[String]) -> Self {
        Self::through(urls, Settings::default)
    }

    pub fn at(address: SocketAddr) -> Self {
        Self::against(&[format!("http://{address}/")])
    }

    /// Against hosts reached by networks of these settings.
    pub fn through(urls: &[String], settings: impl Fn() -> Settings) -> Self {
        let machine = Arc::new(Machine::default());
        let host = |(at, url): (usize, &String)| {
            let url = Url::parse(url).expect("a URL");
            let origin = WebOrigin::of(&url).expect("an origin");
            DeclaredHost { name: format!("host-{at}"), url, origin, owner: None, reuse: true }
        };
        let network = |_| Arc::new(Network::new(settings(), &machine).expect("settings"));
        let networks: Arc<[_]> = urls.iter().map(network).collect();
        Self {
            authority: Authority {
                hosts: urls.iter().enumerate().map(host).collect(),
                private_addresses: PrivateAddresses::Allowed,
                writes: true,
            },
            session: Session::new(networks, 0xabc),
            requests: AtomicU32::new(100),
            body_max: 1024 * 1024,
            timeout: Duration::from_secs(30),
            limit: Limit::Step,
        }
    }

    pub async fn send(&mut self, request: &Request) -> Exchange {
        let cx = ProbeContext {
            authority: &self.authority,
            clock: &Noon,
            user_agent: "forerunner/0 (tests)",
            deadline: Deadline { at: Instant::now() + self.timeout, limit: self.limit },
            body_max: self.body_max,
            requests: &self.requests,
            discretion: &NothingSecret,
        };
        let exchange = is_send(self.session.exchange(request, &cx)).await;
        for hop in &exchange.hops {
            let phases: Duration = hop.timings.iter().map(|(_, duration)| duration).sum();
            assert_eq!(phases + hop.timings.unaccounted(), hop.timings.total, "the phases and the rest are the total");
        }
        let hops: Duration = exchange.hops.iter().map(|hop| hop.timings.total).sum();
        assert!(hops <= exchange.elapsed, "{hops:?} in {:?}", exchange.elapsed);
        exchange
    }

    /// A request for a path of the first host.
    pub fn get(&self, path: &str) -> Request {
        self.request(FIRST, Method::GET, path)
    }

    pub fn request(&self, host: HostIndex, method: Method, path: &str) -> Request {
        let base = &self.authority.host(host).expect("declared").url;
        Request {
            host,
            method,
            url: Labelled::open(base.join(path).expect("a path")),
            headers: Vec::new(),
            without: Vec::new(),
            media_type: None,
            body: None,
            version: None,
            cookies: CookieUse::Jar { also: Vec::new() },
            follow: Follow::default(),
        }
    }

    pub async fn fetch(&mut self, path: &str) -> Exchange {
        let request = self.get(path);
        self.send(&request).await
    }
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

pub fn header(name: &'static str, value: &'static str, label: Label) -> (HeaderName, Labelled<HeaderValue>) {
    (HeaderName::from_static(name), Labelled::new(HeaderValue::from_static(value), label))
}

pub fn body(text: &'static str) -> Labelled<Bytes> {
    Labelled::open(Bytes::from_static(text.as_bytes()))
}

#[track_caller]
pub fn answer(exchange: &Exchange) -> &Answer {
    if let Some(failure) = &exchange.failure {
        panic!("{failure:?}");
    }
    exchange.answer().expect("an answer")
}

#[track_caller]
pub fn text(exchange: &Exchange) -> &str {
    std::str::from_utf8(&answer(exchange).body).expect("text")
}

#[track_caller]
pub fn check_failure(exchange: &Exchange, kind: FailureKind) {
    let Some(failure) = &exchange.failure else {
        panic!("{kind:?} expected, got status {}", answer(exchange).status);
    };
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(exchange.answer().is_none());
}
