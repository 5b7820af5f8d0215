//! Whether a condition can hold at all for what a selector can find: known before anything is sent.
//!
//! Each condition narrows the kinds of a value to those with which it may hold (or may fail, under `not`).
//! What is left empty can never hold, and the narrowest condition that emptied it is named.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::ready::{Literal, Ready};
use super::types::{instant, is_date};
use super::view::{View, kind_of};
use super::{JudgeError, Verdict, describe, hint, order, verdict};
use crate::expectation::condition::{Condition, Order, TypeWord};
use crate::expectation::kinds::Kinds;
use crate::model::value::Kind;

pub(super) fn check(condition: &Ready, kinds: Kinds) -> Result<(), JudgeError> {
    narrow(condition, kinds, true, &mut Vec::new()).map(|_| ())
}

type Path = Vec<&'static str>;

/// The kinds (of `kinds`) with which the condition may hold, or with `wanted` false may fail.
fn narrow(condition: &Ready, kinds: Kinds, wanted: bool, path: &mut Path) -> Result<Kinds, JudgeError> {
    if let Condition::All(parts) | Condition::Any(parts) = condition {
        let each_must = matches!(condition, Condition::All(_)) == wanted;
        return if each_must { together(parts, kinds, wanted, path) } else { one_of(parts, kinds, wanted, path) };
    }
    path.push(condition.name());
    let left = match condition {
        Condition::Not(inner) => narrow(inner, kinds, !wanted, path)?,
        Condition::Length(inner) => {
            let left = kinds.and(counted());
            if !left.is_empty() {
                narrow(inner, Kinds::of([Kind::Number]), wanted, path)?;
                check_length(inner, wanted, path)?;
            }
            left
        }
        Condition::Each(inner) | Condition::Some(inner) => {
            let left = kinds.and(Kinds::of([Kind::List]));
            if !left.is_empty() {
                narrow(inner, Kinds::json(), wanted, path)?;
            }
            left
        }
        _ => of_leaf(condition, kinds, wanted),
    };
    if nothing(left) {
        return Err(never(condition, kinds, wanted, path));
    }
    path.pop();
    Ok(left)
}

/// What has a length.
fn counted() -> Kinds {
    Kinds::of([Kind::Text, Kind::Bytes, Kind::List, Kind::Object])
}

fn of_leaf(condition: &Ready, kinds: Kinds, wanted: bool) -> Kinds {
    let keep = |fits: &dyn Fn(Kind) -> bool| kinds.and(Kinds::of(kinds.iter().filter(|kind| fits(*kind))));
    let unequal = |kinds: Kinds| kinds.present();
    match condition {
        Condition::Equals(literal) | Condition::Like(literal) if wanted => {
            keep(&|kind| comparable(kind, literal.data()))
        }
        Condition::In(list) if wanted => keep(&|kind| list.iter().any(|one| comparable(kind, one.data()))),
        Condition::InList(literal) if wanted => {
            let list = literal.data().as_array();
            keep(&|kind| list.is_some_and(|list| list.iter().any(|one| comparable(kind, one))))
        }
        Condition::Equals(_) | Condition::Like(_) | Condition::In(_) | Condition::InList(_) => unequal(kinds),
        Condition::Compare(_, literal) => keep(&|kind| ordered(kind, literal.data())),
        Condition::Contains(literal) => keep(&|kind| match kind {
            Kind::List => true,
            Kind::Text | Kind::Object => literal.data().is_string(),
            _ => false,
        }),
        Condition::StartsWith(_) | Condition::EndsWith(_) | Condition::Matches(_) => keep(&|kind| kind == Kind::Text),
        Condition::Empty(_) => kinds.and(counted()),
        // A list may be that of a path that found nothing, which counts as missing.
        Condition::Exists(present) if *present == wanted => kinds.present(),
        Condition::Exists(_) if kinds.may_be_missing() => kinds.and(Kinds::of([Kind::List]).or_missing()),
        Condition::Exists(_) => kinds.and(Kinds::of([Kind::List])),
        Condition::Type(words) if wanted => keep(&|kind| words.iter().any(|word| kind_of_word(*word) == kind)),
        Condition::Type(_) | Condition::Schema(_) => kinds.and(Kinds::json()),
        // Conditions with parts are narrowed by their parts.
        _ => kinds,
    }
}

fn nothing(kinds: Kinds) -> bool {
    kinds.is_empty() && !kinds.may_be_missing()
}

