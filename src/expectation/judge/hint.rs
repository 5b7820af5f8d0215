//! What an author may have meant: the mistakes that people make with kinds, each with its way out.

use serde_json::Value as Json;

use super::ready::{Ready, article};
use super::types::instant;
use super::view::View;
use crate::expectation::condition::Condition;
use crate::model::value::Kind;

/// A word of advice for a condition that a value does not meet.
pub(super) fn of(condition: &Ready, value: Option<View<'_>>) -> Option<String> {
    let Some(value) = value else { return for_missing(condition).map(str::to_owned) };
    match condition {
        Condition::Equals(argument) | Condition::Like(argument) => of_literal(value, argument.data()),
        Condition::In(list) => list.first().and_then(|first| of_literal(value, first.data())),
        Condition::Compare(_, argument) => of_order(value, argument.data()),
        Condition::Contains(argument) => match (value.kind(), argument.data()) {
            (Kind::List, Json::Array(_)) => {
                Some("`contains` looks for one element; for several write `all: [{ contains: … }, …]`".to_owned())
            }
            (Kind::List, _) => value.list().and_then(<[Json]>::first).and_then(|first| {
                of_literal(View::Json(first), argument.data()).map(|hint| format!("in the elements: {hint}"))
            }),
            (Kind::Text, Json::String(part)) => {
                let text = value.text().unwrap_or_default();
                text.to_lowercase().contains(&part.to_lowercase()).then(|| CASE.to_owned())
            }
            _ => of_kind(condition, value),
        },
        Condition::StartsWith(_) | Condition::EndsWith(_) | Condition::Matches(_) => of_kind(condition, value),
        Condition::Type(_) => match value {
            View::Json(Json::String(text)) if reads_as_number(text) => {
                Some(format!("`{text}` is text here: add `| {}`", conversion(text)))
            }
            View::Json(Json::Array(_)) => Some(ONE_OF_LIST.to_owned()),
            View::Json(_) | View::Count(_) => None,
            _ => Some("`type` knows the kinds of JSON; add `| to-string` to look at the text form".to_owned()),
        },
        Condition::Length(_) | Condition::Empty(_) | Condition::Each(_) | Condition::Some(_) => {
            of_kind(condition, value)
        }
        _ => None,
    }
}

const CASE: &str = "it differs in upper and lower case only: add `| lower`";
const ONE_OF_LIST: &str = "the value is a list: take one element by `| first`, or judge them by `each` or `some`";

fn for_missing(condition: &Ready) -> Option<&'static str> {
    match condition {
        Condition::Not(_) => Some("a missing value meets no condition but `exists: false`, not even `not`"),
        Condition::Equals(argument) if argument.data().is_null() => {
            Some("null is a value; for one that is not there write `exists: false`")
        }
        Condition::Empty(true) => Some("what is not there is not empty either; for it write `exists: false`"),
        _ => None,
    }
}

/// Why a value may not equal a literal.
pub(super) fn of_literal(value: View<'_>, literal: &Json) -> Option<String> {
    match (value, literal) {
        (View::Json(Json::String(text)), Json::Number(number)) if reads_as_number(text) => {
            Some(format!("`{text}` is text here: compare with \"{number}\" or add `| {}`", conversion(text)))
        }
        (View::Json(Json::String(text)), Json::Bool(truth)) if text == if *truth { "true" } else { "false" } => {
            Some(format!("`{text}` is text here: compare with \"{text}\""))
        }
        (View::Json(Json::String(text)), Json::String(wanted)) => {
            if text.trim() == wanted.trim() {
                Some("it differs in white space around it only: add `| trim`".to_owned())
            } else if text.to_lowercase() == wanted.to_lowercase() {
                Some(CASE.to_owned())
            } else if instant(text).is_some_and(|time| instant(wanted) == Some(time)) {
                Some("both are the same moment, written differently: add `| to-date`".to_owned())
            } else {
                None
            }
        }
        (View::Json(Json::Number(_)) | View::Count(_), Json::String(text)) if reads_as_number(text) => {
            Some(format!("the value is a number: write {text} without quotes"))
        }
        (View::Json(Json::Bool(_)), Json::String(text)) if text == "true" || text == "false" => {
            Some(format!("the value is a boolean: write {text} without quotes"))
        }
        (View::Json(Json::Array(list)), literal) if !literal.is_array() => {
            Some(if list.is_empty() { "the value is a list, and empty".to_owned() } else { ONE_OF_LIST.to_owned() })
        }
        (View::Json(other), Json::Array(_)) if !other.is_array() => {
            Some("a list is compared as a whole; for one of several write `in: […]`".to_owned())
        }
        (View::Json(_) | View::Count(_), _) => None,
        (other, literal) => readable(other.kind(), literal),
    }
}

