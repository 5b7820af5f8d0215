//! `auth: hmac`: a signature over parts of the request, made of the very bytes that go out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::header::{HeaderName, HeaderValue};
use sha2::{Sha256, Sha512};
use url::Url;

use super::names::{Names, Overlay, failure};
use super::request::header_value;
use crate::base::secret::{Label, Labelled};
use crate::journey::definition::auth::{self, HmacAlgorithm, HmacEncoding};
use crate::model::failure::{Failure, FailureKind};
use crate::model::scope::Scope;
use crate::model::value::{Value, hexadecimal};
use crate::template::Escape;

/// The parts of a request that a signature can cover.
pub(super) struct Signed<'a> {
    pub(super) method: &'a http::Method,
    pub(super) url: &'a Labelled<Url>,
    pub(super) body: Option<&'a Labelled<Bytes>>,
}

/// The header of the signature, and that of the time if one is asked for.
///
/// # Errors
/// A value that is missing, or a body that is not text where `over` puts it into text.
pub(super) fn headers(
    written: &auth::Hmac,
    signed: &Signed<'_>,
    names: &Names<'_>,
) -> Result<Vec<(HeaderName, Labelled<HeaderValue>)>, Failure> {
    let place = "`auth.hmac`";
    let key = written.key.value.render_text(names, Escape::None).map_err(|error| failure(&error, place))?;
    let time = names.now().unix_seconds();
    let message = match &written.over {
        // The body as it is, also where it is not text.
        None => signed
            .body
            .map_or_else(|| Labelled::open(Bytes::new()), |body| Labelled::new(body.value.clone(), body.label)),
        Some(over) => {
            let overlay = Overlay { below: names, names: request_names(signed, time)? };
            let text = over.value.render_text(&overlay, Escape::None).map_err(|error| failure(&error, place))?;
            text.map(Bytes::from)
        }
    };
    let mac = match written.algorithm {
        HmacAlgorithm::Sha256 => mac::<Hmac<Sha256>>(&key.value, &message.value),
        HmacAlgorithm::Sha512 => mac::<Hmac<Sha512>>(&key.value, &message.value),
    };
    let encoded = match written.encoding {
        HmacEncoding::Hex => hexadecimal(&mac),
        HmacEncoding::Base64 => STANDARD.encode(&mac),
    };
    let label = key.label.join(message.label);
    let signature = Labelled::new(Value::text(encoded.clone()), label);
    if label.is_secret() {
        names.derived(&signature);
    }
    let prefix = written.prefix.as_ref().map_or("", |prefix| prefix.value.as_str());
    let name = header_name(&written.header.value)?;
    let mut headers = vec![(name.clone(), header_value(&name, &Labelled::new(format!("{prefix}{encoded}"), label))?)];
    if let Some(time_header) = &written.time_header {
        let name = header_name(&time_header.value)?;
        headers.push((name.clone(), header_value(&name, &Labelled::open(time.to_string()))?));
    }
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName, Failure> {
    HeaderName::try_from(name)
        .map_err(|_| Failure::new(FailureKind::ValueUnusable, format!("`auth.hmac`: `{name}` is not a header name")))
}

/// A key of any length is a key; the type that says otherwise is met with an empty signature, which no target accepts.
fn mac<M: Mac + hmac::digest::KeyInit>(key: &str, message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = <M as hmac::digest::KeyInit>::new_from_slice(key.as_bytes()) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn request_names(signed: &Signed<'_>, time: i64) -> Result<Vec<(&'static str, Labelled<Value>)>, Failure> {
    let (body, label) = match signed.body {
        None => (String::new(), Label::ANYWHERE),
        Some(body) => {
            if let Ok(text) = std::str::from_utf8(&body.value) {
                (text.to_owned(), body.label)
            } else {
                let why = "`auth.hmac.over`: the body is not text; leave `over` out to sign the bytes as they are";
                return Err(Failure::new(FailureKind::ValueUnusable, why));
            }
        }
    };
    let url = &signed.url.value;
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    Ok(vec![
        ("request.method", Labelled::open(Value::text(signed.method.as_str()))),
        ("request.path", Labelled::new(Value::text(path), signed.url.label)),
        ("request.body", Labelled::new(Value::text(body), label)),
        ("request.time", Labelled::open(Value::text(time.to_string()))),
    ])
}
