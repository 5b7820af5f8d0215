//! Rules about files that no compiler and no formatter holds: size, first line, stray words, dead links.

use std::collections::BTreeSet;

use regex::Regex;

use crate::repository::{self, FILES, File, exists, has_extension};
use crate::source::{Placed, Token, read_all};

/// No file of code is longer than this, in lines.
const LINES_MAX: usize = 500;

/// Half of the files in `src/` are shorter than this, in lines.
const MEDIAN_BELOW: usize = 200;

/// Files above the limit, each with the reason why it is one thing.
const LONG: &[(&str, &str)] = &[];

/// What others wrote or machines make: not held to our words and blanks.
const FOREIGN: &[&str] = &["Cargo.lock", "fuzz/Cargo.lock", "fuzz/seeds/", "tests/suites/", "LICENSE-APACHE"];

fn own_files() -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|(path, _)| !FOREIGN.iter().any(|foreign| path.starts_with(foreign)))
}

/// Fails with one line per finding.
fn none(rule: &str, findings: impl IntoIterator<Item = String>) {
    let findings: Vec<_> = findings.into_iter().collect();
    assert!(findings.is_empty(), "{rule}:\n{}", findings.join("\n"));
}

#[test]
fn every_file_of_code_says_first_why_it_exists() {
    let silent = repository::rust_files().filter(|(_, text)| !says_why(text)).map(|(path, _)| path.clone());
    none("the first line is `//!` and a sentence of at least 20 characters with a full stop", silent);
    for (text, says) in [
        ("//! Reads a cookie as a browser would.\nuse x;", true),
        ("//! Reads a cookie as\n//! a browser would.\n//!\n//! More", true),
        ("//! Reads a cookie as a browser would\nuse x;", false),
        ("//! Cookies.\n", false),
        ("use x;\n//! Reads a cookie as a browser would.\n", false),
    ] {
        assert_eq!(says_why(text), says, "{text}");
    }
}

fn says_why(text: &str) -> bool {
    let paragraph: Vec<_> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let sentence = paragraph.join(" ");
    sentence.chars().count() >= 20 && sentence.ends_with('.')
}

#[test]
fn files_are_small() {
    let length = |(_, text): &File| text.lines().count();
    let named = |path: &str| LONG.iter().any(|(name, _)| *name == path);
    let long = repository::rust_files().filter(|file| length(file) > LINES_MAX && !named(&file.0));
    none("too long: one noun a file", long.map(|file| format!("{} has {} lines", file.0, length(file))));
    let needless = LONG.iter().filter(|(name, reason)| {
        reason.is_empty() || !repository::rust_files().any(|file| file.0 == *name && length(file) > LINES_MAX)
    });
    none("exceptions that nothing needs", needless.map(|(name, _)| (*name).to_owned()));
    let mut lengths: Vec<_> =
        repository::rust_files().filter(|(path, _)| path.starts_with("src/")).map(length).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < MEDIAN_BELOW, "half of the files in src/ have {median} lines or more");
}

#[test]
fn blanks_are_where_they_belong() {
    let formatted = |path: &str| {
        ["rs", "md", "toml", "yml"].iter().any(|extension| has_extension(path, extension))
            || ["scripts/", ".ci/", "probes/", "config/", "justfile", "LICENSE"]
                .iter()
                .any(|part| path.starts_with(part))
    };
    none("blanks", own_files().filter(|(path, _)| formatted(path)).flat_map(stray_blanks));
    let file = |text: &str| stray_blanks(&("a".to_owned(), text.to_owned())).len();
    for (text, findings) in [("a\nb\n", 0), ("a\n", 0), ("a", 1), ("a \nb\n", 1), ("\ta\r\n\n", 3)] {
        assert_eq!(file(text), findings, "{text:?}");
    }
}

fn stray_blanks((path, text): &File) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let mut report = |what: &str| found.push(format!("{path}:{}: {what}", index + 1));
        if line.contains('\t') {
            report("a tab");
        }
        if line.ends_with([' ', '\t', '\r']) {
            report("a blank at the end of the line");
        }
    }
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        found.push(format!("{path}: ends in one line feed, no less and no more"));
    }
    found
}

