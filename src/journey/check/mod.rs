//! What a journey can never do, said before it runs. Pure: looks at one definition and what it uses.

mod advice;
mod authority;
mod bounds;
mod collisions;
mod conditions;
mod fits;
mod hosts;
mod labels;
mod limits;
mod look;
mod mention;
mod names;
mod objectives;
mod outputs;
mod reach;
pub mod rules;
mod scope;
mod secrets;
#[cfg(test)]
mod tests;
mod unused;
mod vary;

use std::collections::BTreeMap;

use super::definition::Definition;
use crate::base::diagnostic::Diagnostic;
use look::Look;

/// What is looked at.
pub struct Checking<'a> {
    pub definition: &'a Definition,
    /// Effective ids of all steps, `steps` first, then `cleanup`.
    pub ids: &'a [String],
    /// The journeys that it uses, by id, as far as they could be read.
    pub used: &'a BTreeMap<String, &'a Definition>,
}

/// Every problem of the definition that is not one of a single value, in the order of the text.
pub fn check(cx: &Checking<'_>) -> Vec<Diagnostic> {
    let look = Look::new(cx);
    let mut found = Vec::new();
    for area in AREAS {
        area(&look, &mut found);
    }
    found.sort_by_key(|problem| (problem.span.start, problem.span.end));
    found
}

/// Looks at one side of a journey and adds what it finds.
type Area = fn(&Look<'_>, &mut Vec<Diagnostic>);

const AREAS: [Area; 15] = [
    names::check,
    outputs::check,
    unused::check,
    hosts::check,
    authority::check,
    secrets::check,
    fits::check,
    conditions::check,
    reach::check,
    bounds::check,
    limits::check,
    vary::check,
    objectives::check,
    collisions::check,
    advice::check,
];
