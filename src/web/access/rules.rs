//! The rules that a web configuration file can break.

use crate::base::diagnostic::{Rule, Severity};

pub const WEB_CONFIG: Rule = Rule {
    id: "web-config",
    severity: Severity::Error,
    about: "What protects the pages is usable as it is written; nothing of it is guessed or left out.",
};

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[&WEB_CONFIG];