/// Whether a value of the kind can equal the literal.
fn comparable(kind: Kind, literal: &Json) -> bool {
    match kind {
        Kind::Duration | Kind::Size | Kind::Time | Kind::Bytes => hint::readable(kind, literal).is_none(),
        _ => kind == kind_of(literal),
    }
}

/// Whether a value of the kind can have an order with the literal.
fn ordered(kind: Kind, literal: &Json) -> bool {
    match kind {
        Kind::Number => literal.is_number(),
        Kind::Text => literal.as_str().is_some_and(|text| instant(text).is_some() || is_date(text)),
        Kind::Duration | Kind::Size | Kind::Time => comparable(kind, literal),
        _ => false,
    }
}

fn kind_of_word(word: TypeWord) -> Kind {
    match word {
        TypeWord::Null => Kind::Null,
        TypeWord::Boolean => Kind::Boolean,
        TypeWord::Number | TypeWord::Integer => Kind::Number,
        TypeWord::Array => Kind::List,
        TypeWord::Object => Kind::Object,
        TypeWord::String
        | TypeWord::Uuid
        | TypeWord::Date
        | TypeWord::DateTime
        | TypeWord::Email
        | TypeWord::Ipv4
        | TypeWord::Ipv6
        | TypeWord::Uri => Kind::Text,
    }
}

/// Every part has to come out as wanted for one and the same value.
fn together(parts: &[Ready], kinds: Kinds, wanted: bool, path: &mut Path) -> Result<Kinds, JudgeError> {
    let mut left = kinds;
    let depth = path.len();
    for part in parts {
        let narrowed = narrow(part, left, wanted, path);
        left = match narrowed {
            Ok(left) => left,
            // It is the company that a part does not fit, unless nothing was narrowed yet or it fits nothing alone.
            Err(error) if left == kinds => return Err(error),
            Err(error) => {
                path.truncate(depth);
                if part.parts().is_empty() {
                    narrow(part, kinds, wanted, &mut path.clone())?;
                }
                let message = "these conditions can never hold for one and the same value";
                return Err(JudgeError::new(path, message).help(Some(error.message)));
            }
        };
    }
    if wanted {
        contradiction(parts, path)?;
    }
    Ok(left)
}

