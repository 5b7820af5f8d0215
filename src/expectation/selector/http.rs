//! What is known of an HTTP exchange beside its body: head, phases, redirects, certificate.

use std::time::Duration;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use url::Host;

use super::source::CertificateField;
use crate::base::secret::{Label, Labelled};
use crate::base::time::Timestamp;
use crate::model::observation::{Exchange, Hop};
use crate::model::timing::Phase;
use crate::model::value::Value;

pub(super) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}

/// A phase of all requests together: zero on a reused connection, missing where it cannot occur.
pub(super) fn phase(exchange: &Exchange, phase: Phase) -> Option<Duration> {
    let of_hop = |hop: &Hop| {
        let unneeded = (hop.reused && can_occur(hop, phase)).then_some(Duration::ZERO);
        hop.timings.get(phase).or(unneeded)
    };
    exchange.hops.iter().filter_map(of_hop).reduce(Duration::saturating_add)
}

/// Whether the first request over the connection went through that phase.
fn can_occur(hop: &Hop, phase: Phase) -> bool {
    let url = &hop.request.url.value;
    match phase {
        Phase::Resolve => matches!(url.host(), Some(Host::Domain(_))),
        Phase::Connect => true,
        Phase::Tls => url.scheme() == "https",
        Phase::Send | Phase::Wait | Phase::Receive => false,
    }
}

/// The URL of the final response. It is our own text, and may hold a secret.
pub(super) fn url(exchange: &Exchange) -> Option<Labelled<Value>> {
    exchange.last().map(|hop| hop.request.url.as_ref().map(|url| Value::text(url.as_str())))
}

/// The URLs that redirects led to. A request that was repeated for another reason is none.
pub(super) fn redirects(exchange: &Exchange) -> Labelled<Value> {
    let led_on = |hop: &Hop| hop.answer.as_ref().is_some_and(|answer| answer.status.is_redirection());
    let followed = exchange.hops.windows(2).filter(|pair| led_on(&pair[0])).map(|pair| &pair[1].request.url);
    let (urls, label) = followed.fold((Vec::new(), Label::ANYWHERE), |(mut urls, label), url| {
        urls.push(Json::from(url.value.as_str()));
        (urls, label.join(url.label))
    });
    Labelled::new(Value::Json(Json::Array(urls)), label)
}

/// All lines of a field; `Set-Cookie` cannot be joined by commas, for its dates hold some (RFC 9110 §5.3).
pub(super) fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().map(text).collect();
    (!lines.is_empty()).then(|| lines.join(if name == SET_COOKIE { "\n" } else { ", " }))
}

/// UTF-8, or else ISO 8859-1, which is what old servers mean.
pub(super) fn text(value: &HeaderValue) -> String {
    String::from_utf8(value.as_bytes().to_vec())
        .unwrap_or_else(|_| encoding_rs::mem::decode_latin1(value.as_bytes()).into_owned())
}

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// A fact of the leaf certificate of the last connection; missing without TLS.
pub(super) fn certificate(exchange: &Exchange, field: CertificateField, now: Timestamp) -> Option<Value> {
    let leaf = exchange.last()?.tls.as_ref()?.chain.first()?;
    Some(match field {
        CertificateField::Subject => Value::text(&leaf.subject),
        CertificateField::Issuer => Value::text(&leaf.issuer),
        CertificateField::Serial => Value::text(&leaf.serial),
        CertificateField::NotBefore => Value::Time(leaf.not_before),
        CertificateField::NotAfter => Value::Time(leaf.not_after),
        CertificateField::DaysLeft => {
            const DAY_NANOS: i128 = 86_400_000_000_000;
            let days = (leaf.not_after.unix_nanos() - now.unix_nanos()).div_euclid(DAY_NANOS);
            Value::number(i64::try_from(days).unwrap_or(i64::MAX))
        }
        CertificateField::Names => Value::Json(leaf.names.iter().map(|name| Json::from(name.as_str())).collect()),
        CertificateField::Sha256 => Value::text(&leaf.sha256),
        CertificateField::Pem => Value::text(&leaf.pem),
    })
}
