//! The store with real files: what is written is there, old and too much goes, and no trouble of the disk ends it.

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::history::fixtures::{NOON, PATIENCE, SetClock, at, evidence, noise, open, record_all, run};
use crate::history::list::Filter;
use crate::history::report::Span;
use crate::history::rollup::Grain;
use crate::model::run::Outcome;

mod damage;

const DAY: i64 = 86_400;

fn directory() -> TempDir {
    TempDir::new().expect("a directory")
}

fn open_with(directory: &TempDir, retention: Retention, clock: &SetClock) -> Store {
    Store::open(directory.path(), retention, Arc::new(clock.clone())).expect("can be opened").0
}

fn passed(name: &str, count: i64) -> Vec<Run> {
    (0..count).map(|number| run(name, number, Outcome::Passed)).collect()
}

fn listed(store: &Store, outcome: Outcome) -> usize {
    let filter = Filter { outcome: Some(outcome), ..Filter::default() };
    store.reader().list(&filter).expect("readable").len()
}

/// Starts of the counts that are kept.
fn starts(store: &Store, grain: Grain) -> usize {
    let span = Span { grain, from: at(0), to: at(NOON * 2), name: None, step: None };
    store.reader().rows(&span).expect("readable").len()
}

#[test]
fn a_run_is_counted_once_however_often_it_is_recorded() {
    let directory = directory();
    let store = open(directory.path());
    let once = run("home", 0, Outcome::Passed);
    record_all(&store, &[once.clone(), once.clone()]);
    record_all(&store, &[once]);
    assert_eq!(store.reader().counts("home", None, at(NOON), at(NOON + 1)).expect("readable").passed, 1);
    assert_eq!(listed(&store, Outcome::Passed), 1);
}

#[test]
fn a_run_without_a_proper_id_is_dropped_alone() {
    let directory = directory();
    let store = open(directory.path());
    let nameless = Run { id: "none".to_owned(), ..run("home", 0, Outcome::Failed) };
    record_all(&store, &[nameless, run("home", 1, Outcome::Failed)]);
    assert_eq!(listed(&store, Outcome::Failed), 1);
    let status = store.status();
    assert_eq!((status.written, status.dropped, status.write_errors, status.trouble), (1, 1, 0, None));
}

#[test]
fn a_run_that_passed_takes_at_most_150_bytes() {
    let directory = directory();
    let store = open(directory.path());
    let names: Vec<String> = (0..50).map(|number| format!("journey-{number}")).collect();
    for group in 0..10 {
        let runs: Vec<Run> = (0..2_000_i64)
            .map(|number| {
                let name = &names[usize::try_from(number % 50).expect("small")];
                run(name, group * 2_000 + number, Outcome::Passed)
            })
            .collect();
        record_all(&store, &runs);
    }
    drop(store);
    let file = Connection::open(directory.path().join("history.db")).expect("a database");
    let tables = "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'passed_runs%' OR name LIKE '%details%'";
    let bytes: i64 = file.query_row(tables, [], |row| row.get(0)).expect("a number");
    assert!(bytes / 20_000 <= 150, "{} bytes a run", bytes / 20_000);
}

#[test]
fn a_full_queue_drops_and_counts_and_never_waits() {
    let directory = directory();
    let store = open(directory.path());
    record_all(&store, &passed("home", 1));
    // Another process holds the file.
    let other = Connection::open(directory.path().join("history.db")).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("begun");
    let run = Arc::new(run("home", 1, Outcome::Failed));
    let mut taken = 1_u64;
    let mut dropped = 0_u64;
    // The first group may be on its way to the file already.
    while dropped < 10 {
        if store.record(Arc::clone(&run)) {
            taken += 1;
        } else {
            dropped += 1;
        }
        assert!(taken <= 1 + 3 * QUEUE_MAX as u64, "the queue has an end");
    }
    assert_eq!(store.status().dropped, 10);
    other.execute_batch("ROLLBACK").expect("ended");
    assert!(store.flush(PATIENCE));
    let status = store.status();
    assert_eq!((status.queued, status.written, status.dropped), (0, taken, 10));
}

