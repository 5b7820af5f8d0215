//! Counts add up, folded or not, by hour, day and window.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::history::fixtures::{NOON, SetClock, at, open, record_all, run};
use crate::history::retention::Retention;
use crate::history::store::Store;
use crate::model::run::{Outcome, Run};

const DAY: i64 = 86_400;

/// A run a minute for three hours, each longer than the one before; every tenth failed, every twentieth indeterminate.
fn three_hours(name: &str) -> Vec<Run> {
    (0..180)
        .map(|minute| {
            let outcome = match minute % 20 {
                5 => Outcome::Failed,
                15 => Outcome::Indeterminate,
                10 => Outcome::Degraded,
                _ => Outcome::Passed,
            };
            let elapsed = Duration::from_millis(100 + u64::try_from(minute).expect("small"));
            Run { elapsed, ..run(name, minute * 60, outcome) }
        })
        .collect()
}

/// Looks at the same store before its counts are folded and after.
fn check(runs: &[Run], look: impl Fn(&Reader)) {
    let directory = TempDir::new().expect("a directory");
    let store = open(directory.path());
    record_all(&store, runs);
    look(store.reader());
    drop(store);
    look(open(directory.path()).reader());
}

#[test]
fn the_counts_of_a_name_are_those_of_its_runs() {
    check(&[three_hours("home"), three_hours("search")].concat(), |reader| {
        for (step, name) in [(None, "home"), (Some("get-home"), "search")] {
            let totals = reader.counts(name, step, at(NOON), at(NOON + 3 * 3600)).expect("readable");
            let outcomes = (totals.passed, totals.degraded, totals.failed, totals.indeterminate);
            assert_eq!(outcomes, (153, 9, 9, 9), "{name} {step:?}");
            assert_eq!(totals.judged(), 171);
            assert_eq!(totals.requests, 180);
            assert_eq!(totals.latency.count(), 162);
            assert_eq!(totals.causes, BTreeMap::from([("connect".to_owned(), 9), ("probe".to_owned(), 9)]));
        }
        let hour = reader.counts("home", None, at(NOON + 3700), at(NOON + 3800)).expect("readable");
        assert_eq!(hour.judged() + hour.indeterminate, 60);
        assert_eq!(reader.counts("nothing", None, at(0), at(NOON * 2)).expect("readable"), Totals::default());
        let all = reader.counts("home", None, at(-1_000_000_000), at(100_000_000_000)).expect("readable");
        assert_eq!(all.judged() + all.indeterminate, 180);
    });
}

#[test]
fn quantiles_are_those_of_good_runs() {
    check(&three_hours("home"), |reader| {
        for (ratio, millis) in [(0.0, 100.0), (0.5, 189.0), (1.0, 279.0)] {
            let found = reader.quantile("home", None, at(NOON), at(NOON + DAY), ratio).expect("readable");
            let found = found.expect("there are runs").as_secs_f64() * 1e3;
            assert!((found - millis).abs() <= millis * 0.02, "{found} ms at {ratio}");
        }
        let steps = reader.quantile("home", Some("get-home"), at(NOON), at(NOON + DAY), 0.5).expect("readable");
        assert_eq!(steps.map(|step| step.as_millis()), Some(19));
    });
}

#[test]
fn rows_are_by_series_and_start() {
    check(&[three_hours("home"), three_hours("search")].concat(), |reader| {
        for (grain, name, step, expected) in [
            (Grain::Hour, None, None, 12),
            (Grain::Hour, None, Some(""), 6),
            (Grain::Hour, Some("home"), None, 6),
            (Grain::Hour, Some("home"), Some("get-home"), 3),
            (Grain::Day, None, None, 4),
            (Grain::FiveMinutes, None, None, 72),
            (Grain::FiveMinutes, Some("search"), None, 36),
        ] {
            let span = Span { grain, from: at(0), to: at(NOON + DAY), name, step };
            let rows = reader.rows(&span).expect("readable");
            assert_eq!(rows.len(), expected, "{span:?}");
            let runs: u64 = rows.iter().map(|row| row.totals.judged() + row.totals.indeterminate).sum();
            let names = if name.is_some() { 1 } else { 2 };
            let kinds = if step.is_some() || grain == Grain::FiveMinutes { 1 } else { 2 };
            assert_eq!(runs, 180 * names * kinds, "{span:?}");
        }
    });
}

#[test]
fn a_new_owner_begins_a_new_series_and_the_old_one_keeps_its_past() {
    let mut runs = three_hours("home");
    for run in &mut runs[100..] {
        run.owner = Some("partner".to_owned());
    }
    check(&runs, |reader| {
        let span = Span { grain: Grain::Day, from: at(NOON), to: at(NOON + DAY), name: Some("home"), step: Some("") };
        let rows = reader.rows(&span).expect("readable");
        let counts: Vec<_> =
            rows.iter().map(|row| (row.owner.as_deref(), row.totals.judged() + row.totals.indeterminate)).collect();
        assert_eq!(counts, [(Some("platform"), 100), (Some("partner"), 80)]);
        assert_eq!(rows[0].journey, "home-journey");
        let all = reader.counts("home", None, at(NOON), at(NOON + DAY)).expect("readable");
        assert_eq!(all.judged() + all.indeterminate, 180);
    });
}

#[test]
fn the_windows_of_objectives_are_restored() {
    check(&three_hours("home"), |reader| {
        let coarse = reader.coarse("home", at(NOON + 3 * 3600)).expect("readable");
        for (windows, count) in [(&coarse.five_minutes, 36), (&coarse.hours, 3), (&coarse.six_hours, 1)] {
            assert_eq!(windows.len(), count);
            let runs: u64 = windows.iter().map(|(_, totals)| totals.judged() + totals.indeterminate).sum();
            assert_eq!(runs, 180);
            assert!(windows.is_sorted_by_key(|(start, _)| *start));
        }
        assert_eq!(reader.coarse("home", at(NOON + 40 * DAY)).expect("readable"), Coarse::default());
    });
}

#[test]
fn counts_over_days_are_read_from_whole_days_and_hours_at_the_ends() {
    let runs: Vec<Run> = (0..20 * 24).map(|hour| run("home", hour * 3600, Outcome::Passed)).collect();
    let directory = TempDir::new().expect("a directory");
    let clock = SetClock::at(NOON);
    let keep = Retention { hourly: Duration::from_hours(24 * 3), ..Retention::default() };
    let (store, _) = Store::open(directory.path(), keep, Arc::new(clock.clone())).expect("can be opened");
    record_all(&store, &runs);
    let passed = |from: i64, to: i64| store.reader().counts("home", None, at(from), at(to)).expect("readable").passed;
    assert_eq!(passed(NOON, NOON + 20 * DAY), 480);
    assert_eq!(passed(NOON + 3600, NOON + 2 * DAY + 7200), 49);
    assert_eq!(passed(NOON + 3600, NOON + 7200), 1);
    drop(store);
    // Hours are gone, days remain.
    clock.set(NOON + 20 * DAY);
    let (store, _) = Store::open(directory.path(), keep, Arc::new(clock)).expect("can be opened");
    record_all(&store, &[run("home", 20 * DAY, Outcome::Passed)]);
    let midnight = NOON - NOON % DAY;
    let passed = |from: i64, to: i64| store.reader().counts("home", None, at(from), at(to)).expect("readable").passed;
    assert_eq!(passed(midnight + DAY, midnight + 3 * DAY), 48);
    assert_eq!(passed(midnight + DAY + 3600, midnight + DAY + 7200), 0);
}
