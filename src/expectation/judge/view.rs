//! A value as the judge looks at it: borrowed, whether it stands alone or inside a list.

use std::time::Duration;

use serde_json::Value as Json;

use crate::base::time::Timestamp;
use crate::model::value::{Kind, Value};

/// A borrowed [`Value`]; elements of lists are JSON and need no copy to become one.
#[derive(Clone, Copy)]
pub(super) enum View<'v> {
    Json(&'v Json),
    /// A length, which stands nowhere in the value.
    Count(usize),
    Time(Timestamp),
    Duration(Duration),
    Size(u64),
    Bytes(&'v [u8]),
}

impl<'v> From<&'v Value> for View<'v> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::Json(json) => Self::Json(json),
            Value::Time(time) => Self::Time(*time),
            Value::Duration(duration) => Self::Duration(*duration),
            Value::Size(bytes) => Self::Size(*bytes),
            Value::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

impl<'v> View<'v> {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Json(json) => kind_of(json),
            Self::Count(_) => Kind::Number,
            Self::Time(_) => Kind::Time,
            Self::Duration(_) => Kind::Duration,
            Self::Size(_) => Kind::Size,
            Self::Bytes(_) => Kind::Bytes,
        }
    }

    pub(super) fn text(self) -> Option<&'v str> {
        match self {
            Self::Json(json) => json.as_str(),
            _ => None,
        }
    }

    pub(super) fn list(self) -> Option<&'v [Json]> {
        match self {
            Self::Json(Json::Array(list)) => Some(list),
            _ => None,
        }
    }

    /// Characters, bytes, elements or members; none where nothing can be counted.
    pub(super) fn length(self) -> Option<usize> {
        match self {
            Self::Json(Json::String(text)) => Some(text.chars().count()),
            Self::Json(Json::Array(list)) => Some(list.len()),
            Self::Json(Json::Object(members)) => Some(members.len()),
            Self::Bytes(bytes) => Some(bytes.len()),
            _ => None,
        }
    }

    pub(super) fn to_value(self) -> Value {
        match self {
            Self::Json(json) => Value::Json(json.clone()),
            Self::Count(count) => Value::number(count),
            Self::Time(time) => Value::Time(time),
            Self::Duration(duration) => Value::Duration(duration),
            Self::Size(bytes) => Value::Size(bytes),
            Self::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        }
    }
}

pub(super) fn kind_of(json: &Json) -> Kind {
    match json {
        Json::Null => Kind::Null,
        Json::Bool(_) => Kind::Boolean,
        Json::Number(_) => Kind::Number,
        Json::String(_) => Kind::Text,
        Json::Array(_) => Kind::List,
        Json::Object(_) => Kind::Object,
    }
}
