//! Tables of journeys and what is found in them, a row or more for every rule.

mod conditions;
mod fits;
mod good;
mod metrics;
mod names;
mod needs;
mod secrets;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Checking, check as check_definition, rules};
use crate::base::diagnostic::Diagnostic;
use crate::base::shape::{Reader, Shape};
use crate::base::span::Source;
use crate::base::yaml::parse;
use crate::journey::definition::{Definition, JourneyForm};

/// What follows the first two lines of a journey, and `rule line:column` of what is found.
/// Further documents can be used by the first.
type Row = (&'static str, &'static [&'static str]);

const TABLES: &[&[Row]] =
    &[names::ROWS, needs::ROWS, secrets::ROWS, fits::ROWS, conditions::ROWS, shape::ROWS, metrics::ROWS];

/// All rows that are not as written are shown, not only the first.
fn check(rows: &[Row]) {
    let mut wrong = String::new();
    for (text, expected) in rows {
        let text = complete(text);
        let place = |problem: &Diagnostic| format!("{} {}", problem.rule.id, problem.position());
        let problems = diagnose(&text);
        let found: Vec<_> = problems.iter().map(place).collect();
        if found == *expected {
            continue;
        }
        let _ = writeln!(wrong, "{text}");
        for problem in problems.iter().filter(|problem| !expected.contains(&place(problem).as_str())) {
            let _ = write!(wrong, "+ {}", render(problem));
        }
        for missed in expected.iter().filter(|wanted| !found.iter().any(|found| found == *wanted)) {
            let _ = writeln!(wrong, "- {missed}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn complete(text: &str) -> String {
    format!("forerunner: 1\njourney: j\n{}", text.trim_start_matches('\n'))
}

fn diagnose(text: &str) -> Vec<Diagnostic> {
    let definitions = read(text);
    let used = definitions.iter().skip(1).map(|used| (used.id().to_owned(), used)).collect::<BTreeMap<_, _>>();
    let ids = ids(&definitions[0]);
    check_definition(&Checking { definition: &definitions[0], ids: &ids, used: &used })
}

fn read(text: &str) -> Vec<Definition> {
    let source = Source::new("j.yaml", text);
    let parsed = parse(&source);
    let mut reader = Reader::new(source.clone());
    let forms: Vec<_> = parsed.documents.iter().filter_map(|node| JourneyForm::read(node, &mut reader)).collect();
    let problems: Vec<_> = parsed.diagnostics.iter().chain(&reader.diagnostics).filter(|one| one.is_error()).collect();
    let messages: Vec<_> = problems.iter().map(|problem| render(problem)).collect();
    assert!(messages.is_empty(), "{}", messages.join(""));
    forms.into_iter().map(|form| Definition { source: source.clone(), form }).collect()
}

/// Written ids, and the action word with the position for the others.
fn ids(definition: &Definition) -> Vec<String> {
    let id = |(index, step): (usize, &crate::journey::definition::step::Step)| match &step.id {
        Some(id) => id.value.clone(),
        None => format!("{}-{}", step.action_word(), index + 1),
    };
    definition.all_steps().enumerate().map(id).collect()
}

/// Everything that people see of it.
fn render(problem: &Diagnostic) -> String {
    let position = problem.position();
    let marked = problem.source.slice(problem.span).lines().next().unwrap_or("");
    let mut text = format!("{} {position}: {}\n    at `{marked}`\n", problem.rule.id, problem.message);
    if let Some(help) = &problem.help {
        let _ = writeln!(text, "    help: {help}");
    }
    for related in &problem.related {
        let place = problem.source.position(related.span.start);
        let _ = writeln!(text, "    {place} `{}`: {}", problem.source.slice(related.span), related.note);
    }
    text
}

#[test]
fn every_rule_has_a_row() {
    let hit: BTreeSet<_> = TABLES
        .iter()
        .flat_map(|table| table.iter())
        .flat_map(|(_, found)| found.iter())
        .filter_map(|found| found.split(' ').next())
        .collect();
    let missed: Vec<_> = rules::ALL.iter().map(|rule| rule.id).filter(|id| !hit.contains(id)).collect();
    assert_eq!(missed, [""; 0]);
}

#[test]
fn every_message_says_what_is_wrong_and_what_to_do() {
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    for problem in TABLES.iter().flat_map(|table| table.iter()).flat_map(|(text, _)| diagnose(&complete(text))) {
        let rendered = render(&problem);
        if seen.insert(rendered.clone()) {
            text.push_str(&rendered);
        }
        let first = problem.message.chars().next().unwrap_or('A');
        assert!(!first.is_uppercase() && !problem.message.ends_with('.'), "{rendered}");
    }
    insta::assert_snapshot!("messages", text);
}
