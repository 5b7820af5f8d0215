//! Sends one request over one connection, kept or new, and books where the time went.

use bytes::Bytes;
use http::header::{CONNECTION, HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, StatusCode, Uri, Version as HttpVersion};
use tokio::time::{Instant, timeout_at};
use url::Position;

use super::answer::{Refused, Wire, take};
use super::connection::{Connection, Facts, alpn, open};
use super::headers::Headers;
use super::leg::Leg;
use super::meter::Flood;
use super::outgoing::Outgoing;
use super::{ProbeContext, Session, Version, allowance, fault, overtime};
use crate::base::secret::{Label, Labelled};
use crate::model::authority::DeclaredHost;
use crate::model::failure::{Failure, FailureKind};
use crate::model::observation::{Hop, SentRequest};
use crate::model::timing::Phase;
use crate::net::stopwatch::Stopwatch;

/// Most bytes read for one answer, beside 16 times its body: head, interim answers, frames, chunk sizes, padding. A peer that
/// sends one byte a chunk needs six times the body, one byte an HTTP/2 frame ten times.
const OVERHEAD: (u64, u64) = (16, 1024 * 1024);

/// A hop that has ended, one way or the other.
pub(super) struct Travelled {
    pub(super) hop: Hop,
    pub(super) failure: Option<Failure>,
    /// When the last byte came, or the failure did; what is computed from the answer is not part of the action.
    pub(super) ended: Instant,
}

/// Why an attempt gave no answer.
enum Trouble {
    /// Nothing has left for the target: the kept connection was closed.
    Unsent(hyper::Error),
    /// Before the head of the answer was complete.
    Head(hyper::Error),
    Refused(Refused),
    Overtime,
    /// The address cannot stand in a request line.
    Address,
}

/// Sends `leg` and waits for the whole answer. The hop says what was seen also where it failed.
pub(super) async fn travel(
    session: &mut Session,
    leg: &Leg,
    host: &DeclaredHost,
    version: Option<Version>,
    request: (Headers, String),
    cx: &ProbeContext<'_>,
) -> Travelled {
    let mut stopwatch = Stopwatch::start();
    let mut hop = begin(leg, request, &stopwatch, cx);
    let kept = if version == Some(Version::Http10) { None } else { session.kept.take(leg.host, alpn(version, host)) };
    if let Some(mut connection) = kept {
        hop.reused = true;
        let result = attempt(&mut connection, leg, host, version, &mut hop, cx).await;
        // A peer may close an idle connection at any time, also in the moment in which it is used again.
        let again = match &result {
            Err(Trouble::Unsent(_)) => true,
            Err(Trouble::Head(error)) => {
                fault::is_departure(error)
                    && is_repeatable(leg)
                    && connection.first_byte().is_none()
                    && allowance::take(cx.requests)
            }
            _ => false,
        };
        if !again {
            return end(session, connection, result, host, hop, stopwatch, cx).await;
        }
        hop.reused = false;
        stopwatch.skip();
    }
    let Some(network) = session.networks.get(usize::from(leg.host.0)).cloned() else {
        let failure = Failure::new(FailureKind::Internal, format!("host `{}` has no network", host.name));
        return Travelled { hop, failure: Some(failure), ended: Instant::now() };
    };
    let opened = open(&network, host, version, cx, &mut stopwatch).await;
    hop.resolved = opened.resolved;
    match opened.connection {
        Ok(mut connection) => {
            let result = attempt(&mut connection, leg, host, version, &mut hop, cx).await;
            end(session, connection, result, host, hop, stopwatch, cx).await
        }
        Err(failure) => {
            hop.timings = stopwatch.timings();
            let ended = stopwatch.started() + hop.timings.total;
            show(&mut hop, opened.facts);
            Travelled { hop, failure: Some(failure), ended }
        }
    }
}

