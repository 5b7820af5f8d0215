//! The states of one incident and what leads from one to the next. Whatever changes an incident is a transition, so that
//! an incident as its last transition left it is all that is needed to go on.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use ulid::Ulid;

use super::policy::Policy;
use super::telling::{self, news};
use super::{REOPEN_WITHIN, Trigger};
use crate::base::time::Timestamp;
use crate::model::incident::{Blame, Event, Incident, Key, NoticeKind, RunRef, Severity, State, Transition};

/// Between the last notice and one that only says that somebody else is to blame now.
const SHIFT_PAUSE: Duration = Duration::from_mins(10);

/// One look at what an incident is about.
pub(super) struct Sighting<'a> {
    pub now: Timestamp,
    pub policy: &'a Policy,
    /// As urgent as it is if it is bad.
    pub severity: Severity,
    pub run: Option<RunRef>,
    /// Where it breaks; none: it is good.
    pub blame: Option<Blame>,
    pub trigger: Trigger,
}

/// Whether it has ended for so long that what comes next is another incident.
pub(super) fn is_forgotten(incident: &Incident, now: Timestamp) -> bool {
    match incident.state {
        // What opens again within the window was resolved; the others have nothing to go on with.
        State::Resolved => incident.ended_at.is_none_or(|at| now > at.plus(REOPEN_WITHIN)),
        State::Refuted | State::Withdrawn => true,
        State::Suspect | State::Firing | State::Recovering => false,
    }
}

/// Something new, seen for the first time.
pub(super) fn suspect(key: &Key, title: String, blame: &Blame, sighting: &Sighting<'_>) -> Incident {
    Incident {
        id: id(key, sighting),
        key: key.clone(),
        state: State::Suspect,
        severity: sighting.severity,
        title,
        blame: blame.clone(),
        suspected_at: sighting.now,
        opened_at: None,
        recovering_since: None,
        ended_at: None,
        bad: 0,
        good: 0,
        elsewhere: None,
        reopened: 0,
        seq: 0,
        told_at: None,
        reminders: 0,
        next_reminder_at: None,
        last_bad: None,
        last_good: None,
        not_after: None,
    }
}

/// A ULID that the same run gives again: its moment, and in place of chance what it is about.
fn id(key: &Key, sighting: &Sighting<'_>) -> String {
    let run = sighting.run.as_ref().map(|run| run.id.as_str()).unwrap_or_default();
    let digest = Sha256::digest(format!("{key}\0{run}\0{}", sighting.now));
    let chance = digest.iter().take(10).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let millis = u64::try_from(sighting.now.unix_millis()).unwrap_or_default();
    Ulid::from_parts(millis, chance).to_string()
}

/// The first bad look at a new incident, or at one that may open again; `last_good` is what it was before.
pub(super) fn begin(incident: &mut Incident, last_good: Option<&RunRef>, sighting: &Sighting<'_>) -> Transition {
    incident.bad = 1;
    incident.last_bad.clone_from(&sighting.run);
    incident.last_good = last_good.cloned();
    if incident.bad >= sighting.policy.open_after {
        return open(incident, sighting);
    }
    incident.state = State::Suspect;
    transition(incident, sighting.now, Event::Suspected, None, sighting.run.as_ref())
}

/// A further look at an incident that is known.
pub(super) fn step(incident: &mut Incident, last_good: Option<&RunRef>, sighting: &Sighting<'_>) -> Option<Transition> {
    let scheduled = sighting.trigger == Trigger::Scheduled;
    match (incident.state, &sighting.blame) {
        (State::Suspect, Some(blame)) => Some(doubt(incident, blame, sighting)),
        (State::Suspect, None) => Some(refute(incident, sighting)),
        (State::Firing, Some(blame)) if scheduled => last(incident, blame, sighting),
        (State::Firing | State::Recovering, None) if scheduled => Some(recover(incident, sighting)),
        (State::Recovering, Some(blame)) if scheduled => Some(relapse(incident, blame, sighting)),
        (State::Resolved, Some(blame)) if scheduled => {
            incident.blame = blame.clone();
            incident.good = 0;
            Some(begin(incident, last_good, sighting))
        }
        _ => None,
    }
}

fn doubt(incident: &mut Incident, blame: &Blame, sighting: &Sighting<'_>) -> Transition {
    incident.bad += 1;
    incident.blame = blame.clone();
    incident.last_bad.clone_from(&sighting.run);
    if incident.bad >= sighting.policy.open_after {
        return open(incident, sighting);
    }
    transition(incident, sighting.now, Event::Doubted, None, sighting.run.as_ref())
}

/// It was nothing; one that had been resolved before is resolved again, as if nothing had been seen.
fn refute(incident: &mut Incident, sighting: &Sighting<'_>) -> Transition {
    incident.bad = 0;
    incident.state = if incident.ended_at.is_some() { State::Resolved } else { State::Refuted };
    incident.ended_at = incident.ended_at.or(Some(sighting.now));
    transition(incident, sighting.now, Event::Refuted, None, sighting.run.as_ref())
}

