//! A disk without room, and one that breaks what it holds.

use super::direct::Direct;
use super::*;
use crate::history::fixtures::{record_all, run};
use crate::model::run::Outcome;

fn large(number: u128, kind: NoticeKind, seq: u32) -> Entry {
    let mut entry = entry(number, kind, seq, &["a@x"]);
    entry.notices[0].rendered.message = vec![b'x'; 200_000].into();
    entry
}

/// What is due, as `incident/seq kind`.
fn due(direct: &mut Direct) -> Vec<String> {
    let number = |note: &Note| (0..20).find(|number| note.incident.as_deref() == Some(id(*number).as_str()));
    let told = |note: &Note| format!("{}/{} {}", number(note).unwrap_or(0), note.seq, note.kind.word());
    direct.due(at(3600)).iter().map(told).collect()
}

fn stored(direct: &mut Direct, entry: Entry) {
    direct.commit(vec![entry]).expect("stored");
}

fn kept(direct: &mut Direct, entry: Entry) {
    let told = direct.commit(vec![entry]).expect_err("no room").to_string();
    assert!(told.contains("kept in memory until there is room") && told.contains("full"), "{told}");
}

#[test]
fn messages_leave_from_memory_while_there_is_no_room_and_are_written_when_there_is() {
    let place = Place::new();
    let mut direct = Direct::open(&place);
    stored(&mut direct, entry(1, NoticeKind::Firing, 1, &["a@x"]));
    direct.room(2);
    kept(&mut direct, large(2, NoticeKind::Firing, 1));
    let status = direct.status();
    assert_eq!((status.in_memory, status.lost), (1, 0));
    assert!(status.trouble.as_deref().is_some_and(|why| why.contains("full")), "{status:?}");
    assert_eq!(status.waiting_for.get(&address("a@x")), Some(&2));
    assert!(!place.directory.path().join("forerunner.reserve").exists(), "its room was tried first");
    // Both leave, the one that is on disk and the one that is not.
    assert_eq!(due(&mut direct), ["1/1 firing", "2/1 firing"]);
    for note in direct.due(at(9)) {
        direct.sending(note.id).expect("noted");
        direct.crossing(note.id).expect("noted");
        direct.settle(note.id, at(9), accepted());
    }
    assert!(due(&mut direct).is_empty());
    direct.room(1000);
    stored(&mut direct, entry(3, NoticeKind::Firing, 1, &["a@x"]));
    let status = direct.status();
    assert_eq!((status.in_memory, status.trouble), (0, None));
    assert_eq!(due(&mut direct), ["3/1 firing"]);
    drop(direct);
    let ledger = place.open();
    for number in [1, 2] {
        assert_eq!(states(&ledger, number), ["1 firing accepted"], "what became of it meanwhile is known");
    }
}

#[test]
fn the_room_given_to_incidents_is_not_taken_by_history() {
    let place = Place::new();
    let mut direct = Direct::open(&place);
    let status = |number| {
        record_all(&place.history, &[run("home", number, Outcome::Failed)]);
        place.history.status()
    };
    assert_eq!(status(0).written, 1);
    direct.room(2);
    kept(&mut direct, large(1, NoticeKind::Firing, 1));
    let full = status(1);
    assert_eq!((full.written, full.dropped, full.write_errors), (1, 1, 1));
    assert!(full.trouble.as_deref().is_some_and(|why| why.contains("kept for incidents; free 16 MiB")), "{full:?}");
    assert_eq!(std::fs::metadata(place.directory.path().join("history.db-wal")).expect("a log").len(), 0);
    // There is room for incidents again, and then a reserve.
    direct.room(1000);
    stored(&mut direct, entry(2, NoticeKind::Firing, 1, &["a@x"]));
    assert_eq!(status(2).written, 1, "not before theirs is held back");
    direct.writer.keeper.restore_reserve();
    assert!(place.directory.path().join("forerunner.reserve").exists());
    assert_eq!((status(3).written, status(4).trouble), (2, None));
}

#[test]
fn what_was_kept_is_written_before_what_comes_later() {
    let place = Place::new();
    let mut direct = Direct::open(&place);
    direct.room(2);
    kept(&mut direct, large(1, NoticeKind::Firing, 1));
    direct.room(1000);
    stored(&mut direct, entry(1, NoticeKind::Resolved, 2, &["a@x"]));
    assert_eq!(due(&mut direct), ["1/2 ended"], "nobody heard that it began");
    drop(direct);
    let ledger = place.open();
    let story = ledger.reader().incident(&id(1)).expect("readable").expect("there");
    assert_eq!((story.incident.state, story.events.len()), (State::Resolved, 2));
    assert!(ledger.restorable(at(100)).expect("readable").is_empty());
}

