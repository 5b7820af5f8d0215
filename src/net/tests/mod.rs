//! Peers on loopback, good and bad, and what dialling them shows.

pub mod peers;
pub mod pki;

mod connections;
mod handshakes;
mod names;
mod proxies;
mod verification;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::deadline::{Deadline, Limit};
use super::dial::{Alpn, Dialled, dial};
use super::network::{Machine, Network, Settings};
use super::stopwatch::Stopwatch;
use crate::model::authority::{PrivateAddresses, WebOrigin};
use crate::model::failure::{Failure, FailureKind};
use crate::model::timing::{Phase, Timings};

/// One dial, as a test wants it; the rest is usual.
struct Dial {
    settings: Settings,
    machine: Arc<Machine>,
    private: PrivateAddresses,
    alpn: Alpn,
    deadline: Duration,
    limit: Limit,
}

impl Default for Dial {
    fn default() -> Self {
        let machine = Machine::with_files("/nowhere/hosts", "/nowhere/resolv.conf");
        machine.pretend_ipv6(false);
        Self {
            settings: Settings::default(),
            machine: Arc::new(machine),
            private: PrivateAddresses::Allowed,
            alpn: Alpn::Negotiate,
            deadline: Duration::from_hours(1),
            limit: Limit::Step,
        }
    }
}

impl Dial {
    fn with(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Dials a URL whose names all are loopback.
    async fn url(self, url: &str) -> (Dialled, Timings) {
        let url = url::Url::parse(url).expect("a URL");
        let origin = WebOrigin::of(&url).expect("an origin");
        let network = Network::new(self.settings, &self.machine).map_err(|error| error.message).expect("usable");
        let deadline = Deadline { at: Instant::now() + self.deadline, limit: self.limit };
        let mut stopwatch = Stopwatch::start();
        let dialled = dial(&network, &origin, &self.private, self.alpn, deadline, &mut stopwatch).await;
        (dialled, stopwatch.timings())
    }

    /// Dials `scheme://shop.example:port`, which is stated to be on loopback.
    async fn shop(mut self, scheme: &str, peer: SocketAddr) -> (Dialled, Timings) {
        let stated = ("Shop.example".to_owned(), peer.port(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        self.settings.resolve.push(stated);
        self.url(&format!("{scheme}://shop.example:{}", peer.port())).await
    }
}

/// A failure as its kind, phase and words.
fn failure(dialled: &Dialled) -> &Failure {
    dialled.stream.as_ref().err().expect("a failure")
}

fn assert_failed(dialled: &Dialled, kind: FailureKind, phase: Phase, words: &str) {
    let failure = failure(dialled);
    assert_eq!((failure.kind, failure.phase), (kind, Some(phase)), "{}", failure.detail);
    assert!(failure.detail.contains(words), "{}", failure.detail);
}

fn phases(timings: &Timings) -> Vec<Phase> {
    timings.iter().map(|(phase, _)| phase).collect()
}

#[test]
fn dialling_may_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let network = Network::new(Settings::default(), &Arc::new(Machine::default())).map_err(|error| error.message);
    let network = network.expect("usable");
    let origin = WebOrigin { scheme: "http".to_owned(), host: "127.0.0.1".to_owned(), port: 1 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _guard = runtime.enter();
    let deadline = Deadline { at: Instant::now(), limit: Limit::Step };
    let mut stopwatch = Stopwatch::start();
    let dialling = dial(&network, &origin, &PrivateAddresses::Refused, Alpn::Http1, deadline, &mut stopwatch);
    assert_send(&dialling);
    assert_send(&network);
}
