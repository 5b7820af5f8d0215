//! What incidents are called, and what is said of where they broke. Titles consist of words of the configuration alone;
//! what a target sent never becomes a subject.

use crate::base::printable::printable_within;
use crate::base::time::Timestamp;
use crate::model::incident::Blame;
use crate::model::run::{Miss, Run, StepResult};

/// Characters of a title: the subject of a mail, which telephones cut at about half of it.
const TITLE_MAX: usize = 120;
/// Characters of the name of a step, party or host in it.
const PART_MAX: usize = 32;
/// Characters of what is said of a failure: one line.
const SAID_MAX: usize = 300;

/// The first failing step of a run, and whose it is.
pub(super) fn blame(run: &Run) -> Blame {
    match run.deciding_step() {
        Some(step) => blame_of(run, step),
        None => Blame {
            owner: run.owner.clone(),
            cause: run.cause,
            said: said(run.failure.as_ref().map_or("the run failed", |failure| &failure.detail)),
            ..Blame::default()
        },
    }
}

pub(super) fn blame_of(run: &Run, step: &StepResult) -> Blame {
    let failure = step.failure.as_ref();
    let miss = step.misses.first().map(Miss::summary);
    Blame {
        step: Some(step.id.clone()),
        step_title: step.title.clone(),
        owner: step.owner.clone().or_else(|| run.owner.clone()),
        host: step.host.clone(),
        phase: failure.and_then(|failure| failure.phase),
        cause: failure.map(crate::model::failure::Failure::cause),
        said: said(&miss.or_else(|| failure.map(|failure| failure.detail.clone())).unwrap_or_default()),
    }
}

pub(super) fn fails(title: &str, blame: &Blame) -> String {
    let place = blame.step_title.as_deref().or(blame.step.as_deref());
    let place = place.map(|step| format!(" at \"{}\"", printable_within(step, PART_MAX)));
    let party = blame.owner.as_deref().map(|owner| format!(" ({})", printable_within(owner, PART_MAX)));
    titled(title, &format!(": fails{}{}", place.unwrap_or_default(), party.unwrap_or_default()))
}

pub(super) fn leaves_behind(title: &str) -> String {
    titled(title, ": does not clean up")
}

pub(super) fn certificate_title(title: &str, host: &str) -> String {
    titled(title, &format!(": the certificate of {} runs out", printable_within(host, PART_MAX)))
}

pub(super) fn own_title(part: &str) -> String {
    titled(&format!("forerunner itself: {part}"), "")
}

pub(super) fn expires(host: &str, owner: Option<String>, end: Timestamp) -> Blame {
    Blame {
        owner,
        host: Some(host.to_owned()),
        cause: Some(crate::model::failure::Cause::Tls),
        said: format!("valid until {}", end.rfc3339_seconds()),
        ..Blame::default()
    }
}

pub(super) fn own_blame(trouble: &str) -> Blame {
    Blame { said: said(trouble), ..Blame::default() }
}

/// What is wrong and whose it is stays whole; the task is cut where there is too much.
fn titled(task: &str, wrong: &str) -> String {
    let room = TITLE_MAX.saturating_sub(wrong.chars().count());
    format!("{}{wrong}", printable_within(task, room))
}

fn said(text: &str) -> String {
    printable_within(text.lines().next().unwrap_or_default(), SAID_MAX)
}
