//! The three results: what holds, what fails, and what cannot be said because the value does not fit.

use serde_json::Value as Json;

use super::Verdict::{self, Fails, Holds, Undefined};
use super::equal::{equal, equal_json, like};
use super::order::order;
use super::ready::{Literal, Ready};
use super::types;
use super::view::View;
use crate::expectation::condition::Condition;

/// Judges a value; none is a missing one.
pub(super) fn of(condition: &Ready, value: Option<View<'_>>, empty_is_missing: bool) -> Verdict {
    let same_value = |part: &Ready| of(part, value, empty_is_missing);
    match condition {
        Condition::All(parts) => return lowest(parts.iter().map(same_value)),
        Condition::Any(parts) => return highest(parts.iter().map(same_value)),
        Condition::Not(inner) => return same_value(inner).swapped(),
        Condition::Exists(wanted) => {
            let found_none = empty_is_missing && value.and_then(View::list).is_some_and(<[Json]>::is_empty);
            return Verdict::from((value.is_some() && !found_none) == *wanted);
        }
        _ => {}
    }
    value.map_or(Undefined, |value| of_present(condition, value))
}

fn of_present(condition: &Ready, value: View<'_>) -> Verdict {
    match condition {
        Condition::Equals(argument) => equal(value, argument.data()).into(),
        Condition::Compare(wanted, argument) => {
            order(value, argument.data()).map_or(Undefined, |ordering| wanted.holds(ordering).into())
        }
        Condition::In(list) => list.iter().any(|one| equal(value, one.data())).into(),
        Condition::InList(argument) => match argument.data() {
            Json::Array(list) => list.iter().any(|one| equal(value, one)).into(),
            _ => Undefined,
        },
        Condition::Contains(argument) => contains(value, argument.data()),
        Condition::StartsWith(argument) => of_text(value, |text| text.starts_with(argument.text())),
        Condition::EndsWith(argument) => of_text(value, |text| text.ends_with(argument.text())),
        Condition::Matches(Literal::Pattern(regex)) => of_text(value, |text| regex.is_match(text)),
        Condition::Matches(Literal::Data(_)) => Undefined,
        Condition::Empty(wanted) => value.length().map_or(Undefined, |length| ((length == 0) == *wanted).into()),
        Condition::Length(inner) => {
            value.length().map_or(Undefined, |length| of(inner, Some(View::Count(length)), false))
        }
        Condition::Each(inner) => value.list().map_or(Undefined, |list| lowest(elements(inner, list))),
        Condition::Some(inner) => value.list().map_or(Undefined, |list| highest(elements(inner, list))),
        Condition::Type(words) => of_json(value, |json| words.iter().any(|word| types::is(json, *word))),
        Condition::Like(argument) => like(value, argument.data()).into(),
        Condition::Schema(schema) => of_json(value, |json| schema.is_valid(json)),
        // Decided above, for they can be said of a missing value, too.
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Exists(_) => {
            of(condition, Some(value), false)
        }
    }
}

fn elements<'v>(inner: &'v Ready, list: &'v [Json]) -> impl Iterator<Item = Verdict> + 'v {
    list.iter().map(|element| of(inner, Some(View::Json(element)), false))
}

fn contains(value: View<'_>, wanted: &Json) -> Verdict {
    match (value, wanted) {
        (View::Json(Json::String(text)), Json::String(part)) => text.contains(part.as_str()).into(),
        (View::Json(Json::Array(list)), _) => list.iter().any(|element| equal_json(element, wanted)).into(),
        (View::Json(Json::Object(members)), Json::String(name)) => members.contains_key(name).into(),
        _ => Undefined,
    }
}

fn of_text(value: View<'_>, holds: impl FnOnce(&str) -> bool) -> Verdict {
    value.text().map_or(Undefined, |text| holds(text).into())
}

/// JSON kinds only; a length is a number like any other.
fn of_json(value: View<'_>, holds: impl FnOnce(&Json) -> bool) -> Verdict {
    match value {
        View::Json(json) => holds(json).into(),
        View::Count(count) => holds(&Json::from(count)).into(),
        _ => Undefined,
    }
}

fn lowest(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut lowest = Holds;
    for verdict in verdicts {
        lowest = lowest.min(verdict);
        if lowest == Fails {
            break;
        }
    }
    lowest
}

fn highest(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut highest = Fails;
    for verdict in verdicts {
        highest = highest.max(verdict);
        if highest == Holds {
            break;
        }
    }
    highest
}

impl Verdict {
    fn swapped(self) -> Self {
        match self {
            Fails => Holds,
            Undefined => Undefined,
            Holds => Fails,
        }
    }
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Holds } else { Fails }
    }
}
