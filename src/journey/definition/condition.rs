//! `expect` and its relatives: selectors on the left, conditions on the right, everything with its place.

use serde_json::Value as Json;

use super::rules;
use crate::base::diagnostic::nearest;
use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::span::{Span, Spanned};
use crate::base::yaml::{Entry, Node, Tree};
use crate::expectation::condition::{Condition, MATCHERS, Order, TypeWord};
use crate::expectation::selector::Selector;
use crate::template::Data;

/// A condition as written: arguments with templates, schemas by path or inline.
pub type Written = Condition<Spanned<Data>, SchemaSource>;

/// Where a JSON Schema comes from.
#[derive(Clone, Debug)]
pub enum SchemaSource {
    /// A path in the package.
    File(Spanned<String>),
    Inline(Spanned<Json>),
}

/// One line of an `expect` map.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The key as written.
    pub key: Spanned<String>,
    pub selector: Selector,
    pub condition: Written,
    /// Where the condition stands.
    pub span: Span,
}

/// A map of selectors and conditions, in written order; never empty.
#[derive(Clone, Debug)]
pub struct Conditions(pub Vec<Expectation>);

impl Shape for Conditions {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let entries = Entries::<Node>::read(node, reader)?;
        if entries.0.is_empty() {
            reader.report(&rules::EMPTY, node.span, "an empty map of expectations says nothing").help =
                Some("leave the key out, or write for example `status: 200`".to_owned());
            return None;
        }
        let mut conditions = Vec::with_capacity(entries.0.len());
        for (key, value) in entries.0 {
            let selector = selector(&key, reader);
            let condition = condition(&value, reader);
            if let (Some(selector), Some(condition)) = (selector, condition) {
                conditions.push(Expectation { key, selector, condition, span: value.span });
            }
        }
        Some(Self(conditions))
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let condition = schema(schemas);
        serde_json::json!({ "type": "object", "minProperties": 1, "additionalProperties": condition })
    }
}

/// Reads a selector that stands as a key or a value; mistakes point into its text.
pub fn selector(text: &Spanned<String>, reader: &mut Reader) -> Option<Selector> {
    match Selector::parse(&text.value) {
        Ok(selector) => Some(selector),
        Err(error) => {
            let verbatim = reader.source.verbatim(text.span, &text.value);
            let span = verbatim.map_or(text.span, |text| text.within(error.offset, error.length));
            let problem = reader.report(&rules::SELECTOR, span, error.message);
            problem.help = error.help;
            None
        }
    }
}

