//! Filters between text and its encodings: base64, percent-encoding, character references, queries.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use scraper::Html;
use url::form_urlencoded;

use super::row::{FilterDoc, of_text, of_value, perhaps_text, pure, quoted, some_text, text};
use crate::model::value::{Kind, Value};

/// Both alphabets are read as this one; padding may be there or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(super) const BASE64: FilterDoc = FilterDoc {
    name: "base64",
    arguments: "",
    signature: "T, B → T",
    about: "Encodes text or bytes in base64, standard alphabet, padded.",
    example: (r#""a?>b""#, "base64", r#""YT8+Yg==""#),
    takes: &[Kind::Text, Kind::Bytes],
    yields: some_text,
    build: |_| Ok(of_value(|value| Ok(Value::text(STANDARD.encode(bytes(&value)?))))),
};

pub(super) const BASE64_DECODE: FilterDoc = FilterDoc {
    name: "base64-decode",
    arguments: "",
    signature: "T → T",
    about: "Decodes base64 of either alphabet, padded or not, to text; a result that is not UTF-8 is an error.",
    example: (r#""YT8-Yg""#, "base64-decode", r#""a?>b""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |_| {
        Ok(of_text(|text| {
            let standard = text.trim().replace('-', "+").replace('_', "/");
            let bytes = LENIENT.decode(standard).map_err(|_| format!("the text {} is not base64", quoted(text)))?;
            utf8(bytes)
        }))
    },
};

pub(super) const BASE64URL: FilterDoc = FilterDoc {
    name: "base64url",
    arguments: "",
    signature: "T, B → T",
    about: "Encodes text or bytes in base64, URL-safe alphabet, not padded.",
    example: (r#""a?>b""#, "base64url", r#""YT8-Yg""#),
    takes: &[Kind::Text, Kind::Bytes],
    yields: some_text,
    build: |_| Ok(of_value(|value| Ok(Value::text(URL_SAFE_NO_PAD.encode(bytes(&value)?))))),
};

pub(super) const URL_ENCODE: FilterDoc = FilterDoc {
    name: "url-encode",
    arguments: "",
    signature: "T → T",
    about: "Percent-encodes everything but letters, digits, `-`, `.`, `_` and the tilde.",
    example: (r#""a/ä b""#, "url-encode", r#""a%2F%C3%A4%20b""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |_| Ok(of_text(|text| Ok(Value::text(percent_encode(text, ""))))),
};

/// Percent-encodes everything but the unreserved characters of RFC 3986 and those in `also`.
#[must_use]
pub fn percent_encode(text: &str, also: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        let kept = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.as_bytes().contains(&byte);
        if kept {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

pub(super) const URL_DECODE: FilterDoc = FilterDoc {
    name: "url-decode",
    arguments: "",
    signature: "T → T",
    about: "Decodes `%XX`; a plus stays a plus, a result that is not UTF-8 is an error.",
    example: (r#""a%2Fb+c""#, "url-decode", r#""a/b+c""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |_| Ok(of_text(|text| utf8(percent_decode(text)))),
};

/// A percent sign without two hexadecimal digits behind it stays as it is.
fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

pub(super) const HTML_DECODE: FilterDoc = FilterDoc {
    name: "html-decode",
    arguments: "",
    signature: "T → T",
    about: "Decodes the character references of HTML, named and numeric, as a browser does.",
    example: (r#""a &lt; b &amp;&#x20AC;&eacute;""#, "html-decode", r#""a < b &€é""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |_| Ok(of_text(|text| Ok(Value::text(html_decode(text))))),
};

/// Lets the HTML parser read the text with everything but references made harmless: it knows all 2,231 names and the
/// rules for those without a semicolon.
fn html_decode(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut fragment = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => fragment.push_str("&lt;"),
            // The parser would turn it into a line feed.
            '\r' => fragment.push_str("&#13;"),
            // The parser would drop it; an element marks its place.
            '\0' => fragment.push_str("<wbr>"),
            other => fragment.push(other),
        }
    }
    let html = Html::parse_fragment(&fragment);
    let mut decoded = String::with_capacity(text.len());
    for node in html.root_element().descendants() {
        match node.value() {
            scraper::Node::Text(text) => decoded.push_str(text),
            scraper::Node::Element(element) if element.name() == "wbr" => decoded.push('\0'),
            _ => {}
        }
    }
    decoded
}

pub(super) const QUERY: FilterDoc = FilterDoc {
    name: "query",
    arguments: "NAME",
    signature: "T → T",
    about: "Takes the first query parameter NAME of a URL or of a query text, decoded; an absent one is missing.",
    example: (r#""https://app.example/back?state=7&code=a%20b#top""#, "query code", r#""a b""#),
    takes: &[Kind::Text],
    yields: perhaps_text,
    build: |arguments| {
        let name = arguments.first().map(|argument| argument.text.clone()).unwrap_or_default();
        Ok(pure(move |value| {
            let query = query_part(text(&value)?);
            let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| Value::text(value)))
        }))
    },
};

/// What stands between `?` and `#`; a text without `?` that is no URL is a query as a whole.
fn query_part(text: &str) -> &str {
    let before_fragment = text.split('#').next().unwrap_or(text);
    match before_fragment.split_once('?') {
        Some((_, query)) => query,
        None if before_fragment.contains("://") || before_fragment.starts_with('/') => "",
        None => before_fragment,
    }
}

/// The bytes of bytes, or of a text in UTF-8.
pub(super) fn bytes(value: &Value) -> Result<&[u8], String> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        other => text(other).map(str::as_bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<Value, String> {
    String::from_utf8(bytes).map(Value::text).map_err(|_| "the result is not UTF-8 text".to_owned())
}
