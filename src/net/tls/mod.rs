//! Shakes hands as a client: verification that keeps what it saw, and no session from earlier.

pub mod failure;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use rustls_native_certs::CertificateResult;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::witness::Witness;
use super::certificate;
use super::deadline::Deadline;
use super::dial::{Alpn, Stream};
use super::network::{ClientIdentity, NetworkError, Settings, TlsVersion};
use crate::model::failure::{Failure, FailureKind};
use crate::model::observation::TlsFacts;

/// The TLS side of a network, prepared as far as connections can share it.
pub struct Tls {
    /// By [`Alpn`].
    configs: [Arc<ClientConfig>; 4],
    provider: Arc<CryptoProvider>,
    /// Built from `ca`; none means the system's.
    own_trust: Option<Arc<WebPkiServerVerifier>>,
    pins: Arc<[[u8; 32]]>,
    identity: Option<Arc<CertifiedKey>>,
    insecure: bool,
}

/// The certificate authorities that the system trusts, loaded when first needed.
pub struct Roots {
    load: fn() -> CertificateResult,
    loaded: OnceCell<Arc<WebPkiServerVerifier>>,
}

/// What certificates are verified against; none if nothing is trusted, which only `insecure` permits.
pub struct Trust(Option<Arc<WebPkiServerVerifier>>);

impl Tls {
    /// # Errors
    /// Names the key whose value cannot be used: `ca`, `client-cert`, `client-key` or `tls-min`.
    pub fn new(settings: &Settings) -> Result<Self, NetworkError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let own_trust = settings.ca.as_deref().map(|pem| own_trust(pem, &provider)).transpose()?;
        let identity = settings.client.as_ref().map(|client| identity(client, &provider)).transpose()?;
        let versions = versions(settings.tls_min, settings.tls_max)?;
        let config = |alpn: &[&[u8]]| {
            let witness = Arc::new(Witness::idle(&provider));
            // Of one or both of TLS 1.2 and 1.3, which the provider has.
            let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_protocol_versions(&versions)
                .map_err(|error| NetworkError::new("tls-min", error.to_string()))?
                .dangerous()
                .with_custom_certificate_verifier(witness)
                .with_no_client_auth();
            config.resumption = Resumption::disabled();
            config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
            Ok(Arc::new(config))
        };
        Ok(Self {
            configs: [config(&[b"h2", b"http/1.1"])?, config(&[b"http/1.1"])?, config(&[b"h2"])?, config(&[])?],
            provider,
            own_trust,
            pins: settings.pin.clone().into(),
            identity,
            insecure: settings.insecure,
        })
    }

    pub fn is_insecure(&self) -> bool {
        self.insecure
    }

    /// What to verify against. The first call for the system's authorities reads many files.
    ///
    /// # Errors
    /// `local-certificate-unusable` if this machine trusts nobody.
    pub async fn trust(&self, system: &Roots) -> Result<Trust, Failure> {
        if let Some(own) = &self.own_trust {
            return Ok(Trust(Some(Arc::clone(own))));
        }
        match system.verifier(&self.provider).await {
            Ok(verifier) => Ok(Trust(Some(verifier))),
            Err(_) if self.insecure => Ok(Trust(None)),
            Err(problem) => Err(Failure::new(FailureKind::LocalCertificateUnusable, problem)),
        }
    }

    /// Shakes hands with `host` over a stream. The facts are there as soon as the peer has shown a
    /// certificate, whatever becomes of the handshake. It takes no longer than `most`.
    pub async fn handshake(
        &self,
        trust: Trust,
        alpn: Alpn,
        host: &str,
        stream: Box<dyn Stream>,
        deadline: Deadline,
        most: Duration,
    ) -> (Option<TlsFacts>, Result<TlsStream<Box<dyn Stream>>, Failure>) {
        let Ok(name) = ServerName::try_from(host.to_owned()) else {
            let detail = format!("`{host}` cannot be the name of a TLS server");
            return (None, Err(Failure::new(FailureKind::HandshakeFailed, detail)));
        };
        let witness = Arc::new(Witness::new(self, trust));
        let mut config = ClientConfig::clone(&self.configs[alpn as usize]);
        config.dangerous().set_certificate_verifier(Arc::clone(&witness) as _);
        config.client_auth_cert_resolver = Arc::clone(&witness) as _;
        let connect = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let outcome = match deadline.bound(most, connect).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(witness.failure(host, &error)),
            Err(expired) => {
                let what = format!("`{host}` did not finish the TLS handshake");
                Err(expired.failure(FailureKind::HandshakeTimeout, &what))
            }
        };
        let facts = self.facts(&witness, outcome.as_ref().ok().map(|stream| stream.get_ref().1));
        (facts, outcome)
    }

    fn facts(&self, witness: &Witness, connection: Option<&ClientConnection>) -> Option<TlsFacts> {
        let seen = witness.seen();
        if seen.chain.is_empty() && connection.is_none() {
            return None;
        }
        // Facts of a leaf that does not parse would be taken for those of its issuer.
        let mut chain = seen.chain.iter().map(|der| certificate::read(der));
        let leaf = chain.next().flatten();
        Some(TlsFacts {
            version: connection.and_then(|tls| version_name(tls.protocol_version()?)),
            cipher: connection.and_then(|tls| Some(suite_name(tls.negotiated_cipher_suite()?))),
            alpn: connection.and_then(|tls| Some(String::from_utf8_lossy(tls.alpn_protocol()?).into_owned())),
            chain: leaf.map(|leaf| std::iter::once(leaf).chain(chain.flatten()).collect()).unwrap_or_default(),
            refused: seen.refused.as_ref().map(|(_, why)| why.clone()),
            insecure: self.insecure,
        })
    }
}

