//! Power loss, flipped bits and foreign files: the store always comes up, and never loses what was safe.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

/// The bytes of a file and its log, as a power loss would find them.
fn copy(from: &Path, to: &Path, log_bytes: Option<u64>) {
    fs::copy(from.join("history.db"), to.join("history.db")).expect("copied");
    let log = from.join("history.db-wal");
    if log.exists() {
        fs::copy(log, to.join("history.db-wal")).expect("copied");
        if let Some(bytes) = log_bytes {
            let file = fs::File::options().write(true).open(to.join("history.db-wal")).expect("opened");
            file.set_len(bytes).expect("cut");
        }
    }
}

fn ids(store: &Store) -> BTreeSet<String> {
    let runs = store.reader().list(&Filter::default()).expect("readable");
    runs.into_iter().map(|run| run.id).collect()
}

#[test]
fn after_a_power_loss_whole_groups_are_there_and_the_counts_agree() {
    let directory = directory();
    let store = open(directory.path());
    let mut groups: Vec<Vec<Run>> = Vec::new();
    for (number, seed) in (0..12_i64).zip([3, 11, 1, 40, 7, 2, 90, 5, 13, 8, 21, 34]) {
        let outcome = if number % 3 == 0 { Outcome::Failed } else { Outcome::Passed };
        let group: Vec<Run> = (0..seed).map(|n| run("home", number * 100 + n, outcome)).collect();
        record_all(&store, &group);
        groups.push(group);
        let log = fs::metadata(directory.path().join("history.db-wal")).expect("a log").len();
        // The whole log, none of it, and three places in between.
        for part in [None, Some(0), Some(3), Some(5), Some(9)] {
            let cut = part.map(|part| log * part / 10 + part);
            let after = TempDir::new().expect("a directory");
            copy(directory.path(), after.path(), cut);
            let again = open(after.path());
            let found = ids(&again);
            let mut expected: BTreeSet<String> = BTreeSet::new();
            let mut groups_found = 0;
            for group in &groups {
                if expected.len() == found.len() {
                    break;
                }
                groups_found += 1;
                expected.extend(group.iter().map(|run| run.id.clone()));
            }
            assert_eq!(found, expected, "log cut at {cut:?}");
            assert!(cut.is_some() || groups_found == groups.len(), "what was committed is there");
            let totals = again.reader().counts("home", None, at(NOON), at(NOON + 3600)).expect("readable");
            assert_eq!(totals.judged(), found.len() as u64);
        }
    }
}

#[test]
fn counts_that_a_killed_process_left_behind_are_folded_at_the_next_start() {
    let directory = directory();
    let store = open(directory.path());
    record_all(&store, &passed("home", 50));
    let after = TempDir::new().expect("a directory");
    copy(directory.path(), after.path(), None);
    let (again, opened) =
        Store::open(after.path(), Retention::default(), Arc::new(SetClock::at(NOON))).expect("can be opened");
    assert_eq!(opened.recovered, 2);
    assert_eq!(again.reader().counts("home", None, at(NOON), at(NOON + 60)).expect("readable").passed, 50);
}

#[test]
fn flipped_bits_never_keep_the_store_from_working() {
    let directory = directory();
    let store = open(directory.path());
    record_all(&store, &passed("home", 500));
    record_all(&store, &[run("home", 600, Outcome::Failed)]);
    drop(store);
    let sound = fs::read(directory.path().join("history.db")).expect("read");
    let mut set_aside = 0;
    for seed in 1..=60_u64 {
        let mut bytes = sound.clone();
        let mut state = seed;
        for _ in 0..=seed % 20 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Every third time the header and the schema are hit as well.
            let range = if seed % 3 == 0 { 4096 } else { bytes.len() };
            let at = usize::try_from(state >> 33).expect("fits") % range;
            bytes[at] ^= 1 << (state % 8);
        }
        let damaged = TempDir::new().expect("a directory");
        fs::write(damaged.path().join("history.db"), &bytes).expect("written");
        let opened = Store::open(damaged.path(), Retention::default(), Arc::new(SetClock::at(NOON)));
        let (store, opened) = match opened {
            Ok(opened) => opened,
            // A flipped bit of the version is a newer version.
            Err(OpenError::Newer { .. }) => continue,
            Err(error) => panic!("seed {seed}: {error}"),
        };
        set_aside += usize::from(opened.set_aside.is_some());
        let new = run("home", 10_000, Outcome::Failed);
        record_all(&store, &[run("search", 9_999, Outcome::Passed), new.clone()]);
        // What cannot be written to a damaged file is written to a new one.
        assert!(store.reader().show(&new.id).expect("readable").is_some(), "seed {seed}");
        let _ = store.reader().list(&Filter::default());
    }
    assert!(set_aside >= 10, "{set_aside} damaged files were noticed at once");
}

