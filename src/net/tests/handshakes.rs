//! TLS with good and bad peers: what is accepted, what is refused, and the facts that remain.

use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::pki::{CertificateAuthority, Clients};
use super::verification::{BOTH, echoes, facts, server, trusting};
use super::*;
use crate::base::secret::Secret;
use crate::net::network::{ClientIdentity, TlsVersion};
use crate::net::tls::failure::classify;

#[tokio::test]
async fn a_good_handshake_leaves_its_facts() {
    let authority = CertificateAuthority::new("Test Root");
    let peer = server(&authority.server(&["shop.example", "127.0.0.1"])).await;
    for (alpn, chosen) in [(Alpn::Negotiate, "h2"), (Alpn::Http1, "http/1.1"), (Alpn::Http2, "h2")] {
        let (dialled, timings) = Dial { alpn, ..Dial::with(trusting(&authority)) }.shop("https", peer).await;
        assert_eq!(phases(&timings), [Phase::Connect, Phase::Tls]);
        let tls = facts(&dialled);
        assert_eq!((tls.version, tls.alpn.as_deref()), (Some("TLSv1.3"), Some(chosen)));
        assert!(tls.cipher.as_deref().is_some_and(|cipher| cipher.starts_with("TLS_")), "{:?}", tls.cipher);
        assert_eq!((tls.refused.as_deref(), tls.insecure), (None, false));
        assert_eq!(tls.chain.len(), 1);
        assert_eq!(tls.chain[0].names, ["shop.example", "127.0.0.1"]);
        assert!(tls.chain[0].issuer.contains("CN=Test Root"), "{}", tls.chain[0].issuer);
        echoes(dialled).await;
    }
    let (dialled, _) = Dial::with(trusting(&authority)).url(&format!("https://{peer}")).await;
    echoes(dialled).await;
    let (dialled, _) = Dial::with(trusting(&authority)).shop("tls", peer).await;
    echoes(dialled).await;
}

#[tokio::test]
async fn the_stream_carries_http_by_hyper() {
    let authority = CertificateAuthority::new("Test Root");
    let config = authority.server(&["shop.example"]).server_config(&Clients::Anyone, BOTH, &["http/1.1"]);
    let peer = peers::tcp(move |stream| {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&config));
        async move {
            let mut stream = acceptor.accept(stream).await.expect("a handshake");
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    })
    .await;
    let (dialled, _) = Dial::with(trusting(&authority)).shop("https", peer).await;
    let stream = hyper_util::rt::TokioIo::new(dialled.stream.expect("connected"));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.expect("ready");
    tokio::spawn(connection);
    let request = http::Request::get("/").header("host", "shop.example").body(String::new()).expect("a request");
    assert_eq!(sender.send_request(request).await.expect("an answer").status(), 204);
}

#[tokio::test]
async fn a_target_that_speaks_none_of_the_versions_offered_says_so() {
    let authority = CertificateAuthority::new("Test Root");
    let config = authority.server(&["shop.example"]).server_config(&Clients::Anyone, BOTH, &["http/1.1"]);
    let peer = peers::tls(config).await;
    let (dialled, _) = Dial { alpn: Alpn::Http2, ..Dial::with(trusting(&authority)) }.shop("https", peer).await;
    assert_failed(&dialled, FailureKind::VersionUnavailable, Phase::Tls, "none of the HTTP versions offered");
}