/// What unfinished work and the place where it was done leave behind. Written in halves, so that this file
/// does not find itself.
fn stray_words() -> Vec<Regex> {
    let words = ["TO", "DO|FIX", "ME|XX", "X|HA", "CK"].concat();
    [
        format!(r"\b({words})\b"),
        ["(?i)for ", "now[^a-z]|for ", "now$"].concat(),
        [r"\b(dbg|todo|unimple", r"mented)!"].concat(),
        [r"#\[ig", "nore"].concat(),
        [r#"(^|[\s"'`(=:])/(wo"#, r"rk|tmp/wt|tmp/plan|tmp/build|root|home)/"].concat(),
        ["shared/ref", "erence"].concat(),
        [r"(?i)\bissues? ", r"#?[0-9]"].concat(),
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).expect("a pattern"))
    .collect()
}

/// Words that another format gives a meaning of their own: part of the path, the word, the reason.
const EXCUSED: &[(&str, &str, &str)] = &[("tap", concat!("TO", "DO"), "a directive of the Test Anything Protocol")];

#[test]
fn no_stray_words() {
    let words = stray_words();
    let excused = |path: &str, found: &str| EXCUSED.iter().any(|(part, word, _)| path.contains(part) && found == *word);
    let found = own_files().flat_map(|(path, text)| {
        let words = &words;
        text.lines().enumerate().flat_map(move |(index, line)| {
            words
                .iter()
                .filter_map(move |word| word.find(line).map(|found| found.as_str().trim()))
                .filter(move |found| !excused(path, found))
                .map(move |found| format!("{path}:{}: `{found}`", index + 1))
        })
    });
    none("finish it, or say it in another way", found);
    let strays = |line: &str| words.iter().filter(|word| word.is_match(line)).count();
    for (line, count) in [
        ("todo = \"warn\"", 0),
        ("GET /works/home/ of a framework/work/x", 0),
        ("for nowhere, forever", 0),
        (["// FIX", "ME later"].concat().as_str(), 1),
        (["fixed for ", "now."].concat().as_str(), 1),
        (["cd /wo", "rk/main"].concat().as_str(), 1),
        (["see issue ", "#2"].concat().as_str(), 1),
        (["    to", "do!()"].concat().as_str(), 1),
    ] {
        assert_eq!(strays(line), count, "{line}");
    }
}

#[test]
fn code_outside_tests_does_not_panic_on_purpose() {
    let files: Vec<File> = repository::rust_files().filter(|(path, _)| path.starts_with("src/")).cloned().collect();
    none("return an error, or a failure as data", panics(&files));
    let count = |text: &str| panics(&[("src/a.rs".to_owned(), text.to_owned())]).len();
    for (text, found) in [
        ("fn f() { x.unwrap(); y.expect(\"text\"); panic!(\"z\") }", 3),
        ("fn f() { x.unwrap_or(1); reader.expect(Token::End); step.expect; } // .unwrap()", 0),
        ("#[cfg(test)] mod tests { fn f() { x.unwrap() } }", 0),
    ] {
        assert_eq!(count(text), found, "{text}");
    }
}

fn panics(files: &[File]) -> Vec<String> {
    let is_panic = |window: &[Placed]| {
        let call = window[0].is_other('.') && window[2].is_other('(');
        (call && window[1].is_word("unwrap"))
            || (call && window[1].is_word("expect") && window[3].token == Token::Text)
            || (window[0].is_word("panic") && window[1].is_other('!'))
    };
    let mut found = Vec::new();
    for (path, placed) in read_all(files) {
        let places = placed.windows(4).filter(|window| !window[0].test && is_panic(window));
        found.extend(places.map(|window| format!("{path}:{}", window[0].line)));
    }
    found
}

#[test]
fn links_in_documents_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern");
    let mut dead = Vec::new();
    let mut links = 0;
    for (path, text) in FILES.iter().filter(|(path, _)| has_extension(path, "md")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in link.captures_iter(text).map(|found| found[1].to_owned()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, place) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { path.clone() } else { resolved(folder, file) };
            let leads = |place: &str| {
                let text = FILES.iter().find(|(path, _)| *path == file).map(|(_, text)| text);
                text.is_some_and(|text| headings(text).any(|heading| heading == place))
            };
            if !exists(&file) || !(place.is_empty() || leads(place)) {
                dead.push(format!("{path}: `{target}`"));
            }
        }
    }
    none("dead links", dead);
    assert!(links > 20, "links are found: {links}");
}

/// Where a link of a document in this folder leads.
fn resolved(folder: &str, file: &str) -> String {
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Headings as links name them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| {
        let said = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        said.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    })
}

