//! Finds the nodes of a path depth first, so that memory stays with what is found, and counts its work, so that no
//! path and no document can make it long. No clock is involved.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::Regex;
use serde_json::Value as Json;

use super::ast::{Comparison, Operand, Pattern, Segment, Selector, Test};
use super::pattern;

/// Most nodes in a result.
pub(super) const NODES_MAX: usize = 10_000;
/// Most steps of work, one for each node looked at. The largest body (16 MiB) holds some two million nodes, so an honest
/// path takes a fraction of it, and all of it is done in well under a second.
pub(super) const WORK_MAX: u64 = 10_000_000;
/// Steps that compiling a pattern which is no literal counts as: it takes up to half a millisecond.
const COMPILE_WORK: u64 = 20_000;
/// Characters or bytes of text that count as one step.
const TEXT_PER_STEP: usize = 32;

/// Why the search ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The asker has seen enough.
    Enough,
    TooManyNodes,
    TooMuchWork,
}

type Flow = Result<(), Stop>;
type Sink<'s, 'j> = &'s mut dyn FnMut(&'j Json) -> Flow;

pub(super) struct Evaluation<'e> {
    /// The values of the holes, all of them scalars.
    holes: &'e [Json],
    work: u64,
    /// The pattern that was compiled last.
    pattern: Option<(String, bool, Option<Regex>)>,
}

impl<'e> Evaluation<'e> {
    pub(super) fn new(holes: &'e [Json]) -> Self {
        Self { holes, work: 0, pattern: None }
    }

