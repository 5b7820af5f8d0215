//! Exchanges over TLS: certificates good and bad, client certificates, proxies, and sessions that are cut.

use std::net::SocketAddr;

use forerunner::base::secret::{Label, Secret};
use forerunner::model::failure::FailureKind as Kind;
use forerunner::model::timing::Phase;
use forerunner::net::network::{ClientIdentity, Settings};
use rustls::version::{TLS12, TLS13};

use super::{Run, answer, check_failure, text};
use crate::support::http1::{Act, Seen, always, ok, serve, write};
use crate::support::pki::{CertificateAuthority, Clients, Identity, self_signed};
use crate::support::{http2, proxy, tls};

/// A TLS server named `app.test`.
pub struct Target<'a> {
    pub alpn: &'a [&'a str],
    pub script: Vec<Act>,
    pub identity: fn(&CertificateAuthority) -> Identity,
    /// Whether it lets in only clients with a certificate of its authority.
    pub demanding: bool,
    pub versions: &'a [&'static rustls::SupportedProtocolVersion],
    /// Whether the client shows a certificate.
    pub client: bool,
}

impl Default for Target<'_> {
    fn default() -> Self {
        Self {
            alpn: &["h2", "http/1.1"],
            script: always(&ok("over TLS")),
            identity: |authority| authority.server(&["app.test"]),
            demanding: false,
            versions: rustls::ALL_VERSIONS,
            client: false,
        }
    }
}

/// A run against a TLS server.
pub async fn https(target: &Target<'_>) -> (Run, Seen) {
    let (address, seen, settings) = start(target).await;
    let url = format!("https://app.test:{}/", address.port());
    (Run::through(&[url], settings), seen)
}

async fn start(target: &Target<'_>) -> (SocketAddr, Seen, impl Fn() -> Settings + use<>) {
    let authority = CertificateAuthority::new("ours");
    let identity = (target.identity)(&authority);
    let clients = if target.demanding { Clients::WithCertificateOf(&authority) } else { Clients::Anyone };
    let config = identity.server_config(&clients, target.versions, target.alpn);
    let (address, seen) = tls::serve(config, target.script.clone(), http2::ok("over TLS")).await;
    let client = target.client.then(|| authority.issue(&["client"], |_| ()));
    let ca = authority.pem();
    let settings = move || Settings {
        ca: Some(ca.clone()),
        client: client.as_ref().map(|client| ClientIdentity {
            certificates: client.pem.clone().into_bytes(),
            key: Secret::new(client.key.serialize_pem()),
        }),
        resolve: vec![("app.test".to_owned(), address.port(), address.ip())],
        ..Settings::default()
    };
    (address, seen, settings)
}

#[tokio::test]
async fn a_certificate_is_judged_and_shown() {
    for (identity, expected) in [
        (Target::default().identity, None),
        (|authority: &CertificateAuthority| authority.expired(&["app.test"]), Some(Kind::CertificateExpired)),
        (|authority| authority.server(&["other.test"]), Some(Kind::CertificateWrongName)),
        (|authority| authority.not_yet_valid(&["app.test"]), Some(Kind::CertificateNotYetValid)),
        (|_| self_signed(&["app.test"], false), Some(Kind::CertificateUntrusted)),
    ] {
        let (mut run, seen) = https(&Target { identity, ..Target::default() }).await;
        let exchange = run.fetch("/").await;
        match expected {
            None => assert_eq!(text(&exchange), "over TLS"),
            Some(kind) => check_failure(&exchange, kind),
        }
        let hop = &exchange.hops[0];
        let facts = hop.tls.as_ref().expect("facts");
        assert_eq!((facts.chain.len(), facts.refused.is_some()), (1, expected.is_some()));
        assert!(hop.timings.get(Phase::Tls).is_some());
        assert_eq!(hop.timings.get(Phase::Wait).is_some(), expected.is_none());
        assert!(seen.requests().is_empty(), "HTTP/2 answers by itself");
    }
}

#[tokio::test]
async fn a_missing_client_certificate_is_named_in_the_handshake_whenever_it_is_told() {
    for alpn in [&["h2"][..], &["http/1.1"]] {
        for versions in [&[&TLS13][..], &[&TLS12]] {
            let target = Target { alpn, versions, demanding: true, ..Target::default() };
            let (mut run, _) = https(&target).await;
            let exchange = run.fetch("/").await;
            check_failure(&exchange, Kind::ClientCertificateRefused);
            assert_eq!(exchange.failure.and_then(|failure| failure.phase), Some(Phase::Tls), "{alpn:?} {versions:?}");
            let (mut run, _) = https(&Target { client: true, ..target }).await;
            assert_eq!(text(&run.fetch("/").await), "over TLS");
        }
    }
}

#[tokio::test]
async fn a_tunnel_through_a_proxy_ends_at_the_target() {
    let (address, _, settings) = start(&Target::default()).await;
    let (through, heads) = proxy::serve(address).await;
    let url = format!("https://app.test:{}/", address.port());
    let settings = || Settings {
        proxy: Some(Secret::new(format!("http://user:s3cret@{through}"))),
        resolve: Vec::new(),
        ..settings()
    };
    let mut run = Run::through(&[url], settings);
    let exchange = run.fetch("/").await;
    assert_eq!(text(&exchange), "over TLS");
    assert!(exchange.hops[0].request.headers.iter().all(|(name, _)| name != "proxy-authorization"));
    let head = heads.lock().expect("no panic")[0].clone();
    assert!(head.starts_with(&format!("CONNECT app.test:{} ", address.port())), "{head}");
}

#[tokio::test]
async fn a_plain_proxy_gets_the_whole_address_and_the_password_stays_its_own() {
    let (address, seen) = serve(vec![vec![Act::Read, ok("plain")]]).await;
    let (through, _) = proxy::serve(address).await;
    let settings =
        || Settings { proxy: Some(Secret::new(format!("http://user:s3cret@{through}"))), ..Settings::default() };
    let mut run = Run::through(&["http://app.test/".to_owned()], settings);
    let exchange = run.fetch("/a?b").await;
    assert_eq!(text(&exchange), "plain");
    let request = seen.requests().remove(0);
    assert!(request.starts_with("GET http://app.test/a?b HTTP/1.1\r\nHost: app.test\r\n"), "{request}");
    assert!(request.contains("\r\nProxy-Authorization: Basic "), "{request}");
    let headers = &exchange.hops[0].request.headers;
    let (_, credentials) = headers.iter().find(|(name, _)| name == "proxy-authorization").expect("recorded");
    assert_eq!(credentials.label, Label::NOWHERE);
}

#[tokio::test]
async fn an_answer_cut_within_tls_is_cut_short() {
    let cut = vec![Act::Read, write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")];
    let (mut run, _) = https(&Target { alpn: &["http/1.1"], script: cut, ..Target::default() }).await;
    check_failure(&run.fetch("/").await, Kind::AnswerCutShort);
    let until_the_end = vec![Act::Read, write("HTTP/1.1 200 OK\r\n\r\nall")];
    let (mut run, _) = https(&Target { alpn: &["http/1.1"], script: until_the_end, ..Target::default() }).await;
    let exchange = run.fetch("/").await;
    assert_eq!(text(&exchange), "all");
    assert_eq!(answer(&exchange).wire_size, 3);
}
