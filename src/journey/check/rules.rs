//! The rules about a definition as a whole: what it can never do, and what a person should look at.

use crate::base::diagnostic::{Rule, Severity};

const fn error(id: &'static str, about: &'static str) -> Rule {
    Rule { id, severity: Severity::Error, about }
}

const fn warning(id: &'static str, about: &'static str) -> Rule {
    Rule { id, severity: Severity::Warning, about }
}

// Names.
pub const NAME: Rule =
    error("name", "A name is a letter or `_`, then letters, digits, `_` and `-`, together at most 64.");
pub const ID: Rule = error("id", "An id is of lower-case letters, digits and `-`, at most 63, and starts with no `-`.");
pub const RESERVED_NAME: Rule =
    error("reserved-name", "Words that templates give a meaning of their own are no names.");
pub const DUPLICATE_NAME: Rule = error(
    "duplicate-name",
    "Inputs, secrets, vars, kept values, loop items and mailboxes share one namespace; only several steps may keep the same name.",
);
pub const UNKNOWN_NAME: Rule = error("unknown-name", "A name that nothing declares or keeps can never have a value.");
pub const NAME_TOO_EARLY: Rule =
    error("name-too-early", "A kept value can be used only after the step that keeps it has been answered.");
pub const MEMBER: Rule = error("member", "A dot reaches a member of an object, which text and numbers do not have.");
pub const GENERATOR: Rule =
    error("generator-place", "Generators stand in `vars` only, so that a run can be recorded and replayed.");
pub const TOTP_SECRET: Rule =
    error("totp-secret", "The seed of one-time passwords is a secret, so that they are masked too.");
pub const REQUEST_PART: Rule =
    error("request-part", "The parts of the request itself are known only to the text that `auth: hmac` signs.");
pub const TEMPLATE_PLACE: Rule =
    error("template-place", "What a journey touches and does is written out: templates stand in values only.");
pub const UNKNOWN_OUTPUT: Rule =
    error("unknown-output", "`outputs` names vars and kept values, and `output:` names an output of the used journey.");

// Needs that nothing needs.
pub const UNUSED_INPUT: Rule = warning("unused-input", "An input that nothing mentions only burdens who binds it.");
pub const UNUSED_SECRET: Rule = warning("unused-secret", "A secret that nothing mentions is authority without need.");
pub const UNUSED_HOST: Rule = warning("unused-host", "A host that no step goes to is authority without need.");
pub const UNUSED_VAR: Rule = warning("unused-var", "A var that nothing mentions is made for nothing.");
pub const UNUSED_KEEP: Rule =
    warning("unused-keep", "A kept value that nothing mentions is often a misspelt name elsewhere.");

// Hosts.
pub const NO_HOST: Rule = error("no-host", "A journey declares at least one host: without one it can reach nothing.");
pub const UNKNOWN_HOST: Rule = error("unknown-host", "Only hosts that `needs.hosts` declares can be reached.");
pub const HOST_CHOICE: Rule =
    error("host-choice", "Where several hosts are declared, an HTTP step says which by `at`.");

// Authority.
pub const MISSING_WRITES: Rule = error(
    "missing-writes",
    "A step with a method that may change something needs `needs.writes`, which tells the operator what that is.",
);
pub const UNUSED_WRITES: Rule = warning("unused-writes", "`needs.writes` of a journey that changes nothing misleads.");
pub const SECRET_DESTINATION: Rule = error(
    "secret-destination",
    "A secret, and whatever is made of it, goes only to the hosts that its `to` names or that it came from.",
);
pub const SECRET_OVER_HTTP: Rule =
    warning("secret-over-http", "A secret sent to an `http:` host can be read on the way.");
pub const SECRET_IN_URL: Rule =
    warning("secret-in-url", "URLs end up in logs and histories; a secret is better sent in a header or body.");
pub const KEPT_WITHOUT_KEEP: Rule =
    error("kept-without-keep", "A secret with `kept: true` has its value from a `keep` of that name.");
pub const KEEP_OF_SECRET: Rule = error(
    "keep-of-secret",
    "A secret that the binding gives cannot be kept too; `kept: true` says that a step fills it.",
);
pub const KEPT_SOURCE: Rule =
    error("kept-source", "The `to` of a kept secret includes the host that it comes from, which knows it already.");
pub const SECRET_SENDER: Rule =
    error("secret-sender", "`secret: true` labels a value with the host that sent it, which only an HTTP step has.");

// What fits where.
pub const SELECTOR_PLACE: Rule = error(
    "selector-place",
    "A selector fits the action of its step: what that action does not bring is always missing.",
);
pub const GET_BODY: Rule = warning("get-body", "Servers and proxies may ignore or refuse the body of a GET.");
pub const CLEANUP_KEY: Rule =
    error("cleanup-key", "Clean-up never changes the outcome, so `prefer` and `optional` say nothing there.");
