//! A parsed path: segments of selectors, and the tests of their filters. Holes stand for values that come later.

use regex::Regex;
use serde_json::Value as Json;

#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// `..`: of every node below, too.
    pub(super) descends: bool,
    pub(super) selectors: Vec<Selector>,
}

#[derive(Clone, Debug)]
pub(super) enum Selector {
    Name(String),
    Wildcard,
    /// Negative counts from the end.
    Index(i64),
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    Filter(Test),
}

/// A logical expression.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Or(Vec<Self>),
    And(Vec<Self>),
    Not(Box<Self>),
    /// Whether a query from the current node finds anything.
    Exists(Vec<Segment>),
    Compare(Operand, Comparison, Operand),
    /// `match` or `search`.
    Matches {
        text: Operand,
        pattern: Pattern,
        whole: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What has one value, or none.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Json),
    /// Index of a hole.
    Hole(usize),
    /// A singular query from the current node.
    Query(Vec<Segment>),
    Length(Box<Self>),
    Count(Vec<Segment>),
    Value(Vec<Segment>),
}

#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// A literal, compiled once.
    Ready(Regex),
    /// Comes from a hole or from the document.
    Later(Operand),
}

/// Whether the segments can name at most one node: only member names and indices, one each.
pub(super) fn is_singular(segments: &[Segment]) -> bool {
    segments.iter().all(|segment| {
        !segment.descends && matches!(segment.selectors.as_slice(), [Selector::Name(_) | Selector::Index(_)])
    })
}
