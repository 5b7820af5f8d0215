//! Filters between text and JSON data.

use serde_json::Value as Json;

use super::row::{Build, FilterDoc, of_text, quoted, scoped};
use crate::base::secret::Labelled;
use crate::expectation::jsonpath::{Found, JsonPath};
use crate::expectation::kinds::Kinds;
use crate::model::value::{Kind, Value};

pub(super) const JSON: FilterDoc = FilterDoc {
    name: "json",
    arguments: "",
    signature: "T → value",
    about: "Parses JSON text. To write JSON, use `to-string`.",
    example: (r#""{\"a\": [1]}""#, "json", r#"{"a": [1]}"#),
    takes: &[Kind::Text],
    yields: |_| Kinds::json(),
    build: |_| Ok(of_text(|text| parse(text).map(Value::Json))),
};

pub(super) const JSONPATH: FilterDoc = FilterDoc {
    name: "jsonpath",
    arguments: "PATH",
    signature: "any JSON value, or T holding JSON → value",
    about: "Follows a JSON path: one that can name only one node yields it or is missing, every other yields a list. Text is parsed as JSON first.",
    example: (r#"[{"id": 1, "on": false}, {"id": 2, "on": true}]"#, "jsonpath $[?@.on == true].id", "[2]"),
    takes: &[Kind::Null, Kind::Boolean, Kind::Number, Kind::Text, Kind::List, Kind::Object],
    yields: |_| Kinds::json().or_missing(),
    build: jsonpath,
};

fn jsonpath(arguments: &[super::lexer::Argument]) -> Build {
    let Some(argument) = arguments.first() else { return Ok(of_text(|text| parse(text).map(Value::Json))) };
    let path = JsonPath::parse(&argument.text).map_err(|error| {
        let placed = argument.error_at(error.offset, error.length, error.message);
        match error.help {
            Some(help) => placed.help(help),
            None => placed,
        }
    })?;
    let place = |range: &std::ops::Range<usize>| match argument.verbatim() {
        Some(start) => start + range.start..start + range.end,
        None => argument.range.clone(),
    };
    let names = path.names().iter().map(|(name, range)| (name.clone(), place(range))).collect();
    let mut built = scoped(move |value, scope| {
        let json = match value {
            Value::Json(Json::String(text)) => parse(&text)?,
            Value::Json(json) => json,
            other => return Err(format!("expected JSON, found {}", other.kind().word())),
        };
        let (found, label) = path.select(&json, scope).map_err(|error| error.to_string())?;
        let found = match found {
            Found::One(node) => node.cloned(),
            Found::Many(nodes) => Some(nodes.into_iter().cloned().collect()),
        };
        Ok(found.map(|json| Labelled::new(Value::Json(json), label)))
    });
    built.names = names;
    Ok(built)
}

fn parse(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|error| format!("the text {} is not JSON: {error}", quoted(text)))
}
