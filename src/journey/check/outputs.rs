//! What a journey hands out, and what it takes from those it uses.

use super::hosts::list;
use super::look::Look;
use super::rules;
use super::scope::{Declaration, What};
use crate::base::diagnostic::{Diagnostic, nearest};
use crate::base::span::Span;
use crate::journey::definition::step::{Action, Step};

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    for output in look.form.outputs.iter().flatten() {
        let in_scope = |declaration: &Declaration<'_>| match declaration.what {
            What::Var(_) => true,
            What::Kept { step, .. } => look.steps.get(step).is_some_and(|view| !view.cleanup),
            _ => false,
        };
        if look.scope.all(&output.value).any(in_scope) {
            continue;
        }
        let known =
            look.scope.declarations.iter().filter(|known| in_scope(known)).map(|known| known.name.value.as_str());
        let message = match look.scope.all(&output.value).next() {
            Some(other) => format!("`{}` is {} and cannot be handed out", output.value, other.phrase()),
            None => format!("nothing provides the output `{}`", output.value),
        };
        let help = nearest(&output.value, known).map_or_else(
            || "`outputs` lists names of `vars` and of values that `steps` keep".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        found.push(look.problem(&rules::UNKNOWN_OUTPUT, output.span, message).help(help));
    }
    for (view, used) in look.uses() {
        let (Action::Use(action), Some(used)) = (&view.step.action, used) else { continue };
        let declared: Vec<_> = used.form.outputs.iter().flatten().map(|output| output.value.as_str()).collect();
        for (span, output) in output_selectors(view.step) {
            if !declared.contains(&output) {
                let message = format!("journey `{}` has no output `{output}`", action.journey.value);
                let help = match nearest(output, declared.iter().copied()) {
                    Some(meant) => format!("did you mean `output:{meant}`?"),
                    None if declared.is_empty() => format!("add `outputs: [{output}]` to it"),
                    None => format!("its outputs: {}", list(declared.iter().copied())),
                };
                found.push(look.problem(&rules::UNKNOWN_OUTPUT, span, message).help(help));
            }
        }
    }
}

/// The `output:` selectors of a step with their places.
fn output_selectors(step: &Step) -> Vec<(Span, &str)> {
    let kept = step.keep.0.iter().map(|keep| (keep.from.span, &keep.from.value));
    let judged = step.expect.iter().chain(&step.prefer).flat_map(|conditions| &conditions.0);
    kept.chain(judged.map(|expectation| (expectation.key.span, &expectation.selector)))
        .filter_map(|(span, selector)| Some((span, selector.output()?)))
        .collect()
}
