//! Floor 3: from runs to incidents. Pure: the time is told, nothing is read, nothing is sent, so that the same runs give
//! the same incidents, and a restart goes on where the process before ended.

mod certificate;
mod machine;
mod policy;
mod telling;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::base::time::Timestamp;
use crate::model::incident::{Aspect, Blame, Incident, Key, RunRef, Severity, State, Transition};
use crate::model::run::{Outcome, Run, StepResult, StepState};
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
    /// Of a second look.
    pub confirmation: Option<Confirmation>,
}

/// What a second look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// It failed too.
    Confirmed,
    /// The failed run before was nothing that lasts; it remains failed.
    Refuted,
    /// It was our own trouble, did not reach the place where the first look failed, or came too late.
    Undecided,
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

    /// Goes on with what was stored: incidents that had not ended, and those that ended within [`REOPEN_WITHIN`]; of
    /// several of one key the one that is not ended counts, else the latest. `last_good` is the last good planned run of
    /// each entry. What is no longer configured is withdrawn by the next [`Evaluator::reload`].
    #[must_use]
    pub fn restore(
        policies: BTreeMap<String, Policy>,
        incidents: Vec<Incident>,
        last_good: Vec<(String, RunRef)>,
    ) -> Self {
        let mut by_key: BTreeMap<Key, Incident> = BTreeMap::new();
        let rank = |incident: &Incident| (!incident.state.is_ended(), incident.ended_at);
        for incident in incidents {
            if by_key.get(&incident.key).is_none_or(|known| rank(known) < rank(&incident)) {
                by_key.insert(incident.key.clone(), incident);
            }
        }
        Self { policies, incidents: by_key, last_good: last_good.into_iter().collect() }
    }

    /// Judges a run. One that is indeterminate says nothing of anybody and changes nothing; nor does one of an entry that
    /// is not configured, or a second look that passed without reaching the place where the first one failed.
    pub fn observe(&mut self, now: Timestamp, run: &Run, trigger: Trigger) -> Output {
        let now = now.to_millis();
        let mut output = Output::default();
        let Some(policy) = self.policies.get(&run.name).cloned() else { return output };
        let key = Key { name: run.name.clone(), aspect: Aspect::Run };
        if trigger == Trigger::Recheck {
            let confirmation = self.confirmation(&key, run);
            output.confirmation = Some(confirmation);
            if confirmation == Confirmation::Undecided {
                return output;
            }
        }
        if run.outcome == Outcome::Indeterminate {
            return output;
        }
        let failed = run.outcome == Outcome::Failed;
        let sighting = Sighting {
            now,
            policy: &policy,
            severity: policy.severity,
            run: Some(RunRef { id: run.id.clone(), at: run.started_at.to_millis() }),
            blame: failed.then(|| words::blame(run)),
            trigger,
        };
        self.see(&key, &sighting, &|blame| words::fails(&policy.title, blame), &mut output);
        if trigger == Trigger::Scheduled {
            self.see_cleanup(run, &sighting, &mut output);
            self.see_certificates(run, &sighting, &mut output);
            if let (false, Some(good)) = (failed, sighting.run) {
                self.last_good.insert(run.name.clone(), good);
            }
        }
        let unsure = self.incidents.get(&key).is_some_and(|incident| incident.state == State::Suspect);
        if failed && trigger == Trigger::Scheduled && policy.recheck && unsure {
            output.rechecks.push(Recheck { name: run.name.clone(), at: now.plus(RECHECK_AFTER) });
        }
        output
    }

    /// What a second look says of the suspicion that it is about. It repeats nothing that may change something, so it may
    /// pass and yet not have come to the step that failed.
    fn confirmation(&self, key: &Key, run: &Run) -> Confirmation {
        let suspicion = self.incidents.get(key).filter(|incident| incident.state == State::Suspect);
        let passed = |step: &StepResult| matches!(step.state, StepState::Passed | StepState::Degraded);
        let reached = |step: &String| run.steps.iter().any(|seen| seen.id == *step && passed(seen));
        match (suspicion, run.outcome) {
            (None, _) | (_, Outcome::Indeterminate) => Confirmation::Undecided,
            (_, Outcome::Failed) => Confirmation::Confirmed,
            (Some(incident), _) if incident.blame.step.as_ref().is_none_or(reached) => Confirmation::Refuted,
            _ => Confirmation::Undecided,
        }
    }

    fn see_cleanup(&mut self, run: &Run, sighting: &Sighting<'_>, output: &mut Output) {
        let key = Key { name: run.name.clone(), aspect: Aspect::Cleanup };
        if run.cleanup.is_empty() {
            if is_whole(run) {
                self.withdraw(&key, sighting, output);
            }
            return;
        }
        let step = run.cleanup.iter().find(|step| step.state == StepState::Failed);
        let done = |step: &StepResult| matches!(step.state, StepState::Cleaned | StepState::NotNeeded);
        if step.is_none() && !run.cleanup.iter().any(done) {
            return;
        }
        let of_cleanup = Sighting {
            severity: sighting.policy.severity.min(Severity::Warning),
            blame: step.map(|step| words::blame_of(run, step)),
            run: sighting.run.clone(),
            ..*sighting
        };
        self.see(&key, &of_cleanup, &|_| words::leaves_behind(&sighting.policy.title), output);
    }

    /// One look at one aspect of a run entry.
    fn see(&mut self, key: &Key, sighting: &Sighting<'_>, title: &dyn Fn(&Blame) -> String, output: &mut Output) {
        let forgotten = |incident: &Incident| machine::is_forgotten(incident, sighting.now);
        if self.incidents.get(key).is_some_and(forgotten) {
            self.incidents.remove(key);
        }
        let last_good = self.last_good.get(&key.name);
        match (self.incidents.get_mut(key), &sighting.blame) {
            (Some(incident), _) => output.transitions.extend(machine::step(incident, last_good, sighting)),
            (None, Some(blame)) if sighting.trigger == Trigger::Scheduled => {
                let mut incident = machine::suspect(key, title(blame), blame, sighting);
                output.transitions.push(machine::begin(&mut incident, last_good, sighting));
                self.incidents.insert(key.clone(), incident);
            }
            (None, _) => {}
        }
    }

    /// What an incident is about is no part of the journey any more.
    fn withdraw(&mut self, key: &Key, sighting: &Sighting<'_>, output: &mut Output) {
        if let Some(incident) = self.incidents.get_mut(key).filter(|incident| !incident.state.is_ended()) {
            output.transitions.push(machine::withdraw(incident, sighting.now, sighting.run.as_ref()));
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

    /// Parts of our own that are no more: what is open of them is withdrawn.
    pub fn without(&mut self, now: Timestamp, is_gone: impl Fn(&str) -> bool) -> Output {
        let now = now.to_millis();
        let gone = |incident: &&mut Incident| {
            incident.key.aspect == Aspect::Own && !incident.state.is_ended() && is_gone(&incident.key.name)
        };
        let transitions =
            self.incidents.values_mut().filter(gone).map(|incident| machine::withdraw(incident, now, None)).collect();
        Output { transitions, ..Output::default() }
    }

    /// Lets time pass: reminds of our own trouble, forgets what can no longer open again. What runs show is repeated when
    /// a run shows it, so that nobody is told after an interruption of what may be over.
    pub fn tick(&mut self, now: Timestamp) -> Output {
        let now = now.to_millis();
        self.incidents.retain(|_, incident| !machine::is_forgotten(incident, now));
        let own = self.incidents.values_mut().filter(|incident| incident.key.aspect == Aspect::Own);
        let transitions = own
            .filter_map(|incident| {
                let policy = Policy::of_our_own(incident.severity);
                telling::remind(incident, &policy, now)
            })
            .collect();
        Output { transitions, ..Output::default() }
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
                transitions.push(machine::withdraw(incident, now, None));
            }
        }
        self.last_good.retain(|name, _| policies.contains_key(name));
        self.policies = policies;
        Output { transitions, ..Output::default() }
    }

    /// All that have not ended, by key.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| !incident.state.is_ended())
    }
}

/// Whether a run passed and did all that its journey says: what it does not show is no part of the journey.
fn is_whole(run: &Run) -> bool {
    let left_out = |step: &StepResult| matches!(step.state, StepState::Skipped | StepState::NotRun);
    matches!(run.outcome, Outcome::Passed | Outcome::Degraded) && !run.steps.iter().any(left_out)
}