#[test]
fn large_evidence_fills_the_queue_by_its_bytes() {
    let directory = directory();
    let store = open(directory.path());
    let other = Connection::open(directory.path().join("history.db")).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("begun");
    let mut large = run("home", 1, Outcome::Failed);
    large.steps[0].evidence = (0..16).map(|number| evidence(&noise(number, 64 * 1024))).collect();
    let large = Arc::new(large);
    let taken = (0..1_000).take_while(|_| store.record(Arc::clone(&large))).count();
    assert!((40..=200).contains(&taken), "{taken} runs of a MiB");
    other.execute_batch("ROLLBACK").expect("ended");
}

#[test]
fn each_kind_is_kept_for_its_own_time() {
    let directory = directory();
    let clock = SetClock::at(NOON);
    let store = open_with(&directory, Retention::default(), &clock);
    for outcome in [Outcome::Passed, Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate] {
        record_all(&store, &[run(outcome.word(), 0, outcome)]);
    }
    drop(store);
    for (days, good, bad, five_minutes, hours, day_rows) in [
        (0, 1, 1, 4, 8, 8),
        (13, 1, 1, 0, 8, 8),
        (15, 0, 1, 0, 8, 8),
        (91, 0, 0, 0, 0, 8),
        (1829, 0, 0, 0, 0, 8),
        (1832, 0, 0, 0, 0, 0),
    ] {
        clock.set(NOON + days * DAY);
        let store = open_with(&directory, Retention::default(), &clock);
        // Something must happen for the writer to have had its look; a day later there may be a run of that day.
        record_all(&store, &[Run { id: "none".to_owned(), ..run("home", 0, Outcome::Passed) }]);
        let runs = [Outcome::Passed, Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate]
            .map(|outcome| listed(&store, outcome));
        assert_eq!(runs, [good, good, bad, bad], "after {days} days");
        let counts = [Grain::FiveMinutes, Grain::Hour, Grain::Day].map(|grain| starts(&store, grain));
        assert_eq!(counts, [five_minutes, hours, day_rows], "after {days} days");
    }
}

#[test]
fn definitions_that_no_run_needs_are_forgotten_and_learned_again() {
    let directory = directory();
    let clock = SetClock::at(NOON);
    let store = open_with(&directory, Retention::default(), &clock);
    record_all(&store, &passed("home", 1));
    drop(store);
    clock.set(NOON + 200 * DAY);
    let store = open_with(&directory, Retention::default(), &clock);
    record_all(&store, &[run("home", 200 * DAY, Outcome::Passed)]);
    // A clock that is set back finds another day, and forgets again; nobody may rely on what was forgotten.
    clock.set(NOON + 199 * DAY);
    for number in [199 * DAY, 199 * DAY + 1] {
        record_all(&store, &[run("home", number, Outcome::Passed)]);
    }
    let runs = store.reader().list(&Filter::default()).expect("readable");
    assert_eq!(runs.len(), 3);
    assert!(store.reader().show(&runs[0].id).expect("readable").is_some());
}

#[test]
fn a_wall_clock_that_leaps_ahead_removes_nothing() {
    let directory = directory();
    let clock = SetClock::at(NOON);
    let store = open_with(&directory, Retention::default(), &clock);
    record_all(&store, &passed("home", 5));
    clock.set(NOON + 365 * DAY);
    record_all(&store, &[run("home", 365 * DAY, Outcome::Passed)]);
    clock.set(NOON + 10);
    record_all(&store, &[run("home", 10, Outcome::Passed)]);
    assert_eq!((listed(&store, Outcome::Passed), store.status().expired), (7, 0));
}

