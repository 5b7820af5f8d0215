//! The rules that loading holds a file, its package and its journeys to.

use crate::base::diagnostic::{Rule, Severity};

const fn error(id: &'static str, about: &'static str) -> Rule {
    Rule { id, severity: Severity::Error, about }
}

pub const UNREADABLE: Rule = error("unreadable", "A file that is named must be there, readable, and UTF-8 text.");
pub const NO_JOURNEY: Rule = error("no-journey", "A file that is named as a journey holds at least one.");
pub const FILE_COUNT: Rule = error("file-count", "Directories hold a bounded number of files, so that a walk ends.");
pub const LANGUAGE_VERSION: Rule =
    error("language-version", "A journey names the language it is written in: `forerunner: 1`.");
pub const DUPLICATE_ID: Rule =
    error("duplicate-id", "Journeys of a file, and steps of a journey, are told apart by their ids.");
pub const HOST_URL: Rule = error(
    "host-url",
    "A host is `https://` or `http://`, a name, and perhaps a port and a path: it is what a reviewer judges.",
);
pub const ORIGIN: Rule = error("origin", "A target that is written out as a URL leads to the host of its step.");
pub const HEADER_CONFLICT: Rule =
    error("authorization", "`auth` writes the header `Authorization`, so the two cannot stand together.");
pub const LOOP: Rule = error("loop", "`max` of a `for` is at most `limits.loop`, so that the cost of a run is known.");
pub const JUDGEMENT: Rule =
    error("cannot-hold", "A condition that no value can meet is a mistake, not an expectation.");
pub const SCHEMA: Rule =
    error("schema", "A JSON Schema is valid, refers only to files of its package, and has bounded patterns.");
pub const INPUT: Rule = error("input", "The value of an input is valid by the schema that the input declares.");
pub const PACKAGE_FILE: Rule = error(
    "package-file",
    "A journey reads regular files of its own directory only, named by relative paths, and not too many.",
);
pub const FILE_TEMPLATE: Rule =
    error("file-template", "A file with `templates: true` is a template whose names the journey provides.");
pub const VAR_CYCLE: Rule = error("var-cycle", "A var cannot be made of itself, not even through others.");
pub const USE: Rule = error("use", "A journey uses another of its file or directory, without errors, without cycles.");
pub const USE_NEEDS: Rule =
    error("use-needs", "What a used journey needs is contained in the needs of the journey that uses it.");

/// All of them, for the reference page.
pub const ALL: &[&Rule] = &[
    &UNREADABLE,
    &NO_JOURNEY,
    &FILE_COUNT,
    &LANGUAGE_VERSION,
    &DUPLICATE_ID,
    &HOST_URL,
    &ORIGIN,
    &HEADER_CONFLICT,
    &LOOP,
    &JUDGEMENT,
    &SCHEMA,
    &INPUT,
    &PACKAGE_FILE,
    &FILE_TEMPLATE,
    &VAR_CYCLE,
    &USE,
    &USE_NEEDS,
];
