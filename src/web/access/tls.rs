//! The server side of TLS, as a web configuration file describes it.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};
use tokio_rustls::TlsAcceptor;

use super::client::ClientVerifier;
use super::form::{ClientAuth, Curve, TlsForm, Version};
use super::load::Files;
use super::rules;
use crate::base::shape::Reader;
use crate::base::span::{Span, Spanned};

/// How hands are shaken, and the certificate that is shown. None, after a report, if the description cannot be used.
pub(super) fn acceptor(
    form: &TlsForm,
    files: &mut Files,
    reader: &mut Reader,
) -> Option<(TlsAcceptor, CertificateDer<'static>)> {
    let before = reader.diagnostics.len();
    let certificates = pem(form, ("cert", &form.cert), ("cert_file", &form.cert_file), files, reader);
    let chain = certificates.and_then(|pem| chain(&pem, reader));
    let key = pem(form, ("key", &form.key), ("key_file", &form.key_file), files, reader);
    let key = key.and_then(|pem| {
        // Told without the error's text, so that nothing of a key can show.
        let read = PrivateKeyDer::from_pem_slice(&pem.value).map_err(|_| "this holds no private key in PEM form");
        read.map_err(|what| reader.report(&rules::WEB_CONFIG, pem.span, what)).ok()
    });
    let provider = Arc::new(provider(form, reader));
    let versions = versions(form, reader);
    let client = client(form, &provider, files, reader);
    let (chain, key) = (chain?, key?);
    let shown = chain.first()?.clone();
    if reader.diagnostics.len() > before {
        return None;
    }
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map(|builder| match client {
            Some(client) => builder.with_client_cert_verifier(Arc::new(client)),
            None => builder.with_no_client_auth(),
        })
        .and_then(|builder| builder.with_single_cert(chain, key));
    let mut config = config
        .map_err(|error| {
            let message = match error {
                rustls::Error::InconsistentKeys(_) => "the key does not belong to the first certificate".to_owned(),
                other => format!("this cannot be used: {other}"),
            };
            reader.report(&rules::WEB_CONFIG, first_line(form.span, reader), message);
        })
        .ok()?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ignore_client_order = form.prefer_server_cipher_suites.unwrap_or(true);
    Some((TlsAcceptor::from(Arc::new(config)), shown))
}

type Named<'a> = (&'a str, &'a Option<Spanned<String>>);

/// What stands in the file, or in the one that it names.
fn pem(
    form: &TlsForm,
    (key, inline): Named<'_>,
    (file_key, file): Named<'_>,
    files: &mut Files,
    reader: &mut Reader,
) -> Option<Spanned<Vec<u8>>> {
    match (inline, file) {
        (None, None) => {
            let place = first_line(form.span, reader);
            reader.report(&rules::WEB_CONFIG, place, format!("`{key}` or `{file_key}` is missing"));
            None
        }
        (Some(_), Some(file)) => {
            reader.report(
                &rules::WEB_CONFIG,
                file.span,
                format!("only one of `{key}` and `{file_key}` may be written"),
            );
            None
        }
        (Some(text), None) => Some(text.as_ref().map(|text| text.clone().into_bytes())),
        (None, Some(file)) => files.read(file, reader).map(|pem| Spanned::new(file.span, pem)),
    }
}

fn chain(pem: &Spanned<Vec<u8>>, reader: &mut Reader) -> Option<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem.value).collect();
    let chain = read.ok().filter(|chain| !chain.is_empty());
    if chain.is_none() {
        reader.report(&rules::WEB_CONFIG, pem.span, "this holds no certificate in PEM form");
    }
    chain
}

fn versions(form: &TlsForm, reader: &mut Reader) -> Vec<&'static SupportedProtocolVersion> {
    let of = |version: Option<Spanned<Version>>| version.map(|version| version.value);
    if let Some(max) = form.max_version.filter(|max| matches!(max.value, Version::Tls10 | Version::Tls11)) {
        let message = format!("`{}` is not spoken: it is broken", max.value.word());
        reader.report(&rules::WEB_CONFIG, max.span, message).help = Some("write `TLS12` or `TLS13`".to_owned());
    }
    match (of(form.min_version), of(form.max_version)) {
        (Some(Version::Tls13), Some(Version::Tls12)) => {
            let place = form.min_version.map_or(form.span, |min| min.span);
            reader.report(&rules::WEB_CONFIG, place, "`min_version` is newer than `max_version`");
            Vec::new()
        }
        (Some(Version::Tls13), _) => vec![&TLS13],
        (_, Some(Version::Tls12)) => vec![&TLS12],
        _ => vec![&TLS13, &TLS12],
    }
}

