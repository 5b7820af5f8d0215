//! Certificates that run out: known from the facts of runs, long before anything fails.

use std::collections::BTreeMap;
use std::time::Duration;

use super::machine::Sighting;
use super::{Evaluator, Output, is_whole, words};
use crate::base::time::Timestamp;
use crate::model::incident::{Aspect, Key, Severity};
use crate::model::run::Run;

/// Time for somebody to renew it in working hours.
pub const WARN_BEFORE: Duration = Duration::from_hours(21 * 24);
/// Time for somebody to renew it at all.
pub const PAGE_BEFORE: Duration = Duration::from_hours(7 * 24);

impl Evaluator {
    /// Looks at the certificates that a run saw, for each declared host at the one that ends first.
    pub(super) fn see_certificates(&mut self, run: &Run, of_run: &Sighting<'_>, output: &mut Output) {
        let mut ends: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for step in run.steps.iter().chain(&run.cleanup) {
            if let (Some(host), Some(end)) = (step.host.as_deref(), step.certificate_not_after) {
                ends.entry(host).and_modify(|known| *known = end.min(*known)).or_insert(end);
            }
        }
        self.forget_hosts(run, of_run, output);
        for (host, end) in ends {
            let end = end.to_millis();
            let step = run.steps.iter().chain(&run.cleanup).find(|step| step.host.as_deref() == Some(host));
            let owner = step.and_then(|step| step.owner.clone()).or_else(|| run.owner.clone());
            let urgency = urgency(of_run.now, end);
            let policy =
                super::Policy { open_after: 1, close_after: 1, close_for: Duration::ZERO, ..of_run.policy.clone() };
            let sighting = Sighting {
                now: of_run.now,
                policy: &policy,
                severity: urgency.unwrap_or(Severity::Warning).min(of_run.policy.severity),
                run: of_run.run.clone(),
                blame: urgency.map(|_| words::expires(host, owner, end)),
                trigger: of_run.trigger,
            };
            let key = Key { name: run.name.clone(), aspect: Aspect::Certificate(host.to_owned()) };
            let before = output.transitions.len();
            self.see(&key, &sighting, &|_| words::certificate_title(&of_run.policy.title, host), output);
            for transition in &mut output.transitions[before..] {
                transition.incident.not_after = Some(end);
                if let Some(incident) = self.incidents.get_mut(&key) {
                    incident.not_after = Some(end);
                }
            }
        }
    }

    /// Withdraws what is known of hosts that the journey does not name any more.
    fn forget_hosts(&mut self, run: &Run, of_run: &Sighting<'_>, output: &mut Output) {
        let key = |host: &str| Key { name: run.name.clone(), aspect: Aspect::Certificate(host.to_owned()) };
        let named = |key: &Key| {
            let steps = || run.steps.iter().chain(&run.cleanup).filter_map(|step| step.host.as_deref());
            matches!(&key.aspect, Aspect::Certificate(host) if steps().any(|named| named == host))
        };
        let end = Key { name: run.name.clone(), aspect: Aspect::Own };
        let known = self.incidents.range(key("")..end).map(|(key, _)| key);
        let gone: Vec<_> = known.filter(|key| is_whole(run) && !named(key)).cloned().collect();
        for key in gone {
            self.withdraw(&key, of_run, output);
        }
    }
}

/// How urgent the end of a certificate is; none: there is time.
fn urgency(now: Timestamp, end: Timestamp) -> Option<Severity> {
    if end <= now.plus(PAGE_BEFORE) {
        Some(Severity::Critical)
    } else if end <= now.plus(WARN_BEFORE) {
        Some(Severity::Warning)
    } else {
        None
    }
}
