//! TCP and Unix connections: the phases they leave, and why they fail.

use std::future::ready;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::net::reach;

#[tokio::test]
async fn a_stated_address_is_connected_to_without_a_resolve_phase() {
    let peer = peers::tcp(|mut stream| async move { stream.write_all(b"hello").await.expect("sent") }).await;
    for (dialled, timings) in
        [Dial::default().url(&format!("http://{peer}")).await, Dial::default().shop("http", peer).await]
    {
        assert_eq!(phases(&timings), [Phase::Connect]);
        assert_eq!(dialled.resolved, [peer.ip()]);
        assert_eq!(dialled.remote, Some(peer));
        assert_eq!(dialled.local.map(|local| local.ip()), Some(peer.ip()));
        assert!(dialled.tls.is_none() && dialled.via_plain_proxy.is_none());
        let mut text = String::new();
        dialled.stream.expect("connected").read_to_string(&mut text).await.expect("read");
        assert_eq!(text, "hello");
    }
}

#[tokio::test]
async fn a_port_at_which_nobody_listens_refuses() {
    let peer = peers::refused();
    let (dialled, timings) = Dial::default().url(&format!("http://{peer}")).await;
    assert_failed(&dialled, FailureKind::ConnectionRefused, Phase::Connect, &format!("{peer} cannot be connected to"));
    assert_eq!(phases(&timings), [Phase::Connect]);
    assert_eq!(dialled.remote, Some(peer));
}

#[tokio::test]
async fn a_connection_that_is_never_taken_ends_at_the_limit_that_comes_first() {
    let (peer, _held) = peers::full().await;
    tokio::time::pause();
    for (seconds, limit, kind, words) in [
        (3600, Limit::Step, FailureKind::ConnectTimeout, "within 10s"),
        (3600, Limit::Run, FailureKind::ConnectTimeout, "within 10s"),
        (2, Limit::Step, FailureKind::ConnectTimeout, "within the `timeout` of the step"),
        (2, Limit::Run, FailureKind::RunTimeout, "time of the run"),
    ] {
        let dial = Dial { deadline: Duration::from_secs(seconds), limit, ..Dial::default() };
        let (dialled, timings) = dial.url(&format!("http://{peer}")).await;
        assert_failed(&dialled, kind, Phase::Connect, words);
        assert_eq!(phases(&timings), [Phase::Connect]);
    }
}

#[tokio::test]
async fn a_unix_socket_stands_for_every_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = tokio::net::UnixListener::bind(&path).expect("a socket");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"hello").await.expect("sent");
        }
    });
    let dial = Dial {
        private: PrivateAddresses::Refused,
        ..Dial::with(Settings { socket: Some(path), ..Settings::default() })
    };
    let (dialled, timings) = dial.url("http://10.0.0.1").await;
    assert_eq!(phases(&timings), [Phase::Connect]);
    assert_eq!((dialled.remote, dialled.local), (None, None));
    let mut text = [0; 5];
    dialled.stream.expect("connected").read_exact(&mut text).await.expect("read");
    assert_eq!(&text, b"hello");
}

#[tokio::test]
async fn a_unix_socket_that_is_not_there_refuses() {
    let folder = tempfile::tempdir().expect("a folder");
    let abandoned = folder.path().join("abandoned");
    drop(std::os::unix::net::UnixListener::bind(&abandoned).expect("a socket"));
    for path in [folder.path().join("missing"), abandoned] {
        let (dialled, _) =
            Dial::with(Settings { socket: Some(path), ..Settings::default() }).url("http://shop.example").await;
        assert_failed(&dialled, FailureKind::ConnectionRefused, Phase::Connect, "Unix socket `");
    }
}

#[tokio::test]
async fn the_guard_refuses_what_the_definition_or_the_binding_states() {
    let peer = peers::tcp(|_| ready(())).await;
    let refused = || Dial { private: PrivateAddresses::Refused, ..Dial::default() };
    for (dialled, words) in [
        (
            refused().url(&format!("http://{peer}")).await,
            "127.0.0.1 (loopback, 127.0.0.0/8); allow it with `allow: { private-addresses: true }`",
        ),
        (refused().url("http://[::ffff:127.0.0.1]:1").await, "::ffff:127.0.0.1 (loopback, 127.0.0.0/8)"),
        (refused().url("https://[fd00:ec2::254]").await, "never allowed"),
        (Dial::default().url("http://169.254.169.254").await, "(cloud metadata, 169.254.169.254/32)"),
        (refused().shop("http", peer).await, "`shop.example` is, by `resolve` of the binding, 127.0.0.1 (loopback"),
    ]
    .map(|((dialled, timings), words)| {
        assert_eq!(phases(&timings), []);
        (dialled, words)
    }) {
        assert_failed(&dialled, FailureKind::AddressRefused, Phase::Connect, words);
        assert_eq!(dialled.remote, None);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_of_our_own_is_tried_at_each_of_its_addresses() {
    let (refused, there): (IpAddr, IpAddr) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
    let listener = tokio::net::TcpListener::bind((there, peers::refused().port())).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let each = Duration::from_secs(5);
    let stream = reach::connect(&[refused, there], port, each).await.expect("the second takes it");
    assert_eq!(stream.peer_addr().expect("an address").ip(), there);
    let failure = reach::connect(&[refused, refused], port, each).await.expect_err("nobody is there");
    assert_eq!(failure.kind, FailureKind::ConnectionRefused);
    assert_eq!(reach::connect(&[], port, each).await.expect_err("no address").kind, FailureKind::NameNotFound);
    let network = Network::new(Settings::default(), &Arc::new(Machine::default())).map_err(|error| error.message);
    let literal = reach::addresses(&network.expect("usable"), "127.0.0.2", 25).await;
    assert_eq!(literal.map_err(|failure| failure.detail), Ok(vec![there]));
}
