//! Puts together the header section of one request: what every request has, the cookies, then what the step says.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE, USER_AGENT,
};
use http::{HeaderName, HeaderValue, Method};
use url::Position;

use super::coding;
use super::jar::Jar;
use super::leg::Leg;
use super::{CookieUse, ProbeContext, Request};
use crate::base::secret::{Label, Labelled};
use crate::model::authority::WebOrigin;
use crate::model::failure::{Failure, FailureKind};

pub(super) type Headers = Vec<(HeaderName, Labelled<HeaderValue>)>;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What frames a message or belongs to the connection: the probe's own.
const OWN: [HeaderName; 7] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE, TE, TRAILER];

/// The headers of a request in the order in which they are sent, each with the hosts that may see it.
///
/// # Errors
/// A value that cannot stand in a header (`value-unusable`), named but not quoted.
pub(super) fn compose(
    leg: &Leg,
    request: &Request,
    jar: &Jar,
    origin: &WebOrigin,
    traceparent: &str,
    cx: &ProbeContext<'_>,
) -> Result<Headers, Failure> {
    if let Some((name, _)) = leg.headers.iter().find(|(name, _)| OWN.contains(name)) {
        return Err(unusable(&format!("header `{name}` is set by forerunner itself")));
    }
    let mut headers = Headers::with_capacity(8 + leg.headers.len());
    let host = &leg.url.value[Position::BeforeHost..Position::AfterPort];
    headers.push((HOST, value(host, leg.url.label, || "the host name".to_owned())?));
    let wanted =
        |name: &HeaderName| !request.without.contains(name) && !leg.headers.iter().any(|(given, _)| given == name);
    for (name, text) in
        [(USER_AGENT, cx.user_agent), (ACCEPT, "*/*"), (ACCEPT_ENCODING, coding::OFFERED), (TRACEPARENT, traceparent)]
    {
        if wanted(&name) {
            let value = value(text, Label::ANYWHERE, || format!("header `{name}`"))?;
            headers.push((name, value));
        }
    }
    if wanted(&COOKIE)
        && let Some(cookie) = cookies(leg, request, jar, origin, cx)?
    {
        headers.push((COOKIE, cookie));
    }
    headers.extend(leg.headers.iter().cloned());
    if let (Some(_), Some(media_type)) = (&leg.body, &leg.media_type)
        && wanted(&CONTENT_TYPE)
    {
        headers.push((CONTENT_TYPE, value(media_type, Label::ANYWHERE, || "header `content-type`".to_owned())?));
    }
    let size = leg.body.as_ref().map(|body| body.value.len());
    if size.is_some() || [Method::POST, Method::PUT, Method::PATCH].contains(&leg.method) {
        headers.push((CONTENT_LENGTH, Labelled::open(HeaderValue::from(size.unwrap_or_default()))));
    }
    Ok(headers)
}

/// The `Cookie` line: the jar's, where the step does not give one of the same name, then the step's.
fn cookies(
    leg: &Leg,
    request: &Request,
    jar: &Jar,
    origin: &WebOrigin,
    cx: &ProbeContext<'_>,
) -> Result<Option<Labelled<HeaderValue>>, Failure> {
    if matches!(request.cookies, CookieUse::None) {
        return Ok(None);
    }
    let mut line = String::new();
    let mut label = Label::ANYWHERE;
    let mut add = |name: &str, value: &str| {
        for part in [if line.is_empty() { "" } else { "; " }, name, "=", value] {
            line.push_str(part);
        }
    };
    for (name, value) in jar.give(origin, leg.url.value.path(), cx.clock.now()) {
        if leg.also.iter().all(|(given, _)| given != name) {
            add(name, value);
        }
    }
    for (name, value) in &leg.also {
        if name.is_empty() || name.contains([';', '=', ' ']) || value.value.contains(';') {
            return Err(unusable(&format!("cookie `{name}` holds a semicolon, or its name is none")));
        }
        add(name, &value.value);
        label = label.join(value.label);
    }
    if line.is_empty() {
        return Ok(None);
    }
    value(&line, label, || "the cookies".to_owned()).map(Some)
}

fn value(text: &str, label: Label, what: impl FnOnce() -> String) -> Result<Labelled<HeaderValue>, Failure> {
    match HeaderValue::from_bytes(text.as_bytes()) {
        Ok(value) => Ok(Labelled::new(value, label)),
        Err(_) => Err(unusable(&format!("{} holds a control character, which no header may", what()))),
    }
}

fn unusable(detail: &str) -> Failure {
    Failure::new(FailureKind::ValueUnusable, detail)
}