#[test]
fn a_file_that_breaks_while_it_is_used_is_replaced() {
    let directory = directory();
    let clock = SetClock::at(NOON);
    let store = open_with(&directory, Retention::default(), &clock);
    // More than the writer keeps in memory.
    for number in 0..300 {
        let mut run = run("home", number, Outcome::Failed);
        run.steps[0].evidence = vec![evidence(&noise(number.unsigned_abs(), 64 * 1024))];
        record_all(&store, &[run]);
    }
    let path = directory.path().join("history.db");
    let length = fs::metadata(&path).expect("a file").len();
    let file = fs::File::options().write(true).open(&path).expect("opened");
    file.set_len(0).expect("cut");
    file.set_len(length).expect("filled with nothing");
    // What is in memory is still good; the oldest runs are not, and are needed to be removed.
    clock.set(NOON + 400);
    store.retain(Retention { failures: Duration::ZERO, ..Retention::default() });
    record_all(&store, &passed("home", 1));
    store.retain(Retention::default());
    let set_aside = fs::read_dir(directory.path())
        .expect("read")
        .any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("history.db.corrupt-")));
    assert!(set_aside, "{:?}", store.status());
    record_all(&store, &[run("home", 300_000, Outcome::Failed)]);
    assert_eq!(listed(&store, Outcome::Failed), 1);
    assert_eq!(store.status().trouble, None);
}

#[test]
fn what_is_not_our_database_is_set_aside_with_its_content() {
    let directory = directory();
    let path = directory.path().join("history.db");
    for (round, content) in
        ["some text, long enough to be no database header at all", "", "SQLite format 3\0 cut"].into_iter().enumerate()
    {
        fs::write(&path, content).expect("written");
        let clock = SetClock::at(NOON + i64::try_from(round).expect("small"));
        let (store, opened) =
            Store::open(directory.path(), Retention::default(), Arc::new(clock)).expect("can be opened");
        match opened.set_aside {
            Some(aside) => {
                assert!(aside.path.to_string_lossy().contains("history.db.corrupt-20261122T08000"), "{aside}");
                assert_eq!(fs::read_to_string(aside.path).expect("kept"), content);
            }
            None => assert_eq!(content, "", "an empty file is a new one"),
        }
        record_all(&store, &passed("home", 1));
        drop(store);
        fs::remove_file(&path).expect("removed");
    }
    let foreign = Connection::open(&path).expect("a database");
    foreign.execute_batch("CREATE TABLE theirs (x)").expect("made");
    drop(foreign);
    let (_, opened) =
        Store::open(directory.path(), Retention::default(), Arc::new(SetClock::at(NOON + 9))).expect("can be opened");
    assert!(opened.set_aside.is_some_and(|aside| aside.reason.contains("another program")));
}

#[test]
fn only_the_latest_damaged_files_are_kept() {
    let directory = directory();
    for second in 0..6 {
        fs::write(directory.path().join("history.db"), "no database, whatever the name says").expect("written");
        let clock = SetClock::at(NOON + second);
        drop(Store::open(directory.path(), Retention::default(), Arc::new(clock)).expect("can be opened"));
    }
    let mut names: Vec<String> = fs::read_dir(directory.path())
        .expect("read")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("corrupt"))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["history.db.corrupt-20261122T080004Z", "history.db.corrupt-20261122T080005Z"]);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let directory = directory();
    drop(open(directory.path()));
    let path = directory.path().join("history.db");
    let file = Connection::open(&path).expect("a database");
    file.pragma_update(None, "user_version", 1_000).expect("written");
    drop(file);
    let before = fs::read(&path).expect("read");
    let error = Store::open(directory.path(), Retention::default(), Arc::new(SetClock::at(NOON)));
    let text = error.err().expect("refused").to_string();
    assert!(text.contains("was written by a newer forerunner: its schema is version 1000"), "{text}");
    assert_eq!(fs::read(&path).expect("read"), before);
}
