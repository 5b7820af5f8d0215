//! Lists and single runs, read while the store is open.

use tempfile::TempDir;

use super::*;
use crate::history::fixtures::{NOON, at, evidence, noise, open, record_all, run};
use crate::history::list::LIST_MAX;
use crate::history::store::Store;

/// Three names by turns; every tenth run failed, every fifteenth was degraded, one was indeterminate.
fn filled() -> (TempDir, Store, Vec<Run>) {
    let directory = TempDir::new().expect("a directory");
    let store = open(directory.path());
    let runs: Vec<Run> = (0..90)
        .map(|number| {
            let outcome = match number {
                44 => Outcome::Indeterminate,
                number if number % 10 == 3 => Outcome::Failed,
                number if number % 15 == 1 => Outcome::Degraded,
                _ => Outcome::Passed,
            };
            run(["home", "search", "booking"][usize::try_from(number).expect("small") % 3], number, outcome)
        })
        .collect();
    record_all(&store, &runs);
    (directory, store, runs)
}

fn check(filter: &Filter, expected: impl Fn(&Run) -> bool) {
    let (directory, _store, runs) = filled();
    let limit = if filter.limit == 0 { LIST_MAX } else { filter.limit };
    let expected: Vec<&str> =
        runs.iter().rev().filter(|run| expected(run)).take(limit).map(|run| run.id.as_str()).collect();
    let found = Reader::new(directory.path()).list(filter).expect("readable");
    assert_eq!(found.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), expected, "{filter:?}");
    assert!(!expected.is_empty(), "{filter:?} finds something");
}

#[test]
fn lists_are_filtered_and_the_latest_is_first() {
    let named = |name: &str| Some(name.to_owned());
    check(&Filter::default(), |_| true);
    check(&Filter { limit: 7, ..Filter::default() }, |_| true);
    check(&Filter { name: named("home"), limit: 20, ..Filter::default() }, |run| run.name == "home");
    check(&Filter { journey: named("search-journey"), ..Filter::default() }, |run| run.name == "search");
    for outcome in [Outcome::Passed, Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate] {
        check(&Filter { outcome: Some(outcome), ..Filter::default() }, |run| run.outcome == outcome);
    }
    check(&Filter { name: named("search"), outcome: Some(Outcome::Failed), ..Filter::default() }, |run| {
        run.name == "search" && run.outcome == Outcome::Failed
    });
    let (since, until) = (at(NOON + 20), at(NOON + 40));
    check(&Filter { since: Some(since), until: Some(until), ..Filter::default() }, |run| {
        run.started_at >= since && run.started_at < until
    });
}

#[test]
fn the_last_of_a_page_gives_the_next_page() {
    let (directory, _store, runs) = filled();
    let reader = Reader::new(directory.path());
    let mut seen: Vec<String> = Vec::new();
    loop {
        let before = seen.last().cloned();
        let page = reader.list(&Filter { before, limit: 13, ..Filter::default() }).expect("readable");
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|line| line.id));
    }
    assert!(seen.iter().eq(runs.iter().rev().map(|run| &run.id)));
}

#[test]
fn a_line_says_who_is_responsible_and_why() {
    let (directory, _store, _) = filled();
    let filter = Filter { outcome: Some(Outcome::Failed), limit: 1, ..Filter::default() };
    let lines = Reader::new(directory.path()).list(&filter).expect("readable");
    let line = serde_json::to_value(&lines[0]).expect("JSON");
    for (key, text) in [
        ("cause", "connect"),
        ("step", "get-home"),
        ("responsible", "platform-team"),
        ("owner", "platform"),
        ("said", "nothing listens at 127.0.0.1:1"),
        ("vantage", "london-1"),
        ("title", "Open the home page"),
    ] {
        assert_eq!(line[key], text, "{key}");
    }
}

#[test]
fn a_run_is_shown_as_it_left_the_executor() {
    let (directory, _store, runs) = filled();
    let reader = Reader::new(directory.path());
    for run in &runs {
        let shown = reader.show(&run.id).expect("readable").expect("is there");
        assert_eq!(shown, serde_json::to_value(run).expect("JSON"));
    }
    assert_eq!(reader.show("01ARZ3NDEKTSV4RRFFQ69G5FAV").expect("readable"), None);
    assert_eq!(reader.show("no id").expect("readable"), None);
}

#[test]
fn evidence_beyond_the_bound_is_left_out_but_for_the_step_that_decided() {
    let directory = TempDir::new().expect("a directory");
    let store = open(directory.path());
    let mut large = run("home", 0, Outcome::Failed);
    let mut before = large.steps[0].clone();
    (before.id, before.state, before.failure) = ("before".to_owned(), crate::model::run::StepState::Passed, None);
    before.evidence = (0..90).map(|number| evidence(&noise(number, 64 * 1024))).collect();
    large.steps.insert(0, before);
    let mut larger = run("home", 1, Outcome::Failed);
    larger.steps[0].evidence = (0..90).map(|number| evidence(&noise(number, 64 * 1024))).collect();
    record_all(&store, &[large.clone(), larger.clone()]);
    let shown = |run: &Run| store.reader().show(&run.id).expect("readable").expect("is there");
    let count = |value: &Value| value.as_array().map(Vec::len);
    let large = shown(&large);
    assert_eq!(count(&large["steps"][0]["evidence"]), Some(0));
    assert_eq!(count(&large["steps"][1]["evidence"]), Some(1));
    assert_eq!(count(&large["notices"]), Some(1));
    assert_eq!(count(&shown(&larger)["steps"][0]["evidence"]), Some(1));
}

#[test]
fn the_latest_run_of_each_entry_and_since_when_it_is_like_that() {
    use Outcome::{Degraded, Failed, Passed};
    let directory = TempDir::new().expect("a directory");
    let store = open(directory.path());
    record_all(
        &store,
        &[
            run("home", 0, Failed),
            run("home", 60, Passed),
            run("home", 120, Degraded),
            run("shop", 0, Passed),
            run("shop", 60, Failed),
            run("shop", 120, Failed),
            run("once", 7, Passed),
        ],
    );
    let mut latest: Vec<_> = store.reader().latest().expect("readable").into_iter().collect();
    latest.sort_by(|one, other| one.last.name.cmp(&other.last.name));
    let told: Vec<_> = latest
        .iter()
        .map(|standing| {
            let after = |at: Timestamp| at.unix_seconds() - NOON;
            (standing.last.name.as_str(), standing.last.outcome, after(standing.last.started_at), after(standing.since))
        })
        .collect();
    assert_eq!(told, [("home", Degraded, 120, 60), ("once", Passed, 7, 7), ("shop", Failed, 120, 60)]);
}

#[test]
fn what_is_no_history_is_said_plainly() {
    let directory = TempDir::new().expect("a directory");
    let reader = Reader::new(directory.path());
    let said = |reader: &Reader| reader.list(&Filter::default()).expect_err("unreadable").to_string();
    assert!(said(&reader).starts_with("there is no `"), "{}", said(&reader));
    drop(open(directory.path()));
    let file = Connection::open(directory.path().join("history.db")).expect("a database");
    file.pragma_update(None, "user_version", 99).expect("written");
    assert!(said(&reader).contains("has the schema version 99, this program reads version"), "{}", said(&reader));
    file.pragma_update(None, "application_id", 1).expect("written");
    assert!(said(&reader).ends_with("is no store of forerunner"), "{}", said(&reader));
    drop(file);
    std::fs::write(directory.path().join("history.db"), "no database at all, but some text").expect("written");
    assert!(said(&reader).contains("cannot be read"), "{}", said(&reader));
}