#[test]
fn the_ceiling_holds_and_the_oldest_passed_runs_go_first() {
    let directory = directory();
    let size = 2 << 20;
    let clock = SetClock::at(NOON);
    let store = open_with(&directory, Retention { size, ..Retention::default() }, &clock);
    record_all(&store, &[run("broken", 0, Outcome::Failed)]);
    for group in 0..30 {
        let runs: Vec<Run> = (0..1_000).map(|number| run("home", group * 1_000 + number, Outcome::Passed)).collect();
        record_all(&store, &runs);
        assert!(store.status().bytes <= size, "{} bytes", store.status().bytes);
    }
    let status = store.status();
    assert!(status.trimmed >= 10_000 && status.dropped == 0, "{status:?}");
    assert_eq!(listed(&store, Outcome::Failed), 1);
    assert_eq!(status.oldest, Some(at(NOON).plus(Duration::from_millis(3))));
    let kept = store.reader().list(&Filter { name: Some("home".to_owned()), limit: 1, ..Filter::default() });
    assert_eq!(kept.expect("readable")[0].started_at, at(NOON + 29_999).plus(Duration::from_millis(3)));
    // Counts outlive the runs.
    assert_eq!(store.reader().counts("home", None, at(NOON), at(NOON + 30_000)).expect("readable").passed, 30_000);
}

#[test]
fn a_lowered_ceiling_shrinks_the_file() {
    let directory = directory();
    let store = open(directory.path());
    for group in 0..20 {
        let runs: Vec<Run> = (0..2_000).map(|number| run("home", group * 2_000 + number, Outcome::Passed)).collect();
        record_all(&store, &runs);
    }
    let size = 2 << 20;
    assert!(store.status().bytes > size);
    store.retain(Retention { size, ..Retention::default() });
    for number in 0..40 {
        record_all(&store, &[run("home", 40_000 + number, Outcome::Passed)]);
    }
    let status = store.status();
    assert!(status.bytes <= size + (1 << 20) && status.trimmed > 10_000, "{status:?}");
}

#[test]
fn a_full_disk_drops_history_and_heals_by_itself() {
    let directory = directory();
    let clock = SetClock::at(NOON);
    let tight = Retention { size: 256 << 10, ..Retention::default() };
    let store = open_with(&directory, tight, &clock);
    let large = |number: i64| {
        let mut run = run("home", number, Outcome::Failed);
        let seed = number.unsigned_abs();
        run.steps[0].evidence = (0..8).map(|part| evidence(&noise(seed * 8 + part, 64 * 1024))).collect();
        run
    };
    record_all(&store, &passed("home", 10));
    for number in 10..14 {
        record_all(&store, &[large(number)]);
    }
    let status = store.status();
    assert!(status.trouble.as_ref().is_some_and(|trouble| trouble.contains("full")), "{status:?}");
    assert_eq!((status.dropped, status.write_errors), (4, 4));

    store.retain(Retention::default());
    record_all(&store, &[large(20)]);
    let status = store.status();
    assert_eq!((status.trouble, status.dropped), (None, 4));
    assert_eq!(listed(&store, Outcome::Failed), 1);
}

#[test]
fn what_waits_is_written_before_the_store_is_gone() {
    let directory = directory();
    let store = open(directory.path());
    for run in passed("home", 100) {
        assert!(store.record(Arc::new(run)));
    }
    drop(store);
    let store = open(directory.path());
    assert_eq!(listed(&store, Outcome::Passed), 100);
    assert!(!directory.path().join("history.db-wal").exists() || store.status().trouble.is_none());
}

#[test]
fn a_second_daemon_is_refused_until_the_first_is_gone() {
    let directory = directory();
    let store = open(directory.path());
    let second = || Store::open(directory.path(), Retention::default(), Arc::new(SetClock::at(NOON)));
    let error = second().err().expect("refused");
    let text = error.to_string();
    assert!(text.contains("is in use by another forerunner, process "), "{text}");
    assert!(text.ends_with(&std::process::id().to_string()), "{text}");
    drop(store);
    assert!(second().is_ok());
}

#[test]
fn a_missing_directory_is_made_and_an_impossible_one_is_an_error() {
    let directory = directory();
    drop(open(&directory.path().join("a/b")));
    std::fs::write(directory.path().join("file"), "").expect("written");
    std::fs::create_dir_all(directory.path().join("taken/history.lock")).expect("made");
    std::fs::create_dir_all(directory.path().join("blocked/history.db")).expect("made");
    for (name, expected) in [
        ("file/data", "cannot be written"),
        ("taken", "cannot be written"),
        ("blocked", "cannot be used: unable to open database file"),
    ] {
        let path = directory.path().join(name);
        let error = Store::open(&path, Retention::default(), Arc::new(SetClock::at(NOON))).err().expect("refused");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.help().is_empty());
    }
}
