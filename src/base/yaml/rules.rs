//! The rules of the text form: what a file must keep to before anything in it is understood.

use crate::base::diagnostic::{Rule, Severity};

const fn error(id: &'static str, about: &'static str) -> Rule {
    Rule { id, severity: Severity::Error, about }
}

pub const SYNTAX: Rule = error("yaml-syntax", "The file must be YAML that can be read to its end.");
pub const FILE_SIZE: Rule = error("file-size", "A file is at most 1 MiB, so that reading it stays cheap.");
pub const NODES: Rule = error(
    "node-count",
    "A document has at most 20,000 nodes and a depth of 64, aliases counted as what they stand for.",
);
pub const TAG: Rule = error("yaml-tag", "Tags are refused: what a value is follows from how it is written.");
pub const MERGE_KEY: Rule = error("merge-key", "Merge keys are refused: they hide what a map contains.");
pub const DUPLICATE_KEY: Rule =
    error("duplicate-key", "A key stands once in a map; which of two counts would be a guess.");
pub const KEY: Rule = error("key", "The keys of a map are text.");
pub const ALIAS: Rule = error("alias", "An alias stands for an anchor that was finished before it.");
pub const NUMBER: Rule =
    error("number", "Numbers are written as in JSON; forms that only some YAML readers take for a number need quotes.");
pub const AMBIGUOUS: Rule = Rule {
    id: "ambiguous-word",
    severity: Severity::Warning,
    about: "A plain word that other YAML readers take for a boolean, null or a date is better quoted.",
};

/// All of them, for the reference page.
pub const ALL: &[&Rule] =
    &[&SYNTAX, &FILE_SIZE, &NODES, &TAG, &MERGE_KEY, &DUPLICATE_KEY, &KEY, &ALIAS, &NUMBER, &AMBIGUOUS];
