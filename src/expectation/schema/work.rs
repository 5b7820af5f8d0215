//! A bound on what validating may cost. A schema of forty lines can ask for 2^40 visits (`allOf` with the same
//! reference twice, forty times over), so visits of subschemas are counted, and beyond the bound validating ends.
//!
//! The counter is a keyword of our own that is put into every subschema before it is compiled. The library has no
//! other way to be stopped than to unwind out of it, for it collects the errors of all alternatives to the end.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value as Json, json};

/// Not a keyword that anybody writes.
pub(super) const KEYWORD: &str = "forerunner:work";
/// Visits of subschemas to know whether a value is valid: about half a second. A body of a megabyte needs some
/// ten thousand.
pub(super) const JUDGING_MAX: u64 = 5_000_000;
/// Visits to find out what is wrong; each may keep an error, so this bounds memory, too.
pub(super) const EXPLAINING_MAX: u64 = 200_000;

/// Keywords whose members are named by the author and hold a schema each.
const MAPS: [&str; 6] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];
/// Keywords that hold data.
const DATA: [&str; 5] = ["const", "enum", "default", "example", "examples"];

thread_local! {
    /// Validating never leaves its thread, and one value is validated at a time.
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// What unwinds when nothing is left; it is no panic, and nobody is told of it.
struct GaveUp;

/// Runs one validation; none if it was given up after so many visits.
pub(super) fn bounded<T>(visits_max: u64, validate: impl FnOnce() -> T) -> Option<T> {
    LEFT.set(visits_max);
    // A validator holds no state that a visit changes, so it is as good as before.
    match catch_unwind(AssertUnwindSafe(validate)) {
        Ok(result) => Some(result),
        Err(cause) if cause.is::<GaveUp>() => None,
        Err(cause) => resume_unwind(cause),
    }
}

/// Counts visits.
pub(super) struct Counter;

impl Counter {
    fn count() {
        match LEFT.get().checked_sub(1) {
            Some(left) => LEFT.set(left),
            None => resume_unwind(Box::new(GaveUp)),
        }
    }
}

impl<'i> Keyword<'i> for Counter {
    fn validate(&self, _: &'i Json) -> Result<(), ValidationError<'i>> {
        Self::count();
        Ok(())
    }

    fn is_valid(&self, _: &'i Json) -> bool {
        Self::count();
        true
    }
}

/// The schema with the counter in every object that may be a subschema with parts. It is the last of its `allOf`,
/// which the library looks at before it tries alternatives: so each visit that may branch is counted.
///
/// # Errors
/// A reference into data (`default`, `enum` …), where nothing is counted.
pub(super) fn counted(schema: &Json) -> Result<Json, String> {
    let Json::Object(members) = schema else { return counted_part(schema) };
    let mut counted = Map::with_capacity(members.len() + 1);
    let mut has_parts = false;
    for (name, value) in members {
        if let ("$ref" | "$dynamicRef" | "$recursiveRef", Json::String(target)) = (name.as_str(), value) {
            has_parts = true;
            if leads_into_data(target) {
                return Err(format!("the reference `{target}` leads into data, not to a schema"));
            }
        }
        let value = match value {
            _ if DATA.contains(&name.as_str()) => value.clone(),
            Json::Object(named) if MAPS.contains(&name.as_str()) => {
                has_parts = true;
                let each = named.iter().map(|(name, schema)| Ok((name.clone(), counted_part(schema)?)));
                Json::Object(each.collect::<Result<_, String>>()?)
            }
            value => {
                has_parts |= value.is_object() || value.as_array().is_some_and(|list| list.iter().any(Json::is_object));
                counted_part(value)?
            }
        };
        counted.insert(name.clone(), value);
    }
    if has_parts && let Json::Array(all) = counted.entry("allOf").or_insert_with(|| Json::Array(Vec::new())) {
        all.push(json!({ KEYWORD: true }));
    }
    Ok(Json::Object(counted))
}

fn counted_part(part: &Json) -> Result<Json, String> {
    match part {
        Json::Object(_) => counted(part),
        Json::Array(list) => list.iter().map(counted_part).collect(),
        other => Ok(other.clone()),
    }
}

fn leads_into_data(target: &str) -> bool {
    let Some((_, fragment)) = target.split_once('#') else { return false };
    let mut named = false;
    fragment.split('/').skip(1).map(decoded).any(|token| {
        let data = !named && DATA.contains(&token.as_str());
        named = !named && MAPS.contains(&token.as_str());
        data
    })
}

/// With `%XX` resolved, which could hide a word.
fn decoded(token: &str) -> String {
    let mut parts = token.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        text.extend(code.map(char::from));
        text.push_str(part.get(2..).unwrap_or_default());
    }
    text
}
