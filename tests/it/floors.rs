//! Holds the modules to their floors: an upper one may use a lower one, never the reverse, and pure ones stay pure.

use crate::repository::{self, File};
use crate::source::{Path, Placed, paths, read, read_all};

/// The floor of every module at the top of the crate, also of those that are yet to come: a module that is not
/// named here may not exist.
const FLOORS: &[(&str, u8)] = &[
    ("main", 9),
    ("cli", 8),
    ("app", 7),
    ("web", 6),
    ("import", 5),
    ("export", 5),
    ("report", 5),
    ("package", 5),
    ("discover", 5),
    ("config", 5),
    ("schedule", 5),
    ("journey", 4),
    ("probe", 3),
    ("evaluate", 3),
    ("metrics", 3),
    ("history", 3),
    ("notify", 3),
    ("template", 2),
    ("expectation", 2),
    ("contract", 2),
    ("net", 2),
    ("har", 2),
    ("curl", 2),
    ("model", 1),
    ("base", 0),
];

/// The only uses between two modules of one floor. A new line here is a decision: write it down in `docs/adr/`.
const EDGES: &[(&str, &str)] = &[
    // Templates and selectors pipe values through the same filters, one of which is a JSON path (ADR 0001).
    ("template", "expectation::filter"),
    ("template", "expectation::jsonpath"),
];

/// Uses inside one module at the top that would turn its parts upside down.
const INSIDE: &[(&str, &str)] = &[
    ("journey::definition", "journey::load"),
    ("journey::definition", "journey::check"),
    ("journey::definition", "journey::resolve"),
    ("journey::definition", "journey::resolved"),
    ("journey::definition", "journey::execute"),
    ("journey::definition", "journey::capture"),
];

/// Modules that do nothing to the world and ask no clock, tests excepted.
const PURE: &[&str] = &[
    "base",
    "model",
    "template",
    "expectation",
    "evaluate",
    "schedule",
    "journey::definition",
    "notify::group",
    "notify::dedup",
    "notify::render",
    "har",
    "curl",
];

/// Crates and types that pure modules do not name.
const IMPURE_NAMES: &[&str] = &["tokio", "hyper", "hyper_util", "rusqlite", "reqwest", "SystemTime"];

/// Modules of the standard library that pure modules do not name.
const IMPURE_PATHS: &[&str] = &["std::fs", "std::env"];

/// Types whose `now` is a clock of its own; `now` comes from the caller.
const CLOCKS: &[&str] = &["Instant", "SystemTime", "Timestamp", "Zoned", "Utc", "Local"];