fn begin(leg: &Leg, (headers, span_id): (Headers, String), stopwatch: &Stopwatch, cx: &ProbeContext<'_>) -> Hop {
    let request = SentRequest {
        method: leg.method.clone(),
        url: leg.url.clone(),
        version: None,
        headers,
        body: leg.body.clone(),
        span_id,
    };
    Hop {
        host: leg.host,
        request,
        started_at: cx.clock.now(),
        timings: stopwatch.timings(),
        reused: false,
        resolved: Vec::new(),
        remote: None,
        local: None,
        tls: None,
        answer: None,
    }
}

/// Sends the request and takes the answer, until the deadline.
async fn attempt(
    connection: &mut Connection,
    leg: &Leg,
    host: &DeclaredHost,
    version: Option<Version>,
    hop: &mut Hop,
    cx: &ProbeContext<'_>,
) -> Result<Wire, Trouble> {
    fit(&mut hop.request, connection, host, version);
    let work = async {
        connection.ready().await.map_err(Trouble::Unsent)?;
        let body = leg.body.as_ref().map(|body| body.value.clone()).unwrap_or_default();
        let message = message(connection, &hop.request, body).ok_or(Trouble::Address)?;
        let (part, fixed) = OVERHEAD;
        connection.meter.begin(cx.body_max.saturating_mul(part).saturating_add(fixed));
        if hyper::body::Body::is_end_stream(message.body()) {
            connection.meter.hand_over();
        }
        let answer = connection.send(message).await.map_err(|error| {
            let unsent = error.message().is_some();
            let error = error.into_error();
            if unsent { Trouble::Unsent(error) } else { Trouble::Head(error) }
        })?;
        connection.meter.head_arrived();
        take(answer, &leg.method, cx.body_max).await.map_err(Trouble::Refused)
    };
    timeout_at(cx.deadline.at, work).await.unwrap_or(Err(Trouble::Overtime))
}

/// Fits what is recorded of the request to the connection that carries it.
fn fit(request: &mut SentRequest, connection: &Connection, host: &DeclaredHost, version: Option<Version>) {
    request.headers.retain(|(name, _)| *name != CONNECTION && *name != PROXY_AUTHORIZATION);
    let spoken = match version {
        Some(Version::Http10) => HttpVersion::HTTP_10,
        _ => connection.version(),
    };
    request.version = Some(spoken);
    if let Some(Some(credentials)) = &connection.via_plain_proxy {
        let credentials = Labelled::new(credentials.clone(), Label::NOWHERE);
        request.headers.push((PROXY_AUTHORIZATION, credentials));
    }
    if !host.reuse && spoken == HttpVersion::HTTP_11 {
        let close = Labelled::open(HeaderValue::from_static("close"));
        request.headers.push((CONNECTION, close));
    }
}

/// The request in the form that the connection takes; none if the address does not fit into a request line.
fn message(connection: &Connection, request: &SentRequest, body: Bytes) -> Option<http::Request<Outgoing>> {
    let url = &request.url.value;
    let version = connection.version();
    let absolute = version == HttpVersion::HTTP_2 || connection.via_plain_proxy.is_some();
    let target = if absolute { &url[..Position::AfterQuery] } else { &url[Position::BeforePath..Position::AfterQuery] };
    let mut message = http::Request::new(Outgoing::new(body, std::sync::Arc::clone(&connection.meter)));
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = target.parse::<Uri>().ok()?;
    *message.version_mut() = request.version.unwrap_or(version);
    let headers = message.headers_mut();
    headers.reserve(request.headers.len());
    for (name, value) in &request.headers {
        // HTTP/2 has `:authority` in its place.
        if version == HttpVersion::HTTP_2 && *name == HOST {
            continue;
        }
        let mut sent = value.value.clone();
        sent.set_sensitive(value.label.is_secret());
        headers.append(name.clone(), sent);
    }
    if version != HttpVersion::HTTP_2 {
        let meter = std::sync::Arc::clone(&connection.meter);
        hyper::ext::on_informational(&mut message, move |_| meter.interim_answer());
    }
    Some(message)
}

