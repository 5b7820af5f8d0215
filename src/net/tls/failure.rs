//! What an error of the TLS library means. The one place where its words become ours.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use crate::base::time::Timestamp;
use crate::model::failure::FailureKind;
use crate::net::certificate;

/// The TLS error inside any error, if there is one: hyper and the system wrap them several times.
///
/// TLS 1.3 servers refuse a client certificate after the client's handshake is over, so the refusal
/// comes with the first read or write. There, only `client-certificate-refused` blames the handshake.
#[must_use]
pub fn classify(error: &(dyn StdError + 'static)) -> Option<(FailureKind, String)> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<Error>() {
            return Some(of(tls));
        }
        // The source of an I/O error is that of what it holds, so its content needs a look of its own.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// What an error of the TLS library means.
#[must_use]
pub fn of(error: &Error) -> (FailureKind, String) {
    use FailureKind::HandshakeFailed;
    match error {
        Error::InvalidCertificate(refused) => of_verification(refused),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::NoCertificatesPresented => (HandshakeFailed, "the peer showed no certificate".to_owned()),
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            (HandshakeFailed, "the peer answers with something that is not TLS".to_owned())
        }
        Error::InvalidMessage(_) => (HandshakeFailed, format!("the peer sends broken TLS: {error}")),
        Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            (HandshakeFailed, "the peer speaks neither TLS 1.2 nor TLS 1.3".to_owned())
        }
        Error::PeerIncompatible(why) => (HandshakeFailed, format!("the peer and we have no TLS in common: {why:?}")),
        Error::PeerMisbehaved(why) => (HandshakeFailed, format!("the peer breaks the rules of TLS: {why:?}")),
        Error::NoApplicationProtocol => no_protocol(),
        Error::FailedToGetCurrentTime | Error::FailedToGetRandomBytes => {
            (FailureKind::Internal, format!("TLS cannot work on this machine: {error}"))
        }
        other => (HandshakeFailed, format!("the TLS handshake broke off: {other}")),
    }
}

/// The same for an error of verification, with what the certificate itself can add.
#[must_use]
pub fn of_certificate(error: &Error, leaf: &[u8]) -> (FailureKind, String) {
    let (kind, text) = of(error);
    let Some(facts) = certificate::read(leaf) else { return (kind, text) };
    let text = match kind {
        FailureKind::CertificateUntrusted if certificate::is_self_issued(leaf) => {
            format!("the certificate is self-signed by `{}`, which is not trusted here", facts.issuer)
        }
        FailureKind::CertificateUntrusted => {
            format!("the certificate was issued by `{}`, which is not trusted here", facts.issuer)
        }
        FailureKind::CertificateWrongName if !facts.names.is_empty() => {
            let more = facts.names.len().saturating_sub(NAMES_SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let names: Vec<_> = facts.names.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect();
            format!("the certificate is for {}{more}", names.join(", "))
        }
        _ => text,
    };
    (kind, text)
}

/// The text of a refusal of our certificate, or of our having none.
#[must_use]
pub fn refusal_of_ours(alert: Option<AlertDescription>) -> String {
    match alert {
        None | Some(AlertDescription::CertificateRequired | AlertDescription::NoCertificate) => {
            "the peer demands a client certificate".to_owned()
        }
        Some(alert) => format!("the peer refuses our client certificate: {}", alert_words(alert)),
    }
}

/// The leaf's public key is none of those that the binding pins.
#[derive(Debug)]
pub struct NotPinned;

impl fmt::Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the public key of the certificate is none of those in `pin`")
    }
}

impl StdError for NotPinned {}

// ---------------------------------------------------------------------------------------------

/// Certificates of large sites carry a hundred names.
const NAMES_SHOWN: usize = 5;

/// Only versions of HTTP are ever offered.
fn no_protocol() -> (FailureKind, String) {
    (FailureKind::VersionUnavailable, "the peer speaks none of the HTTP versions offered (ALPN)".to_owned())
}

fn of_verification(error: &CertificateError) -> (FailureKind, String) {
    use CertificateError as E;
    use FailureKind as K;
    match error {
        E::Expired => (K::CertificateExpired, "the certificate has expired".to_owned()),
        E::ExpiredContext { not_after, .. } => {
            (K::CertificateExpired, format!("the certificate expired at {}", moment(*not_after)))
        }
        E::NotValidYet => (K::CertificateNotYetValid, "the certificate is not valid yet".to_owned()),
        E::NotValidYetContext { not_before, .. } => {
            (K::CertificateNotYetValid, format!("the certificate is not valid before {}", moment(*not_before)))
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            (K::CertificateWrongName, "the certificate is for other names".to_owned())
        }
        E::UnknownIssuer => (K::CertificateUntrusted, "the certificate was issued by nobody trusted here".to_owned()),
        E::Revoked => (K::CertificateRevoked, "the certificate is revoked".to_owned()),
        E::Other(other) if other.0.is::<NotPinned>() => (K::CertificateNotPinned, other.to_string()),
        other => (K::CertificateInvalid, format!("the certificate is invalid: {other}")),
    }
}

