//! Equality: deep, strict about kinds, numbers by mathematical value; and the subset that `like` asks for.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::order::{as_bytes, as_duration, as_size, as_time, numbers};
use super::view::View;

/// Whether the value equals the literal, read by the kind of the value.
pub(super) fn equal(value: View<'_>, literal: &Json) -> bool {
    match value {
        View::Json(json) => equal_json(json, literal),
        View::Count(count) => matches!(literal, Json::Number(number) if numbers(&count.into(), number) == EQUAL),
        View::Time(time) => as_time(literal) == Some(time),
        View::Duration(duration) => as_duration(literal) == Some(duration),
        View::Size(bytes) => as_size(literal) == Some(bytes),
        View::Bytes(bytes) => as_bytes(literal).as_deref() == Some(bytes),
    }
}

/// As [`equal`], but objects may have more members than the literal names.
pub(super) fn like(value: View<'_>, literal: &Json) -> bool {
    match value {
        View::Json(json) => like_json(json, literal),
        other => equal(other, literal),
    }
}

const EQUAL: Option<std::cmp::Ordering> = Some(std::cmp::Ordering::Equal);

pub(super) fn equal_json(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => numbers(left, right) == EQUAL,
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal_json(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && right.iter().all(|(name, right)| left.get(name).is_some_and(|left| equal_json(left, right)))
        }
        _ => left == right,
    }
}

fn like_json(value: &Json, literal: &Json) -> bool {
    match (value, literal) {
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| like_json(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            right.iter().all(|(name, right)| left.get(name).is_some_and(|left| like_json(left, right)))
        }
        _ => equal_json(value, literal),
    }
}

/// The first place where two values part.
pub(super) struct Difference<'v> {
    /// `$.items[2].price`; `$` for the whole.
    pub path: String,
    /// None: it should not be there.
    pub expected: Option<Side<'v>>,
    /// None: it is not there.
    pub got: Option<Side<'v>>,
}

pub(super) enum Side<'v> {
    Value(&'v Json),
    /// A list of so many elements.
    Elements(usize),
}

/// Where `value` first differs from `literal`; `subset` as `like` compares.
pub(super) fn difference<'v>(value: &'v Json, literal: &'v Json, subset: bool) -> Option<Difference<'v>> {
    let mut path = "$".to_owned();
    let (expected, got) = part(value, literal, subset, &mut path)?;
    Some(Difference { path, expected, got })
}

type Sides<'v> = (Option<Side<'v>>, Option<Side<'v>>);

fn part<'v>(value: &'v Json, literal: &'v Json, subset: bool, path: &mut String) -> Option<Sides<'v>> {
    match (value, literal) {
        (Json::Array(left), Json::Array(right)) => {
            if left.len() != right.len() {
                return Some((Some(Side::Elements(right.len())), Some(Side::Elements(left.len()))));
            }
            left.iter().zip(right).enumerate().find_map(|(index, (left, right))| {
                below(path, &format!("[{index}]"), |path| part(left, right, subset, path))
            })
        }
        (Json::Object(left), Json::Object(right)) => {
            let named = right.iter().find_map(|(name, right)| {
                below(path, &member(name), |path| match left.get(name) {
                    Some(left) => part(left, right, subset, path),
                    None => Some((Some(Side::Value(right)), None)),
                })
            });
            if named.is_some() || subset {
                return named;
            }
            let (name, extra) = left.iter().find(|(name, _)| !right.contains_key(*name))?;
            path.push_str(&member(name));
            Some((None, Some(Side::Value(extra))))
        }
        _ if equal_json(value, literal) => None,
        _ => Some((Some(Side::Value(literal)), Some(Side::Value(value)))),
    }
}

/// Looks one step further down; the path stays there if something was found.
fn below<T>(path: &mut String, step: &str, look: impl FnOnce(&mut String) -> Option<T>) -> Option<T> {
    let length = path.len();
    path.push_str(step);
    let found = look(path);
    if found.is_none() {
        path.truncate(length);
    }
    found
}

/// A member as a step of a JSON path: `.name`, or `["a b"]` where a name cannot stand so.
pub(super) fn member(name: &str) -> String {
    let plain = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { format!(".{name}") } else { format!("[{}]", Json::from(name)) }
}

/// A JSON Pointer in the words of JSON paths: `/items/2/price` is `$.items[2].price`.
pub(super) fn path_of_pointer(pointer: &str, root: &Json) -> String {
    let mut path = "$".to_owned();
    let mut here = Some(root);
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        if let Some(Json::Array(list)) = here {
            let _ = write!(path, "[{name}]");
            here = name.parse::<usize>().ok().and_then(|index| list.get(index));
        } else {
            path.push_str(&member(&name));
            here = here.and_then(|json| json.get(&name));
        }
    }
    path
}
