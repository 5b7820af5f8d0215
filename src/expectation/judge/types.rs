//! The words of `type`: JSON's own kinds, and forms of text that are checked to the letter of their standards.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value as Json;

use super::order::whole;
use crate::base::time::Timestamp;
use crate::expectation::condition::TypeWord;

/// Whether a JSON value is of the type.
pub(super) fn is(value: &Json, word: TypeWord) -> bool {
    let text = |check: fn(&str) -> bool| value.as_str().is_some_and(check);
    match word {
        TypeWord::Null => value.is_null(),
        TypeWord::Boolean => value.is_boolean(),
        TypeWord::Number => value.is_number(),
        TypeWord::Integer => match value {
            // A float beyond 2^53 has no fraction left.
            Json::Number(number) => whole(number).is_some() || number.as_f64().is_some_and(|n| n.fract() == 0.0),
            _ => false,
        },
        TypeWord::String => value.is_string(),
        TypeWord::Array => value.is_array(),
        TypeWord::Object => value.is_object(),
        TypeWord::Uuid => text(is_uuid),
        TypeWord::Date => text(is_date),
        TypeWord::DateTime => text(|text| instant(text).is_some()),
        TypeWord::Email => text(is_mailbox),
        TypeWord::Ipv4 => text(|text| text.parse::<Ipv4Addr>().is_ok()),
        TypeWord::Ipv6 => text(|text| text.parse::<Ipv6Addr>().is_ok()),
        TypeWord::Uri => text(is_uri),
    }
}

/// 8-4-4-4-12 hexadecimal digits, any version.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.len() == 5
        && groups
            .iter()
            .zip([8, 4, 4, 4, 12])
            .all(|(group, length)| group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// RFC 3339 `full-date` of a day that exists.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && instant(&format!("{text}T00:00:00Z")).is_some()
}

/// The moment that an RFC 3339 `date-time` names; finer than nanoseconds is cut off.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 20 {
        return None;
    }
    let (clock, mut rest) = text.split_at(19);
    let mut fraction = "";
    if let Some(behind) = rest.strip_prefix('.') {
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        fraction = &rest[..=digits.min(9)];
        rest = &behind[digits..];
    }
    let offset = match rest.as_bytes() {
        b"Z" | b"z" | b"-00:00" => "Z",
        [b'+' | b'-', h1 @ b'0'..=b'2', h2 @ b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9']
            if (*h1, *h2) < (b'2', b'4') =>
        {
            rest
        }
        _ => return None,
    };
    Timestamp::parse_rfc3339(&format!("{clock}{fraction}{offset}"))
}

/// RFC 5321 §4.1.2 `Mailbox`, with its length limits of §4.5.3.1: `local@domain`, also quoted or with an address.
fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    if !text.is_ascii() || local.len() > 64 || domain.len() > 255 {
        return false;
    }
    let local_fits = match local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => is_quoted_content(quoted),
        None => local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte)),
    };
    local_fits && (is_domain(domain) || is_address_literal(domain))
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_quoted_content(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'\\' => bytes.next().is_some_and(|escaped| (b' '..=b'~').contains(&escaped)),
            b'"' => false,
            _ => (b' '..=b'~').contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_domain(text: &str) -> bool {
    text.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn is_address_literal(text: &str) -> bool {
    let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return false };
    match address.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:")) {
        Some(tag) => address[tag.len()..].parse::<Ipv6Addr>().is_ok(),
        None => address.parse::<Ipv4Addr>().is_ok(),
    }
}

/// RFC 3986 `URI`: a scheme, then only what may stand in its parts.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_fits = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
    let hierarchy_fits = match hierarchy.strip_prefix("//") {
        Some(behind) => {
            let (authority, path) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
            is_authority(authority) && is_made_of(path, b"/:@")
        }
        None => is_made_of(hierarchy, b"/:@"),
    };
    scheme_fits && hierarchy_fits && is_made_of(query, b"/?:@") && is_made_of(fragment, b"/?:@")
}

fn is_authority(text: &str) -> bool {
    let (user, place) = text.rsplit_once('@').unwrap_or(("", text));
    let (host_fits, port) = if let Some(literal) = place.strip_prefix('[') {
        let Some((address, port)) = literal.split_once(']') else { return false };
        (is_ip_literal(address), port)
    } else {
        let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
        (is_made_of(host, b""), port)
    };
    let port_fits =
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    is_made_of(user, b":") && host_fits && port_fits
}

