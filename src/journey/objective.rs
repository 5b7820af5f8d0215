//! Objectives of a journey, ready to say of each run whether it was a good event, a bad one, or none.

use std::time::Duration;

use super::definition::condition::{Expectation, Written};
use super::definition::slo::{Good, Slo};
use crate::base::name::{slug, unique};
use crate::base::secret::Labelled;
use crate::base::time::Timestamp;
use crate::expectation::condition::{Condition, Order, Role};
use crate::expectation::judge::{Judge, Verdict};
use crate::expectation::selector::Selector;
use crate::model::run::{Outcome, Run, StepResult, StepState};
use crate::model::scope::Nothing;
use crate::model::timing::{Phase, Timings};
use crate::model::value::Value;

/// One entry of `slo`.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Unique in the journey; a metric label.
    pub name: String,
    /// Id of the step whose executions are counted; none: runs are.
    pub step: Option<String>,
    /// Share of good events that is aimed at, between 0 and 1.
    pub target: f64,
    /// Rolling window.
    pub over: Duration,
    /// Where it is about time alone: the longest time that is still good.
    pub latency_threshold: Option<Duration>,
    good: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    Passed,
    Available,
    When(Vec<(Selector, Judge)>),
}

/// The objectives of a journey, in written order. A condition that cannot be compiled was reported when the journey
/// was checked, and never holds here.
#[must_use]
pub fn objectives(slos: &[Slo]) -> Vec<Objective> {
    let mut made: Vec<Objective> = Vec::with_capacity(slos.len());
    let written: Vec<&str> = slos.iter().filter_map(|slo| Some(slo.name.as_ref()?.value.as_str())).collect();
    for slo in slos {
        let taken = |name: &str| written.contains(&name) || made.iter().any(|known| known.name == name);
        let name = slo.name.as_ref().map_or_else(|| unique(&default_name(slo), taken), |name| name.value.clone());
        made.push(Objective {
            name,
            step: slo.step.as_ref().map(|step| step.value.clone()),
            target: slo.target.value.ratio(),
            over: slo.over.value,
            latency_threshold: threshold(&slo.good.value),
            good: rule(&slo.good.value),
        });
    }
    made
}

fn default_name(slo: &Slo) -> String {
    let word = match &slo.good.value {
        Good::Passed | Good::Available => "availability",
        Good::When(conditions) if conditions.0.iter().all(is_about_time) => "latency",
        Good::When(_) => "quality",
    };
    slo.step.as_ref().map_or_else(|| word.to_owned(), |step| format!("{}-{word}", slug(&step.value)))
}

fn is_about_time(expectation: &Expectation) -> bool {
    expectation.selector.source_text().split('.').next() == Some("time")
}

fn threshold(good: &Good) -> Option<Duration> {
    let Good::When(conditions) = good else { return None };
    let [only] = conditions.0.as_slice() else { return None };
    if only.selector.source_text() != "time" {
        return None;
    }
    match &only.condition {
        Condition::Compare(Order::Lt | Order::Lte, literal) => {
            crate::base::duration::parse_duration(literal.value.constant()?.as_str()?).ok()
        }
        _ => None,
    }
}

fn rule(good: &Good) -> Rule {
    match good {
        Good::Passed => Rule::Passed,
        Good::Available => Rule::Available,
        Good::When(conditions) => {
            let compiled = conditions.0.iter().filter_map(|one| Some((one.selector.clone(), judge(&one.condition)?)));
            Rule::When(compiled.collect())
        }
    }
}

fn judge(written: &Written) -> Option<Judge> {
    let ready = written.try_map(&mut |literal, _: Role| literal.value.constant().ok_or(()), &mut |_| Err(())).ok()?;
    Judge::new(ready).ok()
}

impl Objective {
    /// Whether the run was a good event; none if it was no event at all.
    #[must_use]
    pub fn judge(&self, run: &Run) -> Option<bool> {
        if run.outcome == Outcome::Indeterminate {
            return None;
        }
        match &self.step {
            None => Some(self.is_good(run.outcome, &run_value(run), run.started_at)),
            Some(id) => {
                let step = run.steps.iter().find(|step| step.id == *id)?;
                let outcome = match step.state {
                    StepState::Passed => Outcome::Passed,
                    StepState::Degraded => Outcome::Degraded,
                    StepState::Failed => Outcome::Failed,
                    _ => return None,
                };
                Some(self.is_good(outcome, &step_value(step), run.started_at))
            }
        }
    }

