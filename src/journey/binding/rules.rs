//! The rules that a binding can break.

use crate::base::diagnostic::{Rule, Severity};

const fn error(id: &'static str, about: &'static str) -> Rule {
    Rule { id, severity: Severity::Error, about }
}

pub const SECRET_SOURCE: Rule =
    error("secret-source", "A secret is named by where it is held, `env:NAME` or `file:PATH`, and never written down.");
pub const NETWORK: Rule = error("network", "A network setting is usable as it is written.");
pub const BINDING: Rule = error("binding", "A binding names what the journey declares, and gives all that it needs.");
pub const CEILING: Rule =
    error("ceiling", "A journey that asks for more than its binding allows is refused, never cut.");
pub const PIN: Rule = error("pin", "A pinned version or digest is that of the definition at hand.");
pub const RUN_NAME: Rule = error("run-name", "Run names are ids, and each stands once in a daemon.");
pub const UNREADABLE_SECRET: Rule = Rule {
    id: "unreadable-secret",
    severity: Severity::Warning,
    about: "A secret that cannot be read makes every run indeterminate.",
};

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[&SECRET_SOURCE, &NETWORK, &BINDING, &CEILING, &PIN, &RUN_NAME, &UNREADABLE_SECRET];
