//! What a new definition set keeps, drops and refuses.

use std::time::Duration;

use super::sample::{at, exposed, failed_step, journey, loaded, objective, observe, run, step, store, text};
use crate::metrics::scrape::Format;
use crate::metrics::{Settings, StepHistograms};
use crate::model::failure::FailureKind;
use crate::model::run::{Digest, Outcome, StepState};

#[test]
fn removed_entries_are_gone_at_once_and_unchanged_ones_go_on() {
    let (stays, goes) = (journey("stays", &["one"]), journey("goes", &["one"]));
    let metrics = loaded(&[stays.clone(), goes]);
    for name in ["stays", "goes"] {
        let failed = vec![failed_step("one", FailureKind::WaitTimeout, &["status"])];
        observe(&metrics, &run(name, Outcome::Failed, failed));
    }
    let before = text(&metrics, Format::Text);
    assert!(before.contains("journey=\"goes\""));
    metrics.replace(&[stays, journey("comes", &["one"])], at(60)).expect("below the limit");
    let after = text(&metrics, Format::Text);
    assert!(!after.contains("\"goes\""));
    let lines =
        |text: &str| text.lines().filter(|line| line.contains("\"stays\"")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&before), lines(&after));
    let exposed = exposed(&metrics);
    assert_eq!(exposed.get(r#"forerunner_journey_failures_total{journey="comes"}"#), Some(0.0));
    assert!(exposed.named("forerunner_journey_definition_changed_timestamp_seconds").is_empty());
}

#[test]
fn a_changed_entry_keeps_what_still_means_the_same() {
    let mut definition = journey("a", &["kept", "dropped"]);
    definition.objectives = vec![objective("availability", None)];
    let metrics = loaded(&[definition.clone()]);
    let failed = failed_step("kept", FailureKind::ExpectationMissed, &["old-id"]);
    observe(&metrics, &run("a", Outcome::Failed, vec![failed, step("dropped", StepState::Passed)]));
    definition.definition = Digest("sha256:fedcba98765432100".to_owned());
    definition.title = "Another title".to_owned();
    definition.steps.remove(1);
    definition.steps.insert(0, super::sample::step_series("new"));
    metrics.replace(&[definition], at(60)).expect("below the limit");
    let exposed = exposed(&metrics);
    let get = |series: &str| exposed.get(&format!("forerunner_{series}"));
    assert_eq!(get(r#"journey_failures_total{journey="a"}"#), Some(1.0));
    assert_eq!(get(r#"journey_duration_seconds_count{journey="a",outcome="failed"}"#), Some(1.0));
    assert_eq!(get(r#"journey_definition_changed_timestamp_seconds{journey="a"}"#), Some(1_795_334_460.0));
    assert_eq!(get(r#"step_failures_total{journey="a",step="kept",reason="expectation"}"#), Some(1.0));
    assert_eq!(get(r#"step_runs_total{journey="a",step="new"}"#), Some(0.0));
    assert_eq!(get(r#"step_runs_total{journey="a",step="dropped"}"#), None);
    assert!(exposed.named("forerunner_step_expectation_failures_total").is_empty());
    let info = exposed.named("forerunner_journey_info");
    assert_eq!(info[0].label("title"), Some("Another title"));
    assert_eq!(info[0].label("definition"), Some("fedcba987654"));
}

#[test]
fn other_buckets_start_anew() {
    let mut definition = journey("a", &["one"]);
    let metrics = loaded(&[definition.clone()]);
    observe(&metrics, &run("a", Outcome::Passed, vec![step("one", StepState::Passed)]));
    definition.objectives = vec![objective("latency", Some(Duration::from_millis(800)))];
    metrics.replace(&[definition], at(60)).expect("below the limit");
    let exposed = exposed(&metrics);
    let count = r#"forerunner_journey_duration_seconds_count{journey="a",outcome="passed"}"#;
    assert_eq!(exposed.get(count), Some(0.0));
    assert_eq!(exposed.get(r#"forerunner_step_duration_seconds_count{journey="a",step="one"}"#), Some(1.0));
    assert_eq!(exposed.get(r#"forerunner_journey_runs_total{journey="a"}"#), Some(1.0));
}

#[test]
fn a_set_beyond_the_limit_is_refused_and_the_old_one_stays() {
    let metrics = store(Settings { series_max: 100, ..Settings::default() });
    metrics.replace(&[journey("a", &["one"])], at(0)).expect("below the limit");
    let refused = metrics.replace(&[journey("b", &["one"]), journey("c", &["one", "two"])], at(0));
    let message = refused.expect_err("beyond the limit").to_string();
    insta::assert_snapshot!(message, @"the journeys make 149 series, `metrics.series` allows 100: 2 journeys × 13 + 56 of their durations + 0 objectives × 4 + 3 steps × 3 + 3 exchanges × 7 + 36 of step durations + 1 server names");
    let text = text(&metrics, Format::Text);
    assert!(text.contains("\"a\"") && !text.contains("\"b\""));
}

#[test]
fn the_count_at_load_is_what_a_busy_set_exposes() {
    let mut definition = journey("a", &["one", "two"]);
    definition.objectives = vec![objective("latency", Some(Duration::from_millis(800)))];
    let metrics = loaded(&[definition.clone()]);
    let full = || {
        let mut result = step("one", StepState::Passed);
        result.timings.add(crate::model::timing::Phase::Tls, Duration::from_millis(4));
        result.certificate_not_after = Some(at(9));
        vec![result.clone(), crate::model::run::StepResult { id: "two".to_owned(), ..result }]
    };
    observe(&metrics, &run("a", Outcome::Failed, Vec::new()));
    definition.definition = Digest("sha256:01".to_owned());
    metrics.replace(&[definition.clone()], at(1)).expect("below the limit");
    observe(&metrics, &run("a", Outcome::Passed, full()));
    let own = exposed(&metrics);
    let ours = |name: &str| ["_journey_", "_step_", "_slo_", "_tls_"].iter().any(|part| name.contains(part));
    let shown = own.samples.iter().filter(|sample| ours(&sample.name)).count() as u64;
    assert_eq!(metrics.count(&[definition]).expect("below the limit").total(), shown);
}

#[test]
fn step_histograms_give_way_to_the_number_of_series() {
    let many: Vec<_> = (0..1_000).map(|number| journey(&format!("j{number}"), &["1", "2", "3", "4", "5"])).collect();
    for (wanted, few_have, many_have) in
        [(StepHistograms::Auto, true, false), (StepHistograms::On, true, true), (StepHistograms::Off, false, false)]
    {
        let metrics = store(Settings { step_histograms: wanted, ..Settings::default() });
        let shown = || text(&metrics, Format::Text).contains("forerunner_step_duration_seconds_bucket");
        metrics.replace(&many[..10], at(0)).expect("below the limit");
        assert_eq!(shown(), few_have, "{wanted:?}");
        observe(&metrics, &run("j0", Outcome::Passed, vec![step("1", StepState::Passed)]));
        metrics.replace(&many, at(0)).expect("below the limit");
        assert_eq!(shown(), many_have, "{wanted:?}");
        observe(&metrics, &run("j0", Outcome::Passed, vec![step("1", StepState::Passed)]));
        let runs = exposed(&metrics).get(r#"forerunner_step_runs_total{journey="j0",step="1"}"#);
        assert_eq!(runs, Some(2.0), "{wanted:?}");
    }
}
