//! `limits`: none so low that no run can pass.

use std::time::Duration;

use super::look::Look;
use super::rules;
use crate::base::diagnostic::Diagnostic;
use crate::base::span::Span;
use crate::journey::definition::step::Action;

/// What the steps together have if the definition asks for nothing else.
pub(super) const TIME: Duration = Duration::from_mins(1);
pub(super) const CLEANUP: Duration = Duration::from_secs(30);
/// Shorter intervals are load tests.
const EVERY_MIN: Duration = Duration::from_secs(1);
const REQUESTS: u32 = 100;
const STEPS: u32 = 100;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let Some(limits) = &look.form.limits else {
        enough(look, found);
        return;
    };
    let zero = |key: &str, span: Span| {
        look.problem(&rules::LIMIT, span, format!("`limits.{key}` of 0 lets nothing happen"))
            .help("give it room, or leave it out for the default")
    };
    for (key, number) in [
        ("requests", limits.requests),
        ("steps", limits.steps),
        ("loop", limits.loop_max),
        ("parallel", limits.parallel),
    ] {
        found.extend(number.filter(|number| number.value == 0).map(|number| zero(key, number.span)));
    }
    for (key, time) in [("time", limits.time), ("cleanup", limits.cleanup)] {
        found.extend(time.filter(|time| time.value.is_zero()).map(|time| zero(key, time.span)));
    }
    found.extend(limits.body.filter(|body| body.value.0 == 0).map(|body| zero("body", body.span)));
    if let Some(every) = limits.every.filter(|every| every.value < EVERY_MIN) {
        found.push(
            look.problem(&rules::LIMIT, every.span, "runs less than 1s apart are a load test")
                .help("`limits.every` is at least 1s"),
        );
    }
    enough(look, found);
}

/// What every run does, repetitions and attempts not counted, is within the limits.
fn enough(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let limits = look.form.limits.as_ref();
    let always = || look.form.steps.iter().filter(|step| step.when.is_none() && step.for_each.is_none());
    let requests = always().filter(|step| step.http().is_some()).count();
    let steps = always().filter(|step| !matches!(step.action, Action::Wait(_))).count();
    for (key, count, limit, default) in [
        ("requests", requests, limits.and_then(|limits| limits.requests), REQUESTS),
        ("steps", steps, limits.and_then(|limits| limits.steps), STEPS),
    ] {
        let allowed = limit.map_or(default, |limit| limit.value);
        if allowed == 0 || count <= allowed as usize {
            continue;
        }
        let span = limit.map_or_else(|| look.key(look.form.span, "steps"), |limit| limit.span);
        let message = format!("every run makes at least {count} {key}, but the limit is {allowed}");
        found.push(look.problem(&rules::LIMIT, span, message).help(format!("raise `limits.{key}`")));
    }
}
