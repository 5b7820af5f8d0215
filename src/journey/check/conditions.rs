//! Conditions that hold for the wrong reason, or never.

use super::look::Look;
use super::rules;
use crate::base::diagnostic::Diagnostic;
use crate::expectation::condition::Condition;
use crate::journey::definition::condition::{Conditions, Expectation, Written};

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    for view in &look.steps {
        let step = view.step;
        let unless = step.retry.as_ref().and_then(|retry| retry.unless.as_ref());
        for conditions in [&step.when, &step.expect, &step.prefer].into_iter().flatten().chain(unless) {
            for expectation in &conditions.0 {
                each(look, expectation, conditions, found);
                lists(look, &expectation.condition, found);
                absent(look, expectation, found);
            }
        }
        let expects_status = step.expect.iter().any(|expect| expect.0.iter().any(|one| one.selector.is_status()));
        let preferred = step.prefer.iter().flat_map(|prefer| &prefer.0).find(|one| one.selector.is_status());
        if let Some(status) = preferred.filter(|_| !expects_status && !view.cleanup) {
            let message = "the answer must be a 2xx all the same, since only `expect` lifts that";
            found.push(
                look.problem(&rules::PREFERRED_STATUS, status.key.span, message)
                    .help("say in `expect` which status the step accepts, for example `status: { in: [200, 404] }`"),
            );
        }
    }
}

/// `each` where an empty list passes unnoticed.
fn each(look: &Look<'_>, expectation: &Expectation, beside: &Conditions, found: &mut Vec<Diagnostic>) {
    let parts = parts(&expectation.condition);
    if !parts.iter().any(|part| matches!(part, Condition::Each(_))) {
        return;
    }
    let exists = expectation.selector.empty_is_missing();
    let guarded = parts.iter().any(|part| minds_emptiness(part) || exists && matches!(part, Condition::Exists(true)));
    if guarded || beside.0.iter().any(|other| guards(other, expectation)) {
        return;
    }
    let message = format!("`{}` may be an empty list, for which `each` holds", expectation.key.value);
    found.push(
        look.problem(&rules::UNGUARDED_EACH, expectation.key.span, message)
            .help("add `length: { gte: 1 }` beside it, or `length: { gte: 0 }` to say that it may be empty"),
    );
}

/// The conditions that must all hold for this one to hold.
fn parts(condition: &Written) -> Vec<&Written> {
    match condition {
        Condition::All(all) => all.iter().flat_map(parts).collect(),
        one => vec![one],
    }
}

/// Whether the condition fails for an empty list, or shows that its author has thought of one.
fn minds_emptiness(condition: &Written) -> bool {
    match condition {
        Condition::Some(_) | Condition::Contains(_) | Condition::Empty(_) | Condition::Length(_) => true,
        Condition::Equals(literal) | Condition::Like(literal) => {
            literal.value.constant().is_none_or(|json| json.as_array().is_none_or(|list| !list.is_empty()))
        }
        Condition::Not(inner) => minds_emptiness(inner),
        Condition::Any(any) => any.iter().all(minds_emptiness),
        Condition::All(all) => all.iter().any(minds_emptiness),
        _ => false,
    }
}

/// Whether another expectation of the same list, or of what it stands in, asks for an element:
/// `$.items | count: { gte: 1 }`, `$.items[0].id: …` or `$.items: { length: … }` beside `$.items[*].id`.
fn guards(other: &Expectation, expectation: &Expectation) -> bool {
    let (source, mine) = (other.selector.source_text(), expectation.selector.source_text());
    // A path is followed as far as it names one thing: behind that stand the elements.
    let list = mine.split(['*', '?']).next().unwrap_or(mine);
    let list = list.split("..").next().unwrap_or(list).trim_end_matches(['[', '.']);
    if source.strip_prefix(list).is_some_and(|rest| rest.starts_with("[0]")) {
        return !matches!(other.condition, Condition::Exists(false));
    }
    if source != list && source != mine {
        return false;
    }
    let filters = other.selector.text().strip_prefix(source).unwrap_or("").trim();
    match filters {
        "" => {
            parts(&other.condition).iter().any(|part| minds_emptiness(part))
                && !std::ptr::eq(&raw const *other, &raw const *expectation)
        }
        "| count" => true,
        "| first" | "| last" | "| nth 0" => !matches!(other.condition, Condition::Exists(false)),
        _ => false,
    }
}

/// `contains` with a list as its argument, at any depth.
fn lists(look: &Look<'_>, condition: &Written, found: &mut Vec<Diagnostic>) {
    match condition {
        Condition::Contains(literal) => {
            let written = look.definition.source.slice(literal.span);
            if written.starts_with('[') || written.starts_with("- ") {
                found.push(
                    look.problem(
                        &rules::CONTAINS_LIST,
                        literal.span,
                        "`contains` asks for one element that is this list",
                    )
                    .help("ask for several by `all: [{ contains: … }, { contains: … }]`"),
                );
            }
        }
        Condition::Not(inner) | Condition::Length(inner) | Condition::Each(inner) | Condition::Some(inner) => {
            lists(look, inner, found);
        }
        Condition::Any(list) | Condition::All(list) => list.iter().for_each(|part| lists(look, part, found)),
        _ => {}
    }
}

/// `exists: false` beside something that needs a value.
fn absent(look: &Look<'_>, expectation: &Expectation, found: &mut Vec<Diagnostic>) {
    let parts = parts(&expectation.condition);
    // The empty list of such a selector counts as missing here and has a length all the same.
    if expectation.selector.empty_is_missing() || !parts.iter().any(|part| matches!(part, Condition::Exists(false))) {
        return;
    }
    if let Some(other) = parts.into_iter().find(|part| !holds_for_nothing(part)) {
        let message = format!("`exists: false` and `{}` cannot both hold", other.name());
        found.push(
            look.problem(&rules::NEVER_HOLDS, expectation.span, message)
                .help("write `any: [{ exists: false }, …]` for \"absent or …\""),
        );
    }
}

/// Whether the condition holds for a missing value.
fn holds_for_nothing(condition: &Written) -> bool {
    match condition {
        Condition::Exists(wanted) => !wanted,
        Condition::All(all) => all.iter().all(holds_for_nothing),
        Condition::Any(any) => any.iter().any(holds_for_nothing),
        Condition::Not(inner) => fails_for_nothing(inner),
        _ => false,
    }
}

/// Whether the condition fails, as opposed to being undefined, for a missing value.
fn fails_for_nothing(condition: &Written) -> bool {
    match condition {
        Condition::Exists(wanted) => *wanted,
        Condition::All(all) => all.iter().any(fails_for_nothing),
        Condition::Any(any) => any.iter().all(fails_for_nothing),
        Condition::Not(inner) => holds_for_nothing(inner),
        _ => false,
    }
}
