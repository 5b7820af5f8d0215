//! Ids and labels that would look the same in metrics.

use std::collections::HashMap;

use super::look::Look;
use super::{rules, vary};
use crate::base::diagnostic::Diagnostic;
use crate::base::name::slug;
use crate::base::span::Span;
use crate::journey::definition::Definition;
use crate::journey::definition::step::Action;

/// Uses are at most this deep.
const DEPTH_MAX: usize = 4;
/// Steps of used journeys that are looked at, all uses together: those that use each other many times would multiply.
const INNER_STEPS_MAX: usize = 10_000;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    steps(look, found);
    runs(look, found);
    labels(look, found);
}

/// The steps of a used journey are known as `OUTER-INNER`.
fn steps(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let mut known: HashMap<String, (Span, String)> =
        look.steps.iter().map(|view| (view.id.to_owned(), (view.span(), format!("step `{}`", view.id)))).collect();
    let mut left = INNER_STEPS_MAX;
    for (view, used) in look.uses() {
        let Some(used) = used else { continue };
        let mut inner = Vec::new();
        inner_ids(look, used, (view.id, view.id), DEPTH_MAX, left, &mut inner);
        left = left.saturating_sub(inner.len());
        for (label, path) in inner {
            if let Some((span, other)) = known.get(&label) {
                let message = format!("`{path}` is known as `{label}` in metrics, and so is {other}");
                let mut problem = look
                    .problem(&rules::METRIC_COLLISION, view.span(), message)
                    .help("give one of the steps another id");
                if *span != view.span() {
                    problem = problem.related(*span, "the other is here");
                }
                found.push(problem);
                break;
            }
            known.insert(label, (view.span(), format!("`{path}`")));
        }
    }
}

/// Only written ids: those of unnamed steps give way.
fn inner_ids(
    look: &Look<'_>,
    used: &Definition,
    (label, path): (&str, &str),
    depth: usize,
    max: usize,
    inner: &mut Vec<(String, String)>,
) {
    for step in used.all_steps() {
        let Some(id) = &step.id else { continue };
        if inner.len() >= max {
            return;
        }
        let (label, path) = (format!("{label}-{}", id.value), format!("{path}/{}", id.value));
        if let Action::Use(action) = &step.action
            && let (Some(next), true) = (look.used.get(&action.journey.value), depth > 1)
        {
            inner_ids(look, next, (&label, &path), depth - 1, max, inner);
        }
        inner.push((label, path));
    }
}

/// Entries of `vary` whose runs get the same name.
fn runs(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let mut known: HashMap<String, (Span, vary::Labels<'_>)> = HashMap::new();
    for entry in look.form.vary.iter().flatten() {
        let (span, labels) = (vary::place(look, entry), vary::labels(entry));
        if labels.is_empty() {
            continue;
        }
        let values: Vec<_> = labels.iter().map(|(_, value)| value.as_str()).collect();
        let run = format!("{}-{}", look.definition.id(), slug(&values.join("-")));
        match known.get(&run) {
            // That two entries have equal labels is said already.
            Some((_, other)) if same(other, &labels) => {}
            Some((other, _)) => found.push(
                look.problem(&rules::METRIC_COLLISION, span, format!("two runs would be called `{run}`"))
                    .help("run names are made of label values in lower case: give one of the entries other `labels`")
                    .related(*other, "the other entry"),
            ),
            None => {
                known.insert(run, (span, labels));
            }
        }
    }
}

fn same(one: &[(&str, String)], other: &[(&str, String)]) -> bool {
    let sorted = |labels: &[(&str, String)]| {
        let mut labels: Vec<_> = labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        labels.sort();
        labels
    };
    sorted(one) == sorted(other)
}

/// Labels of one entry that differ only in characters which metric labels do not have.
fn labels(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    for entry in look.form.vary.iter().flatten() {
        let mut known: HashMap<String, &str> = HashMap::new();
        for (name, _) in vary::labels(entry) {
            let metric: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            if let Some(other) = known.insert(format!("label_{metric}"), name) {
                let message = format!("labels `{other}` and `{name}` are both `label_{metric}` in metrics");
                let problem = look.problem(&rules::METRIC_COLLISION, vary::place(look, entry), message);
                found.push(problem.help("name them so that they differ in letters or digits"));
            }
        }
    }
}