fn open(incident: &mut Incident, sighting: &Sighting<'_>) -> Transition {
    let again = incident.ended_at.take().is_some();
    incident.state = State::Firing;
    incident.severity = sighting.severity;
    incident.opened_at = incident.opened_at.or(Some(sighting.now));
    incident.recovering_since = None;
    incident.reopened += u32::from(again);
    // What was told of the time before is no news of this one.
    incident.told_at = None;
    telling::plan_reminders(incident, sighting.now);
    let event = if again { Event::Reopened } else { Event::Opened };
    let notice = news(incident, sighting.policy, NoticeKind::Firing);
    transition(incident, sighting.now, event, notice, sighting.run.as_ref())
}

/// It lasts: more urgent than it was, somebody else's, or time to say that it is still there.
fn last(incident: &mut Incident, blame: &Blame, sighting: &Sighting<'_>) -> Option<Transition> {
    let (now, run) = (sighting.now, sighting.run.as_ref());
    let more_urgent = sighting.severity > incident.severity;
    let moved = !is_same_place(&incident.blame, blame);
    let settled = moved && incident.elsewhere.as_ref().is_some_and(|elsewhere| is_same_place(elsewhere, blame));
    // A change of place soon after another notice is told a little later, if it is still true then.
    let paused = incident.told_at.is_some_and(|told| told <= now && now < told.plus(SHIFT_PAUSE));
    if more_urgent || (settled && !paused) {
        incident.blame = blame.clone();
        incident.elsewhere = None;
        incident.last_bad = run.cloned();
        if more_urgent {
            incident.severity = sighting.severity;
            telling::plan_reminders(incident, now);
        }
        let notice = news(incident, sighting.policy, NoticeKind::Worsened);
        return Some(transition(incident, now, Event::Worsened, notice, run));
    }
    let notice = telling::reminder_due(incident, sighting.policy, now);
    let as_before = if moved { settled } else { incident.elsewhere.is_none() };
    if notice.is_none() && as_before {
        return None;
    }
    incident.elsewhere = moved.then(|| blame.clone());
    incident.last_bad = run.cloned();
    let event = if notice.is_some() { Event::Reminded } else { Event::Doubted };
    Some(transition(incident, now, event, notice, run))
}

/// Bad again before it was over. That is no news, unless it was time to say that it is still there.
fn relapse(incident: &mut Incident, blame: &Blame, sighting: &Sighting<'_>) -> Transition {
    incident.state = State::Firing;
    incident.good = 0;
    incident.recovering_since = None;
    incident.elsewhere = (!is_same_place(&incident.blame, blame)).then(|| blame.clone());
    incident.last_bad.clone_from(&sighting.run);
    let notice = telling::reminder_due(incident, sighting.policy, sighting.now);
    transition(incident, sighting.now, Event::Relapsed, notice, sighting.run.as_ref())
}

fn is_same_place(one: &Blame, other: &Blame) -> bool {
    one.step == other.step && one.owner == other.owner
}

/// One good look more: over, or on the way there. The time that good runs span is that of the wall clock; if that was set
/// back, it counts anew from here, and if it was set forward, there are still as many good runs as there must be.
fn recover(incident: &mut Incident, sighting: &Sighting<'_>) -> Transition {
    let now = sighting.now;
    incident.state = State::Recovering;
    incident.good += 1;
    incident.elsewhere = None;
    let since = incident.recovering_since.filter(|since| *since <= now).unwrap_or(now);
    incident.recovering_since = Some(since);
    if incident.good < sighting.policy.close_after || now < since.plus(sighting.policy.close_for) {
        return transition(incident, now, Event::Recovering, None, sighting.run.as_ref());
    }
    incident.state = State::Resolved;
    incident.ended_at = Some(now);
    incident.bad = 0;
    incident.next_reminder_at = None;
    // Who was told that it began is told that it is over, whatever has been configured since.
    let notice = telling::is_known(incident).then_some(NoticeKind::Resolved);
    transition(incident, now, Event::Resolved, notice, sighting.run.as_ref())
}

/// Nobody watches it any more. Of a mere suspicion nobody has heard.
pub(super) fn withdraw(incident: &mut Incident, now: Timestamp, run: Option<&RunRef>) -> Transition {
    let known = incident.state.is_open() && telling::is_known(incident);
    incident.state = State::Withdrawn;
    incident.ended_at = Some(now);
    incident.next_reminder_at = None;
    transition(incident, now, Event::Withdrawn, known.then_some(NoticeKind::Withdrawn), run)
}

/// The record of a change that was made. A notice takes the next number.
pub(super) fn transition(
    incident: &mut Incident,
    at: Timestamp,
    event: Event,
    notice: Option<NoticeKind>,
    run: Option<&RunRef>,
) -> Transition {
    if notice.is_some() {
        incident.seq += 1;
        incident.told_at = Some(at);
    }
    Transition { at, event, incident: incident.clone(), notice, run: run.map(|run| run.id.clone()) }
}
