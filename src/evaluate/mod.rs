//! Floor 3: from runs to incidents. Pure: the time is told, nothing is read, nothing is sent, so that the same runs give
//! the same incidents, and a restart goes on where the process before ended.

mod certificate;
mod machine;
mod policy;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::base::time::Timestamp;
use crate::model::incident::{Aspect, Event, Incident, Key, NoticeKind, RunRef, Severity, State, Transition};
use crate::model::run::{Outcome, Run, StepState};
use machine::Sighting;
pub use policy::Policy;

/// After a failed run, until the second look.
pub const RECHECK_AFTER: Duration = Duration::from_secs(5);
/// What breaks again so soon after it was resolved is the same incident.
pub const REOPEN_WITHIN: Duration = Duration::from_mins(30);

/// Why a run took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Scheduled,
    /// The second look after a failed one: it confirms or refutes a suspicion, and nothing else.
    Recheck,
}

/// What follows from something that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// In their order.
    pub transitions: Vec<Transition>,
    pub rechecks: Vec<Recheck>,
}

/// A wish for a second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recheck {
    /// Of the run entry.
    pub name: String,
    pub at: Timestamp,
}

/// Every incident that is open or suspected, and those that may open again. Times are held to the millisecond, which is
/// what survives being stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluator {
    policies: BTreeMap<String, Policy>,
    incidents: BTreeMap<Key, Incident>,
    /// Of each run entry.
    last_good: HashMap<String, RunRef>,
}

impl Evaluator {
    #[must_use]
    pub fn new(policies: BTreeMap<String, Policy>) -> Self {
        Self { policies, incidents: BTreeMap::new(), last_good: HashMap::new() }
    }

    /// Goes on with what was stored: incidents that had not ended, and those that ended within [`REOPEN_WITHIN`]. What is
    /// no longer configured is withdrawn by the next [`Evaluator::reload`].
    #[must_use]
    pub fn restore(
        policies: BTreeMap<String, Policy>,
        incidents: Vec<Incident>,
        last_good: Vec<(String, RunRef)>,
    ) -> Self {
        Self {
            policies,
            incidents: incidents.into_iter().map(|incident| (incident.key.clone(), incident)).collect(),
            last_good: last_good.into_iter().collect(),
        }
    }

    /// Judges a run. One that is indeterminate says nothing of anybody and changes nothing; so does one of an entry that
    /// is not configured.
    pub fn observe(&mut self, now: Timestamp, run: &Run, trigger: Trigger) -> Output {
        let now = now.to_millis();
        let mut output = Output::default();
        let Some(policy) = self.policies.get(&run.name).filter(|_| run.outcome != Outcome::Indeterminate).cloned()
        else {
            return output;
        };
        let failed = run.outcome == Outcome::Failed;
        let sighting = Sighting {
            now,
            policy: &policy,
            severity: policy.severity,
            run: Some(RunRef { id: run.id.clone(), at: run.started_at.to_millis() }),
            blame: failed.then(|| words::blame(run)),
            trigger,
        };
        let key = Key { name: run.name.clone(), aspect: Aspect::Run };
        self.see(&key, &sighting, &|blame| words::fails(&policy.title, blame), &mut output);
        if trigger == Trigger::Scheduled {
            self.see_cleanup(run, &sighting, &mut output);
            self.see_certificates(run, &sighting, &mut output);
            if let (false, Some(good)) = (failed, sighting.run) {
                self.last_good.insert(run.name.clone(), good);
            }
        }
        let at = now.plus(RECHECK_AFTER);
        let unsure = self.incidents.get(&key).is_some_and(|incident| incident.state == State::Suspect);
        if failed && trigger == Trigger::Scheduled && policy.recheck && unsure {
            output.rechecks.push(Recheck { name: run.name.clone(), at });
        }
        output
    }

