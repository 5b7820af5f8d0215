//! Filters of lists: how many, which one, cut and joined.

use serde_json::Value as Json;

use super::chain::{TEXT_BYTES_MAX, TOO_LONG};
use super::row::{Build, FilterDoc, of_text, of_value, perhaps_json, pure, some_number, some_text};
use crate::expectation::kinds::Kinds;
use crate::model::value::{Kind, Value};

pub(super) const COUNT: FilterDoc = FilterDoc {
    name: "count",
    arguments: "",
    signature: "L, O → I",
    about: "Counts the elements of a list or the members of an object.",
    example: ("[3, 1, 2]", "count", "3"),
    takes: &[Kind::List, Kind::Object],
    yields: some_number,
    build: |_| {
        Ok(of_value(|value| match value {
            Value::Json(Json::Array(items)) => Ok(Value::number(items.len())),
            Value::Json(Json::Object(members)) => Ok(Value::number(members.len())),
            other => Err(format!("expected a list or an object, found {}", other.kind().word())),
        }))
    },
};

pub(super) const FIRST: FilterDoc = FilterDoc {
    name: "first",
    arguments: "",
    signature: "L → element",
    about: "Takes the first element of a list; of an empty list it is missing.",
    example: (r#"["a", "b"]"#, "first", r#""a""#),
    takes: &[Kind::List],
    yields: perhaps_json,
    build: |_| Ok(element(0)),
};

pub(super) const LAST: FilterDoc = FilterDoc {
    name: "last",
    arguments: "",
    signature: "L → element",
    about: "Takes the last element of a list; of an empty list it is missing.",
    example: (r#"["a", "b"]"#, "last", r#""b""#),
    takes: &[Kind::List],
    yields: perhaps_json,
    build: |_| Ok(element(-1)),
};

pub(super) const NTH: FilterDoc = FilterDoc {
    name: "nth",
    arguments: "N",
    signature: "L → element",
    about: "Takes the element at position N, counted from 0, or from the end if N is negative; outside the list it is missing.",
    example: ("[10, 20, 30]", "nth -2", "20"),
    takes: &[Kind::List],
    yields: perhaps_json,
    build: |arguments| {
        let [position, ..] = arguments else { return Ok(element(0)) };
        let number = position.text.parse::<i64>().map_err(|_| {
            position
                .error(format!("`{}` is not a position", position.text))
                .help("write an integer, for example `nth 0`")
        })?;
        Ok(element(number))
    },
};

fn element(position: i64) -> super::row::Built {
    pure(move |value| {
        let Value::Json(Json::Array(mut items)) = value else {
            return Err(format!("expected a list, found {}", value.kind().word()));
        };
        let distance = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
        let index = if position >= 0 { Some(distance) } else { items.len().checked_sub(distance) };
        Ok(index.filter(|index| *index < items.len()).map(|index| Value::Json(items.swap_remove(index))))
    })
}

pub(super) const SPLIT: FilterDoc = FilterDoc {
    name: "split",
    arguments: "SEP",
    signature: "T → L",
    about: "Cuts a text at every SEP into a list of texts.",
    example: (r#""a, b, c""#, "split ', '", r#"["a", "b", "c"]"#),
    takes: &[Kind::Text],
    yields: |_| Kinds::of([Kind::List]),
    build: |arguments| -> Build {
        let separator = super::text::not_empty(arguments.first(), "the separator")?;
        Ok(of_text(move |text| Ok(Value::Json(text.split(separator.as_str()).map(Json::from).collect()))))
    },
};

pub(super) const JOIN: FilterDoc = FilterDoc {
    name: "join",
    arguments: "SEP",
    signature: "L → T",
    about: "Joins the text forms of the elements with SEP between them; null, a list or an object inside is an error.",
    example: (r#"["a", 1, true]"#, "join -", r#""a-1-true""#),
    takes: &[Kind::List],
    yields: some_text,
    build: |arguments| {
        let separator = arguments.first().map(|argument| argument.text.clone()).unwrap_or_default();
        Ok(of_value(move |value| {
            let Value::Json(Json::Array(items)) = value else {
                return Err(format!("expected a list, found {}", value.kind().word()));
            };
            let mut joined = String::new();
            for (at, item) in items.into_iter().enumerate() {
                if at > 0 {
                    joined.push_str(&separator);
                }
                let item = Value::Json(item);
                match item.kind() {
                    Kind::Null | Kind::List | Kind::Object => {
                        return Err(format!("element {at} is {}, which cannot be joined", item.kind().word()));
                    }
                    _ => joined.push_str(&item.to_text().unwrap_or_default()),
                }
                if joined.len() > TEXT_BYTES_MAX {
                    return Err(TOO_LONG.to_owned());
                }
            }
            Ok(Value::text(joined))
        }))
    },
};