fn of_order(value: View<'_>, literal: &Json) -> Option<String> {
    match (value, literal) {
        (View::Json(Json::String(text)), Json::Number(_)) if reads_as_number(text) => {
            Some(format!("`{text}` is text here: add `| {}`", conversion(text)))
        }
        (View::Json(Json::String(text)), _) => Some(if reads_as_number(text) {
            format!("text is never ordered by the alphabet: add `| {}` and compare with a number", conversion(text))
        } else {
            "text has an order only as RFC 3339 dates or date-times, both of the same form".to_owned()
        }),
        (View::Json(Json::Number(_)) | View::Count(_), Json::String(text)) => Some(if reads_as_number(text) {
            format!("the value is a number: write {text} without quotes")
        } else {
            "the value is a number, and is compared with a number without unit".to_owned()
        }),
        (View::Json(Json::Array(_)), _) => Some(ONE_OF_LIST.to_owned()),
        (View::Json(_) | View::Count(_), _) => None,
        (other, literal) => readable(other.kind(), literal),
    }
}

/// How to write a literal beside a kind that JSON lacks; none if it can be read.
pub(super) fn readable(kind: Kind, literal: &Json) -> Option<String> {
    use super::order::{as_bytes, as_duration, as_size, as_time};
    match kind {
        Kind::Duration if as_duration(literal).is_none() => Some(match literal {
            Json::Number(number) => format!("the value is a duration: write the unit, `{number}ms` or `{number}s`"),
            _ => "the value is a duration: write a number and a unit, for example `800ms`".to_owned(),
        }),
        Kind::Size if as_size(literal).is_none() => {
            Some("the value is a size: write a number of bytes, or for example `2MiB`".to_owned())
        }
        Kind::Time if as_time(literal).is_none() => {
            Some("the value is a time: write for example `2026-11-22T08:00:00Z`".to_owned())
        }
        Kind::Bytes if as_bytes(literal).is_none() => {
            Some("the value is bytes: write them as hexadecimal digits".to_owned())
        }
        _ => None,
    }
}

fn of_kind(condition: &Ready, value: View<'_>) -> Option<String> {
    let name = condition.name();
    match (condition, value) {
        (Condition::Each(_) | Condition::Some(_), View::Json(json)) if !json.is_array() => {
            Some(format!("`{name}` looks at the elements of a list, and this is {}", article(json)))
        }
        (Condition::StartsWith(_) | Condition::EndsWith(_) | Condition::Matches(_), View::Json(Json::Array(_))) => {
            Some(ONE_OF_LIST.to_owned())
        }
        (Condition::StartsWith(_) | Condition::EndsWith(_) | Condition::Matches(_), other)
            if other.text().is_none() =>
        {
            Some(format!("`{name}` looks at text: add `| to-string`"))
        }
        (Condition::Length(_) | Condition::Empty(_), other) if other.length().is_none() => {
            Some(format!("`{name}` counts in text, bytes, lists and objects"))
        }
        _ => None,
    }
}

fn reads_as_number(text: &str) -> bool {
    text.len() <= 40 && serde_json::from_str::<serde_json::Number>(text).is_ok()
}

/// The filter that makes a number of text which reads as one.
fn conversion(text: &str) -> &'static str {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') { "to-int" } else { "to-float" }
}
