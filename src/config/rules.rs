//! The rules that a configuration file can break beside those of its bindings.

use crate::base::diagnostic::{Rule, Severity};

pub const UNKNOWN_PARTY: Rule = Rule {
    id: "unknown-party",
    severity: Severity::Warning,
    about: "An owner without an entry in `parties` has no name for people and no contact.",
};

pub const CHANNEL: Rule = Rule {
    id: "channel",
    severity: Severity::Error,
    about: "A channel names who is told, and a way that can work; `alert` lists names of channels.",
};
pub const UNENCRYPTED: Rule = Rule {
    id: "unencrypted",
    severity: Severity::Warning,
    about: "Mail that leaves this machine unencrypted can be read and changed on its way.",
};
pub const NOBODY_TOLD: Rule = Rule {
    id: "nobody-told",
    severity: Severity::Warning,
    about: "Where channels exist, an entry says who is told of its incidents, or `alert: none`.",
};

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[&UNKNOWN_PARTY, &CHANNEL, &UNENCRYPTED, &NOBODY_TOLD];
