//! A daemon's day in letters: what is seen, and what follows from it.

mod certificates;
mod clock;
mod edits;
mod month;
mod own;
mod places;
mod properties;
mod stories;
mod witness;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::model::failure::{Cause, Failure, FailureKind};
use crate::model::incident::{Event, NoticeKind};
use crate::model::sample;

pub(super) const MINUTE: i64 = 60;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_334_400 + seconds).expect("in range")
}

pub(super) fn policy() -> Policy {
    Policy {
        title: "A customer signs in".to_owned(),
        owner: Some("platform".to_owned()),
        severity: Severity::Critical,
        open_after: 2,
        close_after: 2,
        close_for: Duration::from_mins(1),
        every: Duration::from_mins(1),
        recheck: true,
        told: true,
    }
}

pub(super) fn policies(names: &[&str]) -> BTreeMap<String, Policy> {
    names.iter().map(|name| ((*name).to_owned(), policy())).collect()
}

/// A run of `name` that ends as the letter says: `+` good, `~` degraded, `-` failed at the first step, `=` failed at the
/// second, which is a partner's, `?` indeterminate, `c` good with a clean-up that failed, `k` good and cleaned up, `n` good
/// with a clean-up that did not run, `p` good as far as it went, which was the first step.
pub(super) fn run(name: &str, seconds: i64, letter: char) -> Run {
    let mut run = sample::passed();
    name.clone_into(&mut run.name);
    run.id =
        ulid::Ulid::from_parts(u64::try_from(at(seconds).unix_millis()).expect("after 1970"), hash(name)).to_string();
    run.started_at = at(seconds);
    run.owner = Some("platform".to_owned());
    run.steps.truncate(if letter == 'p' { 1 } else { 2 });
    run.cleanup.clear();
    run.outcome = match letter {
        '+' | 'c' | 'k' | 'n' | 'p' => Outcome::Passed,
        '~' => Outcome::Degraded,
        '-' | '=' => Outcome::Failed,
        _ => Outcome::Indeterminate,
    };
    for (index, step) in run.steps.iter_mut().enumerate() {
        step.id = ["open", "book"][index].to_owned();
        step.title = None;
        step.owner = Some(["platform", "partner"][index].to_owned());
        step.certificate_not_after = None;
        step.misses.clear();
        step.failure = None;
        step.state = StepState::Passed;
        if (letter, index) == ('-', 0) || (letter, index) == ('=', 1) {
            step.state = StepState::Failed;
            step.failure = Some(Failure::new(FailureKind::UnexpectedStatus, "the status is 503"));
            run.cause = Some(Cause::Http);
        }
    }
    let undone = match letter {
        'c' => Some(StepState::Failed),
        'k' => Some(StepState::Cleaned),
        'n' => Some(StepState::NotRun),
        _ => None,
    };
    if let Some(state) = undone {
        let mut step = run.steps[0].clone();
        step.id = "undo".to_owned();
        step.state = state;
        run.cleanup.push(step);
    }
    run
}

fn hash(name: &str) -> u128 {
    name.bytes().fold(7, |sum, byte| sum * 31 + u128::from(byte))
}

/// Feeds what the words say and answers with what followed: `MINUTES:LETTER` is a planned run, `MINUTES!LETTER` a second
/// look. An answer is `MINUTES event`, a notice behind it in brackets, a wish for a second look as `again`.
pub(super) fn told(evaluator: &mut Evaluator, script: &str) -> String {
    let mut lines = Vec::new();
    for word in script.split_whitespace() {
        let (minutes, letter, trigger) = match (word.split_once(':'), word.split_once('!')) {
            (Some((minutes, letter)), _) => (minutes, letter, Trigger::Scheduled),
            (None, Some((minutes, letter))) => (minutes, letter, Trigger::Recheck),
            (None, None) => panic!("`{word}` is neither a run nor a second look"),
        };
        let seconds = (minutes.parse::<f64>().expect("minutes") * 60.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "minutes of a test")]
        let seconds = seconds as i64;
        let letter = letter.chars().next().expect("a letter");
        let output = evaluator.observe(at(seconds), &run("sign-in", seconds, letter), trigger);
        lines.extend(output.transitions.iter().map(|transition| line(minutes, transition)));
        lines.extend(output.rechecks.iter().map(|recheck| {
            assert_eq!(recheck.at, at(seconds + 5));
            format!("{minutes} again")
        }));
    }
    lines.join("\n")
}

fn line(minutes: &str, transition: &Transition) -> String {
    let aspect = match &transition.incident.key.aspect {
        Aspect::Run => String::new(),
        other => format!("{other} "),
    };
    let notice = transition.notice.map(|notice| format!(" [{} {}]", notice.word(), transition.incident.seq));
    format!("{minutes} {aspect}{}{}", transition.event.word(), notice.unwrap_or_default())
}

/// What a fresh evaluator makes of a script, under this policy.
pub(super) fn check_with(policy: Policy, script: &str, expected: &str) {
    let mut evaluator = Evaluator::new([("sign-in".to_owned(), policy)].into());
    let expected: Vec<_> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(told(&mut evaluator, script), expected.join("\n"), "{script}");
}

pub(super) fn check(script: &str, expected: &str) {
    check_with(policy(), script, expected);
}

pub(super) fn events(output: &Output) -> Vec<(Event, Option<NoticeKind>)> {
    output.transitions.iter().map(|transition| (transition.event, transition.notice)).collect()
}