/// Books the phases, names the failure, keeps the connection if it can serve again.
async fn end(
    session: &mut Session,
    mut connection: Connection,
    result: Result<Wire, Trouble>,
    host: &DeclaredHost,
    mut hop: Hop,
    mut stopwatch: Stopwatch,
    cx: &ProbeContext<'_>,
) -> Travelled {
    let phase = book(&connection, &mut stopwatch);
    hop.timings = stopwatch.timings();
    let ended = stopwatch.started() + hop.timings.total;
    let failure = match result {
        Ok(wire) => {
            let keep = host.reuse
                && connection.meter.sent().is_some()
                && hop.request.version != Some(HttpVersion::HTTP_10)
                && wire.version != HttpVersion::HTTP_10
                && wire.status != StatusCode::SWITCHING_PROTOCOLS;
            if keep {
                show(&mut hop, connection.facts.again());
                session.kept.keep(hop.host, connection);
            } else {
                show(&mut hop, std::mem::take(&mut connection.facts));
            }
            match wire.decode(cx.body_max).await {
                Ok(answer) => {
                    hop.answer = Some(answer);
                    None
                }
                Err(refused) => Some(refused.failure(cx.body_max)),
            }
        }
        Err(trouble) => {
            show(&mut hop, std::mem::take(&mut connection.facts));
            Some(name(trouble, &mut connection, phase, cx).await)
        }
    };
    Travelled { hop, failure, ended }
}

/// Books what the meter saw, and says which phase was the last.
fn book(connection: &Connection, stopwatch: &mut Stopwatch) -> Phase {
    match (connection.meter.sent(), connection.first_byte()) {
        (None, None) => {
            stopwatch.end(Phase::Send);
            Phase::Send
        }
        (Some(sent), None) => {
            stopwatch.end_at(Phase::Send, sent);
            stopwatch.end(Phase::Wait);
            Phase::Wait
        }
        // An answer may come before the request is written: then nothing was waited for.
        (sent, Some(first)) => {
            stopwatch.end_at(Phase::Send, sent.map_or(first, |sent| sent.min(first)));
            stopwatch.end_at(Phase::Wait, first);
            stopwatch.end(Phase::Receive);
            Phase::Receive
        }
    }
}

async fn name(trouble: Trouble, connection: &mut Connection, phase: Phase, cx: &ProbeContext<'_>) -> Failure {
    let (error, in_body) = match trouble {
        Trouble::Overtime => return overtime::failure(cx.deadline, phase),
        Trouble::Address => {
            let detail = "the address cannot be sent: it is too long or holds characters that no request line may";
            return Failure::new(FailureKind::ValueUnusable, detail);
        }
        Trouble::Unsent(error) | Trouble::Head(error) => (error, false),
        Trouble::Refused(Refused::Broken(error)) => (error, true),
        Trouble::Refused(refused) => return refused.failure(cx.body_max),
    };
    if let Some(why) = connection.meter.refusal() {
        return Failure::new(FailureKind::ClientCertificateRefused, why).in_phase(Phase::Tls);
    }
    if connection.meter.flooded() {
        return fault::failure(&Flood, phase, in_body);
    }
    if connection.version() == HttpVersion::HTTP_2 && connection.meter.speaks_http1() {
        let detail = "asked for HTTP/2, the target answers in HTTP/1";
        return Failure::new(FailureKind::VersionUnavailable, detail).in_phase(phase);
    }
    if fault::is_vague(&error)
        && let Some(cause) = connection.cause().await
        && !fault::is_vague(&cause)
    {
        return fault::failure(&cause, phase, in_body);
    }
    fault::failure(&error, phase, in_body)
}

fn show(hop: &mut Hop, facts: Facts) {
    hop.remote = facts.remote;
    hop.local = facts.local;
    hop.tls = facts.tls;
}

/// Whether sending the request twice does what sending it once does.
fn is_repeatable(leg: &Leg) -> bool {
    leg.body.is_none() && [Method::GET, Method::HEAD, Method::OPTIONS].contains(&leg.method)
}
