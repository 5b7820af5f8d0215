//! Reads a body as text or JSON; what cannot be read so is said in words for the miss.

use encoding_rs::{Encoding, UTF_8};
use http::header::CONTENT_TYPE;
use serde_json::Value as Json;

use crate::model::observation::Answer;

/// Decoded by a byte order mark, else the charset of `Content-Type`, else as UTF-8; strictly, for a character
/// that was guessed is no evidence.
pub(super) fn text(answer: &Answer) -> Result<String, String> {
    let (encoding, mark) = Encoding::for_bom(&answer.body).unwrap_or_else(|| (declared(answer).unwrap_or(UTF_8), 0));
    encoding
        .decode_without_bom_handling_and_without_replacement(&answer.body[mark..])
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| format!("the body is not text in {}", encoding.name()))
}

/// RFC 9110 §8.3.1: `text/html; charset="utf-8"`.
fn declared(answer: &Answer) -> Option<&'static Encoding> {
    let parameters = answer.headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').skip(1);
    parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .and_then(|(_, value)| Encoding::for_label(value.trim().trim_matches('"').as_bytes()))
}

/// Objects keep the order of their members; deeper than 128 levels is refused before anything overflows.
pub(super) fn json(answer: &Answer, text: &str) -> Result<Json, String> {
    if text.trim().is_empty() {
        return Err("the body is empty, not JSON".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        let reason = error.to_string();
        if reason.starts_with("recursion limit exceeded") {
            return format!("the JSON of the body is deeper than 128 levels, in line {}", error.line());
        }
        let reason = reason.split(" at line ").next().unwrap_or_default();
        let media_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type =
            media_type.map(|value| format!(" but `{}`", value.split(';').next().unwrap_or_default().trim()));
        let media_type = media_type.filter(|name| !name.contains("json")).unwrap_or_default();
        format!("the body is not JSON{media_type}: {reason} in line {}, column {}", error.line(), error.column())
    })
}
