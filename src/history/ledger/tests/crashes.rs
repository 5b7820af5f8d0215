//! A process that dies at any moment, and files that were damaged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;

use super::*;
use crate::history::ledger::MOMENTS;
use crate::history::retention::Retention;

/// Counts the moments, and dies at one of them.
#[derive(Default)]
struct Mortal {
    seen: Mutex<Vec<&'static str>>,
    /// From 1; 0: never.
    dies_at: usize,
    count: AtomicUsize,
}

impl Moments for Mortal {
    fn reached(&self, moment: &'static str) {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if self.dies_at > 0 && count >= self.dies_at {
            // Everything of this process ends here; what is on disk stays.
            std::panic::panic_any("the end");
        }
        self.seen.lock().expect("no panic holds it").push(moment);
    }
}

/// A day in the life of an outbox; ends with the first thing that is not acknowledged. How many were.
async fn live(ledger: &Ledger) -> usize {
    let mut acknowledged = 0;
    macro_rules! acknowledged {
        ($work:expr) => {
            match $work.await {
                Ok(value) => {
                    acknowledged += 1;
                    value
                }
                Err(_) => return acknowledged,
            }
        };
    }
    acknowledged!(ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x", "b@x"])]));
    let notes = acknowledged!(ledger.due("ops", at(3600), 9));
    acknowledged!(ledger.sending(notes[0].id, at(1)));
    acknowledged!(ledger.crossing(notes[0].id, at(1)));
    acknowledged!(ledger.settle(notes[0].id, at(2), accepted()));
    let refused = Settled::Rejected { said: "550".to_owned(), fallback: vec!["c@x".to_owned()] };
    acknowledged!(ledger.settle(notes[1].id, at(2), refused));
    acknowledged!(ledger.commit(vec![entry(1, NoticeKind::Resolved, 2, &["a@x"])]));
    let notes = acknowledged!(ledger.due("ops", at(3600), 9));
    let ids: Vec<_> = notes.iter().filter(|note| note.address == address("a@x")).map(|note| note.id).collect();
    acknowledged!(ledger.bundle(&ids, at(4), rendered("many", NoticeKind::Digest)));
    acknowledged
}

#[tokio::test]
async fn whatever_was_acknowledged_is_there_after_dying_at_any_moment() {
    let place = Place::new();
    let whole = Arc::new(Mortal::default());
    let ledger = place.open_with(Arc::clone(&whole) as Arc<dyn Moments>);
    let all = live(&ledger).await;
    drop(ledger);
    let seen = whole.seen.lock().expect("no panic").clone();
    for moment in MOMENTS {
        assert!(seen.contains(&moment), "{moment} is never reached");
    }
    assert_eq!(all, 9);
    for dies_at in 1..=seen.len() {
        let place = Place::new();
        let mortal = Arc::new(Mortal { dies_at, ..Mortal::default() });
        let ledger = place.open_with(mortal);
        let acknowledged = live(&ledger).await;
        let _ = catch_unwind(AssertUnwindSafe(|| drop(ledger)));
        let ledger = place.open();
        let found = ledger.reader().incident(&id(1)).expect("readable");
        assert_eq!(found.is_some(), acknowledged > 0 || found.is_some(), "died at {dies_at}");
        let Some(story) = found else { continue };
        let state = |at: usize| story.notes.get(at).map(|note| note.state.clone()).unwrap_or_default();
        // What was acknowledged, and at most the next thing beside it.
        if acknowledged >= 4 {
            assert!(["unknown", "accepted"].contains(&state(0).as_str()), "died at {dies_at}: {}", state(0));
        }
        if acknowledged >= 5 {
            assert_eq!(state(0), "accepted", "died at {dies_at}");
        }
        if acknowledged >= 6 {
            assert_eq!(state(1), "rejected");
            assert!(story.notes.iter().any(|note| note.recipient == "c@x"), "the fallback is asked in the same breath");
        }
        if acknowledged >= 7 {
            assert_eq!(story.incident.state, State::Resolved);
            assert_eq!(story.events.len(), 2);
        }
    }
}

#[tokio::test]
async fn a_log_cut_anywhere_loses_nothing_that_came_before() {
    let place = Place::new();
    let ledger = place.open();
    let (file, log) = (place.directory.path().join("forerunner.db"), place.directory.path().join("forerunner.db-wal"));
    let mut acknowledged_at = Vec::new();
    for number in 1..=5 {
        ledger.commit(vec![entry(number, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
        acknowledged_at.push(std::fs::metadata(&log).expect("a log").len());
    }
    // As it is on disk at this moment, without a clean end.
    let (file, log) = (std::fs::read(file).expect("a file"), std::fs::read(log).expect("a log"));
    for cut in (0..log.len()).step_by(997).chain([log.len()]) {
        let other = Place::new();
        std::fs::write(other.directory.path().join("forerunner.db"), &file).expect("written");
        std::fs::write(other.directory.path().join("forerunner.db-wal"), &log[..cut]).expect("written");
        let ledger = other.open();
        let found = due(&ledger).await;
        let expected: Vec<_> = (1..=found.len()).map(|number| format!("{number}/1 firing a@x")).collect();
        assert_eq!(found, expected, "cut at {cut}");
        let acknowledged = acknowledged_at.iter().filter(|length| **length <= cut as u64).count();
        assert!(found.len() >= acknowledged, "cut at {cut}: {acknowledged} were acknowledged by then, {found:?}");
    }
}

#[test]
fn a_newer_file_is_refused_and_a_damaged_one_set_aside() {
    let place = Place::new();
    drop(place.open());
    let path = place.directory.path().join("forerunner.db");
    let file = Connection::open(&path).expect("a database");
    file.pragma_update(None, "user_version", 99).expect("written");
    drop(file);
    let clock: Arc<dyn Clock> = Arc::new(SetClock::at(1_795_334_400));
    let open = || Ledger::open(place.directory.path(), &place.history, &clock, Arc::new(Unwatched));
    let refused = open().err().expect("a newer schema").to_string();
    assert!(refused.contains("newer forerunner") && refused.contains("99"), "{refused}");
    std::fs::write(&path, "no database at all, but some text that is long enough").expect("written");
    let (_, aside) = open().expect("it begins anew");
    let told = aside.expect("told loudly").to_string();
    assert!(told.starts_with("the record of incidents was damaged"), "{told}");
}

#[test]
fn the_directory_is_locked_as_long_as_either_store_is_open() {
    let place = Place::new();
    let ledger = place.open();
    let Place { directory, history } = place;
    let open = || Store::open(directory.path(), Retention::default(), Arc::new(SetClock::at(1_795_334_400)));
    assert!(matches!(open().err(), Some(OpenError::Locked { .. })));
    drop(history);
    assert!(matches!(open().err(), Some(OpenError::Locked { .. })), "the ledger is open");
    drop(ledger);
    open().expect("nobody uses it");
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let place = Place::new();
    let file = Connection::open(place.directory.path().join("forerunner.db")).expect("a database");
    file.execute_batch(include_str!("../schema/1.sql")).expect("made");
    file.pragma_update(None, "user_version", 1).expect("written");
    file.pragma_update(None, "application_id", 0x666f_7269).expect("written");
    let insert = "INSERT INTO incidents VALUES (?, 'j1', 'run', 'firing', 'critical', '', 0, 0, NULL, ?)";
    let body = serde_json::to_string(&incident(1, State::Firing, 1)).expect("JSON");
    file.execute(insert, [id(1), body]).expect("written");
    drop(file);
    let ledger = place.open();
    assert_eq!(ledger.restorable(at(0)).expect("readable").len(), 1);
    ledger.commit(vec![entry(1, NoticeKind::Reminder, 2, &["a@x"])]).await.expect("stored");
    assert_eq!(due(&ledger).await, ["1/2 reminder a@x"]);
}
