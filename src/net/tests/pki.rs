//! Makes certificates: authorities, good and bad servers, clients. Depends on rcgen and rustls alone.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// A certificate authority of one test.
pub struct CertificateAuthority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate, leaf first, and its key.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub pem: String,
    pub key: KeyPair,
}

impl CertificateAuthority {
    #[must_use]
    pub fn new(name: &str) -> Self {
        let (params, key) = (authority_params(name), KeyPair::generate().expect("a key"));
        let certificate = params.self_signed(&key).expect("signed");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    #[must_use]
    pub fn pem(&self) -> Vec<u8> {
        self.certificate.pem().into_bytes()
    }

    /// A valid certificate for the names, changed as the test wants.
    pub fn issue(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = leaf_params(names);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let pem = certificate.pem();
        Identity { chain: vec![certificate.into()], pem, key }
    }

    #[must_use]
    pub fn server(&self, names: &[&str]) -> Identity {
        self.issue(names, |_| ())
    }

    #[must_use]
    pub fn expired(&self, names: &[&str]) -> Identity {
        self.issue(names, |params| params.not_after = date_time_ymd(2021, 3, 4))
    }

    #[must_use]
    pub fn not_yet_valid(&self, names: &[&str]) -> Identity {
        self.issue(names, |params| params.not_before = date_time_ymd(2999, 5, 6))
    }

    /// A verifier's roots: this authority alone.
    #[must_use]
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("a root");
        roots
    }
}

/// A certificate that is its own issuer; with `authority`, one that could issue others as well, as
/// `openssl req -x509` makes them.
#[must_use]
pub fn self_signed(names: &[&str], authority: bool) -> Identity {
    let mut params = leaf_params(names);
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("signed");
    let pem = certificate.pem();
    Identity { chain: vec![certificate.into()], pem, key }
}

/// Whom a server lets in.
pub enum Clients<'a> {
    Anyone,
    WithCertificateOf(&'a CertificateAuthority),
}

impl Identity {
    #[must_use]
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key")
    }

    /// A server with this certificate.
    #[must_use]
    pub fn server_config(
        &self,
        clients: &Clients<'_>,
        versions: &[&'static SupportedProtocolVersion],
        alpn: &[&str],
    ) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .expect("versions");
        let builder = match clients {
            Clients::Anyone => builder.with_no_client_auth(),
            Clients::WithCertificateOf(authority) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(authority.roots()), provider)
                    .build()
                    .expect("a verifier"),
            ),
        };
        let mut config = builder.with_single_cert(self.chain.clone(), self.private_key()).expect("a certificate");
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

fn leaf_params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(4000, 1, 1);
    params
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = leaf_params(&[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
