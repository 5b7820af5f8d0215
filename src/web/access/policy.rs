//! What a usable web configuration demands of a connection and of a request.

use http::{HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;
use tokio_rustls::TlsAcceptor;

use super::limit::Limit;
use super::users::Users;

pub(in crate::web) struct Policy {
    /// None: connections are not encrypted.
    pub tls: Option<TlsAcceptor>,
    /// What is shown to whoever connects encrypted.
    pub(super) certificate: Option<CertificateDer<'static>>,
    /// Set on every answer, in place of our own.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) users: Users,
    pub(super) limit: Option<Limit>,
}

/// Why a request is not answered.
pub(in crate::web) enum Refusal {
    /// Beyond `rate_limit`.
    TooMany,
    /// No user, or not with this password.
    Unknown,
}

impl Policy {
    /// Whether a request with this `Authorization` may be answered.
    pub async fn admit(&self, authorization: Option<&HeaderValue>) -> Result<(), Refusal> {
        if self.limit.as_ref().is_some_and(|limit| !limit.take()) {
            return Err(Refusal::TooMany);
        }
        if self.users.admit(authorization).await { Ok(()) } else { Err(Refusal::Unknown) }
    }

    pub(super) fn asks_for_users(&self) -> bool {
        !self.users.is_empty()
    }
}
