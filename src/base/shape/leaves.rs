//! The leaves of a file: text, switches, numbers, durations, sizes, percentages, and plain data.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Reader, Schemas, Shape, rules};
use crate::base::diagnostic::nearest;
use crate::base::duration::{NotReadable, Percent, parse_duration};
use crate::base::size::{Size, parse_size};
use crate::base::span::Spanned;
use crate::base::yaml::{Node, Tree};

impl Reader {
    /// The word among `known` that the node is; reports anything else.
    pub fn word<'w>(&mut self, node: &Node, known: &[&'w str]) -> Option<&'w str> {
        let Tree::Text(text) = &node.tree else {
            self.wrong_kind(node, &format!("one of {}", known.join(", ")));
            return None;
        };
        let found = known.iter().find(|word| **word == text.text).copied();
        if found.is_none() {
            let help = nearest(&text.text, known.iter().copied())
                .map_or_else(|| format!("one of {}", known.join(", ")), |meant| format!("did you mean `{meant}`?"));
            self.report(&rules::WORD, node.span, format!("unknown word `{}`", text.text)).help = Some(help);
        }
        found
    }

    fn in_form<T>(&mut self, node: &Node, read: Result<T, NotReadable>) -> Option<T> {
        read.map_err(|error| self.report(&rules::RANGE, node.span, error.0)).ok()
    }
}

/// A schema with the description of the key it stands at; a reference keeps its own apart.
pub fn described(kind: Json, about: &str) -> Json {
    match kind {
        Json::Object(mut members) if !members.contains_key("$ref") => {
            members.insert("description".to_owned(), json!(about));
            Json::Object(members)
        }
        other => json!({ "description": about, "allOf": [other] }),
    }
}

impl<T: Shape> Shape for Spanned<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        Some(Self::new(node.span, T::read(node, reader)?))
    }

    fn schema(schemas: &mut Schemas) -> Json {
        T::schema(schemas)
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Tree::List(nodes) = &node.tree else {
            reader.wrong_kind(node, "a list");
            return None;
        };
        Some(nodes.iter().filter_map(|node| T::read(node, reader)).collect())
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let items = T::schema(schemas);
        json!({ "type": "array", "items": items })
    }
}

impl Shape for String {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.tree {
            Tree::Text(text) => Some(text.text.clone()),
            Tree::Null | Tree::List(_) | Tree::Map(_) => {
                reader.wrong_kind(node, "text");
                None
            }
            Tree::Bool(_) | Tree::Number(_) => {
                let written = reader.source.slice(node.span).to_owned();
                reader.wrong_kind(node, "text").help = Some(format!("write \"{written}\""));
                None
            }
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "string" })
    }
}

impl Shape for bool {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Tree::Bool(value) = &node.tree {
            Some(*value)
        } else {
            reader.wrong_kind(node, "`true` or `false`");
            None
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "boolean" })
    }
}

impl Shape for u64 {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let number = match &node.tree {
            Tree::Number(number) => number.as_u64(),
            _ => None,
        };
        if number.is_none() {
            reader.wrong_kind(node, "a whole number");
        }
        number
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "integer", "minimum": 0 })
    }
}

impl Shape for u32 {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let number = u64::read(node, reader)?;
        let narrow = Self::try_from(number).ok();
        if narrow.is_none() {
            reader.report(&rules::RANGE, node.span, format!("{number} is too large"));
        }
        narrow
    }

    fn schema(schemas: &mut Schemas) -> Json {
        u64::schema(schemas)
    }
}

impl Shape for Duration {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.tree {
            Tree::Text(text) => {
                let read = parse_duration(&text.text);
                reader.in_form(node, read)
            }
            Tree::Number(number) if number.as_u64() == Some(0) => Some(Self::ZERO),
            Tree::Number(number) => {
                let message = format!("`{number}` is not a duration");
                reader.report(&rules::RANGE, node.span, message).help =
                    Some(format!("write the unit, for example `{number}ms` or `{number}s`"));
                None
            }
            _ => {
                reader.wrong_kind(node, "a duration such as `800ms` or `5m`");
                None
            }
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "anyOf": [{ "type": "string", "pattern": r"^(0|([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+)$" }, { "const": 0 }] })
    }
}

impl Shape for Size {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = match &node.tree {
            Tree::Text(text) => text.text.clone(),
            Tree::Number(number) => number.to_string(),
            _ => {
                reader.wrong_kind(node, "a size such as `1MiB`");
                return None;
            }
        };
        let read = parse_size(&text).map(Self);
        reader.in_form(node, read)
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(B|kB|MB|GB|KiB|MiB|GiB)$" },
        ] })
    }
}

impl Shape for Percent {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Tree::Text(text) = &node.tree else {
            reader.wrong_kind(node, "a percentage such as `99.5%`");
            return None;
        };
        let read = Self::parse(&text.text);
        reader.in_form(node, read)
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%$" })
    }
}

impl Shape for Json {
    fn read(node: &Node, _: &mut Reader) -> Option<Self> {
        Some(node.to_json())
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({})
    }
}

impl Shape for Node {
    fn read(node: &Node, _: &mut Reader) -> Option<Self> {
        Some(node.clone())
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({})
    }
}
