//! From names to addresses, by files and by a name server that does as the test says.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::peers::{Reply, name_server};
use super::*;
use crate::model::failure::Origin;
use crate::net::network::{IpChoice, Resolver};

/// Looks `shop.example` up at a name server and connects to a port where nobody listens.
struct LookUp {
    ip: IpChoice,
    ipv6: bool,
    dial: Dial,
}

impl Default for LookUp {
    fn default() -> Self {
        Self { ip: IpChoice::Either, ipv6: false, dial: Dial::default() }
    }
}

impl LookUp {
    async fn at(mut self, server: SocketAddr) -> (Dialled, Timings) {
        self.dial.machine.pretend_ipv6(self.ipv6);
        self.dial.settings.resolver = Resolver::Server(server);
        self.dial.settings.ip = self.ip;
        self.dial.url(&format!("http://shop.example:{}", peers::refused().port())).await
    }

    async fn replies(self, reply: impl Fn(RecordType) -> Reply + Send + Sync + 'static) -> (Dialled, Timings) {
        self.at(name_server(reply).await).await
    }
}

fn by_type(v4: Reply, v6: Reply) -> impl Fn(RecordType) -> Reply + Send + Sync + 'static {
    move |kind| if kind == RecordType::AAAA { v6.clone() } else { v4.clone() }
}

fn none() -> Reply {
    Reply::Addresses(Vec::new())
}

#[tokio::test]
async fn addresses_are_tried_in_the_order_of_the_answer() {
    for (v4, v6, ip, ipv6, resolved) in [
        (
            Reply::Addresses(vec!["127.0.0.2", "127.0.0.1"]),
            none(),
            IpChoice::Either,
            false,
            &["127.0.0.2", "127.0.0.1"][..],
        ),
        (Reply::Addresses(vec!["127.0.0.1"]), Reply::Addresses(vec!["::1"]), IpChoice::Either, false, &["127.0.0.1"]),
        (
            Reply::Addresses(vec!["127.0.0.1"]),
            Reply::Addresses(vec!["::1"]),
            IpChoice::Either,
            true,
            &["127.0.0.1", "::1"],
        ),
        (Reply::Addresses(vec!["127.0.0.1"]), Reply::Addresses(vec!["::1"]), IpChoice::V4, true, &["127.0.0.1"]),
        (Reply::Addresses(vec!["127.0.0.1"]), Reply::Addresses(vec!["::1"]), IpChoice::V6, false, &["::1"]),
        (none(), Reply::Addresses(vec!["::1"]), IpChoice::Either, true, &["::1"]),
        (
            Reply::Addresses(vec!["127.0.0.1"]),
            Reply::Code(ResponseCode::ServFail),
            IpChoice::Either,
            true,
            &["127.0.0.1"],
        ),
        (Reply::Alias(vec!["127.0.0.3"]), none(), IpChoice::Either, false, &["127.0.0.3"]),
        (Reply::AfterAStrayDatagram("127.0.0.4"), none(), IpChoice::Either, false, &["127.0.0.4"]),
    ] {
        let (dialled, timings) = LookUp { ip, ipv6, ..LookUp::default() }.replies(by_type(v4, v6)).await;
        let got: Vec<_> = dialled.resolved.iter().map(ToString::to_string).collect();
        assert_eq!(got, resolved);
        assert_eq!(dialled.remote.map(|remote| remote.ip()), dialled.resolved.first().copied());
        assert_eq!(phases(&timings), [Phase::Resolve, Phase::Connect]);
        assert_eq!(failure(&dialled).phase, Some(Phase::Connect));
    }
}

#[tokio::test]
async fn an_answer_too_large_for_a_datagram_comes_over_tcp() {
    for count in [30, 2000] {
        let (dialled, _) = LookUp::default().replies(move |_| Reply::Large(count)).await;
        assert_eq!(dialled.resolved.len(), count);
    }
}

#[tokio::test]
async fn a_look_up_that_fails_says_whose_trouble_it_is() {
    use FailureKind as K;
    for (v4, v6, ip, ipv6, kind, origin, words) in [
        (
            Reply::Code(ResponseCode::NXDomain),
            none(),
            IpChoice::Either,
            true,
            K::NameNotFound,
            Origin::Target,
            "`shop.example` does not exist",
        ),
        (none(), none(), IpChoice::Either, true, K::NameNotFound, Origin::Target, "`shop.example` has no address"),
        (none(), none(), IpChoice::Either, false, K::NameNotFound, Origin::Target, "`shop.example` has no address"),
        (none(), none(), IpChoice::V4, false, K::NameNotFound, Origin::Target, "the binding says `ip: 4`"),
        (none(), none(), IpChoice::V6, false, K::NameNotFound, Origin::Target, "the binding says `ip: 6`"),
        (
            none(),
            Reply::Addresses(vec!["::1"]),
            IpChoice::Either,
            false,
            K::NoNetwork,
            Origin::Vantage,
            "no IPv6 route",
        ),
        (
            Reply::Code(ResponseCode::ServFail),
            none(),
            IpChoice::Either,
            true,
            K::NameServerFailure,
            Origin::Target,
            "answers SERVFAIL",
        ),
        (
            Reply::Code(ResponseCode::Refused),
            none(),
            IpChoice::Either,
            false,
            K::NameServerFailure,
            Origin::Target,
            "answers REFUSED",
        ),
        (Reply::Garbage, none(), IpChoice::Either, false, K::NameServerFailure, Origin::Target, "not DNS"),
    ] {
        let (dialled, timings) = LookUp { ip, ipv6, ..LookUp::default() }.replies(by_type(v4, v6)).await;
        assert_failed(&dialled, kind, Phase::Resolve, words);
        assert_eq!(failure(&dialled).origin, origin);
        assert_eq!(phases(&timings), [Phase::Resolve]);
    }
}

