//! Makes a condition ready: arguments checked against their matchers, regular expressions compiled once.

use std::sync::Arc;

use regex::Regex;
use serde_json::Value as Json;

use super::JudgeError;
use crate::expectation::condition::Condition;
use crate::expectation::filter::regex::compile;
use crate::expectation::schema::Schema;

/// The argument of a matcher.
#[derive(Clone, Debug)]
pub(super) enum Literal {
    Data(Json),
    Pattern(Regex),
}

pub(super) type Ready = Condition<Literal, Arc<Schema>>;

impl Literal {
    /// The data; a pattern has none to compare with.
    pub(super) fn data(&self) -> &Json {
        match self {
            Self::Data(json) => json,
            Self::Pattern(_) => &Json::Null,
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Data(json) => json.as_str().unwrap_or_default(),
            Self::Pattern(regex) => regex.as_str(),
        }
    }
}

pub(super) fn make(condition: Condition<Json, Arc<Schema>>) -> Result<Ready, JudgeError> {
    build(condition, &mut Vec::new())
}

fn build(condition: Condition<Json, Arc<Schema>>, path: &mut Vec<&'static str>) -> Result<Ready, JudgeError> {
    path.push(condition.name());
    let ready = match condition {
        Condition::Equals(argument) => Condition::Equals(Literal::Data(argument)),
        Condition::Not(inner) => Condition::Not(boxed(*inner, path)?),
        Condition::Any(parts) => Condition::Any(all(parts, path)?),
        Condition::All(parts) => {
            // A map of several matchers is an `all` that nobody wrote: it has no place in the path.
            path.pop();
            return Ok(Condition::All(all(parts, path)?));
        }
        Condition::Compare(order, argument) => Condition::Compare(order, Literal::Data(argument)),
        Condition::In(list) => Condition::In(list.into_iter().map(Literal::Data).collect()),
        Condition::InList(argument) => match argument {
            Json::Array(list) => Condition::In(list.into_iter().map(Literal::Data).collect()),
            other => {
                return Err(JudgeError::new(path, format!("the argument is {}, not a list", article(&other))));
            }
        },
        Condition::Contains(argument) => Condition::Contains(Literal::Data(argument)),
        Condition::StartsWith(argument) => Condition::StartsWith(Literal::Data(text(argument, path)?.into())),
        Condition::EndsWith(argument) => Condition::EndsWith(Literal::Data(text(argument, path)?.into())),
        Condition::Matches(argument) => {
            let source = text(argument, path)?;
            let regex = compile(&source).map_err(|error| JudgeError::new(path, error.message).help(error.help))?;
            Condition::Matches(Literal::Pattern(regex))
        }
        Condition::Exists(wanted) => Condition::Exists(wanted),
        Condition::Empty(wanted) => Condition::Empty(wanted),
        Condition::Length(inner) => Condition::Length(boxed(*inner, path)?),
        Condition::Each(inner) => Condition::Each(boxed(*inner, path)?),
        Condition::Some(inner) => Condition::Some(boxed(*inner, path)?),
        Condition::Type(words) => Condition::Type(words),
        Condition::Like(argument) => Condition::Like(Literal::Data(argument)),
        Condition::Schema(schema) => Condition::Schema(schema),
    };
    path.pop();
    Ok(ready)
}

fn boxed(inner: Condition<Json, Arc<Schema>>, path: &mut Vec<&'static str>) -> Result<Box<Ready>, JudgeError> {
    build(inner, path).map(Box::new)
}

fn all(parts: Vec<Condition<Json, Arc<Schema>>>, path: &mut Vec<&'static str>) -> Result<Vec<Ready>, JudgeError> {
    parts.into_iter().map(|part| build(part, path)).collect()
}

fn text(argument: Json, path: &[&str]) -> Result<String, JudgeError> {
    match argument {
        Json::String(text) => Ok(text),
        other => Err(JudgeError::new(path, format!("the argument is {}, not text", article(&other)))
            .help(Some("put it in quotes"))),
    }
}

/// What a JSON value is, for messages.
pub(super) fn article(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
