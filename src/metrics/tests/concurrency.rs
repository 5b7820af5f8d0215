//! Scrapes, runs and reloads at the same time: nobody waits for a slow scraper, and every scrape adds up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::coverage::{assert_histograms_are_sound, assert_no_series_twice};
use super::reading::read;
use super::sample::{at, exposed, failed_step, journey, loaded, observe, run, step, text};
use crate::metrics::scrape::{Format, ScrapeRequest};
use crate::model::failure::FailureKind;
use crate::model::run::{Digest, Outcome, StepState};

#[test]
fn every_scrape_adds_up_while_runs_and_reloads_go_on() {
    let definitions: Vec<_> = (0..20).map(|number| journey(&format!("j{number}"), &["one", "two"])).collect();
    let metrics = loaded(&definitions);
    let done = AtomicBool::new(false);
    let rounds = 200;
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..rounds {
                for definition in &definitions {
                    let two = failed_step("two", FailureKind::WaitTimeout, &["status"]);
                    let outcome = if round % 2 == 0 { Outcome::Passed } else { Outcome::Failed };
                    observe(&metrics, &run(&definition.name, outcome, vec![step("one", StepState::Passed), two]));
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        scope.spawn(|| {
            let mut changed = definitions.clone();
            for version in 0.. {
                changed[0].definition = Digest(format!("sha256:{version:064}"));
                metrics.replace(&changed, at(version)).expect("below the limit");
                if done.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let exposed = read(&text(&metrics, Format::OpenMetrics));
                    assert_no_series_twice(&exposed);
                    assert_histograms_are_sound(&exposed);
                }
            });
        }
    });
    let exposed = exposed(&metrics);
    for definition in &definitions {
        let get = |name: &str| exposed.get(&format!("forerunner_journey_{name}{{journey=\"{}\"}}", definition.name));
        assert_eq!(get("runs_total"), Some(f64::from(rounds)), "no run is lost by a reload");
        assert_eq!(get("failures_total"), Some(f64::from(rounds / 2)));
    }
}

#[test]
fn a_scraper_that_does_not_read_stops_nobody() {
    let definitions: Vec<_> = (0..2_000).map(|number| journey(&format!("j{number}"), &["one"])).collect();
    let metrics = loaded(&definitions);
    let mut first = true;
    let mut sink = |_: &[u8]| {
        // In the midst of a scrape, from the same thread: a lock held here would never be given.
        if std::mem::take(&mut first) {
            for definition in &definitions {
                observe(&metrics, &run(&definition.name, Outcome::Passed, Vec::new()));
            }
            metrics.replace(&definitions[1..], at(1)).expect("below the limit");
        }
        Ok(())
    };
    metrics.write(&ScrapeRequest::default(), &mut sink).expect("the sink takes everything");
    let exposed = exposed(&metrics);
    assert_eq!(exposed.get(r#"forerunner_journey_runs_total{journey="j0"}"#), None);
    assert_eq!(exposed.get(r#"forerunner_journey_runs_total{journey="j1"}"#), Some(1.0));
}

#[test]
fn nobody_uses_the_vectors_that_merge_series() {
    let vectors = ["Counter", "Gauge", "Histogram"].map(|kind| format!("{kind}Vec"));
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).expect("text");
                assert!(vectors.iter().all(|vector| !source.contains(vector)), "{}", path.display());
            }
        }
    }
}
