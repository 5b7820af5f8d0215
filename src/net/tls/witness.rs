//! Watches one handshake: keeps the chain even of a certificate that is refused, and whether the
//! peer asked for one of ours. One per connection, so that connections cannot be mixed up.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::failure::{self, NotPinned};
use super::{Tls, Trust};
use crate::model::failure::{Failure, FailureKind};
use crate::net::{certificate, connect};

#[derive(Debug)]
pub struct Witness {
    trust: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
    pins: Arc<[[u8; 32]]>,
    identity: Option<Arc<CertifiedKey>>,
    insecure: bool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
pub struct Seen {
    /// Leaf first, as sent; empty if the handshake did not get so far.
    pub chain: Vec<CertificateDer<'static>>,
    /// Why the certificate is not accepted, or would not be.
    pub refused: Option<(FailureKind, String)>,
    asked_for_ours: bool,
}

impl Witness {
    pub fn new(tls: &Tls, trust: Trust) -> Self {
        Self {
            trust: trust.0,
            algorithms: tls.provider.signature_verification_algorithms,
            pins: Arc::clone(&tls.pins),
            identity: tls.identity.clone(),
            insecure: tls.insecure,
            seen: Mutex::default(),
        }
    }

    /// Holds the place of the witness in a configuration that no connection uses; accepts nobody.
    pub fn idle(provider: &CryptoProvider) -> Self {
        Self {
            trust: None,
            algorithms: provider.signature_verification_algorithms,
            pins: Arc::default(),
            identity: None,
            insecure: false,
            seen: Mutex::default(),
        }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failure of a handshake that ended with this error.
    pub fn failure(&self, host: &str, error: &io::Error) -> Failure {
        let seen = self.seen();
        let (kind, text) = match failure::classify(error) {
            Some((kind, _)) if kind == FailureKind::HandshakeFailed && seen.asked_for_ours && is_refusal(error) => {
                (FailureKind::ClientCertificateRefused, failure::refusal_of_ours(None))
            }
            // The verifier knows the names and the issuer; the error does not.
            Some((kind, text)) => seen.refused.clone().filter(|(refused, _)| *refused == kind).unwrap_or((kind, text)),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                (FailureKind::HandshakeFailed, "the connection was closed during the TLS handshake".to_owned())
            }
            None => {
                let text = format!("the TLS handshake broke off: {}", connect::words(error));
                (FailureKind::HandshakeFailed, text)
            }
        };
        let hint = match (kind, &self.identity) {
            (FailureKind::ClientCertificateRefused, None) => "; give `client-cert` and `client-key`",
            (FailureKind::HandshakeFailed, None) if seen.asked_for_ours => " after a client certificate was asked for",
            _ => "",
        };
        Failure::new(kind, format!("`{host}`: {text}{hint}"))
    }

    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let trust = self.trust.as_ref().ok_or(CertificateError::UnknownIssuer)?;
        match trust.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // A self-signed certificate that may also sign others is refused as one misused.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if certificate::is_self_issued(end_entity) => {
                Err(CertificateError::UnknownIssuer.into())
            }
            judged => judged.map(|_| ()),
        }
    }

    fn is_pinned(&self, end_entity: &CertificateDer<'_>) -> bool {
        self.pins.is_empty() || certificate::public_key_sha256(end_entity).is_some_and(|key| self.pins.contains(&key))
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.judge(end_entity, intermediates, server_name, ocsp_response, now);
        let pinned = if self.is_pinned(end_entity) {
            Ok(())
        } else {
            Err(Error::from(CertificateError::Other(OtherError(Arc::new(NotPinned)))))
        };
        let refusal = judged.as_ref().err().or(pinned.as_ref().err());
        let mut seen = self.seen();
        seen.chain = std::iter::once(end_entity).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        seen.refused = refusal.map(|error| failure::of_certificate(error, end_entity));
        match judged {
            Err(error) if !self.insecure => Err(error),
            // Who pins a key means it, verified or not.
            _ => pinned.map(|()| ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen().asked_for_ours = true;
        self.identity.clone().filter(|identity| identity.key.choose_scheme(schemes).is_some())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// The alert with which servers of TLS 1.2 refuse a client that has no certificate.
fn is_refusal(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    matches!(tls, Some(Error::AlertReceived(AlertDescription::HandshakeFailure)))
}