#[test]
fn the_rules_of_a_thread_hold_across_disk_and_memory() {
    let place = Place::new();
    let mut direct = Direct::open(&place);
    stored(&mut direct, entry(1, NoticeKind::Firing, 1, &["a@x"]));
    stored(&mut direct, entry(2, NoticeKind::Firing, 1, &["a@x"]));
    let heard = direct.due(at(0))[1].id;
    direct.settle(heard, at(1), accepted());
    direct.room(2);
    kept(&mut direct, large(1, NoticeKind::Reminder, 2));
    assert_eq!(due(&mut direct), ["1/1 firing"], "the reminder waits for what is on disk");
    kept(&mut direct, large(1, NoticeKind::Resolved, 3));
    kept(&mut direct, large(2, NoticeKind::Resolved, 2));
    assert_eq!(due(&mut direct), ["1/3 ended", "2/2 resolved"]);
    // One digest of both, from memory.
    let ids = direct.due(at(0)).iter().map(|note| note.id).collect();
    direct.bundle(ids, at(5), rendered("both", NoticeKind::Digest)).expect("bundled");
    assert_eq!(due(&mut direct), ["0/0 digest"]);
    direct.room(1000);
    stored(&mut direct, entry(3, NoticeKind::Firing, 1, &["a@x"]));
    assert_eq!(due(&mut direct), ["0/0 digest", "3/1 firing"]);
    drop(direct);
    let ledger = place.open();
    assert_eq!(states(&ledger, 1), ["1 firing superseded", "2 reminder superseded", "3 ended bundled"]);
    assert_eq!(states(&ledger, 2), ["1 firing accepted", "2 resolved bundled"]);
}

#[test]
fn memory_is_bounded_keeps_the_oldest_and_says_what_is_lost() {
    let place = Place::new();
    let mut direct = Direct::open(&place);
    direct.room(2);
    kept(&mut direct, large(1, NoticeKind::Firing, 1));
    let many = (2..3002).map(|number| entry(number, NoticeKind::Firing, 1, &["a@x"])).collect();
    let told = direct.commit(many).expect_err("no room").to_string();
    assert!(told.contains("1999 are kept in memory, 1001 are lost"), "{told}");
    let status = direct.status();
    assert_eq!((status.in_memory, status.lost), (2000, 1001));
    direct.room(100_000);
    stored(&mut direct, entry(9000, NoticeKind::Firing, 1, &["a@x"]));
    assert_eq!(direct.due(at(9)).len(), 2001);
}

#[test]
fn a_file_that_breaks_while_it_is_used_is_set_aside_and_what_can_be_read_goes_on() {
    let place = Place::new();
    let mut direct = Direct::open(&place);
    for number in 1..=400 {
        stored(&mut direct, entry(number, NoticeKind::Firing, 1, &["a@x"]));
    }
    let path = place.directory.path().join("forerunner.db");
    direct.disk().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("in the file");
    let mut bytes = std::fs::read(&path).expect("a file");
    let half = bytes.len() / 2;
    bytes[half..].fill(0x55);
    std::fs::write(&path, bytes).expect("broken");
    direct.disk().execute_batch("PRAGMA shrink_memory").expect("it forgets what it read");
    for number in 401..=410 {
        stored(&mut direct, entry(number, NoticeKind::Firing, 1, &["a@x"]));
    }
    let told = direct.status().set_aside.expect("it is told").to_string();
    assert!(told.starts_with("the record of incidents was damaged (database disk image is malformed)"), "{told}");
    let seen = direct.due(at(9));
    for number in 401..=410 {
        assert!(seen.iter().any(|note| note.incident == Some(id(number))), "{number} is due");
    }
    assert_eq!(direct.status().trouble, None);
}

#[test]
fn an_open_incident_that_cannot_be_read_does_not_keep_another_from_being_stored() {
    let place = Place::new();
    let mut direct = Direct::open(&place);
    stored(&mut direct, entry(1, NoticeKind::Firing, 1, &["a@x"]));
    direct.disk().execute("UPDATE incidents SET body = '{}'", []).expect("written");
    drop(direct);
    let clock: Arc<dyn Clock> = Arc::new(SetClock::at(1_795_334_400));
    let (ledger, _) = Ledger::open(place.directory.path(), &place.history, &clock, Arc::new(Unwatched)).expect("open");
    drop(ledger);
    let mut direct = Direct::open(&place);
    let mut second = entry(2, NoticeKind::Firing, 1, &["a@x"]);
    second.transition.incident.key = incident(1, State::Firing, 1).key;
    stored(&mut direct, second);
}
