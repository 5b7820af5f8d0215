//! `slo`: what is measured exists, over a window that means something.

use std::collections::HashMap;
use std::time::Duration;

use super::fits::later;
use super::hosts::list;
use super::look::{Look, StepView};
use super::rules;
use crate::base::diagnostic::{Diagnostic, nearest};
use crate::base::duration::format_duration;
use crate::base::span::Span;
use crate::expectation::selector::Family;
use crate::journey::definition::condition::Conditions;
use crate::journey::definition::rules as definition_rules;
use crate::journey::definition::slo::{Good, Slo};
use crate::journey::definition::step::Action;

/// Burn rates over shorter windows are noise.
const OVER_MIN: Duration = Duration::from_hours(24);

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let mut names: HashMap<&str, Span> = HashMap::new();
    for slo in look.form.slo.iter().flatten() {
        if let Some(name) = &slo.name
            && let Some(first) = names.insert(&name.value, name.span)
        {
            let message = format!("two objectives are called `{}`", name.value);
            found.push(
                look.problem(&rules::OBJECTIVE, name.span, message)
                    .help("the name is a metric label: give each its own")
                    .related(first, "the first is here"),
            );
        }
        if slo.over.value < OVER_MIN {
            let message = format!("a window of {} is too short for an objective", format_duration(slo.over.value));
            found.push(look.problem(&rules::OBJECTIVE, slo.over.span, message).help("at least 1d; 28d is usual"));
        }
        found.extend(step(look, slo));
        if let Good::When(conditions) = &slo.good.value {
            selectors(look, slo, conditions, found);
        }
    }
}

fn step(look: &Look<'_>, slo: &Slo) -> Option<Diagnostic> {
    let step = slo.step.as_ref()?;
    let known = || {
        let counted = |view: &&StepView<'_>| !view.cleanup && !matches!(view.step.action, Action::Wait(_));
        look.steps.iter().filter(counted).map(|view| view.id)
    };
    let (message, meant) = match look.steps.iter().find(|view| view.id == step.value) {
        Some(view) if view.cleanup => {
            (format!("step `{}` is of `cleanup`, whose results are in no objective", step.value), None)
        }
        Some(view) if matches!(view.step.action, Action::Wait(_)) => {
            (format!("step `{}` only waits", step.value), None)
        }
        Some(_) => return None,
        None => (format!("no step has the id `{}`", step.value), nearest(&step.value, known())),
    };
    let help = meant.map_or_else(|| format!("steps: {}", list(known())), |meant| format!("did you mean `{meant}`?"));
    Some(look.problem(&rules::OBJECTIVE, step.span, message).help(help))
}

fn selectors(look: &Look<'_>, slo: &Slo, conditions: &Conditions, found: &mut Vec<Diagnostic>) {
    let http = slo.step.as_ref().and_then(|step| look.steps.iter().find(|view| view.id == step.value));
    let http = http.is_some_and(|view| view.step.http().is_some());
    for condition in &conditions.0 {
        let source = condition.selector.source_text();
        let fits = match (source, condition.selector.family()) {
            (_, Family::Later) => {
                found.push(later(look, &condition.selector, condition.key.span));
                continue;
            }
            ("time", _) => true,
            ("status" | "size", _) => http,
            (time, _) => http && time.starts_with("time."),
        };
        if !fits {
            let (message, help) = if slo.step.is_some() {
                (
                    format!("`{source}` is not recorded of this step"),
                    "of an HTTP step `time…`, `status` and `size` are, of others `time`",
                )
            } else {
                (format!("`{source}` is not recorded of runs"), "of runs only `time` is; name a `step` to select more")
            };
            found.push(look.problem(&rules::OBJECTIVE_SELECTOR, condition.key.span, message).help(help));
        }
        if let Some((name, _)) = condition.selector.names().first() {
            let message = format!("objectives are computed outside of runs, where `{name}` has no value");
            let help = "compare with values that are written out";
            found.push(look.problem(&rules::TEMPLATE_PLACE, condition.key.span, message).help(help));
        }
        condition.condition.literals(&mut |literal, _| {
            if literal.value.constant().is_none() {
                found.push(
                    look.problem(&rules::TEMPLATE_PLACE, literal.span, "objectives hold no templates")
                        .help("they are computed outside of runs: write the value out"),
                );
            }
        });
        condition.condition.schemas(&mut |_| {
            found.push(look.problem(
                &definition_rules::CONDITION,
                condition.span,
                "what is recorded of an event has no schema",
            ));
        });
    }
}
