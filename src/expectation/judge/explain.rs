//! Why a condition did not hold: follows the part that decided down to the matcher and the value that met there.

use std::fmt::Write as _;

use super::Verdict::Holds;
use super::describe::{self, cut};
use super::equal::{Difference, Side, difference, path_of_pointer};
use super::ready::Ready;
use super::view::View;
use super::{Explanation, hint, verdict};
use crate::expectation::condition::Condition;

pub(super) fn of(
    condition: &Ready,
    value: Option<View<'_>>,
    empty_is_missing: bool,
    mask: &dyn Fn(String) -> String,
) -> Explanation {
    let mut route = Route { matchers: Vec::new(), place: "$".to_owned() };
    let found = follow(condition, value, empty_is_missing, &mut route);
    let difference = (route.place != "$").then_some(route.place);
    Explanation {
        matcher: route.matchers.join("."),
        expected: cut(mask(found.expected)),
        got: cut(mask(found.got)),
        difference: difference.map(|path| cut(mask(path))),
        hint: found.hint.map(|hint| cut(mask(hint))),
    }
}

/// How one came to the place: by which matchers, and to which part of the value.
struct Route {
    matchers: Vec<&'static str>,
    place: String,
}

struct Finding {
    expected: String,
    got: String,
    hint: Option<String>,
}

fn follow(condition: &Ready, value: Option<View<'_>>, empty_is_missing: bool, route: &mut Route) -> Finding {
    match condition {
        Condition::All(parts) => {
            let lowest = parts.iter().min_by_key(|part| verdict::of(part, value, empty_is_missing));
            return match lowest {
                Some(part) => follow(part, value, empty_is_missing, route),
                None => whole(condition, value, route),
            };
        }
        Condition::Any(parts) => {
            if let [part] = parts.as_slice() {
                route.matchers.push("any");
                return follow(part, value, empty_is_missing, route);
            }
        }
        Condition::Length(inner) => {
            if let Some(length) = value.and_then(View::length) {
                route.matchers.push("length");
                return follow(inner, Some(View::Count(length)), false, route);
            }
        }
        Condition::Each(inner) => {
            let judged = value.and_then(View::list).unwrap_or_default().iter().enumerate();
            let judged = judged.map(|(index, element)| (index, View::Json(element)));
            if let Some((index, element)) = judged.min_by_key(|(_, element)| verdict::of(inner, Some(*element), false))
                && verdict::of(inner, Some(element), false) != Holds
            {
                route.matchers.push("each");
                let _ = write!(route.place, "[{index}]");
                return follow(inner, Some(element), false, route);
            }
        }
        Condition::Equals(argument) | Condition::Like(argument) => {
            if let Some(View::Json(json)) = value {
                let subset = matches!(condition, Condition::Like(_));
                if let Some(found) = difference(json, argument.data(), subset).filter(|found| found.path != "$") {
                    return parted(condition, &found, route);
                }
            }
        }
        Condition::Schema(schema) => {
            if let Some(View::Json(json)) = value
                && let Err(miss) = schema.check(json)
            {
                route.matchers.push("schema");
                route.place.push_str(&path_of_pointer(&miss.at, json)[1..]);
                let got = json.pointer(&miss.at).map_or_else(|| describe::value(value), describe::literal);
                return Finding { expected: format!("valid by the schema: {}", miss.message), got, hint: None };
            }
        }
        _ => {}
    }
    whole(condition, value, route)
}

/// The condition as a whole was not met by the value as a whole.
fn whole(condition: &Ready, value: Option<View<'_>>, route: &mut Route) -> Finding {
    route.matchers.push(condition.name());
    Finding { expected: describe::condition(condition), got: describe::value(value), hint: hint::of(condition, value) }
}

/// The two are alike down to a place inside.
fn parted(condition: &Ready, found: &Difference<'_>, route: &mut Route) -> Finding {
    route.matchers.push(condition.name());
    route.place.push_str(&found.path[1..]);
    let hint = match (&found.expected, &found.got) {
        (Some(Side::Value(expected)), Some(Side::Value(got))) => hint::of_literal(View::Json(got), expected),
        _ => None,
    };
    Finding { expected: side(found.expected.as_ref()), got: side(found.got.as_ref()), hint }
}

fn side(side: Option<&Side<'_>>) -> String {
    match side {
        None => "missing".to_owned(),
        Some(Side::Value(json)) => describe::literal(json),
        Some(Side::Elements(1)) => "a list of 1 element".to_owned(),
        Some(Side::Elements(count)) => format!("a list of {count} elements"),
    }
}
