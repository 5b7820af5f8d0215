//! What is stored in brief comes back as it was, to the promised precision.

use proptest::prelude::*;
use serde_json::to_value;

use super::*;
use crate::base::time::Timestamp;
use crate::history::fixtures::{NOON, at, run, step};
use crate::history::layout;
use crate::model::run::{ConditionResult, Section, StepState};

/// A run that passed through its brief form and its layout, as JSON.
fn through(run: &Run) -> Option<serde_json::Value> {
    let (happened, body) = (encode(run)?, layout::encode(run));
    let (steps, cleanup) = layout::decode(&body).expect("a layout");
    let mut found = Run { steps, cleanup, trace_id: String::new(), seed: 0, ..run.clone() };
    decode(&happened, &mut found).expect("a run in brief");
    Some(to_value(found).expect("JSON"))
}

#[test]
fn only_what_passed_and_has_nothing_to_tell_is_brief() {
    for outcome in [Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate] {
        assert_eq!(encode(&run("home", 0, outcome)), None);
    }
    let mut with_miss = run("home", 0, Outcome::Passed);
    with_miss.steps[0].misses = run("home", 0, Outcome::Degraded).steps[0].misses.clone();
    assert_eq!(with_miss.steps[0].misses[0].section, Section::Prefer);
    assert_eq!(encode(&with_miss), None);
    assert!(encode(&run("home", 0, Outcome::Passed)).is_some_and(|bytes| bytes.len() < 80));
}

#[test]
fn addresses_and_versions_come_back_as_written() {
    for remote in ["198.51.100.7:443", "[2001:db8::7]:8443", "[fe80::1%3]:80", "a name", ""] {
        for version in [None, Some("HTTP/1.1"), Some("HTTP/2"), Some("HTTP/0.9")] {
            let mut run = run("home", 0, Outcome::Passed);
            run.steps[0].remote = Some(remote.to_owned());
            run.steps[0].http_version = version.map(str::to_owned);
            assert_eq!(through(&run), Some(to_value(&run).expect("JSON")));
        }
    }
}

fn any_step() -> impl Strategy<Value = StepResult> {
    let numbers = (any::<u32>(), any::<u32>(), prop::option::of((any::<u32>(), any::<u32>())), 0_u64..1 << 40);
    let maybe = (
        prop::option::of(any::<u16>()),
        prop::option::of(any::<u32>()),
        prop::option::of(0_i64..4_000_000_000),
        prop::option::of(0_u64..100_000),
    );
    let phases = prop::collection::vec(prop::option::of(0_u64..10_000_000), 6);
    let lists = (prop::collection::vec(any::<bool>(), 0..20), prop::collection::vec(("[a-z]{1,5}", ".{0,20}"), 0..3));
    (numbers, maybe, phases, lists, prop::option::of(".{0,20}")).prop_map(|(numbers, maybe, phases, lists, note)| {
        let mut timings = Timings::default();
        timings.total = Duration::from_micros(numbers.3);
        for (phase, micros) in Phase::ALL.into_iter().zip(phases) {
            if let Some(micros) = micros {
                timings.add(phase, Duration::from_micros(micros));
            }
        }
        let condition = |(number, held)| ConditionResult { slug: format!("c{number}"), held };
        StepResult {
            attempts: numbers.0,
            requests: numbers.1,
            iterations: numbers.2,
            elapsed: Duration::from_micros(numbers.3),
            status: maybe.0,
            body_bytes: maybe.1.map(u64::from),
            certificate_not_after: maybe.2.and_then(Timestamp::from_unix_seconds),
            started_at: maybe.3.map(|millis| at(NOON).plus(Duration::from_millis(millis + 3))),
            timings,
            conditions: lists.0.into_iter().enumerate().map(condition).collect(),
            kept: lists.1,
            note,
            ..step("get-home", StepState::Passed, None)
        }
    })
}

proptest! {
    #[test]
    fn what_is_stored_comes_back(
        steps in prop::collection::vec(any_step(), 0..5),
        cleanup in prop::collection::vec(any_step(), 0..2),
    ) {
        let run = Run { steps, cleanup, ..run("home", 0, Outcome::Passed) };
        prop_assert_eq!(through(&run), Some(to_value(&run).expect("JSON")));
    }

    #[test]
    fn damage_is_noticed_or_harmless(bytes: Vec<u8>, cut: prop::sample::Index) {
        let run = run("home", 0, Outcome::Passed);
        let happened = encode(&run).expect("brief");
        for bytes in [&bytes[..], &happened[..cut.index(happened.len())]] {
            let _ = decode(bytes, &mut run.clone());
            let _ = layout::decode(bytes);
        }
    }
}
