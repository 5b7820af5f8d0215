//! A cookie as this answer sets it: `Set-Cookie` read as browsers do (RFC 6265 §5.2).

use http::HeaderMap;
use http::header::SET_COOKIE;

use super::http::text;
use crate::base::time::Timestamp;
use crate::model::value::{Kind, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CookieAttribute {
    Value,
    Domain,
    Path,
    Expires,
    MaxAge,
    Secure,
    HttpOnly,
    SameSite,
}

impl CookieAttribute {
    /// With the words of selectors.
    pub(super) const ALL: [(&'static str, Self); 8] = [
        ("value", Self::Value),
        ("domain", Self::Domain),
        ("path", Self::Path),
        ("expires", Self::Expires),
        ("max-age", Self::MaxAge),
        ("secure", Self::Secure),
        ("http-only", Self::HttpOnly),
        ("same-site", Self::SameSite),
    ];

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Expires => Kind::Time,
            Self::MaxAge => Kind::Number,
            Self::Secure | Self::HttpOnly => Kind::Boolean,
            Self::Value | Self::Domain | Self::Path | Self::SameSite => Kind::Text,
        }
    }

    /// The name in `Set-Cookie`, in lower case.
    fn field(self) -> &'static str {
        match self {
            Self::Value => "",
            Self::Domain => "domain",
            Self::Path => "path",
            Self::Expires => "expires",
            Self::MaxAge => "max-age",
            Self::Secure => "secure",
            Self::HttpOnly => "httponly",
            Self::SameSite => "samesite",
        }
    }
}

/// The attribute of the cookie that was set last under that name. Flags are true or false; another attribute
/// that was not sent, or cannot be read, is missing.
pub(super) fn find(headers: &HeaderMap, name: &str, attribute: CookieAttribute) -> Option<Value> {
    let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().map(text).collect();
    let (value, attributes) = lines.iter().rev().find_map(|line| {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (known, value) = pair.split_once('=')?;
        (known.trim() == name).then(|| (value.trim(), attributes))
    })?;
    if attribute == CookieAttribute::Value {
        return Some(Value::text(value));
    }
    let sent = attributes.rsplit(';').find_map(|part| {
        let (field, value) = part.split_once('=').unwrap_or((part, ""));
        field.trim().eq_ignore_ascii_case(attribute.field()).then(|| value.trim())
    });
    match attribute {
        CookieAttribute::Secure | CookieAttribute::HttpOnly => Some(Value::Json(sent.is_some().into())),
        CookieAttribute::Expires => sent.and_then(cookie_date).map(Value::Time),
        CookieAttribute::MaxAge => sent.and_then(|text| text.parse::<i64>().ok()).map(Value::number),
        CookieAttribute::Domain => sent
            .map(|text| text.strip_prefix('.').unwrap_or(text).to_ascii_lowercase())
            .filter(|text| !text.is_empty())
            .map(Value::text),
        CookieAttribute::Path => sent.filter(|text| text.starts_with('/')).map(Value::text),
        CookieAttribute::SameSite | CookieAttribute::Value => sent.map(Value::text),
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// RFC 6265 §5.1.1: day, month, year and time in any order, with anything between them.
fn cookie_date(text: &str) -> Option<Timestamp> {
    let is_delimiter = |c: char| !(c.is_ascii_alphanumeric() || c == ':' || !c.is_ascii());
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = clock(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2..=4)
        {
            year = Some(match found {
                70..=99 => found + 1900,
                0..=69 => found + 2000,
                _ => found,
            });
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    if year < 1601 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // A day that does not exist is refused here.
    Timestamp::parse_rfc3339(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

fn clock(token: &str) -> Option<(u32, u32, u32)> {
    let mut parts = token.splitn(3, ':');
    let hour = parts.next().filter(|part| part.len() <= 2)?.parse().ok()?;
    let minute = parts.next().filter(|part| part.len() <= 2)?.parse().ok()?;
    Some((hour, minute, number(parts.next()?, 1..=2)?))
}

/// Leading digits, so many of them, then nothing or something else.
fn number(token: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let length = token.bytes().take_while(u8::is_ascii_digit).count();
    if digits.contains(&length) { token[..length].parse().ok() } else { None }
}

fn month_of(token: &str) -> Option<usize> {
    let start = token.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|month| *month == start).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, attribute: CookieAttribute, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in line.split('\n') {
            headers.append(SET_COOKIE, line.parse().expect("a header value"));
        }
        let found = find(&headers, "sid", attribute).map(|value| value.into_json().to_string());
        assert_eq!(found.as_deref(), expected, "{line}");
    }

    #[test]
    fn cookies_are_read_as_browsers_do() {
        use CookieAttribute::*;
        let line = "sid = a=b ; Path=/x; DOMAIN=.Shop.Example; max-age=-5; Secure; SameSite=Lax; Expires=Sun, 22 Nov 2026 08:00:00 GMT";
        for (attribute, expected) in [
            (Value, Some("\"a=b\"")),
            (Path, Some("\"/x\"")),
            (Domain, Some("\"shop.example\"")),
            (MaxAge, Some("-5")),
            (Secure, Some("true")),
            (HttpOnly, Some("false")),
            (SameSite, Some("\"Lax\"")),
            (Expires, Some("\"2026-11-22T08:00:00Z\"")),
        ] {
            check(line, attribute, expected);
        }
        check("sid", Value, None);
        check("other=1", Secure, None);
        check("sid=1", Path, None);
        check("sid=1; Path=x; Max-Age=1h", Path, None);
        check("sid=1; Max-Age=1h", MaxAge, None);
        check("sid=1; Path=/a; path=/b", Path, Some("\"/b\""));
        check("sid=1\nsid=2", Value, Some("\"2\""));
        check("sid=", Value, Some("\"\""));
    }

    #[test]
    fn dates_of_cookies_come_in_many_forms() {
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
            ("Sun Nov  6 08:49:37 1994", Some("1994-11-06T08:49:37Z")),
            ("1 jan 68 0:0:0", Some("2068-01-01T00:00:00Z")),
            ("Thu, 30 Feb 2026 00:00:00 GMT", None),
            ("Thu, 01 Jan 2026 24:00:00 GMT", None),
            ("Thu, 01 Jan 1600 00:00:00 GMT", None),
            ("tomorrow", None),
            ("ä 1:2", None),
        ] {
            assert_eq!(cookie_date(text).map(Timestamp::rfc3339_seconds).as_deref(), expected, "{text}");
        }
    }
}
