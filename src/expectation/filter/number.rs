//! Filters that make numbers and shift numbers, times and durations.

use std::time::Duration;

use serde_json::{Number, Value as Json};

use super::lexer::Argument;
use super::row::{Build, FilterDoc, of_value, quoted, same, some_number};
use crate::base::duration::parse_duration;
use crate::model::value::{Kind, Value, number_text};

pub(super) const TO_INT: FilterDoc = FilterDoc {
    name: "to-int",
    arguments: "",
    signature: "T, N → I",
    about: "Reads decimal digits with an optional sign as an integer; a fraction is an error, nothing is rounded.",
    example: (r#""-042""#, "to-int", "-42"),
    takes: &[Kind::Text, Kind::Number],
    yields: some_number,
    build: |_| Ok(of_value(to_int)),
};

fn to_int(value: Value) -> Result<Value, String> {
    let integer = match value {
        Value::Json(Json::Number(number)) => {
            whole(&number).ok_or_else(|| format!("the number {} is not an integer", number_text(&number)))?
        }
        other => {
            let text = super::row::text(&other)?;
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("the text {} is not an integer", quoted(text)));
            }
            text.parse().map_err(|_| format!("{} is out of range", quoted(text)))?
        }
    };
    integer_value(integer).ok_or_else(|| format!("{integer} is out of range"))
}

/// The number as an integer, if it is one: `1.0` is.
fn whole(number: &Number) -> Option<i128> {
    if let Some(integer) = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)) {
        return Some(integer);
    }
    let float = number.as_f64()?;
    // Every double of this size and without a fraction is an integer that `i128` holds exactly.
    (float.fract() == 0.0 && float.abs() < 1e30).then(|| {
        #[expect(clippy::cast_possible_truncation, reason = "checked above: no fraction, far below 2^127")]
        let integer = float as i128;
        integer
    })
}

fn integer_value(integer: i128) -> Option<Value> {
    if let Ok(small) = i64::try_from(integer) {
        return Some(Value::number(small));
    }
    u64::try_from(integer).ok().map(Value::number)
}

pub(super) const TO_FLOAT: FilterDoc = FilterDoc {
    name: "to-float",
    arguments: "",
    signature: "T, N → N",
    about: "Reads a number in its JSON form, with fraction and exponent where there are any.",
    example: (r#""1.50e2""#, "to-float", "150.0"),
    takes: &[Kind::Text, Kind::Number],
    yields: some_number,
    build: |_| {
        Ok(of_value(|value| {
            if value.kind() == Kind::Number {
                return Ok(value);
            }
            let text = super::row::text(&value)?;
            let bad = || format!("the text {} is not a number in the JSON form", quoted(text));
            if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
                return Err(bad());
            }
            text.parse::<Number>().map(Value::number).map_err(|_| bad())
        }))
    },
};

pub(super) const PLUS: FilterDoc = FilterDoc {
    name: "plus",
    arguments: "X",
    signature: "Ti, D, N → same",
    about: "Adds X: a duration to a time or a duration, a number to a number.",
    example: ("40", "plus 2", "42"),
    takes: &[Kind::Time, Kind::Duration, Kind::Number],
    yields: same,
    build: |arguments| shift(arguments, Direction::Later),
};

pub(super) const MINUS: FilterDoc = FilterDoc {
    name: "minus",
    arguments: "X",
    signature: "Ti, D, N → same",
    about: "Subtracts X: a duration from a time or a duration, a number from a number.",
    example: (r#""2026-11-22T08:00:00Z""#, "to-date | minus 1d12h", r#""2026-11-20T20:00:00Z""#),
    takes: &[Kind::Time, Kind::Duration, Kind::Number],
    yields: same,
    build: |arguments| shift(arguments, Direction::Earlier),
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Later,
    Earlier,
}

/// X is read both ways where both are possible: which one counts is known with the input.
fn shift(arguments: &[Argument], direction: Direction) -> Build {
    let argument = arguments.first();
    let text = argument.map_or("0", |argument| argument.text.as_str()).to_owned();
    let duration = parse_duration(&text).ok();
    let number = text.parse::<Number>().ok();
    if let Some(argument) = argument
        && duration.is_none()
        && number.is_none()
    {
        return Err(argument
            .error(format!("`{text}` is neither a duration nor a number"))
            .help("write for example `plus 90m` or `plus 1`"));
    }
    Ok(of_value(move |value| match value {
        Value::Json(Json::Number(input)) => {
            let number = number.as_ref().ok_or_else(|| format!("`{text}` is a duration, but the input is a number"))?;
            sum(&input, number, direction)
        }
        Value::Time(time) => {
            let by = duration.ok_or_else(|| needs_unit(&text))?;
            Ok(Value::Time(if direction == Direction::Later { time.plus(by) } else { time.minus(by) }))
        }
        Value::Duration(input) => {
            let by = duration.ok_or_else(|| needs_unit(&text))?;
            shifted(input, by, direction).map(Value::Duration)
        }
        other => Err(format!("expected a time, a duration or a number, found {}", other.kind().word())),
    }))
}

fn needs_unit(text: &str) -> String {
    format!("`{text}` is a number, but the input needs a duration such as `{text}s`")
}

fn shifted(input: Duration, by: Duration, direction: Direction) -> Result<Duration, String> {
    match direction {
        Direction::Later => input.checked_add(by).ok_or_else(|| "the sum is out of range".to_owned()),
        Direction::Earlier => input.checked_sub(by).ok_or_else(|| "the difference is below zero".to_owned()),
    }
}

fn sum(input: &Number, by: &Number, direction: Direction) -> Result<Value, String> {
    let integer = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let out_of_range = || "the result is out of range".to_owned();
    if let (Some(input), Some(by)) = (integer(input), integer(by)) {
        let result = if direction == Direction::Later { input + by } else { input - by };
        return integer_value(result).ok_or_else(out_of_range);
    }
    let (Some(input), Some(by)) = (input.as_f64(), by.as_f64()) else { return Err(out_of_range()) };
    let result = if direction == Direction::Later { input + by } else { input - by };
    Number::from_f64(result).map(Value::number).ok_or_else(out_of_range)
}
