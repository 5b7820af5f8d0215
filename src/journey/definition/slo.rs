//! `slo`: what share of runs or steps must be good, over which time.

use std::time::Duration;

use serde_json::Value as Json;

use super::condition::Conditions;
use crate::base::duration::Percent;
use crate::base::shape;
use crate::base::shape::{Reader, Schemas, Shape};
use crate::base::span::Spanned;
use crate::base::yaml::{Node, Tree};

shape! {
    /// An objective.
    pub struct Slo {
        /// Id of the objective; by default after what it measures.
        name: optional Spanned<String>,
        /// The step whose executions are counted; absent: runs are.
        step: optional Spanned<String>,
        /// `passed`, `available`, or a map of selectors and conditions.
        good: required Spanned<Good>,
        /// Share of good events, for example 99.5%.
        target: required Spanned<Percent>,
        /// Rolling window, at least 1d.
        over: required Spanned<Duration>,
    }
}

/// Which events are good.
#[derive(Clone, Debug)]
pub enum Good {
    /// Outcome `passed` only.
    Passed,
    /// `passed` or `degraded`.
    Available,
    /// Did not fail, and all of this holds.
    When(Conditions),
}

impl Shape for Good {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.tree {
            Tree::Text(text) if text.text == "passed" => Some(Self::Passed),
            Tree::Text(text) if text.text == "available" => Some(Self::Available),
            Tree::Map(_) => Conditions::read(node, reader).map(Self::When),
            _ => {
                reader.wrong_kind(node, "`passed`, `available` or a map of selectors and conditions");
                None
            }
        }
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let conditions = Conditions::schema(schemas);
        serde_json::json!({ "anyOf": [{ "enum": ["passed", "available"] }, conditions] })
    }
}
