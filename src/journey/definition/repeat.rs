//! What happens again or is taken along: `retry`, `for`, `keep`.

use std::time::Duration;

use serde_json::Value as Json;

use super::condition::{Conditions, selector};
use super::rules;
use crate::base::shape;
use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::span::{Span, Spanned};
use crate::base::yaml::{Node, Tree};
use crate::expectation::selector::Selector;
use crate::template::Data;

shape! {
    /// Repeats the step until what it expects holds.
    pub struct Retry {
        /// Pause between attempts; default 1s.
        every: optional Spanned<Duration>,
        /// No attempt starts later than this after the first one started.
        for_time: optional Spanned<Duration> as "for",
        /// Attempts in total, the first included; at least 2.
        times: optional Spanned<u32>,
        /// If all of this holds for an attempt, the step has failed at once.
        unless: optional Conditions,
    }
}

/// `for: { NAME: LIST, max: N }`.
#[derive(Clone, Debug)]
pub struct ForEach {
    pub span: Span,
    pub name: Spanned<String>,
    pub list: Spanned<Data>,
    pub max: Spanned<u32>,
}

impl Shape for ForEach {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let (mut item, mut max) = (None, None);
        for (key, value) in Entries::<Node>::read(node, reader)?.0 {
            if key.value == "max" {
                max = Some(Spanned::<u32>::read(&value, reader)?);
            } else if item.is_some() {
                reader.report(&rules::VALUE, key.span, "`for` goes through one list").help =
                    Some("write `for: { NAME: LIST, max: N }`".to_owned());
                return None;
            } else {
                item = Some((key, Spanned::new(value.span, Data::read(&value, reader)?)));
            }
        }
        let (Some((name, list)), Some(max)) = (item, max) else {
            reader.report(&rules::VALUE, node.span, "`for` needs a name with its list, and `max`").help =
                Some("for example `for: { booking: ${bookings}, max: 20 }`".to_owned());
            return None;
        };
        Some(Self { span: node.span, name, list, max })
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let max = u32::schema(schemas);
        serde_json::json!({ "type": "object", "required": ["max"], "minProperties": 2, "maxProperties": 2,
            "properties": { "max": max } })
    }
}

/// One entry of `keep`.
#[derive(Clone, Debug)]
pub struct Keep {
    pub name: Spanned<String>,
    pub from: Spanned<Selector>,
    pub secret: bool,
    pub default: Option<Spanned<Data>>,
}

shape! {
    /// A kept value in its long form.
    pub struct KeepForm {
        /// Selector of the value.
        from: required Spanned<String>,
        /// Labelled with the host it came from, and masked everywhere.
        secret: default(false) bool,
        /// Value used if the selection is missing.
        default_value: optional Spanned<Data> as "default",
    }
}

/// `keep`, in written order.
#[derive(Clone, Debug, Default)]
pub struct Keeps(pub Vec<Keep>);

impl Shape for Keeps {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let mut keeps = Self::default();
        for (name, value) in Entries::<Node>::read(node, reader)?.0 {
            let form = match &value.tree {
                Tree::Map(_) => KeepForm::read(&value, reader),
                _ => Spanned::<String>::read(&value, reader).map(|from| KeepForm {
                    span: value.span,
                    from,
                    secret: false,
                    default_value: None,
                }),
            };
            let Some(form) = form else { continue };
            let Some(from) = selector(&form.from, reader) else { continue };
            let from = Spanned::new(form.from.span, from);
            keeps.0.push(Keep { name, from, secret: form.secret, default: form.default_value });
        }
        Some(keeps)
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let long = KeepForm::schema(schemas);
        serde_json::json!({ "type": "object", "additionalProperties": {
            "anyOf": [{ "type": "string", "description": "Selector of the value" }, long] } })
    }
}
