//! Runs and a clock for the tests of history.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ulid::Ulid;

use super::retention::Retention;
use super::store::Store;
use crate::base::time::Timestamp;
use crate::model::clock::Clock;
use crate::model::evidence::{BodyContent, BodyEvidence, ExchangeEvidence};
use crate::model::failure::{Failure, FailureKind};
use crate::model::run::{ConditionResult, Digest, Miss, Outcome, Place, Run, Section, StepResult, StepState};
use crate::model::timing::{Phase, Timings};

/// `2026-11-22T08:00:00Z`.
pub(super) const NOON: i64 = 1_795_334_400;

pub(super) const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone)]
pub(super) struct SetClock(Arc<Mutex<Timestamp>>);

impl SetClock {
    pub(super) fn at(seconds: i64) -> Self {
        Self(Arc::new(Mutex::new(at(seconds))))
    }

    pub(super) fn set(&self, seconds: i64) {
        *self.0.lock().expect("not poisoned") = at(seconds);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("not poisoned")
    }
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds).expect("in range")
}

/// A store at the time of the first run.
pub(super) fn open(directory: &Path) -> Store {
    let (store, opened) =
        Store::open(directory, Retention::default(), Arc::new(SetClock::at(NOON))).expect("can be opened");
    assert_eq!(opened.set_aside, None);
    store
}

pub(super) fn record_all(store: &Store, runs: &[Run]) {
    for run in runs {
        assert!(store.record(Arc::new(run.clone())), "the queue is not full");
    }
    assert!(store.flush(PATIENCE), "written in time");
}

/// The `number`th run of a name, one a second, that took 20 ms.
pub(super) fn run(name: &str, number: i64, outcome: Outcome) -> Run {
    let started_at = at(NOON + number).plus(Duration::from_millis(3));
    let state = match outcome {
        Outcome::Passed => StepState::Passed,
        Outcome::Degraded => StepState::Degraded,
        Outcome::Failed => StepState::Failed,
        Outcome::Indeterminate => StepState::Indeterminate,
    };
    let kind = if outcome == Outcome::Indeterminate { FailureKind::NoNetwork } else { FailureKind::ConnectionRefused };
    let failure = matches!(outcome, Outcome::Failed | Outcome::Indeterminate)
        .then(|| Failure::new(kind, "nothing listens at 127.0.0.1:1"));
    let millis = u64::try_from(started_at.unix_millis()).expect("after the epoch");
    let chance =
        name.bytes().fold(number.unsigned_abs(), |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Run {
        id: Ulid::from_parts(millis, u128::from(chance.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 7).to_string(),
        name: name.to_owned(),
        journey: format!("{name}-journey"),
        title: "Open the home page".to_owned(),
        owner: Some("platform".to_owned()),
        vantage: "london-1".to_owned(),
        postponed_until: None,
        recheck: false,
        definition: Digest(format!("sha256:{}", "ab".repeat(32))),
        planned_at: at(NOON + number),
        started_at,
        elapsed: Duration::from_micros(20_123),
        outcome,
        cause: failure.as_ref().map(Failure::cause),
        failure: None,
        trace_id: format!("{:032x}", u128::from(chance) + 1),
        seed: chance,
        steps: vec![StepResult { started_at: Some(started_at), ..step("get-home", state, failure) }],
        cleanup: Vec::new(),
        notices: Vec::new(),
    }
}

pub(super) fn step(id: &str, state: StepState, failure: Option<Failure>) -> StepResult {
    let mut timings = Timings::default();
    timings.total = Duration::from_micros(19_876);
    for (phase, micros) in [
        (Phase::Resolve, 212),
        (Phase::Connect, 1_954),
        (Phase::Tls, 8_312),
        (Phase::Send, 41),
        (Phase::Wait, 8_756),
        (Phase::Receive, 187),
    ] {
        timings.add(phase, Duration::from_micros(micros));
    }
    let misses = if state == StepState::Degraded { vec![miss()] } else { Vec::new() };
    StepResult {
        id: id.to_owned(),
        title: None,
        action: "get /".to_owned(),
        host: Some("platform".to_owned()),
        owner: Some("platform-team".to_owned()),
        state,
        evidence: if state == StepState::Passed { Vec::new() } else { vec![evidence("a short answer")] },
        failure,
        misses,
        timings,
        elapsed: Duration::from_micros(19_990),
        started_at: Some(at(NOON).plus(Duration::from_millis(3))),
        attempts: 1,
        iterations: None,
        requests: 1,
        status: Some(200),
        http_version: Some("HTTP/1.1".to_owned()),
        body_bytes: Some(5_432),
        remote: Some("198.51.100.7:443".to_owned()),
        certificate_not_after: Some(at(NOON + 5_000_000)),
        conditions: vec![ConditionResult { slug: "status".to_owned(), held: true }],
        kept: Vec::new(),
        note: None,
        place: Place { file: "home.yaml".to_owned(), line: 7, column: 5, text: "  - get: /".to_owned() },
    }
}

pub(super) fn evidence(body: &str) -> ExchangeEvidence {
    ExchangeEvidence {
        host: "platform".to_owned(),
        started_at: at(NOON),
        method: "GET".to_owned(),
        url: "https://platform.example/".to_owned(),
        http_version: Some("HTTP/1.1".to_owned()),
        request_headers: vec![("accept".to_owned(), "*/*".to_owned())],
        request_body: None,
        status: Some(500),
        response_headers: Vec::new(),
        response_body: Some(BodyEvidence {
            size: body.len() as u64,
            wire_size: None,
            media_type: Some("text/plain".to_owned()),
            content: BodyContent::Text(body.to_owned()),
            cut: false,
        }),
        remote: None,
        local: None,
        resolved: Vec::new(),
        reused: false,
        timings: Timings::default(),
        tls: None,
        span_id: "00f067aa0ba902b7".to_owned(),
        attempt: 1,
        iteration: 1,
    }
}

fn miss() -> Miss {
    Miss {
        section: Section::Prefer,
        selector: "time".to_owned(),
        matcher: "below".to_owned(),
        expected: "10ms".to_owned(),
        got: "20ms".to_owned(),
        difference: None,
        hint: None,
        place: Place::default(),
    }
}

/// Text that does not compress.
pub(super) fn noise(seed: u64, length: usize) -> String {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + u8::try_from((state >> 40) % 95).expect("below 95"))
        })
        .collect()
}