#[test]
fn paths_in_documents_exist() {
    let named = Regex::new(r"(?:^|[\s`(])((?:scripts|\.ci|probes|config|docs|tests|fuzz|src)/[A-Za-z0-9._/-]+)")
        .expect("a pattern");
    let documents = FILES.iter().filter(|(path, _)| has_extension(path, "md") || path == "justfile");
    let missing = documents.flat_map(|(path, text)| {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let paths: BTreeSet<_> = named.captures_iter(text).map(|found| found[1].to_owned()).collect();
        paths
            .into_iter()
            .filter(move |named| {
                let named = named.trim_end_matches(['.', '/']);
                !exists(named) && !exists(&format!("{folder}/{named}"))
            })
            .map(move |named| format!("{path}: `{named}`"))
    });
    none("a document names what is not there", missing);
}

#[cfg(unix)]
#[test]
fn scripts_can_be_started() {
    use std::os::unix::fs::PermissionsExt;

    for script in ["scripts/test", "scripts/static", ".ci/run"] {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let mode = std::fs::metadata(&file).expect("the script is there").permissions().mode();
        assert!(mode & 0o111 != 0, "{script} is not executable");
        let text = std::fs::read_to_string(&file).expect("the script is text");
        assert!(text.contains("set -euo pipefail"), "{script} goes on after an error");
    }
}

#[test]
fn the_papers_of_the_project_are_complete() {
    let text = |name: &str| {
        let file = FILES.iter().find(|(path, _)| path == name);
        file.map_or_else(|| panic!("no {name}"), |(_, text)| text.as_str())
    };
    for (name, part) in [
        ("CHANGELOG.md", "\n## [Unreleased]\n"),
        ("README.md", "scripts/test"),
        ("ARCHITECTURE.md", "tests/it/floors.rs"),
        ("CONTRIBUTING.md", "scripts/test"),
        ("LICENSE-MIT", "The forerunner contributors"),
        ("LICENSE-APACHE", "Version 2.0, January 2004"),
    ] {
        assert!(text(name).contains(part), "{name} lacks `{part}`");
    }
}

/// Name and version of every package in a lock file.
fn locked(name: &str) -> BTreeSet<(String, String)> {
    let text = FILES.iter().find(|(path, _)| path == name).map_or("", |(_, text)| text);
    let lines: Vec<_> = text.lines().collect();
    let value = |line: &str, key: &str| Some(line.strip_prefix(key)?.strip_prefix(" = ")?.trim_matches('"').to_owned());
    let found: BTreeSet<_> =
        lines.windows(2).filter_map(|two| Some((value(two[0], "name")?, value(two[1], "version")?))).collect();
    assert!(!found.is_empty(), "{name} names packages");
    found
}

#[test]
fn fuzzing_runs_on_the_versions_that_we_ship() {
    let (ours, fuzzing) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    let only_fuzzing = ["forerunner-fuzz", "libfuzzer-sys", "arbitrary", "jobserver"];
    let other = fuzzing.difference(&ours).filter(|(name, _)| !only_fuzzing.contains(&name.as_str()));
    none(
        "fuzz/Cargo.lock differs from Cargo.lock: copy it there and let cargo add the rest",
        other.map(|(name, version)| format!("{name} {version}")),
    );
}

#[test]
fn every_second_version_of_a_dependency_has_its_reason() {
    let deny = FILES.iter().find(|(path, _)| path == "deny.toml").map_or("", |(_, text)| text);
    let pattern = Regex::new(r#"crate = "([^"@]+)@([^"]+)", reason = ".{10}"#).expect("a pattern");
    let excused: BTreeSet<_> =
        pattern.captures_iter(deny).map(|found| (found[1].to_owned(), found[2].to_owned())).collect();
    let packages = locked("Cargo.lock");
    let gone = excused.difference(&packages).map(|(name, version)| format!("{name} {version} is gone"));
    let left = packages.difference(&excused).map(|(name, _)| name);
    let names: BTreeSet<_> = left.clone().collect();
    let twice = names.iter().filter(|name| left.clone().filter(|own| own == *name).count() > 1);
    let needless = excused.iter().filter(|(name, _)| packages.iter().filter(|(own, _)| own == name).count() < 2);
    none(
        "`skip` in deny.toml names all versions of a crate but one",
        gone.chain(twice.map(|name| format!("{name} is there more than once")))
            .chain(needless.map(|(name, _)| format!("{name} is there only once"))),
    );
}
