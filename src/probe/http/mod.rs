//! Measures one HTTP action as a customer would make it: one connection per host and run, every hop timed by phase.

mod allowance;
mod answer;
mod chain;
mod coding;
mod connection;
mod cookie_date;
mod fault;
mod frames;
mod headers;
mod hop;
mod jar;
mod leg;
mod meter;
mod outgoing;
mod overtime;
mod receive;
mod span;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use crate::base::secret::{HostIndex, Labelled};
use crate::model::authority::Authority;
use crate::model::clock::Clock;
use crate::model::observation::Exchange;
use crate::net::deadline::Deadline;
use crate::net::network::Network;
use connection::Kept;
use jar::Jar;
use span::Spans;

/// A rendered request. Neither `Debug` nor `Serialize`.
pub struct Request {
    pub host: HostIndex,
    pub method: Method,
    pub url: Labelled<Url>,
    /// What the step and its host say, auth included, in order. The probe adds (unless given or in `without`) `User-Agent`, `Accept`,
    /// `Accept-Encoding`, `traceparent`, the jar's cookies, and always `Host`, `Content-Length`.
    pub headers: Vec<(HeaderName, Labelled<HeaderValue>)>,
    /// Default headers the step drops.
    pub without: Vec<HeaderName>,
    /// Media type of the body unless `headers` has `Content-Type`.
    pub media_type: Option<String>,
    pub body: Option<Labelled<Bytes>>,
    pub version: Option<Version>,
    pub cookies: CookieUse,
    pub follow: Follow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
    Http2,
}

/// How the jar of the run takes part.
pub enum CookieUse {
    /// Send none, store none.
    None,
    /// The jar, and these beside it (on the first hop's host only).
    Jar { also: Vec<(String, Labelled<String>)> },
}

/// Redirects to follow.
#[derive(Clone, Debug, Default)]
pub struct Follow {
    /// 0: a redirect is an answer.
    pub max: u8,
    /// Further hosts the chain may enter.
    pub to: Vec<HostIndex>,
}

/// What an exchange is told from outside.
pub struct ProbeContext<'a> {
    pub authority: &'a Authority,
    pub clock: &'a dyn Clock,
    pub user_agent: &'a str,
    pub deadline: Deadline,
    /// Largest decoded body, bytes.
    pub body_max: u64,
    /// Requests left to this half of the run; taken one by one before each hop is sent (`allowance-used-up` at zero).
    pub requests: &'a AtomicU32,
    /// What the values of the run are, as far as the probe needs to know.
    pub discretion: &'a dyn Discretion,
}

/// What a probe is told of the secrets of a run, of which it knows none itself. What targets say comes back in places that
/// have no label: addresses of redirects, cookies, values put together of several.
pub trait Discretion: Sync {
    /// Why these bytes may not go to this host, as the end of a sentence; none if they may.
    fn refusal(&self, bytes: &[u8], host: HostIndex) -> Option<String>;

    /// The text with everything secret masked, to be cut after that.
    fn masked(&self, text: &str) -> String;
}

/// There are no secrets.
pub struct NothingSecret;

impl Discretion for NothingSecret {
    fn refusal(&self, _: &[u8], _: HostIndex) -> Option<String> {
        None
    }

    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// The connections, cookies and trace of one run. Starts with nothing and ends with the run.
pub struct Session {
    networks: Arc<[Arc<Network>]>,
    kept: Kept,
    jar: Jar,
    trace: u128,
    spans: Spans,
}

impl Session {
    /// `networks` in the order of the authority's hosts. `trace` is the trace id; span ids are drawn from it.
    #[must_use]
    pub fn new(networks: Arc<[Arc<Network>]>, trace: u128) -> Self {
        // All zeros is no trace id.
        let trace = trace.max(1);
        Self { kept: Kept::new(networks.len()), networks, jar: Jar::default(), trace, spans: Spans::new(trace) }
    }

    /// Sends the request and follows redirects. Never fails: trouble is in the exchange.
    ///
    /// Dropping the future ends the exchange at once and closes its connection.
    pub async fn exchange(&mut self, request: &Request, cx: &ProbeContext<'_>) -> Exchange {
        chain::walk(self, request, cx).await
    }
}
