//! Runs as HAR 1.2, the form in which browsers and vendors' tools read exchanges.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use crate::model::evidence::{BodyContent, BodyEvidence, ExchangeEvidence};
use crate::model::run::{Run, StepResult};
use crate::model::timing::{Phase, Timings};

/// Not known, or did not happen: what HAR writes for an absent number.
const ABSENT: i64 = -1;

/// One log of all exchanges of these runs, redirects and attempts as entries of their own, ordered
/// by start. A page is a step, so that viewers group by it. What HAR has no field for has names
/// that begin with `_`, durations among them in milliseconds.
#[must_use]
pub fn log(runs: &[Run]) -> Json {
    let mut pages = Vec::new();
    let mut entries = Vec::new();
    for run in runs {
        for (part, step) in [("", &run.steps), ("cleanup/", &run.cleanup)]
            .into_iter()
            .flat_map(|(part, steps)| steps.iter().map(move |step| (part, step)))
            .filter(|(_, step)| !step.evidence.is_empty())
        {
            let id = format!("{}/{part}{}", run.id, step.id);
            pages.push(page(run, step, &id));
            for (index, exchange) in step.evidence.iter().enumerate() {
                let last = index + 1 == step.evidence.len();
                entries.push((exchange.started_at, entry(run, step, exchange, &id, last)));
            }
        }
    }
    entries.sort_by_key(|(started_at, _)| *started_at);
    let entries: Vec<Json> = entries.into_iter().map(|(_, entry)| entry).collect();
    json!({ "log": {
        "version": "1.2",
        "creator": { "name": "forerunner", "version": env!("CARGO_PKG_VERSION") },
        "pages": pages,
        "entries": entries,
    } })
}

fn page(run: &Run, step: &StepResult, id: &str) -> Json {
    json!({
        "startedDateTime": step.started_at.unwrap_or(run.started_at),
        "id": id,
        "title": format!("{}: {}", run.title, step.title.as_ref().unwrap_or(&step.id)),
        "pageTimings": { "onContentLoad": ABSENT, "onLoad": millis(step.elapsed) },
        "_run": run.id,
        "_journey": run.journey,
        "_vantage": run.vantage,
        "_definition": run.definition,
        "_traceId": run.trace_id,
        "_outcome": run.outcome,
        "_step": step.id,
        "_state": step.state,
        "_owner": step.owner,
    })
}

fn entry(run: &Run, step: &StepResult, exchange: &ExchangeEvidence, page: &str, last: bool) -> Json {
    let mut entry = json!({
        "pageref": page,
        "startedDateTime": exchange.started_at,
        "time": phases_total(&exchange.timings),
        "request": request(exchange),
        "response": response(exchange),
        "cache": {},
        "timings": timings(&exchange.timings),
        "_step": step.id,
        "_attempt": exchange.attempt,
        "_iteration": exchange.iteration,
        "_outcome": step.state,
        "_traceId": run.trace_id,
        "_spanId": exchange.span_id,
        "_host": exchange.host,
        "_reused": exchange.reused,
        "_resolved": exchange.resolved,
        "_phases": phases(&exchange.timings),
    });
    if let Some(fields) = entry.as_object_mut() {
        if let Some(remote) = &exchange.remote {
            let address =
                remote.parse::<SocketAddr>().map_or_else(|_| remote.clone(), |remote| remote.ip().to_string());
            fields.insert("serverIPAddress".to_owned(), json!(address));
        }
        if let Some(local) = exchange.local.as_ref().and_then(|local| local.parse::<SocketAddr>().ok()) {
            fields.insert("connection".to_owned(), json!(local.port().to_string()));
        }
        if let Some(tls) = &exchange.tls {
            fields.insert("_tls".to_owned(), json!(tls));
        }
        // Earlier attempts and redirects did not decide; the last exchange carries the verdict.
        if let Some(failure) = step.failure.as_ref().filter(|_| last) {
            fields.insert("_cause".to_owned(), json!(failure.cause()));
            fields.insert("_failure".to_owned(), json!(failure));
            fields.insert("comment".to_owned(), json!(failure.detail));
        }
    }
    entry
}

fn request(exchange: &ExchangeEvidence) -> Json {
    let url = exchange.url.split('#').next().unwrap_or_default();
    let mut request = json!({
        "method": exchange.method,
        "url": url,
        "httpVersion": exchange.http_version.as_deref().unwrap_or_default(),
        "cookies": cookies(&exchange.request_headers, "cookie"),
        "headers": headers(&exchange.request_headers),
        "queryString": query(url),
        "headersSize": ABSENT,
        "bodySize": exchange.request_body.as_ref().map_or(0, |body| body.wire_size.unwrap_or(body.size)),
    });
    if let (Some(fields), Some(body)) = (request.as_object_mut(), &exchange.request_body) {
        let mut data = content(body);
        data.entry("text").or_insert_with(|| json!(""));
        data.remove("size");
        data.remove("compression");
        // A request has no field for the coding of its text.
        if let Some(encoding) = data.remove("encoding") {
            data.insert("_encoding".to_owned(), encoding);
        }
        fields.insert("postData".to_owned(), Json::Object(data));
    }
    request
}

