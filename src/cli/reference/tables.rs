//! The pages made of tables in code: selectors, matchers, filters, causes of failure, problems of files.

use std::fmt::Write as _;

use super::{cell, code};
use crate::base::diagnostic::{Rule, Severity};
use crate::expectation::condition::MATCHER_DOCS;
use crate::expectation::filter::FILTERS;
use crate::expectation::selector::SELECTORS;
use crate::model::failure::{Cause, FailureKind};

const GENERATED: &str = "<!-- Generated from the program by its tests; do not edit. -->\n\n";

fn page(title: &str, about: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut page =
        format!("# {title}\n\n{GENERATED}{about}\n\n| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let _ = writeln!(page, "| {} |", row.join(" | "));
    }
    page
}

pub(super) fn selectors() -> String {
    page(
        "Selectors",
        "A selector says where in an answer a value stands. Filters may follow behind bars with blanks on both sides: \
         `$.items | count`. The examples look at one sample answer of a shop.",
        &["selector", "kind", "what it finds", "example", "finds"],
        SELECTORS
            .iter()
            .map(|row| vec![code(row.form), cell(row.kind), cell(row.about), code(row.example.0), code(row.example.1)]),
    )
}

pub(super) fn matchers() -> String {
    page(
        "Matchers",
        "A condition is a literal, which means `equals`, or a map of matchers that must all hold. Each comes to one of \
         three results: it holds, it fails, or it is undefined because the value is missing or of a kind that does not \
         fit. Undefined is a miss, also under `not`.",
        &["matcher", "argument", "value", "holds when", "example", "holds for", "fails for"],
        MATCHER_DOCS.iter().map(|row| {
            let (condition, holds, fails) = row.example;
            let value = |value: &str| if value.is_empty() { "nothing".to_owned() } else { code(value) };
            vec![
                code(row.name),
                cell(row.argument),
                cell(row.value),
                cell(row.about),
                code(condition),
                value(holds),
                value(fails),
            ]
        }),
    )
}

pub(super) fn filters() -> String {
    page(
        "Filters",
        "Filters turn a value into another, in selectors and in templates alike. A missing value passes through as \
         missing. T is text, N a number, I an integer, L a list, O an object, Ti a time, D a duration, B bytes.",
        &["filter", "in → out", "what it does", "input", "chain", "result"],
        FILTERS.iter().map(|row| {
            let (input, chain, result) = row.example;
            let form = format!("{} {}", row.name, row.arguments);
            vec![code(form.trim_end()), cell(row.signature), cell(row.about), code(input), code(chain), code(result)]
        }),
    )
}

pub(super) fn failures() -> String {
    let mut page = page(
        "Failures",
        "Why a step did not pass. The cause decides whose trouble it is: causes of the world fail the run, causes of our \
         own make it indeterminate, which is never held against a target.",
        &["failure", "cause", "usually at", "what happened"],
        FailureKind::ALL.iter().map(|kind| {
            let origin = serde_json::to_value(kind.usual_origin()).ok();
            let origin = origin.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            vec![code(&kind.word()), code(kind.cause().word()), origin, cell(kind.about().trim())]
        }),
    );
    let words = |ours: bool| {
        let causes: Vec<_> =
            Cause::ALL.iter().filter(|cause| cause.is_ours() == ours).map(|cause| code(cause.word())).collect();
        causes.join(", ")
    };
    let _ = write!(
        page,
        "\nCauses of the world: {}. Causes of our own: {}. If several apply to one step, the first of them is its cause.\n",
        words(false),
        words(true)
    );
    page
}

pub(super) fn problems(rules: &[&Rule]) -> String {
    page(
        "Problems of files",
        "What `forerunner check` reports. With an error nothing of the file runs; a warning is for a person to look at.",
        &["rule", "severity", "what it demands"],
        rules.iter().map(|rule| {
            let severity = match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            vec![code(rule.id), severity.to_owned(), cell(rule.about)]
        }),
    )
}