pub const RETRIED_WRITE: Rule = warning(
    "retried-write",
    "A changing request that is repeated may change things twice; an `Idempotency-Key` header prevents it.",
);
pub const LONG_WAIT: Rule = error("long-wait", "`wait` lasts at most 5m.");
pub const BEYOND_TIME: Rule =
    warning("beyond-time", "What takes longer than the time of the whole run is cut off by it.");
pub const UNKNOWN_INPUT: Rule = error("unknown-input", "The entries of `vary` give values to declared inputs only.");

// What can be reached and can hold.
pub const UNREACHABLE_STEP: Rule = warning("unreachable-step", "A step that can never be executed checks nothing.");
pub const NOT_A_LIST: Rule = error("not-a-list", "`for` goes through a list; anything else is an error when it runs.");
pub const OPTIONAL_NEEDED: Rule = warning(
    "optional-needed",
    "If everything after an optional step needs what it keeps, its failure ends the run all the same.",
);
pub const UNGUARDED_EACH: Rule = warning(
    "unguarded-each",
    "`each` holds for an empty list; a condition beside it should ask for at least one element.",
);
pub const CONTAINS_LIST: Rule =
    warning("contains-list", "`contains` asks for one element; a list asks for an element that is this list.");
pub const PREFERRED_STATUS: Rule =
    warning("preferred-status", "A `status` in `prefer` does not lift the demand that the answer is a 2xx.");
pub const NEVER_HOLDS: Rule =
    error("never-holds", "Beside `exists: false` nothing else can hold, since every other matcher needs a value.");
pub const NO_CLEANUP: Rule =
    warning("no-cleanup", "What a journey creates should be removed again, whatever its outcome.");

// Bounds.
pub const BOUND: Rule =
    error("bound", "Numbers and lengths have bounds, so that a definition stays reviewable and cheap.");
pub const VERSION: Rule = error("version", "`version` is MAJOR.MINOR.PATCH, as in semantic versioning.");
pub const LIMIT: Rule = error("limit", "A limit leaves room for what the journey does in every run.");
pub const VARY: Rule = error("vary", "The entries of `vary` differ in their labels, which tell their runs apart.");
pub const OBJECTIVE: Rule =
    error("objective", "An objective has its own name, a step that exists, and a window of at least 1d.");
pub const OBJECTIVE_SELECTOR: Rule = error(
    "objective-selector",
    "Objectives select what is recorded of every event: of runs `time`, of steps also `status` and `size`.",
);

// Advice.
pub const METRIC_COLLISION: Rule =
    error("metric-collision", "Ids and labels become metric labels, in which two things must not look the same.");
pub const UNNAMED_STEP: Rule = warning(
    "unnamed-step",
    "The ids of steps are metric labels: where others rely on them they are written, not made from the path.",
);

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[
    &NAME,
    &ID,
    &RESERVED_NAME,
    &DUPLICATE_NAME,
    &UNKNOWN_NAME,
    &NAME_TOO_EARLY,
    &MEMBER,
    &GENERATOR,
    &TOTP_SECRET,
    &REQUEST_PART,
    &TEMPLATE_PLACE,
    &UNKNOWN_OUTPUT,
    &UNUSED_INPUT,
    &UNUSED_SECRET,
    &UNUSED_HOST,
    &UNUSED_VAR,
    &UNUSED_KEEP,
    &NO_HOST,
    &UNKNOWN_HOST,
    &HOST_CHOICE,
    &MISSING_WRITES,
    &UNUSED_WRITES,
    &SECRET_DESTINATION,
    &SECRET_OVER_HTTP,
    &SECRET_IN_URL,
    &KEPT_WITHOUT_KEEP,
    &KEEP_OF_SECRET,
    &KEPT_SOURCE,
    &SECRET_SENDER,
    &SELECTOR_PLACE,
    &GET_BODY,
    &CLEANUP_KEY,
    &RETRIED_WRITE,
    &LONG_WAIT,
    &BEYOND_TIME,
    &UNKNOWN_INPUT,
    &UNREACHABLE_STEP,
    &NOT_A_LIST,
    &OPTIONAL_NEEDED,
    &UNGUARDED_EACH,
    &CONTAINS_LIST,
    &PREFERRED_STATUS,
    &NEVER_HOLDS,
    &NO_CLEANUP,
    &BOUND,
    &VERSION,
    &LIMIT,
    &VARY,
    &OBJECTIVE,
    &OBJECTIVE_SELECTOR,
    &METRIC_COLLISION,
    &UNNAMED_STEP,
];
