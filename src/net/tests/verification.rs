//! Which certificates are accepted, which are refused, and that they are shown in both cases.

use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::pki::{CertificateAuthority, Clients, Identity, self_signed};
use super::*;
use crate::model::observation::TlsFacts;
use crate::net::certificate::public_key_sha256;

pub const BOTH: &[&rustls::SupportedProtocolVersion] = &[&TLS13, &TLS12];

pub fn trusting(authority: &CertificateAuthority) -> Settings {
    Settings { ca: Some(authority.pem()), ..Settings::default() }
}

pub async fn server(identity: &Identity) -> SocketAddr {
    peers::tls(identity.server_config(&Clients::Anyone, BOTH, &["h2", "http/1.1"])).await
}

pub fn facts(dialled: &Dialled) -> &TlsFacts {
    dialled.tls.as_ref().expect("facts of the handshake")
}

pub async fn echoes(dialled: Dialled) {
    let mut stream = dialled.stream.map_err(|failure| failure.detail).expect("connected");
    stream.write_all(b"ping").await.expect("written");
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.expect("read");
    assert_eq!(&answer, b"ping");
}

#[tokio::test]
async fn a_bad_certificate_is_refused_and_still_shown() {
    use FailureKind as K;
    let authority = CertificateAuthority::new("Test Root");
    let stranger = CertificateAuthority::new("Stranger");
    let names = &["shop.example"];
    for (identity, kind, words) in [
        (authority.expired(names), K::CertificateExpired, "the certificate expired at 2021-03-04T00:00:00Z"),
        (
            authority.not_yet_valid(names),
            K::CertificateNotYetValid,
            "the certificate is not valid before 2999-05-06T00:00:00Z",
        ),
        (
            authority.server(&["a.example", "b.example"]),
            K::CertificateWrongName,
            "the certificate is for `a.example`, `b.example`",
        ),
        (stranger.server(names), K::CertificateUntrusted, "the certificate was issued by `"),
        (self_signed(names, false), K::CertificateUntrusted, "the certificate is self-signed"),
        (self_signed(names, true), K::CertificateUntrusted, "the certificate is self-signed"),
        (
            authority
                .issue(names, |params| params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth]),
            K::CertificateInvalid,
            "the certificate is invalid",
        ),
    ] {
        let peer = server(&identity).await;
        let (dialled, timings) = Dial::with(trusting(&authority)).shop("https", peer).await;
        assert_failed(&dialled, kind, Phase::Tls, words);
        assert_eq!(phases(&timings), [Phase::Connect, Phase::Tls]);
        let tls = facts(&dialled);
        assert!(tls.refused.as_deref().is_some_and(|refused| refused.contains(words)), "{:?}", tls.refused);
        assert_eq!(tls.chain.len(), 1, "{words}");

        let insecure = Settings { insecure: true, ..trusting(&authority) };
        let (dialled, _) = Dial::with(insecure).shop("https", peer).await;
        let tls = facts(&dialled);
        assert!(tls.insecure);
        assert!(tls.refused.as_deref().is_some_and(|refused| refused.contains(words)), "{:?}", tls.refused);
        echoes(dialled).await;
    }
}

#[tokio::test]
async fn an_insecure_network_says_so_also_where_the_certificate_is_good() {
    let authority = CertificateAuthority::new("Test Root");
    let peer = server(&authority.server(&["shop.example"])).await;
    let (dialled, _) = Dial::with(Settings { insecure: true, ..trusting(&authority) }).shop("https", peer).await;
    assert!(facts(&dialled).insecure);
    assert_eq!(facts(&dialled).refused, None);
}

#[tokio::test]
async fn a_pin_is_checked_beside_everything_else() {
    let authority = CertificateAuthority::new("Test Root");
    let identity = authority.server(&["shop.example"]);
    let own = public_key_sha256(&identity.chain[0]).expect("a key");
    let expired = authority.expired(&["shop.example"]);
    let expired_pin = public_key_sha256(&expired.chain[0]).expect("a key");
    for (identity, pin, insecure, kind) in [
        (&identity, vec![[7; 32], own], false, None),
        (&identity, vec![[7; 32]], false, Some(FailureKind::CertificateNotPinned)),
        (&identity, vec![[7; 32]], true, Some(FailureKind::CertificateNotPinned)),
        (&expired, vec![expired_pin], false, Some(FailureKind::CertificateExpired)),
        (&expired, vec![[7; 32]], false, Some(FailureKind::CertificateExpired)),
        (&expired, vec![expired_pin], true, None),
    ] {
        let peer = server(identity).await;
        let (dialled, _) = Dial::with(Settings { pin, insecure, ..trusting(&authority) }).shop("https", peer).await;
        assert_eq!(facts(&dialled).chain.len(), 1);
        match kind {
            Some(kind) => assert_failed(&dialled, kind, Phase::Tls, "`shop.example`: the "),
            None => echoes(dialled).await,
        }
    }
}

#[tokio::test]
async fn a_machine_that_trusts_nobody_says_so_before_it_connects() {
    let authority = CertificateAuthority::new("Test Root");
    let peer = server(&authority.server(&["shop.example"])).await;
    let machine = || {
        let machine = Machine::with_files("/nowhere/hosts", "/nowhere/resolv.conf").trusting_nobody();
        Arc::new(machine)
    };
    let (dialled, timings) = Dial { machine: machine(), ..Dial::default() }.shop("https", peer).await;
    assert_failed(&dialled, FailureKind::LocalCertificateUnusable, Phase::Tls, "trusts no certificate authority");
    assert_eq!(phases(&timings), []);
    let insecure = Dial::with(Settings { insecure: true, ..Settings::default() });
    let (dialled, _) = Dial { machine: machine(), ..insecure }.shop("https", peer).await;
    assert!(facts(&dialled).refused.as_deref().is_some_and(|refused| refused.contains("not trusted here")));
    echoes(dialled).await;
    let (dialled, _) = Dial { machine: machine(), ..Dial::with(trusting(&authority)) }.shop("https", peer).await;
    echoes(dialled).await;
}
