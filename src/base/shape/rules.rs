//! The rules that every map in a file keeps to.

use crate::base::diagnostic::{Rule, Severity};

const fn error(id: &'static str, about: &'static str) -> Rule {
    Rule { id, severity: Severity::Error, about }
}

pub const UNKNOWN_KEY: Rule =
    error("unknown-key", "A key that is not known is a mistake: it would be ignored otherwise.");
pub const MISSING_KEY: Rule = error("missing-key", "A key that has no default must be written.");
pub const KIND: Rule = error("kind", "A value is of the kind that its key asks for; nothing is converted.");
pub const RANGE: Rule =
    error("range", "A number, duration, size or percentage is written in its form and within its range.");
pub const WORD: Rule = error("word", "Where a key takes one of a few words, no other is accepted.");

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[&UNKNOWN_KEY, &MISSING_KEY, &KIND, &RANGE, &WORD];