/// Alerts about certificates are about ours: the peer's own is judged by us.
fn of_alert(alert: AlertDescription) -> (FailureKind, String) {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired
        | A::NoCertificate
        | A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::UnknownCA
        | A::AccessDenied => (FailureKind::ClientCertificateRefused, refusal_of_ours(Some(alert))),
        A::NoApplicationProtocol => no_protocol(),
        A::UnrecognisedName => (FailureKind::HandshakeFailed, "the peer does not serve this name".to_owned()),
        A::ProtocolVersion => {
            (FailureKind::HandshakeFailed, "the peer speaks none of the TLS versions offered".to_owned())
        }
        other => (FailureKind::HandshakeFailed, format!("the peer broke the handshake off: {}", alert_words(other))),
    }
}

/// `HandshakeFailure` is `handshake failure`.
fn alert_words(alert: AlertDescription) -> String {
    let Some(name) = alert.as_str() else { return format!("alert {}", u8::from(alert)) };
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() && !words.ends_with(char::is_uppercase) {
            words.push(' ');
        }
        words.push(letter);
    }
    words.to_lowercase()
}

fn moment(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok().and_then(Timestamp::from_unix_seconds);
    seconds.unwrap_or(Timestamp::UNIX_EPOCH).rfc3339_seconds()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::{InconsistentKeys, OtherError, PeerMisbehaved};

    use super::*;

    #[test]
    fn errors_of_the_library_become_failures() {
        use FailureKind as K;
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let certificate = Error::InvalidCertificate;
        let alert = Error::AlertReceived;
        for (error, kind, text) in [
            (certificate(CertificateError::Expired), K::CertificateExpired, "expired"),
            (
                certificate(CertificateError::ExpiredContext { time: at(1_000_000_001), not_after: at(1_000_000_000) }),
                K::CertificateExpired,
                "expired at 2001-09-09T01:46:40Z",
            ),
            (
                certificate(CertificateError::NotValidYetContext { time: at(1), not_before: at(1_000_000_000) }),
                K::CertificateNotYetValid,
                "not valid before 2001-09-09T01:46:40Z",
            ),
            (certificate(CertificateError::NotValidForName), K::CertificateWrongName, "other names"),
            (certificate(CertificateError::UnknownIssuer), K::CertificateUntrusted, "nobody trusted"),
            (certificate(CertificateError::Revoked), K::CertificateRevoked, "revoked"),
            (certificate(CertificateError::BadSignature), K::CertificateInvalid, "invalid"),
            (certificate(CertificateError::BadEncoding), K::CertificateInvalid, "invalid"),
            (certificate(CertificateError::Other(OtherError(Arc::new(NotPinned)))), K::CertificateNotPinned, "`pin`"),
            (alert(AlertDescription::CertificateRequired), K::ClientCertificateRefused, "demands"),
            (
                alert(AlertDescription::BadCertificate),
                K::ClientCertificateRefused,
                "refuses our client certificate: bad certificate",
            ),
            (alert(AlertDescription::UnknownCA), K::ClientCertificateRefused, "unknown ca"),
            (alert(AlertDescription::HandshakeFailure), K::HandshakeFailed, "handshake failure"),
            (alert(AlertDescription::ProtocolVersion), K::HandshakeFailed, "TLS versions"),
            (alert(AlertDescription::Unknown(222)), K::HandshakeFailed, "alert 222"),
            (Error::NoApplicationProtocol, K::VersionUnavailable, "ALPN"),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), K::HandshakeFailed, "not TLS"),
            (Error::PeerMisbehaved(PeerMisbehaved::TooManyRenegotiationRequests), K::HandshakeFailed, "rules of TLS"),
            (Error::InconsistentKeys(InconsistentKeys::Unknown), K::HandshakeFailed, "broke off"),
            (Error::FailedToGetRandomBytes, K::Internal, "this machine"),
        ] {
            let (got, words) = of(&error);
            assert_eq!(got, kind, "{error:?}");
            assert!(words.contains(text), "{error:?}: {words}");
        }
    }

    #[derive(Debug)]
    struct Wrapped(io::Error);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("connection error")
        }
    }

    impl StdError for Wrapped {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_error_is_found_however_deep_it_is_wrapped() {
        let refused = Error::AlertReceived(AlertDescription::CertificateRequired);
        let wrapped = Wrapped(io::Error::other(Wrapped(io::Error::other(refused))));
        assert_eq!(classify(&wrapped).map(|(kind, _)| kind), Some(FailureKind::ClientCertificateRefused));
        assert_eq!(classify(&Wrapped(io::Error::other("reset"))), None);
        assert_eq!(classify(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }
}
