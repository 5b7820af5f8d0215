//! TLS by the web configuration file: versions, client certificates, and certificates that are replaced.

use std::fs;
use std::sync::Arc;

use http::Method;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedProtocolVersion};
use tempfile::TempDir;

use super::client::{ask_over_tls, raw, request};
use super::{Answer, Daemon};
use crate::net::tests::pki::{CertificateAuthority, Identity};
use crate::web::access::Access;

const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// A directory with the files of a server, and who vouches for it.
struct House {
    directory: TempDir,
    authority: CertificateAuthority,
}

impl House {
    fn new() -> Self {
        let house =
            Self { directory: TempDir::new().expect("a directory"), authority: CertificateAuthority::new("House") };
        house.renew();
        house.write("ca.pem", &String::from_utf8(house.authority.pem()).expect("text"));
        house
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.directory.path().join(name), text).expect("written");
    }

    /// A new certificate and its key; answers with the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let server = self.authority.server(&["forerunner.test"]);
        self.write("cert.pem", &server.pem);
        self.write("key.pem", &server.key.serialize_pem());
        server.chain[0].clone()
    }

    async fn daemon(&self, more: &str) -> Daemon {
        let text = format!("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n{more}");
        self.write("web.yml", &text);
        let access = Access::load(&self.directory.path().join("web.yml")).expect("usable");
        assert!(access.protects().tls);
        Daemon::start_with(Some(access), 32).await
    }

    fn client(&self, versions: &[&'static SupportedProtocolVersion], identity: Option<&Identity>) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("versions");
        let builder = builder.with_root_certificates(self.authority.roots());
        match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let key = PrivateKeyDer::try_from(identity.key.serialize_der()).expect("a key");
                builder.with_client_auth_cert(identity.chain.clone(), key).expect("an identity")
            }
        }
    }
}

async fn healthy(daemon: &Daemon, config: ClientConfig) -> bool {
    let answer: Option<Answer> = ask_over_tls(daemon.address, config, request(&Method::GET, "/-/healthy", &[])).await;
    answer.is_some_and(|answer| answer.text() == "healthy\n")
}

#[tokio::test]
async fn pages_are_served_encrypted_and_not_otherwise() {
    let house = House::new();
    let daemon = house.daemon("").await;
    assert!(healthy(&daemon, house.client(BOTH, None)).await);
    assert!(healthy(&daemon, house.client(&[&TLS12], None)).await);
    let plain = raw(daemon.address, b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(!plain.contains("healthy"), "{plain}");
}

#[tokio::test]
async fn versions_and_ciphers_are_those_of_the_file() {
    let house = House::new();
    let daemon = house.daemon("  min_version: TLS13\n").await;
    assert!(healthy(&daemon, house.client(&[&TLS13], None)).await);
    assert!(!healthy(&daemon, house.client(&[&TLS12], None)).await);
    let text = "  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n  \
                curve_preferences: [CurveP256]\n  prefer_server_cipher_suites: false\n";
    let daemon = house.daemon(text).await;
    assert!(!healthy(&daemon, house.client(&[&TLS13], None)).await);
    assert!(healthy(&daemon, house.client(&[&TLS12], None)).await);
}

#[tokio::test]
async fn clients_show_what_the_file_demands() {
    let house = House::new();
    let good = house.authority.issue(&["scraper.test"], |_| ());
    let stranger = CertificateAuthority::new("Elsewhere").issue(&["scraper.test"], |_| ());
    let verify = "  client_ca_file: ca.pem\n  client_auth_type: ";
    for (demand, none, known, unknown) in [
        (format!("{verify}RequireAndVerifyClientCert\n"), false, true, false),
        (format!("{verify}VerifyClientCertIfGiven\n"), true, true, false),
        ("  client_auth_type: RequireAnyClientCert\n".to_owned(), false, true, true),
        ("  client_auth_type: RequestClientCert\n".to_owned(), true, true, true),
        (format!("{verify}RequireAndVerifyClientCert\n  client_allowed_sans: [scraper.test]\n"), false, true, false),
        (format!("{verify}RequireAndVerifyClientCert\n  client_allowed_sans: [other.test]\n"), false, false, false),
    ] {
        let daemon = house.daemon(&demand).await;
        for (identity, admitted) in [(None, none), (Some(&good), known), (Some(&stranger), unknown)] {
            let passed = healthy(&daemon, house.client(BOTH, identity)).await;
            assert_eq!(passed, admitted, "{demand}: {}", identity.map_or("none", |identity| &identity.pem));
        }
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_served_and_half_of_one_is_not() {
    let house = House::new();
    let daemon = house.daemon("").await;
    let served = async || {
        let stream = tokio::net::TcpStream::connect(daemon.address).await.expect("connected");
        let connector = tokio_rustls::TlsConnector::from(Arc::new(house.client(BOTH, None)));
        let name = rustls::pki_types::ServerName::try_from("forerunner.test").expect("a name");
        let stream = connector.connect(name, stream).await.expect("a handshake");
        stream.get_ref().1.peer_certificates().expect("certificates")[0].clone().into_owned()
    };
    let first = served().await;
    let second = house.renew();
    assert_ne!(first, second);
    assert_eq!(served().await, second);
    house.write("key.pem", &house.authority.server(&["forerunner.test"]).key.serialize_pem());
    assert_eq!(served().await, second, "a key that does not fit changes nothing");
    let third = house.renew();
    assert_eq!(served().await, third);
}