/// Reads a condition: a map is matchers, anything else a literal to be equal to.
pub fn condition(node: &Node, reader: &mut Reader) -> Option<Written> {
    let Tree::Map(entries) = &node.tree else {
        return Some(Condition::Equals(literal(node, reader)?));
    };
    if entries.is_empty() {
        let problem = reader.report(&rules::EMPTY, node.span, "an empty map is no condition");
        problem.help = Some("write a literal map as `{ equals: {} }`".to_owned());
        return None;
    }
    let read: Vec<_> = entries.iter().map(|entry| matcher(entry, reader)).collect();
    let mut parts = read.into_iter().collect::<Option<Vec<_>>>()?;
    Some(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
}

fn matcher(entry: &Entry, reader: &mut Reader) -> Option<Written> {
    let argument = &entry.value;
    let boxed = |reader: &mut Reader| condition(argument, reader).map(Box::new);
    Some(match entry.key.value.as_str() {
        "equals" => Condition::Equals(literal(argument, reader)?),
        "not" => Condition::Not(boxed(reader)?),
        "any" => Condition::Any(list(argument, reader, condition)?),
        "all" => Condition::All(list(argument, reader, condition)?),
        "lt" => Condition::Compare(Order::Lt, literal(argument, reader)?),
        "lte" => Condition::Compare(Order::Lte, literal(argument, reader)?),
        "gt" => Condition::Compare(Order::Gt, literal(argument, reader)?),
        "gte" => Condition::Compare(Order::Gte, literal(argument, reader)?),
        "in" if matches!(argument.tree, Tree::List(_)) => Condition::In(list(argument, reader, literal)?),
        "in" => {
            let data = literal(argument, reader)?;
            if data.value.constant().is_some() {
                reader.wrong_kind(argument, "a list of literals, or a template that yields a list");
                return None;
            }
            Condition::InList(data)
        }
        "contains" => Condition::Contains(literal(argument, reader)?),
        "starts-with" => Condition::StartsWith(text(argument, reader)?),
        "ends-with" => Condition::EndsWith(text(argument, reader)?),
        "matches" => Condition::Matches(text(argument, reader)?),
        "exists" => Condition::Exists(bool::read(argument, reader)?),
        "empty" => Condition::Empty(bool::read(argument, reader)?),
        "length" => Condition::Length(boxed(reader)?),
        "each" => Condition::Each(boxed(reader)?),
        "some" => Condition::Some(boxed(reader)?),
        "type" => Condition::Type(types(argument, reader)?),
        "like" => Condition::Like(literal(argument, reader)?),
        "schema" => Condition::Schema(schema_source(argument, reader)?),
        unknown => {
            let meant = nearest(unknown, MATCHERS.iter().copied());
            let problem = reader.report(&rules::CONDITION, entry.key.span, format!("unknown matcher `{unknown}`"));
            problem.help = Some(meant.map_or_else(
                || {
                    "a map is always matchers; compare with a map by `{ equals: { … } }` or `{ like: { … } }`"
                        .to_owned()
                },
                |meant| format!("did you mean `{meant}`?"),
            ));
            return None;
        }
    })
}

fn literal(node: &Node, reader: &mut Reader) -> Option<Spanned<Data>> {
    Some(Spanned::new(node.span, Data::read(node, reader)?))
}

fn text(node: &Node, reader: &mut Reader) -> Option<Spanned<Data>> {
    if matches!(node.tree, Tree::Text(_)) {
        return literal(node, reader);
    }
    reader.wrong_kind(node, "text");
    None
}

/// A list that is not empty; every element is read, so that all its problems are found.
fn list<T>(node: &Node, reader: &mut Reader, read: fn(&Node, &mut Reader) -> Option<T>) -> Option<Vec<T>> {
    let Tree::List(nodes) = &node.tree else {
        reader.wrong_kind(node, "a list");
        return None;
    };
    if nodes.is_empty() {
        reader.report(&rules::EMPTY, node.span, "an empty list can never hold").help =
            Some("list at least one; an empty list as a value is written `{ equals: [] }`".to_owned());
        return None;
    }
    let parts: Vec<_> = nodes.iter().map(|node| read(node, reader)).collect();
    parts.into_iter().collect()
}

fn types(node: &Node, reader: &mut Reader) -> Option<Vec<TypeWord>> {
    let one = |node: &Node, reader: &mut Reader| {
        let word = match &node.tree {
            Tree::Null => "null",
            Tree::Text(text) => &text.text,
            _ => "",
        };
        let found = TypeWord::parse(word);
        if found.is_none() {
            let words: Vec<_> = TypeWord::ALL.iter().map(|word| word.word()).collect();
            let help = nearest(word, words.iter().copied())
                .map_or_else(|| format!("one of {}", words.join(", ")), |meant| format!("did you mean `{meant}`?"));
            reader.report(&rules::CONDITION, node.span, format!("unknown type `{word}`")).help = Some(help);
        }
        found
    };
    match &node.tree {
        Tree::List(_) => list(node, reader, one),
        _ => Some(vec![one(node, reader)?]),
    }
}

fn schema_source(node: &Node, reader: &mut Reader) -> Option<SchemaSource> {
    match &node.tree {
        Tree::Text(_) => Shape::read(node, reader).map(SchemaSource::File),
        Tree::Map(_) | Tree::Bool(_) => Some(SchemaSource::Inline(Spanned::new(node.span, node.to_json()))),
        _ => {
            reader.wrong_kind(node, "a path in the package, or a schema (a map or a boolean)");
            None
        }
    }
}

/// The editor schema of a condition, defined once and referred to.
fn schema(schemas: &mut Schemas) -> Json {
    schemas.define("Condition", |_| {
        let this = serde_json::json!({ "$ref": "#/definitions/Condition" });
        let mut matchers = serde_json::Map::new();
        for name in MATCHERS {
            let argument = match *name {
                "not" | "length" | "each" | "some" => this.clone(),
                "any" | "all" => serde_json::json!({ "type": "array", "minItems": 1, "items": this }),
                "starts-with" | "ends-with" | "matches" => serde_json::json!({ "type": "string" }),
                "exists" | "empty" => serde_json::json!({ "type": "boolean" }),
                "in" => serde_json::json!({ "type": ["array", "string"] }),
                "type" => {
                    let words: Vec<_> = TypeWord::ALL.iter().map(|word| word.word()).collect();
                    let word = serde_json::json!({ "enum": words });
                    serde_json::json!({ "anyOf": [word, { "type": "null" }, { "type": "array", "items": word }] })
                }
                "schema" => serde_json::json!({ "type": ["string", "object", "boolean"] }),
                _ => serde_json::json!({}),
            };
            matchers.insert((*name).to_owned(), argument);
        }
        serde_json::json!({ "description": "A literal to be equal to, or a map of matchers that must all hold", "anyOf": [
            { "type": ["string", "number", "boolean", "array", "null"] },
            { "type": "object", "minProperties": 1, "additionalProperties": false, "properties": matchers },
        ] })
    })
}