impl Default for Roots {
    fn default() -> Self {
        Self::loaded_by(rustls_native_certs::load_native_certs)
    }
}

impl Roots {
    /// Roots that `load` gives, which may block.
    pub fn loaded_by(load: fn() -> CertificateResult) -> Self {
        Self { load, loaded: OnceCell::new() }
    }

    async fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
        let load = || async {
            let loaded = tokio::task::spawn_blocking(self.load)
                .await
                .map_err(|_| "the certificate authorities of this machine cannot be loaded".to_owned())?;
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(loaded.certs);
            verifier(roots, provider).map_err(|_| {
                let why = loaded.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
                format!("this machine trusts no certificate authority{why}; install its `ca-certificates` or give `ca`")
            })
        };
        self.loaded.get_or_try_init(load).await.cloned()
    }
}

// ---------------------------------------------------------------------------------------------

fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::client::VerifierBuilderError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()
}

fn own_trust(pem: &[u8], provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, NetworkError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca", pem)? {
        let unusable = |error| NetworkError::new("ca", format!("`ca` holds an unusable certificate: {error}"));
        roots.add(certificate).map_err(unusable)?;
    }
    verifier(roots, provider).map_err(|error| NetworkError::new("ca", error.to_string()))
}

fn certificates(key: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NetworkError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| NetworkError::new(key, format!("`{key}` is not valid PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(NetworkError::new(key, format!("`{key}` holds no certificate in PEM form")));
    }
    Ok(certificates)
}

fn identity(client: &ClientIdentity, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, NetworkError> {
    let chain = certificates("client-cert", &client.certificates)?;
    // Errors about the key are told without their text, so that none of it can show.
    let key = PrivateKeyDer::from_pem_slice(client.key.expose().as_bytes())
        .map_err(|_| NetworkError::new("client-key", "`client-key` holds no private key in PEM form"))?;
    CertifiedKey::from_der(chain, key, provider).map(Arc::new).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            NetworkError::new("client-key", "`client-key` does not belong to the first certificate of `client-cert`")
        }
        rustls::Error::InvalidCertificate(_) => {
            NetworkError::new("client-cert", format!("`client-cert` holds an unusable certificate: {error}"))
        }
        _ => NetworkError::new("client-key", "`client-key` is of a kind that is not supported"),
    })
}

fn versions(
    min: Option<TlsVersion>,
    max: Option<TlsVersion>,
) -> Result<Vec<&'static SupportedProtocolVersion>, NetworkError> {
    match (min.unwrap_or(TlsVersion::Tls12), max.unwrap_or(TlsVersion::Tls13)) {
        (TlsVersion::Tls12, TlsVersion::Tls13) => Ok(vec![&TLS13, &TLS12]),
        (TlsVersion::Tls12, TlsVersion::Tls12) => Ok(vec![&TLS12]),
        (TlsVersion::Tls13, TlsVersion::Tls13) => Ok(vec![&TLS13]),
        (TlsVersion::Tls13, TlsVersion::Tls12) => {
            Err(NetworkError::new("tls-min", "`tls-min` is higher than `tls-max`"))
        }
    }
}

fn version_name(version: ProtocolVersion) -> Option<&'static str> {
    match version {
        ProtocolVersion::TLSv1_2 => Some("TLSv1.2"),
        ProtocolVersion::TLSv1_3 => Some("TLSv1.3"),
        _ => None,
    }
}

/// The name in the registry of cipher suites.
fn suite_name(suite: rustls::SupportedCipherSuite) -> String {
    format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1)
}