    fn see_cleanup(&mut self, run: &Run, sighting: &Sighting<'_>, output: &mut Output) {
        if run.cleanup.is_empty() {
            return;
        }
        let step = run.cleanup.iter().find(|step| step.state == StepState::Failed);
        let of_cleanup = Sighting {
            severity: sighting.policy.severity.min(Severity::Warning),
            blame: step.map(|step| words::blame_of(run, step)),
            run: sighting.run.clone(),
            ..*sighting
        };
        let key = Key { name: run.name.clone(), aspect: Aspect::Cleanup };
        self.see(&key, &of_cleanup, &|_| words::leaves_behind(&sighting.policy.title), output);
    }

    /// One look at one aspect of a run entry.
    fn see(
        &mut self,
        key: &Key,
        sighting: &Sighting<'_>,
        title: &dyn Fn(&crate::model::incident::Blame) -> String,
        output: &mut Output,
    ) {
        let forgotten = |incident: &Incident| machine::is_forgotten(incident, sighting.now);
        if self.incidents.get(key).is_some_and(forgotten) {
            self.incidents.remove(key);
        }
        match (self.incidents.get_mut(key), &sighting.blame) {
            (Some(incident), _) => output.transitions.extend(machine::step(incident, sighting)),
            (None, Some(blame)) if sighting.trigger == Trigger::Scheduled => {
                let last_good = self.last_good.get(&key.name).cloned();
                let mut incident = machine::suspect(key, title(blame), blame.clone(), last_good, sighting);
                output.transitions.push(machine::begin(&mut incident, sighting));
                self.incidents.insert(key.clone(), incident);
            }
            (None, _) => {}
        }
    }

    /// Something is wrong with a part of our own, or no longer is. `trouble` is shown to people.
    pub fn own(&mut self, now: Timestamp, part: &str, trouble: Option<&str>, severity: Severity) -> Output {
        let policy = Policy::of_our_own(severity);
        let blame = trouble.map(words::own_blame);
        let sighting =
            Sighting { now: now.to_millis(), policy: &policy, severity, run: None, blame, trigger: Trigger::Scheduled };
        let key = Key { name: part.to_owned(), aspect: Aspect::Own };
        let mut output = Output::default();
        self.see(&key, &sighting, &|_| words::own_title(part), &mut output);
        output
    }

    /// Lets time pass: reminds of our own trouble, forgets what can no longer open again.
    pub fn tick(&mut self, now: Timestamp) -> Output {
        let now = now.to_millis();
        self.incidents.retain(|_, incident| !machine::is_forgotten(incident, now));
        let own = self.incidents.values_mut().filter(|incident| incident.key.aspect == Aspect::Own);
        let transitions = own
            .filter_map(|incident| {
                let policy = Policy::of_our_own(incident.severity);
                machine::remind(incident, &policy, now, None)
            })
            .collect();
        Output { transitions, rechecks: Vec::new() }
    }

    /// When [`Evaluator::tick`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let deadline = |incident: &Incident| match incident.state {
            state if state.is_ended() => incident.ended_at.map(|at| at.plus(REOPEN_WITHIN + Duration::from_millis(1))),
            State::Firing if incident.key.aspect == Aspect::Own => incident.next_reminder_at,
            _ => None,
        };
        self.incidents.values().filter_map(deadline).min()
    }

    /// Judges by other policies from here on. What is open stays the same incident, whatever changed; what is no longer
    /// configured is withdrawn.
    pub fn reload(&mut self, now: Timestamp, policies: BTreeMap<String, Policy>) -> Output {
        let now = now.to_millis();
        let mut transitions = Vec::new();
        for incident in self.incidents.values_mut() {
            let watched = incident.key.aspect == Aspect::Own || policies.contains_key(&incident.key.name);
            if !watched && !incident.state.is_ended() {
                // Of a mere suspicion nobody has heard.
                let known = incident.state.is_open() && incident.seq > 0;
                incident.state = State::Withdrawn;
                incident.ended_at = Some(now);
                let notice = known.then_some(NoticeKind::Withdrawn);
                transitions.push(machine::transition(incident, now, Event::Withdrawn, notice, None));
            }
        }
        self.last_good.retain(|name, _| policies.contains_key(name));
        self.policies = policies;
        Output { transitions, rechecks: Vec::new() }
    }

    /// All that have not ended, by key.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| !incident.state.is_ended())
    }
}
