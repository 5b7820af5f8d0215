//! One description of every map that people write: from it come the reader, its messages and the editor schema.

mod leaves;
mod macros;
pub mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::diagnostic::{Diagnostic, Rule, nearest};
use super::span::{Source, Span, Spanned};
use super::yaml::{Node, Tree};
pub use leaves::described;
pub(crate) use macros::{shape, words};

/// A part of a file that knows how to be read and how to describe itself to an editor.
pub trait Shape: Sized {
    /// Reads the node; what is wrong goes to the reader. None if there is nothing to go on with.
    fn read(node: &Node, reader: &mut Reader) -> Option<Self>;

    /// Its JSON Schema, draft 7.
    fn schema(schemas: &mut Schemas) -> Json;
}

/// Collects what is wrong with one source while its nodes are read.
pub struct Reader {
    pub source: Arc<Source>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Reader {
    #[must_use]
    pub fn new(source: Arc<Source>) -> Self {
        Self { source, diagnostics: Vec::new() }
    }

    /// Notes a problem; the answer is the note, to add help to.
    pub fn report(&mut self, rule: &'static Rule, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let index = self.diagnostics.len();
        self.diagnostics.push(Diagnostic::new(rule, &self.source, span, message));
        &mut self.diagnostics[index]
    }

    /// The node is not what its place asks for; `wanted` completes "expected …".
    pub fn wrong_kind(&mut self, node: &Node, wanted: &str) -> &mut Diagnostic {
        let message = format!("expected {wanted}, found {}", node.describe());
        self.report(&rules::KIND, node.span, message)
    }

    /// A key that this map does not have.
    pub fn unknown_key(&mut self, key: &Spanned<String>, known: &[&str]) -> &mut Diagnostic {
        let help = match nearest(&key.value, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known keys: {}", known.join(", ")),
        };
        let problem = self.report(&rules::UNKNOWN_KEY, key.span, format!("unknown key `{}`", key.value));
        problem.help = Some(help);
        problem
    }

    /// None, after a report, unless the node is a map; `wanted` completes "expected …".
    pub fn expect_map(&mut self, node: &Node, wanted: &str) -> Option<()> {
        if matches!(node.tree, Tree::Map(_)) {
            return Some(());
        }
        self.wrong_kind(node, wanted);
        None
    }
}

/// The entries of a map whose keys are free, in written order.
#[derive(Clone, Debug)]
pub struct Entries<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Entries<T> {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }
}

impl<T: Shape> Shape for Entries<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        reader.expect_map(node, "a map")?;
        let Tree::Map(entries) = &node.tree else { return None };
        let read = entries.iter().filter_map(|entry| Some((entry.key.clone(), T::read(&entry.value, reader)?)));
        Some(Self(read.collect()))
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let value = T::schema(schemas);
        serde_json::json!({ "type": "object", "additionalProperties": value })
    }
}

/// The named parts of an editor schema, each defined once.
#[derive(Default)]
pub struct Schemas {
    definitions: BTreeMap<String, Json>,
}

impl Schemas {
    /// A reference to the definition `name`, which is made by `describe` at its first use.
    pub fn define(&mut self, name: &str, describe: impl FnOnce(&mut Self) -> Json) -> Json {
        if !self.definitions.contains_key(name) {
            // Entered first, so that a definition may refer to itself.
            self.definitions.insert(name.to_owned(), Json::Null);
            let described = describe(self);
            self.definitions.insert(name.to_owned(), described);
        }
        serde_json::json!({ "$ref": format!("#/definitions/{name}") })
    }

    /// What is defined under a name; null if nothing is.
    #[must_use]
    pub fn definition(&self, name: &str) -> Json {
        self.definitions.get(name).cloned().unwrap_or_default()
    }

    /// The complete schema of a `T`.
    #[must_use]
    pub fn document<T: Shape>(title: &str) -> Json {
        let mut schemas = Self::default();
        let root = T::schema(&mut schemas);
        serde_json::json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": title,
            "allOf": [root],
            "definitions": schemas.definitions,
        })
    }
}

/// A map being read field by field; made by [`shape!`].
pub struct Fields<'n> {
    node: &'n Node,
}

impl<'n> Fields<'n> {
    /// None, after a report, unless the node is a map. Reports every key that is not known.
    pub fn new(node: &'n Node, known: &[&str], reader: &mut Reader) -> Option<Self> {
        reader.expect_map(node, "a map")?;
        if let Tree::Map(entries) = &node.tree {
            for entry in entries {
                if !known.contains(&entry.key.value.as_str()) {
                    reader.unknown_key(&entry.key, known);
                }
            }
        }
        Some(Self { node })
    }

    fn find(&self, key: &str) -> Option<&'n Node> {
        match &self.node.tree {
            Tree::Map(entries) => entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// Reads a key that must be there.
    pub fn required<T: Shape>(&self, key: &str, reader: &mut Reader) -> Option<T> {
        let Some(node) = self.find(key) else {
            let start = self.node.span.start as usize;
            let line = reader.source.text.get(start..).map_or(1, |rest| rest.find('\n').unwrap_or(rest.len()));
            let first_line = self.node.span.within(0, line.max(1));
            reader.report(&rules::MISSING_KEY, first_line, format!("key `{key}` is missing"));
            return None;
        };
        T::read(node, reader)
    }

    /// Reads a key that may be left out. A value that cannot be read counts as left out: it has been reported.
    pub fn optional<T: Shape>(&self, key: &str, reader: &mut Reader) -> Option<T> {
        T::read(self.find(key)?, reader)
    }
}
