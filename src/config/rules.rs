//! The rules that a configuration file can break beside those of its bindings.

use crate::base::diagnostic::{Rule, Severity};

pub const UNKNOWN_PARTY: Rule = Rule {
    id: "unknown-party",
    severity: Severity::Warning,
    about: "An owner without an entry in `parties` has no name for people and no contact.",
};

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[&UNKNOWN_PARTY];