/// Every breach of the tables above, as `file:line: what is wrong`.
fn breaches(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, placed) in read_all(files) {
        let mut report = |line: usize, what: String| found.push(format!("{path}:{line}: {what}"));
        for path in paths(&placed) {
            if let Some(what) = wrong_edge(&path).or_else(|| impure_path(&path)) {
                report(path.line, what);
            }
        }
        for window in placed.windows(3) {
            if window[0].is_other('#') && window[1].is_other('[') && window[2].is_word("path") {
                report(window[0].line, "`#[path]` hides where a module stands".to_owned());
            }
        }
        if path == "src/lib.rs" {
            for token in placed.iter().filter(|token| token.is_word("use") && !token.test) {
                report(token.line, "the root of the crate lists modules and passes on nothing".to_owned());
            }
        }
        for token in &placed {
            if let Some(what) = impure_name(token) {
                report(token.line, what);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn wrong_edge(path: &Path) -> Option<String> {
    // The root itself only lists modules, which `breaches` sees to.
    let from = path.from.first().filter(|_| path.ours)?;
    let Some(to) = path.to.first() else {
        return Some(format!("`{path}` names the whole crate, which hides what is used"));
    };
    let Some(from_floor) = floor(from) else { return Some(format!("`{from}` has no floor in tests/it/floors.rs")) };
    let Some(to_floor) = floor(to) else {
        return Some(format!("`{path}` leads to `{to}`, which has no floor in tests/it/floors.rs"));
    };
    if from == to {
        let (module, used) = (path.from.join("::"), path.to.join("::"));
        let turned = |(upper, lower): &&(&str, &str)| {
            within(&module, upper) && (within(&used, lower) || (path.glob && within(lower, &used)))
        };
        return INSIDE.iter().find(turned).map(|(upper, lower)| format!("`{upper}` may not use `{lower}`"));
    }
    if from_floor == to_floor {
        let (module, used) = (path.from.join("::"), path.to.join("::"));
        let named = EDGES.iter().any(|(user, part)| within(&module, user) && within(&used, part));
        return (!named).then(|| format!("`{from}` may not use `{path}`: both are on floor {to_floor}"));
    }
    (from_floor < to_floor)
        .then(|| format!("`{from}` (floor {from_floor}) may not use `{path}`, which is above it (floor {to_floor})"))
}

fn impure_path(path: &Path) -> Option<String> {
    if path.test || path.ours {
        return None;
    }
    let (module, used) = (pure(&path.from)?, path.to.join("::"));
    let world = IMPURE_PATHS.iter().any(|part| within(&used, part) || (path.glob && within(part, &used)));
    let clock = path.to.windows(2).any(|two| two[1] == "now" && CLOCKS.contains(&two[0].as_str()));
    (world || clock).then(|| format!("`{module}` is pure and may not name `{used}`"))
}

fn impure_name(token: &Placed) -> Option<String> {
    let name = IMPURE_NAMES.iter().find(|name| token.is_word(name))?;
    let module = pure(&token.module).filter(|_| !token.test)?;
    Some(format!("`{module}` is pure and may not name `{name}`"))
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

fn pure(module: &[String]) -> Option<&'static str> {
    let module = module.join("::");
    PURE.iter().copied().find(|pure| within(&module, pure))
}

/// Whether a path is `module` or below it.
fn within(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn every_module_keeps_to_its_floor() {
    let files: Vec<File> = repository::rust_files().filter(|(path, _)| path.starts_with("src/")).cloned().collect();
    assert!(files.iter().any(|(path, _)| path == "src/lib.rs"), "the sources are read");
    let used = files.iter().flat_map(|file| paths(&read(file))).filter(|path| path.ours).count();
    assert!(used > files.len(), "paths are found: {used} in {} files", files.len());
    let breaches = breaches(&files);
    assert!(breaches.is_empty(), "{} wrong edges:\n{}", breaches.len(), breaches.join("\n"));
}

#[test]
fn the_tables_name_modules_that_have_a_floor() {
    let named = EDGES.iter().chain(INSIDE).flat_map(|(from, to)| [from, to]).chain(PURE);
    for module in named {
        let top = module.split("::").next().unwrap_or(module);
        assert!(floor(top).is_some(), "`{top}` of `{module}` has no floor");
    }
    for (from, to) in EDGES {
        let top = |module: &str| floor(module.split("::").next().unwrap_or(module));
        assert_eq!(top(from), top(to), "`{from}` and `{to}` are on one floor");
    }
}

/// A tree of one file and a word of every breach that must be found in it, by line.
fn check(path: &str, text: &str, expected: &[(usize, &str)]) {
    let found = breaches(&[(path.to_owned(), text.to_owned())]);
    assert_eq!(found.len(), expected.len(), "{path}: {text}\nfound {found:#?}");
    for (line, word) in expected {
        let place = format!("{path}:{line}: ");
        let hit = found.iter().any(|breach| breach.starts_with(&place) && breach.contains(word));
        assert!(hit, "{path}: {text}\nexpected `{word}` at line {line}, found {found:#?}");
    }
}

#[test]
fn a_lower_floor_may_not_use_an_upper_one() {
    for (path, text, expected) in [
        ("src/base/name.rs", "use crate::model::run::Run;", vec![(1, "crate::model::run::Run")]),
        ("src/journey/load.rs", "use crate::model::run::Run;\nuse crate::base::name::Name;", vec![]),
        ("src/model/run.rs", "//! x\nfn f() { crate::probe::http::send(); }", vec![(2, "crate::probe::http::send")]),
        ("src/net/dial.rs", "use crate::{base::name, model::{run, scope}, journey as j};", vec![(1, "crate::journey")]),
        ("src/net/dial.rs", "pub(in crate::net) fn f() {}\npub(crate) struct A(pub(super) u8);", vec![]),
        ("src/probe/http/mod.rs", "use super::super::journey::load;", vec![(1, "crate::journey::load")]),
        ("src/probe/http/mod.rs", "use super::{super::cli, tls};", vec![(1, "crate::cli")]),
        ("src/probe/http/jar.rs", "use super::{super::super::cli, tls};", vec![(1, "crate::cli")]),
        ("src/probe/mod.rs", "mod a { use super::super::web::page; }", vec![(1, "crate::web::page")]),
        ("src/net/tls.rs", "macro_rules! m { () => { $crate::app::build() } }", vec![(1, "crate::app::build")]),
        ("src/net/tls.rs", "assert!(matches!(x, crate::config::File { .. }));", vec![(1, "crate::config::File")]),
        ("src/net/tls.rs", "const A: Vec<crate::report::Kind>=x;", vec![(1, "crate::report::Kind")]),
        ("src/net/tls.rs", "// crate::web::page\nlet a = \"crate::web::page\"; /* use crate::web; */", vec![]),
        ("src/net/tls.rs", "let a = r#\"\"crate::web::a\"#; let b = '\"'; use crate::web::b;", vec![(1, "web::b")]),
        ("src/net/tls.rs", "fn f<'a>(x: &'a str) -> char { '\\'' }\nuse crate::web;", vec![(2, "crate::web")]),
        ("src/main.rs", "fn main() { forerunner::cli::run() }", vec![]),
    ] {
        check(path, text, &expected);
    }
}

#[test]
fn one_floor_has_only_the_edges_that_are_named() {
    for (path, text, expected) in [
        ("src/template/text.rs", "use crate::expectation::filter::Chain;", vec![]),
        ("src/template/text.rs", "use crate::expectation::{filter, jsonpath::Query};", vec![]),
        ("src/template/text.rs", "use crate::expectation::selector::Selector;", vec![(1, "floor 2")]),
        ("src/template/text.rs", "use crate::expectation::*;", vec![(1, "floor 2")]),
        ("src/expectation/filter.rs", "use crate::template::Template;", vec![(1, "floor 2")]),
        ("src/probe/http/mod.rs", "use crate::metrics::catalogue;", vec![(1, "floor 3")]),
        ("src/web/page.rs", "use crate::web::html; use super::table;", vec![]),
    ] {
        check(path, text, &expected);
    }
}

#[test]
fn a_definition_does_not_know_what_is_done_with_it() {
    for (path, text, expected) in [
        ("src/journey/definition/step.rs", "use crate::journey::execute::Runner;", vec![(1, "journey::execute")]),
        ("src/journey/definition/step.rs", "use super::super::load;", vec![(1, "journey::load")]),
        ("src/journey/definition/mod.rs", "use super::{resolve::Resolved, definition};", vec![(1, "journey::resolve")]),
        ("src/journey/definition/mod.rs", "use super::*;", vec![(1, "journey::"); 1]),
        ("src/journey/definition/step.rs", "use super::needs::Needs; use super::*;", vec![]),
        ("src/journey/load/mod.rs", "use super::definition::Journey;", vec![]),
    ] {
        check(path, text, &expected);
    }
}

#[test]
fn the_whole_crate_is_not_a_thing_to_use() {
    for (path, text, expected) in [
        ("src/net/tls.rs", "use crate as all;", vec![(1, "whole crate")]),
        ("src/net/tls.rs", "use super::super::*;", vec![(1, "whole crate")]),
        ("src/net/mod.rs", "use super as all;", vec![(1, "whole crate")]),
        ("src/net/tls.rs", "use crate::helpers::thing;", vec![(1, "no floor")]),
        ("src/helpers.rs", "use crate::base::name;", vec![(1, "no floor")]),
        ("src/lib.rs", "pub mod base;\npub use base::name::Name;", vec![(2, "passes on nothing")]),
        ("src/net/mod.rs", "#[path = \"../web/page.rs\"]\nmod page;", vec![(1, "hides")]),
    ] {
        check(path, text, &expected);
    }
}

#[test]
fn pure_modules_touch_no_world_and_ask_no_clock() {
    for (path, text, expected) in [
        ("src/base/name.rs", "use tokio::time::sleep;", vec![(1, "`tokio`")]),
        ("src/model/run.rs", "fn f() { std::env::var(X); }", vec![(1, "std::env")]),
        ("src/template/text.rs", "use std::{fmt, fs::File, sync::Arc};", vec![(1, "std::fs")]),
        ("src/expectation/judge.rs", "use std::time::Instant;\nfn f() { Instant::now(); }", vec![(2, "Instant::now")]),
        ("src/evaluate/mod.rs", "let now = jiff::Timestamp::now();", vec![(1, "Timestamp::now")]),
        ("src/journey/definition/mod.rs", "use std::time::SystemTime;", vec![(1, "`SystemTime`")]),
        ("src/notify/render/mod.rs", "use rusqlite::Row;", vec![(1, "`rusqlite`")]),
        ("src/har.rs", "use hyper::Version;", vec![(1, "`hyper`")]),
        ("src/har.rs", "let now = scope.now(); use std::net::IpAddr; // tokio", vec![]),
        ("src/journey/load.rs", "use std::fs; use tokio::fs::read;", vec![]),
    ] {
        check(path, text, &expected);
    }
}

#[test]
fn tests_may_touch_the_world_but_stay_on_their_floor() {
    for (path, text, expected) in [
        ("src/base/name.rs", "#[cfg(test)]\nmod tests { use std::fs; #[test] fn t() { tokio::x() } }", vec![]),
        ("src/base/name.rs", "#[cfg(test)]\nmod tests { }\nuse std::fs;", vec![(3, "std::fs")]),
        ("src/base/name.rs", "#[cfg(test)]\nuse std::{fs, env};\nfn f() { std::env::args(); }", vec![(3, "std::env")]),
        ("src/base/name.rs", "#[cfg(test)] #[rustfmt::skip] fn f() -> [u8; 2] { std::fs::x() }", vec![]),
        ("src/template/tests.rs", "use std::fs; use crate::model::scope::Nothing;", vec![]),
        ("src/template/tests/vars.rs", "use crate::journey::load;", vec![(1, "floor 4")]),
    ] {
        check(path, text, &expected);
    }
    let tree = [
        ("src/base/mod.rs".to_owned(), "#[cfg(test)]\nmod corpus;\nmod name;".to_owned()),
        ("src/base/corpus.rs".to_owned(), "use std::fs;".to_owned()),
        ("src/base/name.rs".to_owned(), "use std::fs;".to_owned()),
    ];
    let found = breaches(&tree);
    assert!(found.len() == 1 && found[0].starts_with("src/base/name.rs:1: "), "{found:?}");
}
