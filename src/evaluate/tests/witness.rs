//! Somebody who reads every change as people and the store would, and objects to what must not be.

use std::collections::HashMap;

use super::*;

/// What is known of an incident.
struct Known {
    last: Incident,
    /// Whether people think that it is open.
    told: bool,
}

#[derive(Default)]
pub(super) struct Witness {
    /// By id.
    incidents: HashMap<String, Known>,
    /// As stored: the JSON of each as its last change left it.
    stored: HashMap<String, String>,
    pub notices: Vec<(Timestamp, String, NoticeKind)>,
}

/// What led to a change.
#[derive(Clone, Copy)]
pub(super) enum Evidence {
    /// As the letters of [`run`].
    Run(char),
    /// Whether a part of our own is in trouble.
    Own(bool),
    /// Time, or a configuration.
    None,
}

impl Evidence {
    /// Whether it shows that this is good; none if it does not show it.
    fn shows(self, aspect: &Aspect) -> Option<bool> {
        match (self, aspect) {
            (Self::Run('-' | '='), Aspect::Run) | (Self::Run('c'), Aspect::Cleanup) => Some(false),
            (Self::Run('?'), _) => None,
            (Self::Run(_), Aspect::Run) | (Self::Run('k'), Aspect::Cleanup) => Some(true),
            (Self::Own(trouble), Aspect::Own) => Some(!trouble),
            _ => None,
        }
    }
}

impl Witness {
    pub fn see(&mut self, output: &Output, evidence: Evidence) {
        for change in &output.transitions {
            let incident = &change.incident;
            let known = self
                .incidents
                .entry(incident.id.clone())
                .or_insert_with(|| Known { last: Incident { seq: 0, ..incident.clone() }, told: false });
            let told = format!("{} {}", incident.key, line("", change));
            assert_eq!(known.last.key, incident.key, "another thing under the same id");
            assert_eq!(known.last.title, incident.title, "a subject that changes breaks the thread");
            assert_eq!(
                incident.seq,
                known.last.seq + u32::from(change.notice.is_some()),
                "numbers grow by one a notice"
            );
            match change.notice {
                Some(NoticeKind::Firing) => {
                    assert!(!std::mem::replace(&mut known.told, true), "told twice: {told}");
                }
                Some(kind) if kind.is_terminal() => {
                    assert!(incident.state.is_ended(), "{told}");
                    assert!(std::mem::replace(&mut known.told, false), "nobody knew of it: {told}");
                }
                Some(_) => assert!(known.told, "news of what nobody knows: {told}"),
                None => {}
            }
            assert!(!(incident.state.is_ended() && known.told), "ended in silence: {told}");
            let shown = evidence.shows(&incident.key.aspect);
            match change.event {
                Event::Suspected | Event::Opened | Event::Reopened | Event::Relapsed | Event::Worsened => {
                    assert_eq!(shown, Some(false), "{told}");
                }
                Event::Resolved | Event::Recovering | Event::Refuted => assert_eq!(shown, Some(true), "{told}"),
                Event::Doubted | Event::Reminded | Event::Withdrawn => {}
            }
            known.last = incident.clone();
            self.stored.insert(incident.id.clone(), serde_json::to_string(incident).expect("JSON"));
            if let Some(kind) = change.notice {
                self.notices.push((change.at, incident.id.clone(), kind));
            }
            let open = |known: &&Known| known.last.key == incident.key && !known.last.state.is_ended();
            assert!(self.incidents.values().filter(open).count() <= 1, "two open ones of {}", incident.key);
        }
    }

    /// What a new process finds: those that have not ended, and those that ended a short while ago.
    pub fn restorable(&self, now: Timestamp) -> Vec<Incident> {
        let read = |text: &String| serde_json::from_str::<Incident>(text).expect("what was written");
        let late = |incident: &Incident| incident.ended_at.is_some_and(|ended| now > ended.plus(REOPEN_WITHIN));
        self.stored.values().map(read).filter(|incident| !incident.state.is_ended() || !late(incident)).collect()
    }

    /// Forgets what has ended for good, as a store prunes.
    pub fn prune(&mut self, now: Timestamp) {
        let old = |known: &Known| known.last.state.is_ended() && machine::is_forgotten(&known.last, now);
        self.incidents.retain(|_, known| !old(known));
        let incidents = &self.incidents;
        self.stored.retain(|id, _| incidents.contains_key(id));
    }

    /// That a process which starts now would be as the one that never stopped.
    pub fn check_restart(&self, evaluator: &Evaluator, now: Timestamp) {
        let last_good = evaluator.last_good.clone().into_iter().collect();
        let mut restarted = Evaluator::restore(evaluator.policies.clone(), self.restorable(now), last_good);
        let mut steady = evaluator.clone();
        for evaluator in [&mut restarted, &mut steady] {
            // What has ended for good is the same as nothing.
            evaluator.incidents.retain(|_, incident| !machine::is_forgotten(incident, now));
        }
        assert_eq!(restarted, steady);
    }
}
