//! What a probe saw, raw and bounded. Never `Debug`, never `Serialize`: only the redacted evidence leaves a run.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use url::Url;

use super::failure::Failure;
use super::timing::Timings;
use crate::base::secret::{HostIndex, Labelled};
use crate::base::time::Timestamp;

/// Everything one action did and saw: a request and the redirects it was led through.
pub struct Exchange {
    /// Wall time of the start.
    pub started_at: Timestamp,
    /// From the start of the action to its end, redirects included; the total of all hops and
    /// what lies between them.
    pub elapsed: Duration,
    /// One per request that was tried, in order; empty if nothing was sent or dialled.
    pub hops: Vec<Hop>,
    /// Why there is no answer to judge, if there is none. A failed exchange is data, not an error.
    pub failure: Option<Failure>,
}

/// One request and what came of it.
pub struct Hop {
    /// The declared host it went to.
    pub host: HostIndex,
    pub request: SentRequest,
    /// Wall time of the start of this hop.
    pub started_at: Timestamp,
    pub timings: Timings,
    /// Whether an earlier connection of the same run carried it; then resolve, connect and tls are absent.
    pub reused: bool,
    /// What the name resolved to, in the resolver's order; empty on a reused connection.
    pub resolved: Vec<IpAddr>,
    pub remote: Option<SocketAddr>,
    pub local: Option<SocketAddr>,
    /// Present as soon as the peer showed a certificate, also one that was refused.
    pub tls: Option<TlsFacts>,
    pub answer: Option<Answer>,
}

/// The request as it left us, each part with the hosts that may see it.
pub struct SentRequest {
    pub method: Method,
    pub url: Labelled<Url>,
    pub version: Option<Version>,
    /// Complete, in the order sent, the default ones included.
    pub headers: Vec<(HeaderName, Labelled<HeaderValue>)>,
    pub body: Option<Labelled<Bytes>>,
    /// The parent id sent in `traceparent`, 16 hexadecimal digits.
    pub span_id: String,
}

/// What the handshake showed.
pub struct TlsFacts {
    /// `TLSv1.3`; none if the handshake did not get so far.
    pub version: Option<&'static str>,
    pub cipher: Option<String>,
    pub alpn: Option<String>,
    /// Leaf first, as the peer sent it.
    pub chain: Vec<Certificate>,
    /// Why the certificate was refused, in words; none if it was accepted.
    pub refused: Option<String>,
    /// Whether the binding switched verification off.
    pub insecure: bool,
}

/// The facts of one certificate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    /// Lower-case hexadecimal, colons between the bytes.
    pub serial: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// DNS names and addresses of the subject alternative name, in order.
    pub names: Vec<String>,
    /// Of the DER form, lower-case hexadecimal.
    pub sha256: String,
    pub pem: String,
}

/// A complete answer: the head and the whole body, decoded.
pub struct Answer {
    pub status: StatusCode,
    pub version: Version,
    /// As sent, content coding included.
    pub headers: HeaderMap,
    /// After content decoding; at most `limits.body` bytes.
    pub body: Bytes,
    /// Bytes of the body as transferred, before content decoding.
    pub wire_size: u64,
}

impl Exchange {
    /// The hop that counts: the last one.
    #[must_use]
    pub fn last(&self) -> Option<&Hop> {
        self.hops.last()
    }

    /// The final answer; none if the exchange failed.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        if self.failure.is_some() { None } else { self.last().and_then(|hop| hop.answer.as_ref()) }
    }

    /// The phases of all hops together; the total is that of the whole action.
    #[must_use]
    pub fn timings(&self) -> Timings {
        let mut sum = Timings::default();
        for hop in &self.hops {
            sum.add_all(&hop.timings);
        }
        sum.total = self.elapsed;
        sum
    }
}
