//! A store in which everything has happened shows exactly what the catalogue holds, and is well-formed in both formats.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::reading::{Exposed, read};
use super::sample::{at, failed_step, journey, loaded, objective, observe, run, step, text};
use crate::metrics::catalogue::{ALL, Kind};
use crate::metrics::own::{JourneyState, LogLevel};
use crate::metrics::scrape::Format;
use crate::metrics::{Facts, Metrics, ObjectiveEvent};
use crate::model::failure::FailureKind;
use crate::model::run::{Digest, Outcome, StepState};
use crate::model::skip::SkipReason;
use crate::model::timing::Phase;

/// Everything that can be fed has been.
pub fn busy() -> Metrics {
    let mut definition = journey("sign-in", &["open", "submit"]);
    definition.title = "Sign in \\ \"quoted\"\nover two lines".to_owned();
    definition.objectives =
        vec![objective("availability", None), objective("latency", Some(Duration::from_millis(800)))];
    let metrics = loaded(&[definition.clone(), journey("home", &[])]);
    definition.definition = Digest(format!("sha256:{}", "f".repeat(64)));
    metrics.replace(&[definition, journey("home", &[])], at(5)).expect("below the limit");
    let mut open = step("open", StepState::Passed);
    open.timings.add(Phase::Tls, Duration::from_millis(4));
    open.certificate_not_after = Some(at(86_400));
    let events = [ObjectiveEvent { objective: "latency", good: false }];
    let passed = run("sign-in", Outcome::Passed, vec![open.clone(), step("submit", StepState::Passed)]);
    metrics.observe(&passed, &Facts { objectives: &events });
    let failed = failed_step("submit", FailureKind::UnexpectedStatus, &["status"]);
    observe(&metrics, &run("sign-in", Outcome::Failed, vec![open, failed]));
    observe(&metrics, &run("sign-in", Outcome::Indeterminate, Vec::new()));
    metrics.planned("sign-in");
    metrics.skipped("sign-in", SkipReason::HostLimit);
    metrics.own.set_journeys(JourneyState::Active, 2);
    metrics.own.scheduler_lag(Duration::from_micros(800));
    metrics.own.config_loaded(0xfeed_beef_0000_0000, at(5));
    metrics.own.queue_full("history").inc();
    metrics.own.http_request("/metrics", 200, Duration::from_millis(3));
    metrics.own.http_request("/metrics", 400, Duration::from_millis(1));
    metrics.own.http_request("/", 200, Duration::from_millis(1));
    metrics.own.log_message(LogLevel::Warn);
    metrics
}

#[test]
fn everything_shown_is_in_the_catalogue_and_everything_in_it_is_shown() {
    let exposed = read(&text(&busy(), Format::Text));
    let shown: BTreeSet<&str> = exposed.families.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(shown, listed);
    for sample in &exposed.samples {
        let metric = ALL.iter().find(|metric| metric.name == sample.family).expect("listed");
        let labels = sample.labels.iter().map(|(name, _)| name.as_str());
        let labels: Vec<&str> = labels.filter(|name| *name != "le" && !name.starts_with("label_")).collect();
        let listed: Vec<&str> = metric.labels.iter().copied().filter(|name| *name != "label_*").collect();
        assert_eq!(labels, listed, "{}", sample.family);
    }
}

#[test]
fn a_scrape_looks_like_this() {
    let text = text(&busy(), Format::OpenMetrics);
    let ours = text.lines().filter(|line| !line.contains("process_"));
    insta::assert_snapshot!(ours.collect::<Vec<_>>().join("\n"));
}

#[test]
fn both_formats_are_well_formed_and_say_the_same() {
    let metrics = busy();
    let own = |text: &str| text.lines().filter(|line| !line.contains("process_")).collect::<Vec<_>>().join("\n") + "\n";
    let (plain, open) = (own(&text(&metrics, Format::Text)), own(&text(&metrics, Format::OpenMetrics)));
    assert!(open.ends_with("\n# EOF\n") && open.matches("# EOF").count() == 1);
    assert!(!plain.contains("# EOF") && !plain.contains("# UNIT") && !plain.contains("run_id"));
    let (plain, open) = (read(&plain), read(&open));
    let values = |exposed: &Exposed| exposed.samples.iter().map(|s| (s.series(), s.value)).collect::<Vec<_>>();
    assert_eq!(values(&plain), values(&open));
    for exposed in [&plain, &open] {
        assert_no_series_twice(exposed);
        assert_histograms_are_sound(exposed);
    }
    let exemplars: Vec<_> = open.samples.iter().filter_map(|sample| sample.exemplar.as_ref()).collect();
    assert_eq!(exemplars.len(), 2, "one passed run, one failed");
    for (labels, value) in exemplars {
        let length: usize = labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
        assert!(length <= 128 && labels[0].0 == "run_id" && labels[1].0 == "trace_id");
        assert_eq!(value.to_string(), "1.25");
    }
}

#[test]
fn open_metrics_declares_types_and_units_without_their_suffixes() {
    let text = text(&busy(), Format::OpenMetrics);
    let exposed = read(&text);
    for metric in ALL {
        let family = metric.name.strip_suffix("_total").or(metric.name.strip_suffix("_info")).unwrap_or(metric.name);
        assert_eq!(exposed.families.get(family).map(String::as_str), Some(metric.kind.word()), "{family}");
        let unit = metric.unit().map(|unit| format!("# UNIT {family} {unit}\n"));
        assert!(unit.is_none_or(|unit| text.contains(&unit)), "{family}");
        if metric.kind == Kind::Info {
            assert!(exposed.named(metric.name).iter().all(|sample| sample.value.to_bits() == 1.0_f64.to_bits()));
        }
    }
}

pub fn assert_no_series_twice(exposed: &Exposed) {
    let mut seen = BTreeSet::new();
    for sample in &exposed.samples {
        assert!(seen.insert(sample.series()), "{} twice", sample.series());
    }
}

/// Buckets rise, end with `+Inf`, and that one is the count.
pub fn assert_histograms_are_sound(exposed: &Exposed) {
    let mut buckets: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for sample in exposed.samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let le = sample.label("le").expect("a bound");
        let bound = if le == "+Inf" { f64::INFINITY } else { le.parse().expect("a bound") };
        assert!(le == "+Inf" || le.contains('.'), "{le}");
        let mut count = sample.clone();
        count.name = format!("{}_count", sample.family);
        count.labels.retain(|(name, _)| name != "le");
        buckets.entry(count.series()).or_default().push((bound, sample.value));
    }
    assert!(!buckets.is_empty());
    for (count, buckets) in buckets {
        assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{count}");
        let last = buckets.last().expect("a bucket");
        assert!(last.0.is_infinite(), "{count}");
        assert_eq!(exposed.get(&count), Some(last.1), "{count}");
    }
}
