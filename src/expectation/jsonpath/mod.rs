//! RFC 9535 JSON paths with bounds, and with holes for named values inside their filters.
//!
//! The engine is our own: holes are part of the parsed path, so that no value can change its structure; literal
//! patterns are compiled once; and every step of work is counted, for a definition and a document may both be hostile
//! (`$[*,*][*,*]…` doubles its nodes with every five characters).

use std::ops::Range;

use serde_json::Value as Json;

use crate::base::secret::Label;
use crate::base::syntax::SyntaxError;
use crate::model::scope::Scope;
use crate::model::value::Value;
use evaluate::{Evaluation, NODES_MAX, Stop};
use reference::{Reference, with_article};

mod ast;
#[cfg(test)]
mod compliance;
mod evaluate;
mod parse;
mod pattern;
mod predicate;
pub mod reference;
#[cfg(test)]
mod tests;

/// A parsed path (holes `${name}` allowed where a literal may stand inside a filter).
#[derive(Clone, Debug)]
pub struct JsonPath {
    source: String,
    segments: Vec<ast::Segment>,
    holes: Vec<Reference>,
    names: Vec<(String, Range<usize>)>,
}

/// What a path found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'j> {
    /// The node of a singular path; none: missing.
    One(Option<&'j Json>),
    /// The nodes of any other path, maybe none.
    Many(Vec<&'j Json>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonPathError {
    /// More than 10,000 nodes.
    TooManyNodes,
    /// More work than any honest path over a body within its limit needs.
    TooMuchWork,
    /// A name in a hole has no value, or one that is no literal (list, object, time …); with the reason.
    Hole(String),
}

impl std::fmt::Display for JsonPathError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooManyNodes => write!(f, "the path finds more than {NODES_MAX} nodes"),
            Self::TooMuchWork => f.write_str("the path looks at too many nodes of this document"),
            Self::Hole(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for JsonPathError {}

impl PartialEq for JsonPath {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl JsonPath {
    /// # Errors
    /// Not RFC 9535, or beyond a bound of the language: 500 characters; a filter inside a filter; an absolute `$` or a
    /// descendant segment inside a filter; more than two descendant segments; parentheses more than 16 deep; a template
    /// outside a filter literal.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let parsed = parse::parse(text)?;
        let names = parsed.holes.iter().map(|(reference, range)| (reference.name.clone(), range.clone())).collect();
        let holes = parsed.holes.into_iter().map(|(reference, _)| reference).collect();
        Ok(Self { source: text.to_owned(), segments: parsed.segments, holes, names })
    }

    /// The source as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it can name at most one node (RFC 9535 "singular query").
    #[must_use]
    pub fn is_singular(&self) -> bool {
        ast::is_singular(&self.segments)
    }

    /// First names in holes (`service` of `${service.id}`) with the byte ranges of the whole references in the source.
    pub fn names(&self) -> &[(String, Range<usize>)] {
        &self.names
    }

    /// The label is that of the values in the holes, joined (ANYWHERE without holes).
    ///
    /// # Errors
    /// A hole without a usable value, or a result or an effort beyond the bounds.
    pub fn select<'j>(&self, json: &'j Json, scope: &dyn Scope) -> Result<(Found<'j>, Label), JsonPathError> {
        let mut label = Label::ANYWHERE;
        let mut values = Vec::with_capacity(self.holes.len());
        for hole in &self.holes {
            let found = hole.get(scope).map_err(JsonPathError::Hole)?;
            label = label.join(found.label);
            match found.value {
                Value::Json(scalar @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_))) => {
                    values.push(scalar);
                }
                other => {
                    let kind = with_article(other.kind().word());
                    return Err(JsonPathError::Hole(format!(
                        "`{hole}` is {kind}; only text, number, boolean and null can stand in a path"
                    )));
                }
            }
        }
        let nodes = Evaluation::new(&values).nodes(&self.segments, json).map_err(|stop| match stop {
            Stop::TooManyNodes => JsonPathError::TooManyNodes,
            Stop::TooMuchWork | Stop::Enough => JsonPathError::TooMuchWork,
        })?;
        let found = if self.is_singular() { Found::One(nodes.first().copied()) } else { Found::Many(nodes) };
        Ok((found, label))
    }
}
