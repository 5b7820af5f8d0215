//! What may be shown of a run: the exchanges with every labelled value masked, cut to a size people can read.

use std::time::Duration;

use serde::Serialize;

use super::observation::Certificate;
use super::timing::Timings;
use crate::base::time::Timestamp;

/// One request and its answer, redacted. Everything in it is text that may be printed, stored and sent.
#[derive(Clone, Debug, Serialize)]
pub struct ExchangeEvidence {
    /// Name of the declared host.
    pub host: String,
    pub started_at: Timestamp,
    pub method: String,
    pub url: String,
    pub http_version: Option<String>,
    pub request_headers: Vec<(String, String)>,
    pub request_body: Option<BodyEvidence>,
    pub status: Option<u16>,
    pub response_headers: Vec<(String, String)>,
    pub response_body: Option<BodyEvidence>,
    /// Address and port that were connected to.
    pub remote: Option<String>,
    pub local: Option<String>,
    pub resolved: Vec<String>,
    pub reused: bool,
    pub timings: Timings,
    pub tls: Option<TlsEvidence>,
    pub span_id: String,
    /// From 1; counts repetitions of the step.
    pub attempt: u32,
    /// From 1; counts elements of a `for`.
    pub iteration: u32,
}

#[derive(Clone, Debug, Serialize)]
pub struct BodyEvidence {
    /// Bytes of the whole body, decoded.
    pub size: u64,
    /// Bytes as transferred; absent where that is not known.
    pub wire_size: Option<u64>,
    pub media_type: Option<String>,
    #[serde(flatten)]
    pub content: BodyContent,
    /// Whether the content was cut.
    pub cut: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyContent {
    Text(String),
    /// Bytes that are not text are shown only if no secret was part of the run.
    Base64(String),
    /// Left out, with the reason.
    Omitted(String),
}

#[derive(Clone, Debug, Serialize)]
pub struct TlsEvidence {
    pub version: Option<String>,
    pub cipher: Option<String>,
    pub alpn: Option<String>,
    pub chain: Vec<Certificate>,
    pub refused: Option<String>,
    pub insecure: bool,
}

/// The first bytes of a body kept as evidence.
pub const BODY_SHOWN_MAX: usize = 64 * 1024;

impl ExchangeEvidence {
    #[must_use]
    pub fn total(&self) -> Duration {
        self.timings.total
    }
}
