//! Steps that can never be executed, and optional ones that are not.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::look::{Look, StepView};
use super::mention::{Part, Place};
use super::rules;
use super::scope::{Standing, What};
use crate::base::diagnostic::Diagnostic;
use crate::expectation::condition::Condition;
use crate::expectation::judge::{Judge, Verdict};
use crate::expectation::schema::Schema;
use crate::journey::definition::condition::Expectation;
use crate::journey::definition::step::Action;
use crate::model::value::{Kind, Value};

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let names = if look.steps.iter().any(|view| view.step.optional) { names(look) } else { Vec::new() };
    for (index, view) in look.steps.iter().enumerate() {
        found.extend(repetition(look, index, view));
        found.extend(condition(look, index, view));
        if view.step.optional && !view.cleanup {
            found.extend(optional(look, &names, index, view));
        }
    }
}

fn repetition(look: &Look<'_>, index: usize, view: &StepView<'_>) -> Option<Diagnostic> {
    let each = view.step.for_each.as_ref()?;
    let never = |span, why: &str| {
        let message = format!("step `{}` is never executed: {why}", view.id);
        Some(look.problem(&rules::UNREACHABLE_STEP, span, message).help("remove the step, or correct its `for`"))
    };
    let place = Place::Step { step: index, part: Part::List };
    let whole = look.definition.source.slice(each.list.span).trim_matches(['"', '\'']);
    // A lone reference without filters: the list is what the name stands for.
    let name = whole.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).map(str::trim);
    let declaration = name.and_then(|name| match look.scope.standing(name, place) {
        Standing::Here(declaration) => Some(declaration),
        _ => None,
    });
    let constant = each.list.value.constant().or_else(|| match declaration?.what {
        What::Var(var) => look.vars().get(var)?.1.constant(),
        _ => None,
    });
    let not_a_list = |kind: &str| {
        let message = format!("`for` goes through a list, and this is {kind}");
        Some(
            look.problem(&rules::NOT_A_LIST, each.list.span, message)
                .help("give a list, or a template that yields one, such as a kept `$.items[*].id`"),
        )
    };
    match (constant, declaration.map(|declaration| declaration.what)) {
        (Some(Json::Array(list)), _) if list.is_empty() => never(each.list.span, "the list is empty"),
        (Some(Json::Array(_)), _) => None,
        (Some(other), _) => not_a_list(phrase(&other)),
        (None, Some(What::Kept { step, keep, .. }))
            if look.steps[step].step.for_each.is_none() && keep.default.is_none() =>
        {
            let kinds = keep.from.value.kinds().ok()?;
            if kinds.is_empty() || kinds.contains(Kind::List) { None } else { not_a_list(&kinds.describe()) }
        }
        (None, Some(What::Secret(_))) => not_a_list("text"),
        _ => None,
    }
}

fn phrase(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// A `when` that the text alone decides.
fn condition(look: &Look<'_>, index: usize, view: &StepView<'_>) -> Option<Diagnostic> {
    let place = Place::Step { step: index, part: Part::When };
    let never =
        view.step.when.iter().flat_map(|when| &when.0).find(|one| cannot_hold(look, one, place) == Some(true))?;
    let message = format!("step `{}` is never executed: `{}` does not meet its condition", view.id, never.key.value);
    Some(
        look.problem(&rules::UNREACHABLE_STEP, never.key.span, message)
            .help("remove the step, or correct its `when`: the value is the same in every run"),
    )
}

/// None if that depends on the run.
fn cannot_hold(look: &Look<'_>, expectation: &Expectation, place: Place) -> Option<bool> {
    let name = expectation.selector.text().strip_prefix("var:")?;
    let Standing::Here(declaration) = look.scope.standing(name, place) else { return None };
    match declaration.what {
        What::Input(_) | What::Mailbox => Some(matches!(expectation.condition, Condition::Exists(false))),
        What::Secret(secret) if !secret.kept => Some(matches!(expectation.condition, Condition::Exists(false))),
        What::Var(var) => {
            if matches!(expectation.condition, Condition::Exists(false)) {
                return Some(true);
            }
            let value = look.vars().get(var)?.1.constant()?;
            let condition: Condition<Json, Arc<Schema>> = expectation
                .condition
                .try_map(&mut |literal, _| literal.value.constant().ok_or(()), &mut |_| Err(()))
                .ok()?;
            let judge = Judge::new(condition).ok()?;
            Some(judge.judge(Some(&Value::Json(value)), false) != Verdict::Holds)
        }
        What::Secret(_) | What::Item(_) | What::Kept { .. } => None,
    }
}

/// The kept values that each step refers to, its `when` apart: a step that lacks one of these is not run.
fn names<'a>(look: &Look<'a>) -> Vec<Vec<&'a str>> {
    let mut names = vec![Vec::new(); look.steps.len()];
    for mention in &look.mentions {
        for place in look.places(mention) {
            match place {
                Place::Step { step, part } if part != Part::When && look.scope.is_kept(mention.name) => {
                    names[step].push(mention.name);
                }
                _ => {}
            }
        }
    }
    names
}

/// An optional step without which nothing that follows is run.
fn optional(look: &Look<'_>, names: &[Vec<&str>], index: usize, view: &StepView<'_>) -> Option<Diagnostic> {
    // What the failed step, and in turn the steps not run for lack of it, would have kept.
    let mut lost: HashSet<&str> = HashSet::new();
    let before = Place::Step { step: index, part: Part::Target };
    let mut needed = false;
    for (step, follower) in look.steps.iter().enumerate().take(look.form.steps.len()).skip(index) {
        let needs = names[step].iter().any(|name| lost.contains(name));
        if step == index || needs {
            let kept = follower.step.keep.0.iter().map(|keep| keep.name.value.as_str());
            lost.extend(kept.filter(|name| !matches!(look.scope.standing(name, before), Standing::Here(_))));
        } else if !matches!(follower.step.action, Action::Wait(_)) {
            return None;
        }
        needed |= needs;
    }
    if !needed {
        return None;
    }
    let message = format!("step `{}` is optional, but every step after it needs what it keeps", view.id);
    Some(
        look.problem(&rules::OPTIONAL_NEEDED, look.key(view.step.span, "optional"), message)
            .help("remove `optional`: without this step nothing else is run"),
    )
}
