//! Which of two comes first: numbers exactly, and the literals that are read by the kind of the value beside them.

use std::cmp::Ordering;
use std::time::Duration;

use serde_json::{Number, Value as Json};

use super::types::{instant, is_date};
use super::view::View;
use crate::base::duration::parse_duration;
use crate::base::size::parse_size;
use crate::base::time::Timestamp;

/// How the value stands to the literal; none where the two have no order.
pub(super) fn order(value: View<'_>, literal: &Json) -> Option<Ordering> {
    match (value, literal) {
        (View::Json(Json::Number(number)), Json::Number(other)) => numbers(number, other),
        (View::Count(count), Json::Number(other)) => numbers(&Number::from(count), other),
        (View::Json(Json::String(text)), Json::String(other)) => texts(text, other),
        (View::Duration(duration), _) => Some(duration.cmp(&as_duration(literal)?)),
        (View::Size(bytes), _) => Some(bytes.cmp(&as_size(literal)?)),
        (View::Time(time), _) => Some(time.cmp(&as_time(literal)?)),
        _ => None,
    }
}

/// A duration as written, or the number 0.
pub(super) fn as_duration(literal: &Json) -> Option<Duration> {
    match literal {
        Json::String(text) => parse_duration(text).ok(),
        Json::Number(number) => (number.as_f64() == Some(0.0)).then_some(Duration::ZERO),
        _ => None,
    }
}

/// A size as written, or a number of bytes without fraction.
pub(super) fn as_size(literal: &Json) -> Option<u64> {
    match literal {
        Json::String(text) => parse_size(text).ok(),
        Json::Number(number) => match whole(number) {
            Some(integer) => u64::try_from(integer).ok(),
            None => None,
        },
        _ => None,
    }
}

/// An RFC 3339 date-time.
pub(super) fn as_time(literal: &Json) -> Option<Timestamp> {
    literal.as_str().and_then(instant)
}

/// Bytes as hexadecimal digits.
pub(super) fn as_bytes(literal: &Json) -> Option<Vec<u8>> {
    let text = literal.as_str()?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

fn texts(text: &str, other: &str) -> Option<Ordering> {
    if let (Some(time), Some(other)) = (instant(text), instant(other)) {
        return Some(time.cmp(&other));
    }
    // Dates of four-digit years are ordered as they are written.
    (is_date(text) && is_date(other)).then(|| text.cmp(other))
}

/// By mathematical value, never by the nearest float: 2^64−1 is less than 1.8446744073709552e19.
pub(super) fn numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (Some(left), None) => Some(integer_with_float(left, right.as_f64()?)),
        (None, Some(right)) => Some(integer_with_float(right, left.as_f64()?).reverse()),
        (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// The value of a number that was written as an integer.
fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// The value of a number without fraction, however it was written; none beyond the integers of the language.
pub(super) fn whole(number: &Number) -> Option<i128> {
    integer(number).or_else(|| {
        let float = number.as_f64()?;
        (float.fract() == 0.0 && float.abs() < TWO_TO_64).then(|| truncated(float))
    })
}

const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

fn integer_with_float(integer: i128, float: f64) -> Ordering {
    if float >= TWO_TO_64 {
        return Ordering::Less;
    }
    if float <= -TWO_TO_64 {
        return Ordering::Greater;
    }
    // Below 2^64 the whole part is exact as an integer; the fraction decides between equals.
    integer.cmp(&truncated(float)).then_with(|| 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
}

#[expect(clippy::cast_possible_truncation, reason = "callers have checked that the whole part is below 2^64")]
fn truncated(float: f64) -> i128 {
    float as i128
}
