//! The strict subset of YAML in which journeys and configuration are written, read into a tree that
//! knows where everything stands. Every problem of a file is reported at once.

mod build;
pub mod rules;
mod scalar;
#[cfg(test)]
mod tests;

use serde_json::Value as Json;

use super::span::{Span, Spanned};
pub use build::{FILE_BYTES_MAX, Parsed, parse, parse_own};

/// One node of a document, aliases already expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The whole node in the source, quotes included.
    pub span: Span,
    pub tree: Tree,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A text scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    /// Without quotes, and not a block scalar.
    pub plain: bool,
    /// Where the text stands byte for byte in the source, so that a part of it can be pointed at;
    /// none where escapes, folding or line breaks changed it.
    pub verbatim: Option<Span>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Spanned<String>,
    pub value: Node,
}

impl Node {
    /// What the node is, for messages: `a list`, `the text "…"`.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.tree {
            Tree::Null => "nothing",
            Tree::Bool(_) => "a boolean",
            Tree::Number(_) => "a number",
            Tree::Text(_) => "text",
            Tree::List(_) => "a list",
            Tree::Map(_) => "a map",
        }
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        match &self.tree {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Where `length` bytes at `offset` of the node's text stand, or the whole node if that is not known.
    #[must_use]
    pub fn part(&self, offset: usize, length: usize) -> Span {
        match &self.tree {
            Tree::Text(Text { verbatim: Some(span), .. }) => span.within(offset, length),
            _ => self.span,
        }
    }

    /// The node as plain data.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.tree {
            Tree::Null => Json::Null,
            Tree::Bool(value) => Json::Bool(*value),
            Tree::Number(number) => Json::Number(number.clone()),
            Tree::Text(text) => Json::String(text.text.clone()),
            Tree::List(nodes) => nodes.iter().map(Node::to_json).collect(),
            Tree::Map(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.value.clone(), entry.value.to_json())).collect())
            }
        }
    }
}
