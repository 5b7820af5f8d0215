//! What a template yields and a selector finds: JSON data, and the few kinds that JSON lacks.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value as Json;

use crate::base::duration::format_duration;
use crate::base::time::Timestamp;

/// A present value. A missing one is `None` around it, never a kind of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Null, boolean, number, text, list or object.
    Json(Json),
    Time(Timestamp),
    Duration(Duration),
    /// A number of bytes.
    Size(u64),
    Bytes(Vec<u8>),
}

/// The kinds people see in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
    Time,
    Duration,
    Size,
    Bytes,
}

impl Kind {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Text => "text",
            Self::List => "list",
            Self::Object => "object",
            Self::Time => "time",
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Bytes => "bytes",
        }
    }
}

impl Value {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Json(Json::String(text.into()))
    }

    pub fn number(number: impl Into<serde_json::Number>) -> Self {
        Self::Json(Json::Number(number.into()))
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Json(Json::Null) => Kind::Null,
            Self::Json(Json::Bool(_)) => Kind::Boolean,
            Self::Json(Json::Number(_)) => Kind::Number,
            Self::Json(Json::String(_)) => Kind::Text,
            Self::Json(Json::Array(_)) => Kind::List,
            Self::Json(Json::Object(_)) => Kind::Object,
            Self::Time(_) => Kind::Time,
            Self::Duration(_) => Kind::Duration,
            Self::Size(_) => Kind::Size,
            Self::Bytes(_) => Kind::Bytes,
        }
    }

    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Json(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The text that stands for the value inside other text; none for null.
    #[must_use]
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Json(Json::Null) => return None,
            Self::Json(Json::String(text)) => Cow::Borrowed(text),
            Self::Json(Json::Bool(true)) => Cow::Borrowed("true"),
            Self::Json(Json::Bool(false)) => Cow::Borrowed("false"),
            Self::Json(Json::Number(number)) => Cow::Owned(number_text(number)),
            Self::Json(json) => Cow::Owned(json.to_string()),
            Self::Time(time) => Cow::Owned(time.rfc3339_seconds()),
            Self::Duration(duration) => Cow::Owned(format_duration(*duration)),
            Self::Size(bytes) => Cow::Owned(bytes.to_string()),
            Self::Bytes(bytes) => Cow::Owned(hexadecimal(bytes)),
        })
    }

    /// The value as JSON data: the kinds that JSON lacks in their text form, sizes as numbers.
    #[must_use]
    pub fn into_json(self) -> Json {
        match self {
            Self::Json(json) => json,
            Self::Size(bytes) => Json::from(bytes),
            other => other.to_text().map_or(Json::Null, |text| Json::String(text.into_owned())),
        }
    }
}

/// The shortest decimal that reads back equal; integers without a point (`1.0` is `1`).
#[must_use]
pub fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_forms() {
        for (value, text) in [
            (Value::Json(json!(1.0)), Some("1")),
            (Value::Json(json!(0.1)), Some("0.1")),
            (Value::Json(json!(true)), Some("true")),
            (Value::Json(json!({"b": [1, "x"], "a": null})), Some(r#"{"b":[1,"x"],"a":null}"#)),
            (Value::Json(Json::Null), None),
            (Value::Duration(Duration::from_millis(812)), Some("812ms")),
            (Value::Bytes(vec![0xde, 0xad]), Some("dead")),
            (Value::Size(12), Some("12")),
        ] {
            assert_eq!(value.to_text().as_deref(), text, "{value:?}");
        }
    }
}
