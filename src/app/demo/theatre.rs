//! Serves the routers of the play on loopback, plain or over TLS with a certificate that the act chooses.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::DemoError;
use super::acts::{Act, Stage};
use crate::base::time::Timestamp;

/// Days that certificates are valid: one that nobody has to think of, and one that somebody forgot.
const VALID_DAYS: i64 = 80;
const FORGOTTEN_DAYS: i64 = 5;

/// Answers until it is dropped.
pub struct Theatre {
    pub address: SocketAddr,
    _task: JoinSet<()>,
}

/// Both certificates of the partner, and the authority that signed them.
pub struct Wardrobe {
    /// PEM.
    pub authority: String,
    acceptor: TlsAcceptor,
}

impl Theatre {
    /// At a free port.
    pub async fn open(router: Router, wardrobe: Option<&Wardrobe>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let acceptor = wardrobe.map(|wardrobe| wardrobe.acceptor.clone());
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    Some(_) = connections.join_next() => continue,
                };
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let (router, acceptor) = (router.clone(), acceptor.clone());
                connections.spawn(async move {
                    match acceptor {
                        None => answer(stream, router).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                answer(stream, router).await;
                            }
                        }
                    }
                });
            }
        });
        Ok(Self { address, _task: task })
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
    // Whoever leaves in the middle is part of the play.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
}

impl Wardrobe {
    /// # Errors
    /// Certificates cannot be made, which no machine has shown yet.
    pub fn new(stage: Stage, now: Timestamp) -> Result<Self, DemoError> {
        let made = |error: rcgen::Error| DemoError::Certificates(error.to_string());
        let mut params = CertificateParams::new(Vec::new()).map_err(made)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "forerunner demo");
        let key = KeyPair::generate().map_err(made)?;
        let authority = params.self_signed(&key).map_err(made)?.pem();
        let issuer = Issuer::new(params, key);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let certificate = |days: i64| -> Result<Arc<CertifiedKey>, DemoError> {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).map_err(made)?;
            let end =
                now.plus(std::time::Duration::from_secs(u64::try_from(days * 86_400).unwrap_or_default())).zoned();
            let (month, day) = (u8::try_from(end.month()).unwrap_or(1), u8::try_from(end.day()).unwrap_or(1));
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(i32::from(end.year()), month, day);
            let key = KeyPair::generate().map_err(made)?;
            let signed = params.signed_by(&key, &issuer).map_err(made)?;
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
            let key = provider.key_provider.load_private_key(key);
            let key = key.map_err(|error| DemoError::Certificates(error.to_string()))?;
            Ok(Arc::new(CertifiedKey::new(vec![signed.into()], key)))
        };
        let choice = Choice { stage, valid: certificate(VALID_DAYS)?, forgotten: certificate(FORGOTTEN_DAYS)? };
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| DemoError::Certificates(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(choice));
        Ok(Self { authority, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// Which certificate is shown.
#[derive(Debug)]
struct Choice {
    stage: Stage,
    valid: Arc<CertifiedKey>,
    forgotten: Arc<CertifiedKey>,
}

impl ResolvesServerCert for Choice {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let forgotten = self.stage.act() == Act::ExpiringCertificate;
        Some(Arc::clone(if forgotten { &self.forgotten } else { &self.valid }))
    }
}
