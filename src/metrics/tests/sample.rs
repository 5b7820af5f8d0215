//! Definitions and runs made up for these tests, and a store to feed with them.

use std::time::Duration;

use super::reading::{Exposed, read};
use crate::base::time::Timestamp;
use crate::metrics::own::{Build, Channels};
use crate::metrics::scrape::{Format, ScrapeRequest};
use crate::metrics::series::{JourneySeries, ObjectiveSeries, StepSeries};
use crate::metrics::{Facts, Metrics, Settings};
use crate::model::failure::{Cause, Failure, FailureKind};
use crate::model::run::{ConditionResult, Digest, Outcome, Place, Run, StepResult, StepState};
use crate::model::timing::{Phase, Timings};

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_334_400 + seconds).expect("in range")
}

pub fn store(settings: Settings) -> Metrics {
    let channels = Channels { kinds: &["email"], reasons: &["smtp_connect", "smtp_rcpt"] };
    let settings = Settings { channels, ..settings };
    let build = Build { version: "0.1.0", revision: "abc", branch: "main", rustversion: "1.95", target: "x86_64" };
    Metrics::new(settings, build, Some("https://forerunner.example.org")).expect("a sound catalogue")
}

/// A store with default settings that holds these definitions.
pub fn loaded(definitions: &[JourneySeries]) -> Metrics {
    let metrics = store(Settings::default());
    metrics.replace(definitions, at(0)).expect("below the limit");
    metrics
}

pub fn journey(name: &str, steps: &[&str]) -> JourneySeries {
    JourneySeries {
        name: name.to_owned(),
        title: format!("The task {name}"),
        source: "probes/platform.yaml".to_owned(),
        definition: Digest(format!("sha256:{}", "0123456789abcdef".repeat(4))),
        owner: Some("platform-team".to_owned()),
        labels: vec![("unit".to_owned(), "sales \"north\"".to_owned())],
        interval: Duration::from_secs(30),
        timeout: Duration::from_mins(1),
        objectives: Vec::new(),
        steps: steps.iter().map(|id| step_series(id)).collect(),
    }
}

pub fn step_series(id: &str) -> StepSeries {
    StepSeries {
        id: id.to_owned(),
        host: Some("platform".to_owned()),
        party: Some("platform-team".to_owned()),
        server_name: Some("platform.example".to_owned()),
    }
}

pub fn objective(name: &str, latency_threshold: Option<Duration>) -> ObjectiveSeries {
    ObjectiveSeries { name: name.to_owned(), target: 0.995, step: None, latency_threshold }
}

pub fn run(name: &str, outcome: Outcome, steps: Vec<StepResult>) -> Run {
    Run {
        id: "01JDAVZ0000000000000000000".to_owned(),
        name: name.to_owned(),
        journey: name.to_owned(),
        title: String::new(),
        owner: None,
        vantage: "london-1".to_owned(),
        postponed_until: None,
        recheck: false,
        definition: Digest("sha256:00".to_owned()),
        planned_at: at(10),
        started_at: at(10),
        elapsed: Duration::from_millis(1_250),
        outcome,
        cause: (outcome == Outcome::Indeterminate).then_some(Cause::Input),
        failure: None,
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        seed: 0,
        steps,
        cleanup: Vec::new(),
        notices: Vec::new(),
    }
}

pub fn step(id: &str, state: StepState) -> StepResult {
    let mut timings = Timings::default();
    timings.total = Duration::from_millis(120);
    for (phase, millis) in
        [(Phase::Resolve, 5), (Phase::Connect, 10), (Phase::Send, 1), (Phase::Wait, 80), (Phase::Receive, 20)]
    {
        timings.add(phase, Duration::from_millis(millis));
    }
    let sent = !matches!(state, StepState::Skipped | StepState::NotRun | StepState::NotNeeded);
    StepResult {
        id: id.to_owned(),
        title: None,
        action: "get /".to_owned(),
        host: Some("platform".to_owned()),
        owner: None,
        state,
        failure: None,
        misses: Vec::new(),
        timings: if sent { timings } else { Timings::default() },
        elapsed: Duration::from_millis(500),
        started_at: None,
        attempts: 1,
        iterations: None,
        requests: 1,
        status: sent.then_some(200),
        http_version: None,
        body_bytes: sent.then_some(2048),
        remote: None,
        certificate_not_after: None,
        conditions: Vec::new(),
        kept: Vec::new(),
        note: None,
        place: Place::default(),
        evidence: Vec::new(),
    }
}

pub fn failed_step(id: &str, kind: FailureKind, missed: &[&str]) -> StepResult {
    let conditions = missed.iter().map(|slug| ConditionResult { slug: (*slug).to_owned(), held: false }).collect();
    StepResult { failure: Some(Failure::new(kind, "")), conditions, ..step(id, StepState::Failed) }
}

pub fn observe(metrics: &Metrics, run: &Run) {
    metrics.observe(run, &Facts::default());
}

pub fn written(metrics: &Metrics, request: &ScrapeRequest) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sink = |chunk: &[u8]| {
        bytes.extend_from_slice(chunk);
        Ok(())
    };
    metrics.write(request, &mut sink).expect("memory takes everything");
    bytes
}

pub fn text(metrics: &Metrics, format: Format) -> String {
    String::from_utf8(written(metrics, &ScrapeRequest { format, ..ScrapeRequest::default() })).expect("text")
}

/// What a scrape in the text format shows.
pub fn exposed(metrics: &Metrics) -> Exposed {
    read(&text(metrics, Format::Text))
}