#[tokio::test]
async fn the_versions_of_the_binding_are_kept() {
    let authority = CertificateAuthority::new("Test Root");
    let identity = authority.server(&["shop.example"]);
    for (served, min, max, expected) in [
        (BOTH, None, Some(TlsVersion::Tls12), Ok("TLSv1.2")),
        (BOTH, Some(TlsVersion::Tls13), None, Ok("TLSv1.3")),
        (&[&TLS12][..], Some(TlsVersion::Tls13), None, Err("TLS versions")),
        (&[&TLS13][..], None, Some(TlsVersion::Tls12), Err("TLS versions")),
    ] {
        let peer = peers::tls(identity.server_config(&Clients::Anyone, served, &[])).await;
        let settings = Settings { tls_min: min, tls_max: max, ..trusting(&authority) };
        let (dialled, _) = Dial::with(settings).shop("https", peer).await;
        match expected {
            Ok(version) => assert_eq!(facts(&dialled).version, Some(version)),
            Err(words) => {
                assert_failed(&dialled, FailureKind::HandshakeFailed, Phase::Tls, words);
                assert!(dialled.tls.is_none());
            }
        }
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let authority = CertificateAuthority::new("Test Root");
    let clients = CertificateAuthority::new("Clients");
    let stranger = CertificateAuthority::new("Stranger");
    let identity = authority.server(&["shop.example"]);
    let as_client = |authority: &CertificateAuthority| {
        let identity = authority.issue(&["us"], |_| ());
        ClientIdentity {
            certificates: identity.pem.clone().into_bytes(),
            key: Secret::new(identity.key.serialize_pem()),
        }
    };
    for version in [&TLS12, &TLS13] {
        let config = identity.server_config(&Clients::WithCertificateOf(&clients), &[version], &[]);
        let peer = peers::tls(config).await;
        for (client, words) in [
            (Some(as_client(&clients)), None),
            (None, Some("demands a client certificate")),
            (Some(as_client(&stranger)), Some("refuses our client certificate")),
        ] {
            let (dialled, _) = Dial::with(Settings { client, ..trusting(&authority) }).shop("https", peer).await;
            match (words, dialled.stream.is_ok()) {
                (None, _) => echoes(dialled).await,
                (Some(words), false) => {
                    assert_failed(&dialled, FailureKind::ClientCertificateRefused, Phase::Tls, words);
                }
                // TLS 1.3: our side is done before the peer has looked.
                (Some(words), true) => {
                    let mut stream = dialled.stream.expect("connected");
                    let error = stream.read_u8().await.expect_err("refused");
                    let (kind, text) = classify(&error).expect("a TLS error");
                    assert_eq!(kind, FailureKind::ClientCertificateRefused);
                    assert!(text.contains(words), "{text}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_peer_that_breaks_the_handshake_is_told_by_how() {
    let authority = CertificateAuthority::new("Test Root");
    let garbage: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    for (answer, words) in [
        (garbage, "not TLS"),
        (&[0x15, 3, 3, 0, 2, 2, 0x28], "handshake failure"),
        (&[0x15, 3, 3, 0, 2, 2, 0x70], "does not serve this name"),
        (&[0x16, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff], "`shop.example`: "),
        (&[], "`shop.example`: "),
    ] {
        let peer = peers::tcp(move |mut stream| async move {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer).await;
        })
        .await;
        let (dialled, timings) = Dial::with(trusting(&authority)).shop("https", peer).await;
        assert_failed(&dialled, FailureKind::HandshakeFailed, Phase::Tls, words);
        assert_eq!(phases(&timings), [Phase::Connect, Phase::Tls]);
        assert!(dialled.tls.is_none());
    }
}

#[tokio::test]
async fn a_peer_that_never_finishes_the_handshake_ends_at_the_limit_that_comes_first() {
    let authority = CertificateAuthority::new("Test Root");
    for (seconds, limit, kind, words) in [
        (3600, Limit::Run, FailureKind::HandshakeTimeout, "within 10s"),
        (2, Limit::Step, FailureKind::HandshakeTimeout, "within the `timeout` of the step"),
        (2, Limit::Run, FailureKind::RunTimeout, "time of the run"),
    ] {
        let peer = peers::tcp(|mut stream| async move {
            stream.read_u8().await.expect("a hello");
            peers::silence().await;
        })
        .await;
        let dial = Dial { deadline: Duration::from_secs(seconds), limit, ..Dial::with(trusting(&authority)) };
        let (dialled, _) = dial.shop("https", peer).await;
        assert_failed(&dialled, kind, Phase::Tls, words);
        tokio::time::resume();
    }
}

#[test]
fn unusable_settings_name_their_key() {
    let authority = CertificateAuthority::new("Test Root");
    let (identity, other) = (authority.server(&["us"]), authority.server(&["us"]));
    let client = |certificates: &str, key: &str| {
        let client = ClientIdentity { certificates: certificates.as_bytes().to_vec(), key: Secret::new(key) };
        Settings { client: Some(client), ..Settings::default() }
    };
    let ca = |pem: &[u8]| Settings { ca: Some(pem.to_vec()), ..Settings::default() };
    let key = identity.key.serialize_pem();
    for (settings, expected, words) in [
        (ca(b""), "ca", "holds no certificate"),
        (ca(b"-----BEGIN CERTIFICATE-----\nAAAA\n"), "ca", "not valid PEM"),
        (ca(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "ca", "unusable certificate"),
        (client("", &key), "client-cert", "holds no certificate"),
        (client(&identity.pem, "hunter2"), "client-key", "holds no private key"),
        (client(&identity.pem, &other.key.serialize_pem()), "client-key", "does not belong"),
        (
            Settings { tls_min: Some(TlsVersion::Tls13), tls_max: Some(TlsVersion::Tls12), ..Settings::default() },
            "tls-min",
            "higher than `tls-max`",
        ),
        (
            Settings { proxy: Some(Secret::new("http://h:1")), socket: Some("/s".into()), ..Settings::default() },
            "socket",
            "exclude each other",
        ),
    ] {
        let error = Network::new(settings, &Arc::new(Machine::default())).err().expect(words);
        assert_eq!(error.key, expected, "{}", error.message);
        assert!(error.message.contains(words), "{}", error.message);
        assert!(!error.message.contains("hunter2"));
    }
}