/// The cryptography that the file asks for. Ciphers of TLS 1.3 are not a matter of configuration, in Go as here.
fn provider(form: &TlsForm, reader: &mut Reader) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if let Some(wanted) = &form.cipher_suites {
        let fixed = provider.cipher_suites.iter().filter(|suite| suite.tls13().is_some()).copied();
        let named = wanted.value.iter().filter_map(|name| suite(&provider.cipher_suites, name));
        let chosen: Vec<_> = fixed.clone().chain(named).collect();
        if chosen.len() == fixed.count() && !wanted.value.is_empty() {
            let known: Vec<_> =
                provider.cipher_suites.iter().filter(|suite| suite.tls13().is_none()).map(name).collect();
            reader.report(&rules::WEB_CONFIG, wanted.span, "none of these ciphers is available").help =
                Some(format!("known for TLS 1.2: {}", known.join(", ")));
        }
        if !wanted.value.is_empty() {
            provider.cipher_suites = chosen;
        }
    }
    if let Some(wanted) = form.curve_preferences.as_ref().filter(|wanted| !wanted.value.is_empty()) {
        provider.kx_groups = wanted.value.iter().filter_map(|curve| group(curve.value)).collect();
        if provider.kx_groups.is_empty() {
            reader.report(&rules::WEB_CONFIG, wanted.span, "none of these curves is available").help =
                Some("write `X25519`, `CurveP256` or `CurveP384`".to_owned());
        }
    }
    provider
}

/// By its name in Go; the suites that are there, all with forward secrecy, have the same names in both.
fn suite(known: &[SupportedCipherSuite], wanted: &Spanned<String>) -> Option<SupportedCipherSuite> {
    known.iter().find(|suite| suite.tls13().is_none() && name(suite) == wanted.value).copied()
}

fn name(suite: &SupportedCipherSuite) -> String {
    format!("{:?}", suite.suite())
}

fn group(curve: Curve) -> Option<&'static dyn SupportedKxGroup> {
    match curve {
        Curve::X25519 => Some(ring::kx_group::X25519),
        Curve::P256 => Some(ring::kx_group::SECP256R1),
        Curve::P384 => Some(ring::kx_group::SECP384R1),
        Curve::P521 => None,
    }
}

/// None if clients show no certificates.
fn client(
    form: &TlsForm,
    provider: &Arc<CryptoProvider>,
    files: &mut Files,
    reader: &mut Reader,
) -> Option<ClientVerifier> {
    let demand = form.client_auth_type.map_or(ClientAuth::No, |demand| demand.value);
    let written = form.client_ca.as_ref().or(form.client_ca_file.as_ref()).map(|text| text.span);
    if let Some(place) = written.filter(|_| demand == ClientAuth::No) {
        let problem = reader.report(&rules::WEB_CONFIG, place, "no client is asked for a certificate");
        problem.help = Some("write `client_auth_type: RequireAndVerifyClientCert`".to_owned());
    }
    let mandatory = matches!(demand, ClientAuth::Any | ClientAuth::AnyByOldName | ClientAuth::Verify);
    if let Some(names) = form.client_allowed_sans.as_ref().filter(|_| !mandatory) {
        let problem = reader.report(&rules::WEB_CONFIG, names.span, "a client need not show a certificate with a name");
        problem.help = Some("write `client_auth_type: RequireAndVerifyClientCert`".to_owned());
    }
    let verifies = matches!(demand, ClientAuth::Verify | ClientAuth::VerifyIfGiven);
    let roots = if verifies {
        let named = (("client_ca", &form.client_ca), ("client_ca_file", &form.client_ca_file));
        Some(roots(&pem(form, named.0, named.1, files, reader)?, reader)?)
    } else {
        None
    };
    let names = form.client_allowed_sans.as_ref().map(|names| names.value.clone());
    let judge = match demand {
        ClientAuth::No => return None,
        _ => ClientVerifier::new(roots, mandatory, names, provider),
    };
    judge.map_err(|error| reader.report(&rules::WEB_CONFIG, written.unwrap_or(form.span), error)).ok()
}

fn roots(pem: &Spanned<Vec<u8>>, reader: &mut Reader) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(pem, reader)? {
        if let Err(error) = roots.add(certificate) {
            let message = format!("this holds an unusable certificate: {error}");
            reader.report(&rules::WEB_CONFIG, pem.span, message);
            return None;
        }
    }
    Some(roots)
}

fn first_line(span: Span, reader: &Reader) -> Span {
    let length = reader.source.slice(span).lines().next().map_or(0, str::len);
    span.within(0, length.max(1))
}
