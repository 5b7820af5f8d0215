//! From an action with templates to the request that goes out, every part with the hosts that may see it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use url::Url;

use super::body::{self, scalars};
use super::names::{Names, failure};
use super::sign;
use crate::base::secret::{Label, Labelled};
use crate::journey::definition::auth::Auth;
use crate::journey::definition::http::{Cookies, HttpVersion, TargetKind};
use crate::journey::resolved::{Http, Part};
use crate::model::authority::{DeclaredHost, WebOrigin};
use crate::model::failure::{Failure, FailureKind};
use crate::model::scope::Scope;
use crate::probe::http::{CookieUse, Follow, Request, Version};
use crate::template::{Escape, Template};

/// Renders the request.
///
/// # Errors
/// A value that is missing or cannot stand where it should, or a URL that leaves the host: nothing is sent then.
pub(super) fn render(http: &Http, host: &DeclaredHost, part: &Part, names: &Names<'_>) -> Result<Request, Failure> {
    let url = url(http, host, names)?;
    let mut headers = Vec::with_capacity(http.headers.len() + 2);
    let mut without = Vec::new();
    for field in &http.headers {
        if field.values.is_empty() {
            without.push(field.name.value.clone());
        }
        for value in &field.values {
            headers.push((field.name.value.clone(), header(&field.name.value, &value.value, names)?));
        }
    }
    let body = http.action.body.as_ref().map(|body| body::render(body, part, names)).transpose()?;
    let (body, media_type) = body.map_or((None, None), |body| (Some(body.bytes), Some(body.media_type)));
    match &http.auth {
        None | Some(Auth::None(_)) => {}
        Some(Auth::Bearer(token)) => {
            let token = text(&token.value, names, "`auth.bearer`")?;
            headers.push((AUTHORIZATION, header_value(&AUTHORIZATION, &token.map(|token| format!("Bearer {token}")))?));
        }
        Some(Auth::Basic(basic)) => {
            let user = text(&basic.user.value, names, "`auth.basic.user`")?;
            let password = text(&basic.password.value, names, "`auth.basic.password`")?;
            if user.value.contains(':') {
                return Err(Failure::new(
                    FailureKind::ValueUnusable,
                    "`auth.basic.user` has a colon, which would end the user name",
                ));
            }
            let label = user.label.join(password.label);
            let encoded = STANDARD.encode(format!("{}:{}", user.value, password.value));
            headers.push((
                AUTHORIZATION,
                header_value(&AUTHORIZATION, &Labelled::new(format!("Basic {encoded}"), label))?,
            ));
        }
        Some(Auth::Hmac(hmac)) => {
            let signed = sign::Signed { method: &http.action.method.value, url: &url, body: body.as_ref() };
            headers.extend(sign::headers(hmac, &signed, names)?);
        }
    }
    Ok(Request {
        host: http.host,
        method: http.action.method.value.clone(),
        url,
        headers,
        without,
        media_type,
        body,
        version: http.action.version.as_ref().map(|version| match version.value {
            HttpVersion::Http10 => Version::Http10,
            HttpVersion::Http11 => Version::Http11,
            HttpVersion::Http2 => Version::Http2,
        }),
        cookies: cookies(http, names)?,
        follow: Follow { max: http.action.follow.as_ref().map_or(0, |follow| follow.max), to: http.follow_to.clone() },
    })
}

fn text(template: &Template, scope: &dyn Scope, place: &str) -> Result<Labelled<String>, Failure> {
    template.render_text(scope, Escape::None).map_err(|error| failure(&error, place))
}

fn header(name: &HeaderName, template: &Template, scope: &dyn Scope) -> Result<Labelled<HeaderValue>, Failure> {
    header_value(name, &text(template, scope, &format!("header `{name}`"))?)
}

/// A header value from text: UTF-8 goes out as it is; what would end the line is refused.
pub(super) fn header_value(name: &HeaderName, text: &Labelled<String>) -> Result<Labelled<HeaderValue>, Failure> {
    let label = text.label;
    match HeaderValue::from_bytes(text.value.as_bytes()) {
        Ok(mut value) => {
            value.set_sensitive(label.is_secret());
            Ok(Labelled::new(value, label))
        }
        Err(_) => Err(Failure::new(
            FailureKind::ValueUnusable,
            format!("header `{name}` would hold a control character, such as a line break; nothing was sent"),
        )),
    }
}

fn url(http: &Http, host: &DeclaredHost, names: &Names<'_>) -> Result<Labelled<Url>, Failure> {
    let target = &http.action.target;
    let first_raw = target.kind == TargetKind::Reference;
    let rendered =
        target.template.value.render_target(names, first_raw).map_err(|error| failure(&error, "the path"))?;
    let mut label = rendered.label;
    let parsed = match target.kind {
        TargetKind::Path => {
            let base = host.url.as_str().trim_end_matches('/');
            Url::parse(&format!("{base}{}", rendered.value))
        }
        TargetKind::Reference => host.url.join(&rendered.value),
        TargetKind::Absolute => Url::parse(&rendered.value),
    };
    let elsewhere = |why: String| {
        // Where the target told us to go, it is the target that sends its customers astray.
        let kind = if http.target_is_kept { FailureKind::RedirectElsewhere } else { FailureKind::OriginRefused };
        Failure::new(kind, why)
    };
    let mut url =
        parsed.map_err(|error| elsewhere(format!("`{}` is not a URL: {error}; nothing was sent", rendered.value)))?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(elsewhere(format!(
            "the URL for host `{}` has user information or a fragment; nothing was sent",
            host.name
        )));
    }
    match WebOrigin::of(&url) {
        Some(origin) if origin == host.origin => {}
        origin => {
            let to = origin.map_or_else(|| format!("`{}:`", url.scheme()), |origin| format!("`{origin}`"));
            return Err(elsewhere(format!(
                "the URL leads to {to}, host `{}` is `{}`; nothing was sent",
                host.name, host.origin
            )));
        }
    }
    let query = query(http, names)?;
    if !query.value.is_empty() {
        let whole = match url.query() {
            Some(before) if !before.is_empty() => format!("{before}&{}", query.value),
            _ => query.value,
        };
        url.set_query(Some(&whole));
        label = label.join(query.label);
    }
    Ok(Labelled::new(url, label))
}

fn query(http: &Http, scope: &dyn Scope) -> Result<Labelled<String>, Failure> {
    let mut text = String::new();
    let mut label = Label::ANYWHERE;
    for (name, data) in &http.action.query.0 {
        for value in scalars(data, scope, &format!("query parameter `{}`", name.value))? {
            let separator = if text.is_empty() { "" } else { "&" };
            let _ = write!(text, "{separator}{}={}", encoded(&name.value), encoded(&value.value));
            label = label.join(value.label);
        }
    }
    Ok(Labelled::new(text, label))
}

/// Everything but unreserved characters as `%XX`; blanks are `%20`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn cookies(http: &Http, scope: &dyn Scope) -> Result<CookieUse, Failure> {
    let written = match &http.action.cookies {
        None => return Ok(CookieUse::Jar { also: Vec::new() }),
        Some(Cookies::None) => return Ok(CookieUse::None),
        Some(Cookies::Also(written)) => written,
    };
    let mut also = Vec::with_capacity(written.0.len());
    for (name, template) in &written.0 {
        let value = text(&template.value, scope, &format!("cookie `{}`", name.value))?;
        also.push((name.value.clone(), value.map(|value| cookie_octets(&value))));
    }
    Ok(CookieUse::Jar { also })
}

/// What RFC 6265 keeps out of a cookie's value, percent-encoded.
fn cookie_octets(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        if matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