    /// All nodes, in the order of RFC 9535.
    pub(super) fn nodes<'j>(&mut self, segments: &[Segment], root: &'j Json) -> Result<Vec<&'j Json>, Stop> {
        let mut nodes = Vec::new();
        self.walk(segments, root, &mut |node| {
            if nodes.len() == NODES_MAX {
                return Err(Stop::TooManyNodes);
            }
            nodes.push(node);
            Ok(())
        })?;
        Ok(nodes)
    }

    fn charge(&mut self, steps: u64) -> Flow {
        self.work = self.work.saturating_add(steps);
        if self.work > WORK_MAX { Err(Stop::TooMuchWork) } else { Ok(()) }
    }

    fn walk<'j>(&mut self, segments: &[Segment], node: &'j Json, sink: Sink<'_, 'j>) -> Flow {
        self.charge(1)?;
        let Some((segment, rest)) = segments.split_first() else { return sink(node) };
        for selector in &segment.selectors {
            self.select(selector, rest, node, sink)?;
        }
        if segment.descends {
            for child in children(node) {
                self.walk(segments, child, sink)?;
            }
        }
        Ok(())
    }

    fn select<'j>(&mut self, selector: &Selector, rest: &[Segment], node: &'j Json, sink: Sink<'_, 'j>) -> Flow {
        match selector {
            Selector::Name(name) => match node.as_object().and_then(|members| members.get(name)) {
                Some(child) => self.walk(rest, child, sink),
                None => Ok(()),
            },
            Selector::Index(index) => match node.as_array().and_then(|items| items.get(position(*index, items.len())?))
            {
                Some(child) => self.walk(rest, child, sink),
                None => Ok(()),
            },
            Selector::Wildcard => children(node).try_for_each(|child| self.walk(rest, child, sink)),
            Selector::Slice { start, end, step } => match node {
                Json::Array(items) => slice(items.len(), *start, *end, *step)
                    .filter_map(|at| items.get(at))
                    .try_for_each(|child| self.walk(rest, child, sink)),
                _ => Ok(()),
            },
            Selector::Filter(test) => children(node).try_for_each(|child| {
                self.charge(1)?;
                if self.holds(test, child)? { self.walk(rest, child, sink) } else { Ok(()) }
            }),
        }
    }

    fn holds(&mut self, test: &Test, node: &Json) -> Result<bool, Stop> {
        match test {
            Test::Or(any) => {
                for test in any {
                    if self.holds(test, node)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Test::And(all) => {
                for test in all {
                    if !self.holds(test, node)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::Not(test) => Ok(!self.holds(test, node)?),
            Test::Exists(query) => match self.walk(query, node, &mut |_| Err(Stop::Enough)) {
                Ok(()) => Ok(false),
                Err(Stop::Enough) => Ok(true),
                Err(stop) => Err(stop),
            },
            Test::Compare(left, comparison, right) => {
                let left = self.operand(left, node)?;
                let right = self.operand(right, node)?;
                self.compare(left.as_deref(), *comparison, right.as_deref())
            }
            Test::Matches { text: operand, pattern, whole } => {
                let Some(value) = self.operand(operand, node)? else { return Ok(false) };
                let Json::String(subject) = value.as_ref() else { return Ok(false) };
                self.charge_text(subject)?;
                match pattern {
                    Pattern::Ready(regex) => Ok(regex.is_match(subject)),
                    Pattern::Later(operand) => match self.operand(operand, node)?.as_deref() {
                        Some(Json::String(pattern)) => self.matches(subject, pattern, *whole),
                        _ => Ok(false),
                    },
                }
            }
        }
    }

    fn matches(&mut self, text: &str, pattern: &str, whole: bool) -> Result<bool, Stop> {
        let known = self.pattern.as_ref().is_some_and(|(last, last_whole, _)| last == pattern && *last_whole == whole);
        if !known {
            self.charge(COMPILE_WORK)?;
            self.pattern = Some((pattern.to_owned(), whole, pattern::foreign(pattern, whole)));
        }
        Ok(self.pattern.as_ref().and_then(|(_, _, regex)| regex.as_ref()).is_some_and(|regex| regex.is_match(text)))
    }

    /// None: RFC 9535's "Nothing".
    fn operand<'v>(&mut self, operand: &'v Operand, node: &'v Json) -> Result<Option<Cow<'v, Json>>, Stop>
    where
        'e: 'v,
    {
        Ok(match operand {
            Operand::Literal(literal) => Some(Cow::Borrowed(literal)),
            Operand::Hole(index) => self.holes.get(*index).map(Cow::Borrowed),
            Operand::Query(query) | Operand::Value(query) => self.only(query, node)?.map(Cow::Borrowed),
            Operand::Count(query) => {
                let mut count = 0_u64;
                self.walk(query, node, &mut |_| {
                    count += 1;
                    Ok(())
                })?;
                Some(Cow::Owned(Json::from(count)))
            }
            Operand::Length(of) => {
                let Some(value) = self.operand(of, node)? else { return Ok(None) };
                let length = match value.as_ref() {
                    Json::String(text) => {
                        self.charge_text(text)?;
                        text.chars().count()
                    }
                    Json::Array(items) => items.len(),
                    Json::Object(members) => members.len(),
                    _ => return Ok(None),
                };
                Some(Cow::Owned(Json::from(length)))
            }
        })
    }

    /// The node, if the query finds exactly one.
    fn only<'j>(&mut self, query: &[Segment], node: &'j Json) -> Result<Option<&'j Json>, Stop> {
        let mut only = None;
        let mut several = false;
        let end = self.walk(query, node, &mut |found| {
            if only.replace(found).is_some() {
                several = true;
                return Err(Stop::Enough);
            }
            Ok(())
        });
        match end {
            Ok(()) | Err(Stop::Enough) => Ok(if several { None } else { only }),
            Err(stop) => Err(stop),
        }
    }

    fn compare(&mut self, left: Option<&Json>, comparison: Comparison, right: Option<&Json>) -> Result<bool, Stop> {
        let less = |left: Option<&Json>, right: Option<&Json>| match (left, right) {
            (Some(Json::Number(left)), Some(Json::Number(right))) => order(left, right) == Some(Ordering::Less),
            (Some(Json::String(left)), Some(Json::String(right))) => left < right,
            _ => false,
        };
        for text in [left, right].into_iter().flatten().filter_map(Json::as_str) {
            self.charge_text(text)?;
        }
        Ok(match comparison {
            Comparison::Equal => self.same(left, right)?,
            Comparison::NotEqual => !self.same(left, right)?,
            Comparison::Less => less(left, right),
            Comparison::Greater => less(right, left),
            Comparison::LessOrEqual => less(left, right) || self.same(left, right)?,
            Comparison::GreaterOrEqual => less(right, left) || self.same(left, right)?,
        })
    }

    fn same(&mut self, left: Option<&Json>, right: Option<&Json>) -> Result<bool, Stop> {
        match (left, right) {
            (Some(left), Some(right)) => self.equal(left, right),
            (left, right) => Ok(left.is_none() && right.is_none()),
        }
    }

    fn equal(&mut self, left: &Json, right: &Json) -> Result<bool, Stop> {
        self.charge(1)?;
        match (left, right) {
            (Json::Number(left), Json::Number(right)) => Ok(order(left, right) == Some(Ordering::Equal)),
            (Json::Array(left), Json::Array(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (left, right) in left.iter().zip(right) {
                    if !self.equal(left, right)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Json::Object(left), Json::Object(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (name, left) in left {
                    let Some(right) = right.get(name) else { return Ok(false) };
                    if !self.equal(left, right)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Json::String(left), Json::String(right)) => {
                self.charge_text(left)?;
                Ok(left == right)
            }
            _ => Ok(left == right),
        }
    }

    fn charge_text(&mut self, text: &str) -> Flow {
        self.charge((text.len() / TEXT_PER_STEP) as u64)
    }
}

fn children(node: &Json) -> impl Iterator<Item = &Json> {
    let (items, members) = match node {
        Json::Array(items) => (Some(items.iter()), None),
        Json::Object(members) => (None, Some(members.values())),
        _ => (None, None),
    };
    items.into_iter().flatten().chain(members.into_iter().flatten())
}

/// Whole numbers exactly, all others as doubles.
fn order(left: &serde_json::Number, right: &serde_json::Number) -> Option<Ordering> {
    let whole =
        |number: &serde_json::Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn position(index: i64, length: usize) -> Option<usize> {
    if index >= 0 {
        usize::try_from(index).ok()
    } else {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    }
}

/// The positions of a slice (RFC 9535, 2.3.4.2.2).
fn slice(length: usize, start: Option<i64>, end: Option<i64>, step: i64) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let normal = |index: i64| if index >= 0 { index } else { length.saturating_add(index) };
    let (first, last) = if step >= 0 {
        (normal(start.unwrap_or(0)).clamp(0, length), normal(end.unwrap_or(length)).clamp(0, length))
    } else {
        let from = start.map_or(length - 1, normal).clamp(-1, length - 1);
        (from, end.map_or(-1, normal).clamp(-1, length - 1))
    };
    let mut at = first;
    std::iter::from_fn(move || {
        let inside = (step > 0 && at < last) || (step < 0 && at > last);
        let here = if inside { usize::try_from(at).ok() } else { None };
        at = at.saturating_add(step);
        here
    })
}
