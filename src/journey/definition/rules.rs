//! The rules that reading a definition can break, apart from those of the text form itself.

use crate::base::diagnostic::{Rule, Severity};

const fn error(id: &'static str, about: &'static str) -> Rule {
    Rule { id, severity: Severity::Error, about }
}

pub const LATER: Rule = error(
    "not-in-this-version",
    "The language has this, this version of forerunner does not: it is refused, never ignored.",
);
pub const SELECTOR: Rule =
    error("selector", "A selector is a source such as `status` or `$.id`, and filters behind bars.");
pub const CONDITION: Rule = error("condition", "A condition is a literal, or a map of matchers.");
pub const TARGET: Rule = error(
    "target",
    "An HTTP action names a path that starts with `/`, a template, or an absolute URL of the step's host.",
);
pub const HEADER: Rule = error("header", "Header names are tokens; those that frame the message belong to forerunner.");
pub const ACTION: Rule = error("action", "A step has exactly one action, and only the keys of that action.");
pub const BODY: Rule = error("body", "A step sends at most one body, and none with `head`.");
pub const EMPTY: Rule = error("empty", "Where a map or list is asked for, an empty one says nothing and is a mistake.");
pub const VALUE: Rule = error("value", "A value must be of the kind and in the range that its key asks for.");

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[&LATER, &SELECTOR, &CONDITION, &TARGET, &HEADER, &ACTION, &BODY, &EMPTY, &VALUE];