/// What stands in brackets: an IPv6 address, or `v`, a version and an address of the future.
fn is_ip_literal(text: &str) -> bool {
    match text.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.')) {
        Some((version, rest)) => {
            !version.is_empty()
                && version.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !rest.is_empty()
                && !rest.contains('%')
                && is_made_of(rest, b":")
        }
        None => text.parse::<Ipv6Addr>().is_ok(),
    }
}

/// Only unreserved characters, sub-delimiters, `%XX` and the bytes of `more`.
fn is_made_of(text: &str, more: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let fits = match byte {
            b'%' => bytes.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit)),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte) || more.contains(byte),
        };
        if !fits {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: TypeWord, fitting: &[&str], other: &[&str]) {
        for text in fitting {
            assert!(is(&Json::from(*text), word), "{text:?} is of type {}", word.word());
        }
        for text in other {
            assert!(!is(&Json::from(*text), word), "{text:?} is not of type {}", word.word());
        }
        assert!(!is(&Json::from(7), word) && !is(&Json::Null, word));
    }

    #[test]
    fn formats_are_checked_to_the_letter() {
        check(
            TypeWord::Uuid,
            &["123e4567-e89b-12d3-a456-426614174000", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff"],
            &[
                "123e4567e89b12d3a456426614174000",
                "123e4567-e89b-12d3-a456-42661417400g",
                "{123e4567-e89b-12d3-a456-426614174000}",
                "",
            ],
        );
        check(
            TypeWord::Date,
            &["2026-11-22", "2028-02-29"],
            &["2027-02-29", "2026-13-01", "2026-1-1", "20261122", "2026-11-22T00:00:00Z", "٢٠٢٦-١١-٢٢"],
        );
        check(
            TypeWord::DateTime,
            &[
                "2026-11-22T08:00:00Z",
                "2026-11-22t08:00:00z",
                "2026-11-22T08:00:00.5+23:59",
                "2026-11-22T08:00:00.123456789012Z",
                "2026-11-22T08:00:00-00:00",
                "2016-12-31T23:59:60Z",
            ],
            &[
                "2026-11-22",
                "2026-11-22 08:00:00Z",
                "2026-11-22T08:00:00",
                "2026-11-22T08:00:00+01",
                "2026-11-22T08:00:00+0100",
                "2026-11-22T08:00:00+24:00",
                "2026-11-22T24:00:00Z",
                "2026-11-22T08:00:00.Z",
                "2027-02-29T08:00:00Z",
            ],
        );
        check(
            TypeWord::Email,
            &["a@b.example", "a.b+c@b", "\"a b\\\"\"@b.example", "a@[127.0.0.1]", "a@[IPv6:::1]"],
            &[
                "a",
                "@b",
                "a@",
                "a..b@c",
                ".a@b",
                "a b@c",
                "a@b..c",
                "a@-b.c",
                "a@[::1]",
                "ä@b.example",
                "a@b@c",
                "<a@b.c>",
            ],
        );
        check(TypeWord::Ipv4, &["127.0.0.1", "255.255.255.255"], &["127.0.0.01", "256.0.0.1", "1.2.3", "::1"]);
        check(
            TypeWord::Ipv6,
            &["::1", "2001:db8::1", "::ffff:1.2.3.4"],
            &["1::2::3", "[::1]", "fe80::1%eth0", "1.2.3.4"],
        );
        check(
            TypeWord::Uri,
            &[
                "https://shop.example:8080/a?b=c#d",
                "mailto:a@b.example",
                "urn:isbn:0",
                "http://[::1]/",
                "file:///etc",
                "x:",
                "http://u:p@h/%20?a/?b",
            ],
            &[
                "/path",
                "shop.example",
                "http://a b/",
                "1http://a",
                "http://a/%2",
                "http://[::1/",
                "http://a:b/",
                "http://ä/",
                "http://a/<b>",
                "x:#a#b",
            ],
        );
    }

    #[test]
    fn integers_are_numbers_without_fraction() {
        for (json, integer) in [
            ("1", true),
            ("1.0", true),
            ("-0.0", true),
            ("1e300", true),
            ("1.5", false),
            ("18446744073709551615", true),
        ] {
            let value: Json = serde_json::from_str(json).expect("JSON");
            assert_eq!(is(&value, TypeWord::Integer), integer, "{json}");
            assert!(is(&value, TypeWord::Number));
        }
    }
}
