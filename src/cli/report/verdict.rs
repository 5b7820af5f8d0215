//! How an outcome looks, and how a failure is put into words: shared by every form of a report.

use anstyle::Style;

use crate::base::printable::printable_within;
use crate::cli::paint::{BAD, FAINT, GOOD, UNSURE, WARN};
use crate::model::failure::{Cause, Failure, Origin};
use crate::model::run::{Miss, Outcome, Run, Section, StepResult, StepState};

/// Longest text of a target that a report line shows, in columns.
pub(super) const TEXT_MAX: usize = 400;

pub(super) fn outcome(outcome: Outcome) -> (&'static str, Style) {
    match outcome {
        Outcome::Passed => ("✓", GOOD),
        Outcome::Degraded => ("~", WARN),
        Outcome::Failed => ("✗", BAD),
        Outcome::Indeterminate => ("?", UNSURE),
    }
}

pub(super) fn state(state: StepState) -> (&'static str, Style) {
    match state {
        StepState::Passed | StepState::Cleaned => ("✓", GOOD),
        StepState::Degraded => ("~", WARN),
        StepState::Failed => ("✗", BAD),
        StepState::Indeterminate => ("?", UNSURE),
        StepState::Skipped | StepState::NotRun | StepState::NotNeeded => ("-", FAINT),
    }
}

/// `expectation-missed at the target, while receiving`.
pub(super) fn where_it_broke(failure: &Failure) -> String {
    let side = match failure.origin {
        Origin::Target => "at the target",
        Origin::Network => "on the way to the target",
        Origin::Vantage => "on our side",
        Origin::Definition => "in the definition",
    };
    let phase = failure.phase.map(|phase| format!(", in phase {}", phase.word())).unwrap_or_default();
    format!("{} {side}{phase}", failure.kind.word())
}

/// The party to talk to; nobody where the trouble is our own.
pub(super) fn blamed(step: &StepResult) -> Option<String> {
    let ours = step.failure.as_ref().is_none_or(|failure| failure.cause().is_ours());
    step.owner.as_ref().filter(|_| !ours).map(|owner| printable_within(owner, TEXT_MAX))
}

/// What is to be said of the run as a whole: its own failure, or an outcome that no step explains,
/// which must not get lost in formats that count steps.
pub(super) fn whole_run(run: &Run) -> Option<(String, String)> {
    if let Some(failure) = &run.failure {
        let detail = printable_within(&failure.detail, TEXT_MAX);
        return Some((failure.kind.word(), format!("{}: {detail}", where_it_broke(failure))));
    }
    let ended = |state| run.steps.iter().any(|step| step.state == state);
    let explained = match run.outcome {
        Outcome::Passed | Outcome::Degraded => true,
        Outcome::Failed => ended(StepState::Failed),
        Outcome::Indeterminate => ended(StepState::Indeterminate),
    };
    let cause = run.cause.map_or("unknown", Cause::word);
    (!explained).then(|| {
        (
            cause.to_owned(),
            format!(
                "the run {}, cause {cause}",
                match run.outcome {
                    Outcome::Indeterminate => "is indeterminate",
                    _ => "failed",
                }
            ),
        )
    })
}

/// `expect $.id: equals 7, got 8`, on one line.
pub(super) fn miss_line(miss: &Miss) -> String {
    let text = |text: &str| printable_within(text, TEXT_MAX);
    let section = match miss.section {
        Section::Implied => "implied expectation",
        other => other.word(),
    };
    let condition = [text(&miss.matcher), text(&miss.expected)].join(" ");
    format!("{section} {}: {}, got {}", text(&miss.selector), condition.trim(), text(&miss.got))
}

/// What made the step what it is, in one line; empty if there is nothing to say.
pub(super) fn reason(step: &StepResult) -> String {
    match (&step.failure, &step.note) {
        (Some(failure), _) => {
            let detail = printable_within(&failure.detail, TEXT_MAX);
            if detail.is_empty() { failure.kind.word() } else { detail }
        }
        (None, Some(note)) => printable_within(note, TEXT_MAX),
        (None, None) => String::new(),
    }
}

/// Why a step was not sent: `skipped: no account`.
pub(super) fn skipped(step: &StepResult) -> String {
    let reason = reason(step);
    if reason.is_empty() { step.state.word().to_owned() } else { format!("{}: {reason}", step.state.word()) }
}

/// Everything about a step that did not pass, a line each, safe to print. Every line begins with
/// words of ours, so that none can be taken for a line of the format around it.
pub(super) fn details(step: &StepResult) -> Vec<String> {
    let text = |text: &str| printable_within(text, TEXT_MAX);
    let mut lines = Vec::new();
    if let Some(failure) = &step.failure {
        lines.push(format!("{}: {}", where_it_broke(failure), text(&failure.detail)));
    }
    if let Some(owner) = blamed(step) {
        lines.push(format!("owner: {owner}"));
    }
    for miss in &step.misses {
        let place = &miss.place;
        lines.push(format!("{}:{}:{}: {}", text(&place.file), place.line, place.column, miss_line(miss)));
        lines.extend(miss.difference.iter().map(|difference| format!("  differs: {}", text(difference))));
        lines.extend(miss.hint.iter().map(|hint| format!("  hint: {}", text(hint))));
    }
    if let Some(note) = &step.note {
        lines.push(format!("note: {}", text(note)));
    }
    lines
}
