//! What a run changes, and what it must leave alone.

use std::time::Duration;

use super::sample::{exposed, failed_step, journey, loaded, objective, observe, run, step, store, text};
use crate::metrics::scrape::Format;
use crate::metrics::{Facts, ObjectiveEvent, Settings};
use crate::model::failure::{Cause, Failure, FailureKind};
use crate::model::run::{ConditionResult, Outcome, StepState};
use crate::model::skip::SkipReason;

#[test]
fn labels_that_are_alike_end_to_end_stay_two_series() {
    let metrics = loaded(&[journey("checkout1", &["0"]), journey("checkout", &["10"])]);
    observe(&metrics, &run("checkout1", Outcome::Passed, vec![step("0", StepState::Passed)]));
    for _ in 0..100 {
        observe(&metrics, &run("checkout", Outcome::Passed, vec![step("10", StepState::Passed)]));
    }
    let exposed = exposed(&metrics);
    assert_eq!(exposed.get(r#"forerunner_step_runs_total{journey="checkout1",step="0"}"#), Some(1.0));
    assert_eq!(exposed.get(r#"forerunner_step_runs_total{journey="checkout",step="10"}"#), Some(100.0));
    assert_eq!(exposed.named("forerunner_step_runs_total").len(), 2);
}

/// Runs in this order leave these values; `None`: no such series.
#[track_caller]
fn check(outcomes: &[Outcome], expected: &[(&str, Option<f64>)]) {
    let metrics = loaded(&[journey("a", &["one"])]);
    for outcome in outcomes {
        observe(&metrics, &run("a", *outcome, Vec::new()));
    }
    let exposed = exposed(&metrics);
    for (series, value) in expected {
        let name = format!("forerunner_journey_{series}");
        let name = if name.contains('{') { name } else { name + r#"{journey="a"}"# };
        assert_eq!(exposed.get(&name), *value, "{name} after {outcomes:?}");
    }
}

#[test]
fn a_new_entry_starts_its_counters_at_0_and_claims_nothing_more() {
    check(
        &[],
        &[
            ("runs_total", Some(0.0)),
            ("failures_total", Some(0.0)),
            ("planned_runs_total", Some(0.0)),
            ("cleanup_failures_total", Some(0.0)),
            (r#"duration_seconds_count{journey="a",outcome="passed"}"#, Some(0.0)),
            (r#"duration_seconds_count{journey="a",outcome="failed"}"#, None),
            ("success", None),
            ("degraded", None),
            ("last_run_timestamp_seconds", None),
            ("last_success_timestamp_seconds", None),
        ],
    );
}

#[test]
fn a_degraded_run_counts_as_passed() {
    check(
        &[Outcome::Passed, Outcome::Degraded],
        &[
            ("runs_total", Some(2.0)),
            ("failures_total", Some(0.0)),
            ("success", Some(1.0)),
            ("degraded", Some(1.0)),
            (r#"duration_seconds_count{journey="a",outcome="passed"}"#, Some(2.0)),
            (r#"duration_seconds_sum{journey="a",outcome="passed"}"#, Some(2.5)),
            (r#"duration_seconds_bucket{journey="a",outcome="passed",le="1.0"}"#, Some(0.0)),
            (r#"duration_seconds_bucket{journey="a",outcome="passed",le="1.5"}"#, Some(2.0)),
            ("last_success_timestamp_seconds", Some(1_795_334_411.25)),
        ],
    );
}

#[test]
fn a_failed_run_is_a_run_and_a_failure() {
    check(
        &[Outcome::Failed],
        &[
            ("runs_total", Some(1.0)),
            ("failures_total", Some(1.0)),
            ("success", Some(0.0)),
            ("degraded", Some(0.0)),
            (r#"duration_seconds_count{journey="a",outcome="failed"}"#, Some(1.0)),
            (r#"duration_seconds_count{journey="a",outcome="passed"}"#, Some(0.0)),
            ("last_run_timestamp_seconds", Some(1_795_334_411.25)),
            ("last_success_timestamp_seconds", None),
        ],
    );
}

#[test]
fn an_indeterminate_run_moves_its_own_counter_and_nothing_else() {
    check(
        &[Outcome::Indeterminate, Outcome::Indeterminate],
        &[
            (r#"indeterminate_runs_total{journey="a",cause="input"}"#, Some(2.0)),
            ("runs_total", Some(0.0)),
            ("success", None),
            ("last_run_timestamp_seconds", None),
        ],
    );
    check(&[Outcome::Failed, Outcome::Indeterminate], &[("success", Some(0.0)), ("runs_total", Some(1.0))]);
}

#[test]
fn causes_and_reasons_find_their_own_counters() {
    let metrics = loaded(&[journey("a", &[])]);
    for cause in Cause::ALL {
        let mut run = run("a", Outcome::Indeterminate, Vec::new());
        run.cause = Some(cause);
        observe(&metrics, &run);
    }
    for reason in SkipReason::ALL {
        metrics.planned("a");
        metrics.skipped("a", reason);
    }
    let exposed = exposed(&metrics);
    for (name, label, words) in [
        ("forerunner_journey_indeterminate_runs_total", "cause", Cause::ALL.map(Cause::word).to_vec()),
        ("forerunner_journey_skipped_runs_total", "reason", SkipReason::ALL.map(SkipReason::word).to_vec()),
    ] {
        let samples = exposed.named(name);
        assert_eq!(samples.iter().filter_map(|sample| sample.label(label)).collect::<Vec<_>>(), words);
        assert!(samples.iter().all(|sample| sample.value.to_bits() == 1.0_f64.to_bits()));
    }
    assert_eq!(exposed.get(r#"forerunner_journey_planned_runs_total{journey="a"}"#), Some(7.0));
}

#[test]
fn a_step_that_was_not_reached_shows_nothing_of_an_earlier_run() {
    let metrics = loaded(&[journey("a", &["one", "two"])]);
    let both = vec![step("one", StepState::Passed), step("two", StepState::Passed)];
    observe(&metrics, &run("a", Outcome::Passed, both));
    let fails = vec![failed_step("one", FailureKind::UnexpectedStatus, &["status"]), step("two", StepState::NotRun)];
    observe(&metrics, &run("a", Outcome::Failed, fails));
    let exposed = exposed(&metrics);
    let get = |name: &str, more: &str| exposed.get(&format!("forerunner_step_{name}{{journey=\"a\",step={more}}}"));
    assert_eq!(get("success", r#""one""#), Some(0.0));
    assert_eq!(get("success", r#""two""#), None);
    assert_eq!(get("http_status_code", r#""two""#), None);
    assert_eq!(get("phase_duration_seconds", r#""two",phase="processing""#), None);
    assert_eq!(get("runs_total", r#""one""#), Some(2.0));
    assert_eq!(get("runs_total", r#""two""#), Some(1.0));
    assert_eq!(get("duration_seconds_count", r#""one""#), Some(1.0), "successful executions only");
    assert_eq!(get("failures_total", r#""one",reason="http_status""#), Some(1.0));
    assert_eq!(get("expectation_failures_total", r#""one",expectation="status""#), Some(1.0));
}

#[test]
fn phases_bear_the_words_of_the_boards() {
    let metrics = loaded(&[journey("a", &["one"])]);
    observe(&metrics, &run("a", Outcome::Passed, vec![step("one", StepState::Passed)]));
    let exposed = exposed(&metrics);
    let phases: Vec<_> = exposed.named("forerunner_step_phase_duration_seconds").into_iter().collect();
    let phases: Vec<_> = phases.iter().map(|sample| (sample.label("phase").unwrap_or(""), sample.value)).collect();
    assert_eq!(phases, [("resolve", 0.005), ("connect", 0.01), ("processing", 0.081), ("transfer", 0.02)]);
    assert_eq!(exposed.get(r#"forerunner_step_response_size_bytes{journey="a",step="one"}"#), Some(2048.0));
}

#[test]
fn steps_end_in_more_ways_than_two() {
    let broken = Failure::new(FailureKind::ConnectionRefused, "");
    for (state, failure, expected) in [
        (StepState::Passed, None, Some(1.0)),
        (StepState::Cleaned, None, Some(1.0)),
        (StepState::Degraded, None, Some(1.0)),
        (StepState::Degraded, Some(broken), Some(0.0)),
        (StepState::Indeterminate, None, None),
        (StepState::Skipped, None, None),
        (StepState::NotNeeded, None, None),
    ] {
        let metrics = loaded(&[journey("a", &["one"])]);
        let mut result = step("one", state);
        result.failure = failure;
        observe(&metrics, &run("a", Outcome::Degraded, vec![result]));
        let success = exposed(&metrics).get(r#"forerunner_step_success{journey="a",step="one"}"#);
        assert_eq!(success, expected, "{state:?}");
    }
}

#[test]
fn a_failed_clean_up_is_counted_once_a_run() {
    let metrics = loaded(&[journey("a", &["one", "undo", "leave"])]);
    let mut run = run("a", Outcome::Degraded, vec![step("one", StepState::Passed)]);
    run.cleanup = vec![
        failed_step("undo", FailureKind::UnexpectedStatus, &[]),
        failed_step("leave", FailureKind::UnexpectedStatus, &[]),
    ];
    observe(&metrics, &run);
    let exposed = exposed(&metrics);
    assert_eq!(exposed.get(r#"forerunner_journey_cleanup_failures_total{journey="a"}"#), Some(1.0));
    assert_eq!(exposed.get(r#"forerunner_step_success{journey="a",step="undo"}"#), Some(0.0));
}

#[test]
fn what_is_not_in_the_definitions_becomes_no_label() {
    let metrics = loaded(&[journey("a", &["one"])]);
    observe(&metrics, &run("a", Outcome::Passed, vec![step("invented", StepState::Passed)]));
    observe(&metrics, &run("stranger", Outcome::Passed, Vec::new()));
    metrics.skipped("stranger", SkipReason::Lock);
    let text = text(&metrics, Format::OpenMetrics);
    assert!(!text.contains("invented") && !text.contains("stranger"));
}

#[test]
fn the_earliest_certificate_of_a_server_counts_over_all_entries() {
    let metrics = loaded(&[journey("a", &["one"]), journey("b", &["one"])]);
    let seen = |name: &str, seconds| {
        let mut result = step("one", StepState::Passed);
        result.certificate_not_after = Some(super::sample::at(seconds));
        observe(&metrics, &run(name, Outcome::Passed, vec![result]));
        exposed(&metrics)
            .get(r#"forerunner_tls_earliest_cert_expiry_timestamp_seconds{server_name="platform.example"}"#)
    };
    assert_eq!(seen("a", 5_000), Some(1_795_339_400.0));
    assert_eq!(seen("b", 1_000), Some(1_795_335_400.0));
    assert_eq!(seen("b", 9_000), Some(1_795_339_400.0), "renewed at one, not yet seen by the other");
}

#[test]
fn objectives_count_what_they_are_told_and_bring_their_bound() {
    let mut definition = journey("a", &["one"]);
    definition.objectives =
        vec![objective("availability", None), objective("latency", Some(Duration::from_millis(800)))];
    let metrics = loaded(&[definition]);
    let events = [
        ObjectiveEvent { objective: "latency", good: false },
        ObjectiveEvent { objective: "availability", good: true },
        ObjectiveEvent { objective: "unknown", good: true },
    ];
    metrics.observe(&run("a", Outcome::Passed, Vec::new()), &Facts { objectives: &events });
    let exposed = exposed(&metrics);
    let get = |name: &str, slo: &str| exposed.get(&format!("forerunner_{name}{{journey=\"a\",slo=\"{slo}\"}}"));
    assert_eq!(get("slo_events_total", "latency"), Some(1.0));
    assert_eq!(get("slo_bad_events_total", "latency"), Some(1.0));
    assert_eq!(get("slo_bad_events_total", "availability"), Some(0.0));
    assert_eq!(get("journey_slo_objective_ratio", "availability"), Some(0.995));
    assert_eq!(get("journey_slo_latency_threshold_seconds", "latency"), Some(0.8));
    assert_eq!(get("journey_slo_latency_threshold_seconds", "availability"), None);
    let bucket = r#"forerunner_journey_duration_seconds_bucket{journey="a",outcome="passed",le="0.8"}"#;
    assert_eq!(exposed.get(bucket), Some(0.0));
}

#[test]
fn failures_beyond_the_limit_are_dropped_and_counted() {
    let definitions = [journey("a", &["one"])];
    let needed = loaded(&definitions).count(&definitions).expect("below the limit").total();
    let metrics = store(Settings { series_max: needed + 1, ..Settings::default() });
    metrics.replace(&definitions, super::sample::at(0)).expect("below the limit");
    for kind in [FailureKind::ConnectionRefused, FailureKind::WaitTimeout, FailureKind::ConnectionRefused] {
        observe(&metrics, &run("a", Outcome::Failed, vec![failed_step("one", kind, &[])]));
    }
    let exposed = exposed(&metrics);
    let failures = exposed.named("forerunner_step_failures_total");
    assert_eq!(failures.iter().map(|sample| sample.value).collect::<Vec<_>>(), [2.0]);
    assert_eq!(exposed.get("forerunner_metric_series_dropped_total"), Some(1.0));
    assert_eq!(exposed.get("forerunner_metric_series"), exposed.get("forerunner_metric_series_limit"));
}

#[test]
fn a_step_has_at_most_20_expectations() {
    let metrics = loaded(&[journey("a", &["one"])]);
    let mut result = step("one", StepState::Failed);
    let slug = |number: usize| ConditionResult { slug: format!("body-{number}"), held: number.is_multiple_of(2) };
    result.conditions = (0..60).map(slug).collect();
    observe(&metrics, &run("a", Outcome::Failed, vec![result]));
    assert_eq!(exposed(&metrics).named("forerunner_step_expectation_failures_total").len(), 20);
}
