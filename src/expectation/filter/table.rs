//! All 31 filters, in the order of the reference page.

use super::row::FilterDoc;
use super::{date, digest, encode, json, list, number, regex, text};

/// Every filter once.
pub const FILTERS: &[FilterDoc] = &[
    list::COUNT,
    list::FIRST,
    list::LAST,
    list::NTH,
    list::SPLIT,
    list::JOIN,
    text::REPLACE,
    regex::REPLACE_REGEX,
    regex::REGEX,
    text::LOWER,
    text::UPPER,
    text::TRIM,
    number::TO_INT,
    number::TO_FLOAT,
    text::TO_STRING,
    json::JSON,
    encode::BASE64,
    encode::BASE64_DECODE,
    encode::BASE64URL,
    encode::URL_ENCODE,
    encode::URL_DECODE,
    encode::HTML_DECODE,
    encode::QUERY,
    number::PLUS,
    number::MINUS,
    date::DATE,
    date::TO_DATE,
    date::DAYS_FROM_NOW,
    digest::SHA256,
    digest::HMAC,
    json::JSONPATH,
];
