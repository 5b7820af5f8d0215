//! What a plain scalar is: null, a boolean, a number, or text. Forms that YAML readers disagree about are refused.

use serde_json::Number;

/// How a plain scalar is read.
#[derive(Debug, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Number(Number),
    Text,
    /// Text here, something else to other readers; with what they would read.
    Ambiguous(&'static str),
    /// Neither number nor text with certainty; with what is wrong.
    NotANumber(&'static str),
}

pub(super) fn read(text: &str) -> Plain {
    match text {
        "" | "~" | "null" => return Plain::Null,
        "true" => return Plain::Bool(true),
        "false" => return Plain::Bool(false),
        _ => {}
    }
    let first = text.as_bytes()[0];
    if first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.') {
        return numeric(text);
    }
    if text.len() <= 5 {
        match text.to_ascii_lowercase().as_str() {
            "yes" | "no" | "on" | "off" | "y" | "n" | "true" | "false" => return Plain::Ambiguous("a boolean"),
            "null" => return Plain::Ambiguous("null"),
            _ => {}
        }
    }
    Plain::Text
}

fn numeric(text: &str) -> Plain {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if is_json_number(text) {
        return json_number(text);
    }
    let lower = unsigned.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return Plain::NotANumber("it is infinity or not a number to other YAML readers");
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let radix = |prefix: &str, allowed: fn(&u8) -> bool| {
        lower
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| allowed(&b) || b == b'_'))
    };
    if radix("0x", u8::is_ascii_hexdigit) || radix("0o", u8::is_ascii_digit) || radix("0b", u8::is_ascii_digit) {
        return Plain::NotANumber("numbers are written in decimal");
    }
    if is_sexagesimal(unsigned) {
        return Plain::NotANumber("it is a number in base 60 to other YAML readers");
    }
    if looks_decimal(unsigned) {
        return Plain::NotANumber(if text.starts_with('+') {
            "a number has no leading plus"
        } else if unsigned.contains('_') {
            "a number has no underscores"
        } else if unsigned.starts_with('.') || unsigned.ends_with('.') || unsigned.contains(".e") {
            "a number has digits on both sides of its point"
        } else {
            "a number has no leading zeros"
        });
    }
    let date = text.len() >= 10
        && text.bytes().take(10).enumerate().all(|(at, b)| {
            if at == 4 || at == 7 { b == b'-' } else { digits(&char::from(b).to_string()) && b != b'_' }
        });
    if date && (text.len() == 10 || matches!(text.as_bytes()[10], b'T' | b't' | b' ')) {
        return Plain::Ambiguous("a date");
    }
    Plain::Text
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, as in JSON.
fn is_json_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

fn json_number(text: &str) -> Plain {
    if !text.contains(['.', 'e', 'E']) {
        let number = text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
        return number.map_or(Plain::NotANumber("integers go from -2^63 to 2^64-1"), Plain::Number);
    }
    match text.parse::<f64>().ok().and_then(Number::from_f64) {
        Some(number) => Plain::Number(number),
        None => Plain::NotANumber("it is too large for a number"),
    }
}

/// Digits, underscores, at most one point, maybe an exponent: what YAML 1.1 readers take for a number.
fn looks_decimal(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let mut points = 0;
    let body = mantissa.bytes().all(|b| {
        points += usize::from(b == b'.');
        b.is_ascii_digit() || b == b'_' || b == b'.'
    });
    body && points <= 1
        && mantissa.bytes().any(|b| b.is_ascii_digit())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit()))
}

/// `12:30`, `1:30:00`: `[1-9][0-9_]*(:[0-5]?[0-9])+`.
fn is_sexagesimal(unsigned: &str) -> bool {
    let mut parts = unsigned.split(':');
    let head = parts.next().unwrap_or_default();
    let head_is_number = head.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && head.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let mut rest = 0;
    head_is_number
        && parts.all(|part| {
            rest += 1;
            let part = part.split_once('.').map_or(part, |(whole, _)| whole);
            matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
        })
        && rest > 0
}