#[tokio::test]
async fn a_silent_name_server_ends_at_the_limit_that_comes_first() {
    for (seconds, limit, kind, words) in [
        (3600, Limit::Run, FailureKind::ResolveTimeout, "does not answer in time"),
        (2, Limit::Step, FailureKind::ResolveTimeout, "within the `timeout` of the step"),
        (2, Limit::Run, FailureKind::RunTimeout, "time of the run"),
    ] {
        let dial = Dial { deadline: Duration::from_secs(seconds), limit, ..Dial::default() };
        let (dialled, _) = LookUp { dial, ..LookUp::default() }.replies(|_| Reply::Silence).await;
        assert_failed(&dialled, kind, Phase::Resolve, words);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_name_server_that_is_not_there_is_our_own_trouble() {
    let server = peers::refused();
    let (dialled, _) = LookUp::default().at(server).await;
    assert_failed(&dialled, FailureKind::ResolverUnreachable, Phase::Resolve, &format!("name server {server}"));
    assert_eq!(failure(&dialled).origin, Origin::Vantage);

    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("resolv.conf");
    std::fs::write(&empty, "search example\n").expect("written");
    for (file, words) in [(empty, "names no name server"), (folder.path().join("missing"), "cannot be read")] {
        let machine = Arc::new(Machine::with_files("/nowhere/hosts", file));
        let (dialled, _) = Dial { machine, ..Dial::default() }.url("http://shop.example").await;
        assert_failed(&dialled, FailureKind::ResolverUnreachable, Phase::Resolve, words);
    }
}

#[tokio::test]
async fn every_address_of_a_name_is_judged_and_the_first_that_passes_is_used() {
    let only_second =
        PrivateAddresses::AllowedWithin(vec![crate::net::guard::parse_prefix("127.0.0.2").expect("valid")]);
    for (addresses, private, remote, words) in [
        (vec!["10.0.0.1", "127.0.0.2"], only_second, Some("127.0.0.2"), "127.0.0.2"),
        (
            vec!["10.0.0.1"],
            PrivateAddresses::Refused,
            None,
            "`shop.example` is 10.0.0.1 (private, 10.0.0.0/8); allow it with `allow: { private-addresses: true }`",
        ),
        (
            vec!["169.254.169.254", "10.0.0.1", "::ffff:10.0.0.2"],
            PrivateAddresses::Refused,
            None,
            "`shop.example` is 10.0.0.1 (private, 10.0.0.0/8); allow it with `allow: { private-addresses: true }` \
             (1 more, all refused)",
        ),
        (vec!["169.254.169.254"], PrivateAddresses::Allowed, None, "such an address is never allowed"),
    ] {
        let dial = Dial { private, ..Dial::default() };
        let v4 = Reply::Addresses(addresses.into_iter().filter(|address| !address.contains(':')).collect());
        let (dialled, _) = LookUp { dial, ..LookUp::default() }.replies(by_type(v4, none())).await;
        assert_eq!(dialled.remote.map(|remote| remote.ip().to_string()).as_deref(), remote);
        if remote.is_none() {
            assert_failed(&dialled, FailureKind::AddressesRefused, Phase::Resolve, words);
            assert!(!dialled.resolved.is_empty());
        }
    }
}

#[tokio::test]
async fn the_hosts_file_comes_before_name_servers() {
    let folder = tempfile::tempdir().expect("a folder");
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.5 shop.example\n::1 shop.example six.example\n127.0.0.1 localhost\n")
        .expect("written");
    for (host, ipv6, ip, resolved) in [
        ("shop.example", false, IpChoice::Either, &["127.0.0.5"][..]),
        ("SHOP.example.", true, IpChoice::Either, &["127.0.0.5", "::1"]),
        ("shop.example", false, IpChoice::V6, &["::1"]),
        ("six.example", false, IpChoice::Either, &["::1"]),
        ("localhost", true, IpChoice::Either, &["127.0.0.1"]),
        ("app.localhost", false, IpChoice::Either, &["127.0.0.1"]),
    ] {
        let machine = Machine::with_files(&hosts, "/nowhere/resolv.conf");
        machine.pretend_ipv6(ipv6);
        let dial = Dial { machine: Arc::new(machine), ..Dial::with(Settings { ip, ..Settings::default() }) };
        let (dialled, timings) = dial.url(&format!("http://{host}:{}", peers::refused().port())).await;
        let got: Vec<_> = dialled.resolved.iter().map(ToString::to_string).collect();
        assert_eq!(got, resolved, "{host}");
        assert_eq!(phases(&timings), [Phase::Resolve, Phase::Connect]);
    }
}

#[tokio::test]
async fn a_name_that_no_dns_message_can_hold_does_not_exist() {
    let label = "x".repeat(64);
    let settings = Settings { resolver: Resolver::Server(peers::refused()), ..Settings::default() };
    let (dialled, _) = Dial::with(settings).url(&format!("http://{label}.example")).await;
    assert_failed(&dialled, FailureKind::NameNotFound, Phase::Resolve, "is not a name that can be looked up");
}
