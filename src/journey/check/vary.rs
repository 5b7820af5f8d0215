//! `vary`: every entry gives values to declared inputs and can be told from the others.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::hosts::list;
use super::look::{Look, entries};
use super::rules;
use crate::base::diagnostic::{Diagnostic, nearest};
use crate::base::span::Span;
use crate::journey::definition::Vary;

/// Each entry is a scheduled run of its own.
const ENTRIES_MAX: usize = 50;
/// They become labels of one metric.
const LABELS_MAX: usize = 10;
/// An input longer than this, in characters, describes a run to nobody.
const LABEL_LENGTH_MAX: usize = 64;

/// Names and texts.
pub(super) type Labels<'v> = Vec<(&'v str, String)>;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let all = look.form.vary.as_deref().unwrap_or_default();
    if let Some(first_beyond) = all.get(ENTRIES_MAX) {
        let message = format!("{} entries of `vary` are too many", all.len());
        found.push(
            look.problem(&rules::BOUND, place(look, first_beyond), message)
                .help(format!("at most {ENTRIES_MAX}; each is scheduled as a run of its own")),
        );
    }
    let inputs = entries(look.form.needs.inputs.as_ref());
    for entry in all {
        for (name, _) in &entry.inputs.0 {
            if inputs.iter().any(|(input, _)| input.value == name.value) {
                continue;
            }
            let known = || inputs.iter().map(|(input, _)| input.value.as_str());
            let help = match nearest(&name.value, known().chain(["labels"])) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if inputs.is_empty() => "declare it in `needs.inputs`".to_owned(),
                None => format!("declared inputs: {}", list(known())),
            };
            let message = format!("input `{}` is not declared", name.value);
            found.push(look.problem(&rules::UNKNOWN_INPUT, name.span, message).help(help));
        }
        let labels = labels(entry);
        if labels.len() > LABELS_MAX {
            let message = format!("an entry of `vary` has {} labels", labels.len());
            found.push(
                look.problem(&rules::BOUND, place(look, entry), message)
                    .help(format!("at most {LABELS_MAX}: name those that tell the runs apart under `labels`")),
            );
        }
    }
    twins(look, all, found);
}

fn twins(look: &Look<'_>, all: &[Vary], found: &mut Vec<Diagnostic>) {
    let mut first: HashMap<Labels<'_>, Span> = HashMap::new();
    for entry in all {
        let mut labels = labels(entry);
        labels.sort();
        let span = place(look, entry);
        if let Some(earlier) = first.get(&labels) {
            let message = if labels.is_empty() {
                "two entries of `vary` have no labels to tell their runs apart"
            } else {
                "two entries of `vary` have the same labels"
            };
            found.push(
                look.problem(&rules::VARY, span, message)
                    .help("give each its own `labels`, or different inputs")
                    .related(*earlier, "the other entry"),
            );
        } else {
            first.insert(labels, span);
        }
    }
}

/// What tells the runs of an entry apart: its `labels`, or its short inputs, in written order.
pub(super) fn labels(entry: &Vary) -> Labels<'_> {
    if let Some(labels) = &entry.labels {
        return labels.0.iter().map(|(name, text)| (name.value.as_str(), text.clone())).collect();
    }
    let text = |value: &Json| match value {
        Json::String(text) if text.chars().count() <= LABEL_LENGTH_MAX => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(switch) => Some(switch.to_string()),
        _ => None,
    };
    entry.inputs.0.iter().filter_map(|(name, value)| Some((name.value.as_str(), text(value)?))).collect()
}

/// The first line of the entry.
pub(super) fn place(look: &Look<'_>, entry: &Vary) -> Span {
    let text = look.definition.source.slice(entry.span);
    entry.span.within(0, text.find('\n').unwrap_or(text.len()))
}
