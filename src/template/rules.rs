//! The rules that a text with templates can break.

use crate::base::diagnostic::{Rule, Severity};

const fn error(id: &'static str, about: &'static str) -> Rule {
    Rule { id, severity: Severity::Error, about }
}

pub const TEMPLATE: Rule =
    error("template", "A template is `${name}` or `${name | filter}`; `$${` stands for the two characters themselves.");
pub const TEMPLATE_KEY: Rule =
    error("template-key", "The keys of a map are literal: a template in one would make its meaning depend on a value.");
pub const TEXT_SIZE: Rule = error("text-size", "A literal text has at most 64 KiB; more belongs in a file.");

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[&TEMPLATE, &TEMPLATE_KEY, &TEXT_SIZE];
