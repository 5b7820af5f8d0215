//! The states of one incident and what leads from one to the next.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use ulid::Ulid;

use super::policy::Policy;
use super::{REOPEN_WITHIN, Trigger};
use crate::base::time::Timestamp;
use crate::model::incident::{Blame, Event, Incident, Key, NoticeKind, RunRef, Severity, State, Transition};

/// Between two notices that only say that somebody else is to blame now.
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
pub(super) fn suspect(
    key: &Key,
    title: String,
    blame: Blame,
    last_good: Option<RunRef>,
    sighting: &Sighting<'_>,
) -> Incident {
    Incident {
        id: id(key, sighting),
        key: key.clone(),
        state: State::Suspect,
        severity: sighting.severity,
        title,
        blame,
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
        last_good,
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

/// The first bad look at a new incident, or at one that may open again.
pub(super) fn begin(incident: &mut Incident, sighting: &Sighting<'_>) -> Transition {
    incident.bad = 1;
    incident.last_bad.clone_from(&sighting.run);
    if incident.bad >= sighting.policy.open_after {
        return open(incident, sighting);
    }
    incident.state = State::Suspect;
    transition(incident, sighting.now, Event::Suspected, None, sighting.run.as_ref())
}

/// A further look at an incident that is known.
pub(super) fn step(incident: &mut Incident, sighting: &Sighting<'_>) -> Option<Transition> {
    let scheduled = sighting.trigger == Trigger::Scheduled;
    match (incident.state, &sighting.blame) {
        (State::Suspect, Some(blame)) => Some(doubt(incident, blame, sighting)),
        (State::Suspect, None) => Some(refute(incident, sighting)),
        (State::Firing, Some(blame)) if scheduled => last(incident, blame, sighting),
        (State::Firing | State::Recovering, None) if scheduled => Some(recover(incident, sighting)),
        (State::Recovering, Some(_)) if scheduled => {
            incident.state = State::Firing;
            incident.good = 0;
            incident.recovering_since = None;
            incident.last_bad.clone_from(&sighting.run);
            Some(transition(incident, sighting.now, Event::Relapsed, None, sighting.run.as_ref()))
        }
        (State::Resolved, Some(blame)) if scheduled => {
            incident.blame = blame.clone();
            incident.good = 0;
            incident.elsewhere = None;
            Some(begin(incident, sighting))
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
    incident.reminders = 0;
    incident.next_reminder_at = reminder(incident, sighting.now);
    let event = if again { Event::Reopened } else { Event::Opened };
    let notice = is_told(incident, sighting.policy).then_some(NoticeKind::Firing);
    transition(incident, sighting.now, event, notice, sighting.run.as_ref())
}

/// It lasts: more urgent than it was, somebody else's, or time to say that it is still there.
fn last(incident: &mut Incident, blame: &Blame, sighting: &Sighting<'_>) -> Option<Transition> {
    let (now, run) = (sighting.now, sighting.run.as_ref());
    let same_place = |one: &Blame, other: &Blame| one.step == other.step && one.owner == other.owner;
    let more_urgent = sighting.severity > incident.severity;
    let shifted = !same_place(&incident.blame, blame);
    let settled = shifted && incident.elsewhere.as_ref().is_some_and(|elsewhere| same_place(elsewhere, blame));
    if more_urgent || settled {
        incident.severity = incident.severity.max(sighting.severity);
        incident.blame = blame.clone();
        incident.elsewhere = None;
        incident.last_bad = run.cloned();
        let fresh = incident.told_at.is_some_and(|told| now < told.plus(SHIFT_PAUSE));
        let notice = (is_told(incident, sighting.policy) && (more_urgent || !fresh)).then_some(NoticeKind::Worsened);
        return Some(transition(incident, now, Event::Worsened, notice, run));
    }
    if let Some(reminded) = remind(incident, sighting.policy, now, run) {
        return Some(reminded);
    }
    let elsewhere = shifted.then(|| blame.clone());
    if elsewhere.as_ref().map(|blame| &blame.step) != incident.elsewhere.as_ref().map(|blame| &blame.step) {
        incident.elsewhere = elsewhere;
        return Some(transition(incident, now, Event::Doubted, None, run));
    }
    None
}

/// Says that it is still there, if it is time for that.
pub(super) fn remind(
    incident: &mut Incident,
    policy: &Policy,
    now: Timestamp,
    run: Option<&RunRef>,
) -> Option<Transition> {
    let due = incident.state == State::Firing && incident.next_reminder_at.is_some_and(|at| now >= at);
    if !due || !is_told(incident, policy) {
        return None;
    }
    incident.reminders += 1;
    incident.next_reminder_at = reminder(incident, now);
    if run.is_some() {
        incident.last_bad = run.cloned();
    }
    Some(transition(incident, now, Event::Reminded, Some(NoticeKind::Reminder), run))
}

/// One good look more: over, or on the way there.
fn recover(incident: &mut Incident, sighting: &Sighting<'_>) -> Transition {
    let now = sighting.now;
    incident.state = State::Recovering;
    incident.good += 1;
    let since = *incident.recovering_since.get_or_insert(now);
    // A wall clock that stepped backwards has not made time pass.
    let spanned = now.unix_nanos() - since.unix_nanos()
        >= i128::try_from(sighting.policy.close_for.as_nanos()).unwrap_or(i128::MAX);
    if incident.good < sighting.policy.close_after || !spanned {
        return transition(incident, now, Event::Recovering, None, sighting.run.as_ref());
    }
    incident.state = State::Resolved;
    incident.ended_at = Some(now);
    incident.bad = 0;
    incident.elsewhere = None;
    incident.next_reminder_at = None;
    // Who was told that it began is told that it is over, whatever has been configured since.
    let notice = (incident.seq > 0).then_some(NoticeKind::Resolved);
    transition(incident, now, Event::Resolved, notice, sighting.run.as_ref())
}

fn is_told(incident: &Incident, policy: &Policy) -> bool {
    policy.told && incident.severity > Severity::Info
}

/// What pages is repeated after an hour, then after four, then daily; the rest daily.
fn reminder(incident: &Incident, now: Timestamp) -> Option<Timestamp> {
    let hours = match (incident.severity, incident.reminders) {
        (Severity::Info, _) => return None,
        (Severity::Critical, 0) => 1,
        (Severity::Critical, 1) => 4,
        _ => 24,
    };
    Some(now.plus(Duration::from_hours(hours)))
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