    fn is_good(&self, outcome: Outcome, value: &dyn Fn(&str) -> Option<Value>, now: Timestamp) -> bool {
        match &self.good {
            Rule::Passed => outcome == Outcome::Passed,
            Rule::Available => matches!(outcome, Outcome::Passed | Outcome::Degraded),
            Rule::When(conditions) => {
                outcome != Outcome::Failed
                    && conditions.iter().all(|(selector, judge)| {
                        let found = value(selector.source_text()).map(Labelled::open);
                        let found = selector.filtered(found, &Nothing { now }).ok().flatten();
                        judge.judge(found.as_ref().map(|found| &found.value), false) == Verdict::Holds
                    })
            }
        }
    }
}

fn run_value(run: &Run) -> impl Fn(&str) -> Option<Value> {
    let elapsed = run.elapsed;
    move |source| (source == "time").then_some(Value::Duration(elapsed))
}

fn step_value(step: &StepResult) -> impl Fn(&str) -> Option<Value> {
    |source| match source {
        "status" => step.status.map(Value::number),
        "size" => step.body_bytes.map(Value::Size),
        "time" => Some(Value::Duration(step.timings.total)),
        "time.dns" => Some(phase(&step.timings, Phase::Resolve)),
        "time.connect" => Some(phase(&step.timings, Phase::Connect)),
        "time.tls" => Some(phase(&step.timings, Phase::Tls)),
        "time.first-byte" => Some(phase(&step.timings, Phase::Wait)),
        _ => None,
    }
}

/// A phase that did not happen on a connection used again took no time.
fn phase(timings: &Timings, phase: Phase) -> Value {
    Value::Duration(timings.get(phase).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::shape::{Reader, Shape as _};
    use crate::base::span::Source;
    use crate::base::yaml;
    use crate::model::sample;

    fn read(text: &str) -> Vec<Objective> {
        let source = Source::new("t.yaml", text);
        let parsed = yaml::parse(&source);
        let mut reader = Reader::new(source);
        let slos = Vec::<Slo>::read(&parsed.documents[0], &mut reader).expect("a list");
        assert!(reader.diagnostics.is_empty(), "{:?}", reader.diagnostics);
        objectives(&slos)
    }

    #[test]
    fn objectives_are_called_after_what_they_measure() {
        let made = read(
            "- { good: passed, target: 99%, over: 28d }\n\
             - { good: available, target: 99%, over: 28d }\n\
             - { step: pay, good: { time: { lt: 800ms } }, target: 95%, over: 28d }\n\
             - { step: pay, good: { status: 200 }, target: 95%, over: 28d }\n\
             - { name: mine, good: passed, target: 95%, over: 28d }\n",
        );
        let names: Vec<_> = made.iter().map(|objective| objective.name.as_str()).collect();
        assert_eq!(names, ["availability", "availability-2", "pay-latency", "pay-quality", "mine"]);
        assert_eq!(made[2].latency_threshold, Some(Duration::from_millis(800)));
        assert_eq!(made[3].latency_threshold, None);
    }

    #[test]
    fn a_run_is_a_good_event_a_bad_one_or_none() {
        let made = read(
            "- { good: passed, target: 99%, over: 28d }\n\
             - { good: available, target: 99%, over: 28d }\n\
             - { good: { time: { lt: 1000d } }, target: 99%, over: 28d }\n\
             - { good: { time: { lt: 0.000001ms } }, target: 99%, over: 28d }\n\
             - { step: nothing-of-the-kind, good: passed, target: 99%, over: 28d }\n",
        );
        let events = |run: &Run| made.iter().map(|objective| objective.judge(run)).collect::<Vec<_>>();
        assert_eq!(events(&sample::passed()), [Some(true), Some(true), Some(true), Some(false), None]);
        assert_eq!(events(&sample::degraded())[..2], [Some(false), Some(true)]);
        assert_eq!(events(&sample::failed())[..3], [Some(false), Some(false), Some(false)]);
        assert_eq!(events(&sample::indeterminate()), [None; 5]);
    }
}
