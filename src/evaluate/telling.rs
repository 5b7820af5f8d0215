//! Who hears of an incident, and how often of one that lasts.

use std::time::Duration;

use super::machine;
use super::policy::Policy;
use crate::base::time::Timestamp;
use crate::model::incident::{Event, Incident, NoticeKind, Severity, State, Transition};

/// Whether people know that it is open.
pub(super) fn is_known(incident: &Incident) -> bool {
    incident.told_at.is_some()
}

/// What people are told, if anything. The first they hear is that it is there.
pub(super) fn news(incident: &Incident, policy: &Policy, kind: NoticeKind) -> Option<NoticeKind> {
    let told = policy.told && incident.severity > Severity::Info;
    told.then(|| if is_known(incident) { kind } else { NoticeKind::Firing })
}

/// Repeats from now on: what pages after an hour, then after four, then daily; the rest daily.
pub(super) fn plan_reminders(incident: &mut Incident, now: Timestamp) {
    incident.reminders = 0;
    incident.next_reminder_at = next(incident, now);
}

fn next(incident: &Incident, now: Timestamp) -> Option<Timestamp> {
    let hours = match (incident.severity, incident.reminders) {
        (Severity::Info, _) => return None,
        (Severity::Critical, 0) => 1,
        (Severity::Critical, 1) => 4,
        _ => 24,
    };
    Some(now.plus(Duration::from_hours(hours)))
}

/// The notice that it is time for, and when the next will be. One that is further away than it could ever have been
/// planned was planned before the clock was set back, and is due.
pub(super) fn reminder_due(incident: &mut Incident, policy: &Policy, now: Timestamp) -> Option<NoticeKind> {
    let notice = news(incident, policy, NoticeKind::Reminder)?;
    let due = incident.next_reminder_at.is_some_and(|at| now >= at || Some(at) > next(incident, now));
    if is_known(incident) {
        if !due {
            return None;
        }
        incident.reminders += 1;
        incident.next_reminder_at = next(incident, now);
    } else {
        plan_reminders(incident, now);
    }
    Some(notice)
}

/// Says of what no run shows that it is still there, if it is time for that.
pub(super) fn remind(incident: &mut Incident, policy: &Policy, now: Timestamp) -> Option<Transition> {
    if incident.state != State::Firing {
        return None;
    }
    let notice = reminder_due(incident, policy, now)?;
    Some(machine::transition(incident, now, Event::Reminded, Some(notice), None))
}
