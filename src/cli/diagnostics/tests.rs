//! What each format says about the same problems, and that no text of a file breaks out of it.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::base::diagnostic::{Rule, Severity};
use crate::base::printable::{is_hostile, width};
use crate::base::span::{Source, Span};

static UNKNOWN_KEY: Rule = Rule {
    id: "unknown-key",
    severity: Severity::Error,
    about: "Only known keys are allowed, so that a typo is found.",
};
static DUPLICATE_NAME: Rule =
    Rule { id: "duplicate-name", severity: Severity::Error, about: "A name means one thing in a journey." };
static UNUSED_KEEP: Rule =
    Rule { id: "unused-keep", severity: Severity::Warning, about: "What is kept is used somewhere." };

const JOURNEY: &str = "forerunner: 1
id: home
vars:
  token: ${random.uuid}
steps:
  - get: /
    expct: { status: 200 }
    keep:
\ttoken: $.token
  - get: /世界/{id}  # wide
    keep: { spare: $.spare }
";

fn span(source: &Source, text: &str) -> Span {
    let start = source.text.find(text).expect("in the text");
    Span::new(start, start + text.len())
}

fn problems() -> Vec<Diagnostic> {
    let home = Source::new("probes/home.yaml", JOURNEY);
    let other = Source::new("probes/another.yaml", "id: UPPER\n");
    let long = Source::new(
        "probes/long.yaml",
        format!("steps: [{}, {{ gte: / }}]\nend: 1\n{}x: 1", "1, ".repeat(300), "# \n".repeat(90)),
    );
    let unknown = Diagnostic::new(&UNKNOWN_KEY, &home, span(&home, "expct"), "a step has no key `expct`")
        .help("did you mean `expect`?");
    vec![
        Diagnostic::new(&UNUSED_KEEP, &home, span(&home, "spare"), "`spare` is kept, but nothing uses it"),
        unknown.clone(),
        Diagnostic::new(
            &DUPLICATE_NAME,
            &home,
            span(&home, "token: $.token").within(0, 5),
            "the name `token` is taken",
        )
        .related(span(&home, "token: ${").within(0, 5), "first declared here")
        .help("choose another name"),
        Diagnostic::new(&UNKNOWN_KEY, &home, span(&home, "世界"), "`世界` is wide"),
        unknown,
        Diagnostic::new(&UNKNOWN_KEY, &other, Span::new(4, 9), "the id `UPPER` has upper-case letters"),
        Diagnostic::new(&UNKNOWN_KEY, &long, span(&long, "gte"), "a step has no key `gte`")
            .related(span(&long, "x: 1"), "far away"),
    ]
}

const CHECKED: Checked = Checked { files: 5, journeys: 12 };

fn rendered(format: DiagnosticFormat, diagnostics: &[Diagnostic]) -> String {
    let mut out = Vec::new();
    write(format, diagnostics, CHECKED, &mut out).expect("written");
    anstream::adapter::strip_str(&String::from_utf8(out).expect("text")).to_string()
}

#[test]
fn people_see_every_problem_once_in_order_of_place() {
    insta::assert_snapshot!(rendered(DiagnosticFormat::Human, &problems()));
}

#[test]
fn nothing_wrong_is_said_too() {
    assert_eq!(rendered(DiagnosticFormat::Human, &[]), "no problems in 5 files; 12 journeys checked\n");
}

#[test]
fn json_has_stable_keys() {
    insta::assert_snapshot!(rendered(DiagnosticFormat::Json, &problems()[..3]));
}

#[test]
fn github_gets_one_command_per_problem() {
    insta::assert_snapshot!(rendered(DiagnosticFormat::Github, &problems()));
}

#[test]
fn sarif_lists_the_rules_and_refers_to_them() {
    insta::assert_snapshot!(rendered(DiagnosticFormat::Sarif, &problems()[..3]));
}

fn hostile(text: &str, from: usize, length: usize) -> Vec<Diagnostic> {
    let source: Arc<Source> = Source::new(text, text);
    let span = Span::new(from, from + length);
    vec![Diagnostic::new(&UNKNOWN_KEY, &source, span, text).help(text).related(Span::new(length, from), text)]
}

proptest! {
    #[test]
    fn no_text_reaches_the_terminal_raw(text in any::<String>(), from in 0_usize..80, length in 0_usize..80) {
        let mut out = Vec::new();
        write(DiagnosticFormat::Human, &hostile(&text, from, length), CHECKED, &mut out).expect("written");
        let shown = anstream::adapter::strip_bytes(&out).into_vec();
        let shown = String::from_utf8(shown).expect("text");
        prop_assert!(!shown.chars().any(|c| c != '\n' && is_hostile(c)), "{:?}", shown);
    }

    #[test]
    fn a_workflow_command_stays_on_its_line(text in any::<String>(), from in 0_usize..80) {
        let lines = rendered(DiagnosticFormat::Github, &hostile(&format!("{text}\n::error::x,y:z"), from, 3));
        prop_assert_eq!(lines.trim_end_matches('\n').lines().count(), 1);
        let (properties, _) = lines.strip_prefix("::error ").and_then(|rest| rest.split_once("::")).expect("a command");
        prop_assert_eq!(properties.split(',').filter(|property| property.contains('=')).count(), properties.split(',').count());
    }

    #[test]
    fn documents_stay_documents(text in any::<String>(), from in 0_usize..80, length in 0_usize..80) {
        for format in [DiagnosticFormat::Json, DiagnosticFormat::Sarif] {
            let document: Json = serde_json::from_str(&rendered(format, &hostile(&text, from, length))).expect("JSON");
            prop_assert!(document.is_object());
        }
    }
}

#[test]
fn a_megabyte_on_one_line_is_cut() {
    let source = Source::new("a.yaml", format!("{}key: 1", "a".repeat(1 << 20)));
    let message = "m".repeat(1 << 20);
    let span = Span::new(1 << 20, (1 << 20) + 3);
    let problem = Diagnostic::new(&UNKNOWN_KEY, &source, span, &message).help(&message);
    let shown = rendered(DiagnosticFormat::Human, &[problem]);
    assert!(shown.lines().all(|line| width(line) <= 104), "{shown}");
    assert!(shown.lines().count() < 30, "{shown}");
}