fn response(exchange: &ExchangeEvidence) -> Json {
    let reason = exchange
        .status
        .and_then(|status| http::StatusCode::from_u16(status).ok())
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    let location = header(&exchange.response_headers, "location").next().unwrap_or_default();
    let nothing = || Map::from_iter([("size".to_owned(), json!(0)), ("mimeType".to_owned(), json!(""))]);
    json!({
        // Viewers know the status 0 as "no answer".
        "status": exchange.status.unwrap_or(0),
        "statusText": reason,
        "httpVersion": exchange.http_version.as_deref().filter(|_| exchange.status.is_some()).unwrap_or_default(),
        "cookies": cookies(&exchange.response_headers, "set-cookie"),
        "headers": headers(&exchange.response_headers),
        "content": exchange.response_body.as_ref().map_or_else(nothing, content),
        "redirectURL": location,
        "headersSize": ABSENT,
        "bodySize": exchange
            .response_body
            .as_ref()
            .and_then(|body| body.wire_size)
            .map_or_else(|| json!(ABSENT), |size| json!(size)),
    })
}

fn content(body: &BodyEvidence) -> Map<String, Json> {
    let mut content = Map::new();
    content.insert("size".to_owned(), json!(body.size));
    if let Some(saved) = body.wire_size.and_then(|wire| body.size.checked_sub(wire)).filter(|saved| *saved > 0) {
        content.insert("compression".to_owned(), json!(saved));
    }
    content.insert("mimeType".to_owned(), json!(body.media_type.as_deref().unwrap_or_default()));
    match &body.content {
        BodyContent::Text(text) => {
            content.insert("text".to_owned(), json!(text));
        }
        BodyContent::Base64(text) => {
            content.insert("text".to_owned(), json!(text));
            content.insert("encoding".to_owned(), json!("base64"));
        }
        BodyContent::Omitted(why) => {
            content.insert("comment".to_owned(), json!(format!("left out: {why}")));
        }
    }
    if body.cut {
        content.insert("comment".to_owned(), json!(format!("cut; the whole body has {} bytes", body.size)));
    }
    content
}

fn headers(headers: &[(String, String)]) -> Vec<Json> {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn header<'a>(headers: &'a [(String, String)], wanted: &'a str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
}

/// Cookies by name where redaction left the names; evidence usually masks the header as a whole.
fn cookies(headers: &[(String, String)], name: &str) -> Vec<Json> {
    let pairs = header(headers, name).flat_map(|line| {
        // Only the first pair of `Set-Cookie` is the cookie, the others are its attributes.
        let several = if name == "cookie" { usize::MAX } else { 1 };
        line.split(';').take(several).filter_map(|pair| pair.split_once('='))
    });
    pairs.map(|(name, value)| json!({ "name": name.trim(), "value": value.trim() })).collect()
}

fn query(url: &str) -> Vec<Json> {
    let text = url.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(text.as_bytes()).map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// HAR counts the TLS handshake into `connect` and repeats it as `ssl`. `send`, `wait` and `receive`
/// must be numbers from 0, so there a phase that did not happen is 0; `_phases` tells the difference.
fn timings(timings: &Timings) -> Json {
    let optional =
        |duration: Option<Duration>| duration.map_or_else(|| json!(ABSENT), |duration| json!(millis(duration)));
    let required = |phase| millis(timings.get(phase).unwrap_or_default());
    let (connect, tls) = (timings.get(Phase::Connect), timings.get(Phase::Tls));
    let both = connect.or(tls).map(|_| connect.unwrap_or_default() + tls.unwrap_or_default());
    json!({
        "blocked": ABSENT,
        "dns": optional(timings.get(Phase::Resolve)),
        "connect": optional(both),
        "ssl": optional(tls),
        "send": required(Phase::Send),
        "wait": required(Phase::Wait),
        "receive": required(Phase::Receive),
    })
}

fn phases(timings: &Timings) -> Json {
    timings
        .iter()
        .map(|(phase, duration)| (phase.word().to_owned(), json!(millis(duration))))
        .chain([
            ("unaccounted".to_owned(), json!(millis(timings.unaccounted()))),
            ("total".to_owned(), json!(millis(timings.total))),
        ])
        .collect()
}

/// HAR's `time` is the sum of its timings, so the unaccounted rest is not in it.
fn phases_total(timings: &Timings) -> f64 {
    millis(timings.iter().map(|(_, duration)| duration).sum())
}

/// Milliseconds to the microsecond.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests;
