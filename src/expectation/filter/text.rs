//! Filters of text as such.

use super::chain::{TEXT_BYTES_MAX, TOO_LONG};
use super::lexer::Argument;
use super::row::{FilterDoc, of_text, of_value, some_text};
use crate::base::syntax::SyntaxError;
use crate::model::value::{Kind, Value};

pub(super) const REPLACE: FilterDoc = FilterDoc {
    name: "replace",
    arguments: "OLD NEW",
    signature: "T → T",
    about: "Replaces every literal occurrence of OLD by NEW.",
    example: (r#""2026-11-22""#, "replace - ''", r#""20261122""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |arguments| {
        let old = not_empty(arguments.first(), "the text to replace")?;
        let new = arguments.get(1).map(|argument| argument.text.clone()).unwrap_or_default();
        Ok(of_text(move |text| {
            let growth = new.len().saturating_sub(old.len());
            if growth > 0 && text.len() / old.len() > TEXT_BYTES_MAX / growth {
                let found = text.matches(old.as_str()).count();
                if found.saturating_mul(growth).saturating_add(text.len()) > TEXT_BYTES_MAX {
                    return Err(TOO_LONG.to_owned());
                }
            }
            Ok(Value::text(text.replace(old.as_str(), &new)))
        }))
    },
};

pub(super) const LOWER: FilterDoc = FilterDoc {
    name: "lower",
    arguments: "",
    signature: "T → T",
    about: "Turns all letters into small ones, by the Unicode mapping.",
    example: (r#""ÄB c""#, "lower", r#""äb c""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |_| Ok(of_text(|text| Ok(Value::text(text.to_lowercase())))),
};

pub(super) const UPPER: FilterDoc = FilterDoc {
    name: "upper",
    arguments: "",
    signature: "T → T",
    about: "Turns all letters into capitals, by the Unicode mapping.",
    example: (r#""Straße""#, "upper", r#""STRASSE""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |_| Ok(of_text(|text| Ok(Value::text(text.to_uppercase())))),
};

pub(super) const TRIM: FilterDoc = FilterDoc {
    name: "trim",
    arguments: "",
    signature: "T → T",
    about: "Removes the white space at both ends.",
    example: (r#""  a b\n""#, "trim", r#""a b""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |_| Ok(of_text(|text| Ok(Value::text(text.trim())))),
};

pub(super) const TO_STRING: FilterDoc = FilterDoc {
    name: "to-string",
    arguments: "",
    signature: "any → T",
    about: "Makes the text form of any value: JSON for lists and objects, RFC 3339 for times; null has none and is an error.",
    example: (r#"{"a": [1, 2.50]}"#, "to-string", r#""{\"a\":[1,2.5]}""#),
    // Null is taken so that the message can say what is wrong with it.
    takes: &[
        Kind::Null,
        Kind::Boolean,
        Kind::Number,
        Kind::Text,
        Kind::List,
        Kind::Object,
        Kind::Time,
        Kind::Duration,
        Kind::Size,
        Kind::Bytes,
    ],
    yields: some_text,
    build: |_| Ok(of_value(|value| value.to_text().map(Value::text).ok_or_else(|| "null has no text form".to_owned()))),
};

/// The text of an argument that must not be empty.
pub(super) fn not_empty(argument: Option<&Argument>, what: &str) -> Result<String, SyntaxError> {
    match argument {
        Some(argument) if argument.text.is_empty() => Err(argument.error(format!("{what} is empty"))),
        Some(argument) => Ok(argument.text.clone()),
        None => Ok(String::new()),
    }
}
