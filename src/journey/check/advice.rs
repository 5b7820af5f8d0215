//! What others will rely on should be named.

use super::hosts::list;
use super::look::Look;
use super::rules;
use crate::base::diagnostic::Diagnostic;

/// How many ids the message lists.
const LISTED_MAX: usize = 5;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let reason = if look.form.slo.as_ref().is_some_and(|slo| !slo.is_empty()) {
        "the journey has an `slo`"
    } else if look.form.version.is_some() {
        "the journey has a `version` and is shared"
    } else {
        return;
    };
    let unnamed: Vec<_> = look.steps.iter().filter(|view| view.step.id.is_none()).collect();
    let Some(first) = unnamed.first() else { return };
    let ids = list(unnamed.iter().take(LISTED_MAX).map(|view| view.id));
    let more = match unnamed.len().saturating_sub(LISTED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = if unnamed.len() == 1 { "has no id of its own" } else { "have no ids of their own" };
    found.push(
        look.problem(&rules::UNNAMED_STEP, first.span(), format!("{ids}{more} {verb}, and {reason}"))
            .help("write `step:` in each: an id made from the path changes with it, and with it the metrics"),
    );
}