fn one_of(parts: &[Ready], kinds: Kinds, wanted: bool, path: &mut Path) -> Result<Kinds, JudgeError> {
    let mut left = None;
    let mut first_error = None;
    for part in parts {
        match narrow(part, kinds, wanted, &mut path.clone()) {
            Ok(kinds) => left = Some(left.map_or(kinds, |left| union(left, kinds))),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    match (left, first_error) {
        (Some(left), _) => Ok(left),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(kinds),
    }
}

fn union(left: Kinds, right: Kinds) -> Kinds {
    let both = Kinds::of(left.iter().chain(right.iter()));
    if left.may_be_missing() || right.may_be_missing() { both.or_missing() } else { both }
}

/// Bounds that leave nothing between them, and a literal that its company excludes.
fn contradiction(parts: &[Ready], path: &[&'static str]) -> Result<(), JudgeError> {
    let refuse = |left: &Ready, right: &Ready| {
        let both = format!("{} and {}", describe::condition(left), describe::condition(right));
        Err(JudgeError::new(path, format!("no value meets both {}", describe::cut(both))))
    };
    if let Some((equals, literal)) = parts.iter().find_map(|part| match part {
        Condition::Equals(literal) => Some((part, literal.data())),
        _ => None,
    }) {
        // Text may be the form of a duration, size, time or bytes; every other literal is what it is.
        let excluded = parts.iter().find(|part| {
            !literal.is_string()
                && !matches!(part, Condition::Exists(_))
                && verdict::of(part, Some(View::Json(literal)), false) == Verdict::Fails
        });
        if let Some(other) = excluded {
            return refuse(equals, other);
        }
    }
    let bounds = parts.iter().filter_map(|part| match part {
        Condition::Compare(order, literal) => Some((part, *order, literal.data())),
        _ => None,
    });
    let (mut low, mut high) = (None, None);
    for (part, order, literal) in bounds {
        let bound = if matches!(order, Order::Gt | Order::Gte) { &mut low } else { &mut high };
        let tighter = bound.is_none_or(|(_, kept_order, kept)| match between(literal, kept) {
            Some(Ordering::Equal) => matches!(order, Order::Gt | Order::Lt) && kept_order != order,
            Some(ordering) => ordering.is_gt() == matches!(order, Order::Gt | Order::Gte),
            None => false,
        });
        if tighter {
            *bound = Some((part, order, literal));
        }
    }
    if let (Some((low, low_order, from)), Some((high, high_order, to))) = (low, high) {
        let strict = low_order == Order::Gt || high_order == Order::Lt;
        match between(from, to) {
            Some(Ordering::Greater) => return refuse(low, high),
            Some(Ordering::Equal) if strict => return refuse(low, high),
            _ => {}
        }
    }
    Ok(())
}

/// The order of two bounds, in whichever way both can be read.
fn between(left: &Json, right: &Json) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (order::as_duration(left), order::as_duration(right)) {
        return Some(left.cmp(&right));
    }
    order::order(View::Json(left), right).or_else(|| Some(order::as_size(left)?.cmp(&order::as_size(right)?)))
}

/// A length is a whole number, not below zero.
fn check_length(inner: &Ready, wanted: bool, path: &[&'static str]) -> Result<(), JudgeError> {
    let impossible = match inner {
        Condition::Equals(literal) if wanted => !is_length(literal),
        Condition::In(list) if wanted => !list.iter().any(is_length),
        Condition::Compare(order @ (Order::Lt | Order::Lte), literal) if wanted => {
            let nothing = verdict::of(&Condition::Compare(*order, literal.clone()), Some(View::Count(0)), false);
            nothing == Verdict::Fails
        }
        _ => false,
    };
    if impossible {
        let text = describe::cut(describe::condition(inner));
        return Err(JudgeError::new(path, format!("no length meets {text}"))
            .help(Some("a length is a whole number, and not below 0")));
    }
    Ok(())
}

fn is_length(literal: &Literal) -> bool {
    matches!(literal.data(), Json::Number(number) if order::whole(number).is_some_and(|length| length >= 0))
}

/// The error for a condition that no value of the kinds can meet.
fn never(condition: &Ready, kinds: Kinds, wanted: bool, path: &[&'static str]) -> JudgeError {
    if let Condition::Exists(_) = condition {
        let message = if kinds.may_be_missing() { "the value is never there" } else { "the value is always there" };
        return JudgeError::new(path, format!("this can never hold: {message}"));
    }
    let text = describe::cut(describe::condition(condition));
    let verb = if wanted { "hold" } else { "fail" };
    let kind = if kinds.is_empty() { "missing".to_owned() } else { format!("of kind {}", kinds.describe()) };
    JudgeError::new(path, format!("{text} can never {verb}: the value is {kind}")).help(advice(condition, kinds))
}

/// The hint that a value of the only kind would earn.
fn advice(condition: &Ready, kinds: Kinds) -> Option<String> {
    let mut only = kinds.iter();
    let (Some(kind), None) = (only.next(), only.next()) else { return None };
    let literal = match condition {
        Condition::Equals(literal) | Condition::Compare(_, literal) | Condition::Like(literal) => Some(literal.data()),
        Condition::In(list) => list.first().map(Literal::data),
        _ => None,
    };
    if let Some(help) = literal.and_then(|literal| hint::readable(kind, literal)) {
        return Some(help);
    }
    match (kind, literal) {
        (Kind::Text, Some(number @ Json::Number(_))) => Some(match condition {
            Condition::Compare(..) => "the value is text: add `| to-int` or `| to-float`".to_owned(),
            _ => format!("the value is text: write \"{number}\" in quotes, or add `| to-int`"),
        }),
        (Kind::Text, Some(Json::Bool(truth))) => Some(format!("the value is text: write \"{truth}\" in quotes")),
        (_, Some(Json::Array(_))) if kind != Kind::List => {
            Some("a list is compared as a whole; for one of several write `in: […]`".to_owned())
        }
        // What a value of that kind would be told at run time; the sample stands for any.
        _ => sample(kind).and_then(|sample| hint::of(condition, Some(View::Json(&sample)))),
    }
}

fn sample(kind: Kind) -> Option<Json> {
    Some(match kind {
        Kind::Null => Json::Null,
        Kind::Boolean => Json::Bool(true),
        Kind::Number => Json::from(1),
        Kind::Text => Json::from("text"),
        Kind::List => Json::from(vec![Json::Null]),
        Kind::Object => Json::Object(serde_json::Map::new()),
        Kind::Time | Kind::Duration | Kind::Size | Kind::Bytes => return None,
    })
}
