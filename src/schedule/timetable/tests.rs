//! The timetable by example and by property: every moment of a grid is started or counted, once.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::time::Timestamp;
use crate::schedule::grid::{FIRST_ROUND_MAX, offset};

const SECOND: Duration = Duration::from_secs(1);

fn anchor(wall_seconds: i64) -> Anchor {
    Anchor { moment: Monotonic::ZERO, wall: Timestamp::from_unix_seconds(wall_seconds).expect("in range") }
}

fn entry(name: &str, interval: Duration) -> Arc<Entry> {
    Arc::new(Entry { name: name.into(), journey: name.into(), interval, hosts: Vec::new(), lock: None, parallel: 1 })
}

fn at(duration: Duration) -> Monotonic {
    Monotonic::ZERO.plus(duration)
}

#[test]
fn the_offset_of_a_name_never_changes() {
    for (name, nanos) in [("home", OFFSETS[0]), ("booking-se", OFFSETS[1]), ("", OFFSETS[2])] {
        assert_eq!(offset(name, 60 * SECOND).as_nanos(), nanos, "{name}");
    }
}

/// Computed apart from this program: the first 8 bytes of the SHA-256 times 60e9, divided by 2^64.
const OFFSETS: [u128; 3] = [18_428_880_020, 4_619_667_020, 53_364_959_693];

#[test]
fn a_restart_keeps_the_phase() {
    let interval = 3600 * SECOND;
    let starts = |wall_seconds: i64| {
        let mut timetable = Timetable::new(anchor(wall_seconds));
        timetable.reload(Monotonic::ZERO, [entry("home", interval)]);
        let mut walls = Vec::new();
        while walls.len() < 30 {
            let next = timetable.next_due().expect("an entry");
            walls.extend(timetable.pop_due(next).iter().map(|due| anchor(wall_seconds).wall_at(due.at).unix_nanos()));
        }
        walls
    };
    let (before, after) = (starts(1_795_334_400), starts(1_795_334_400 + 5 * 3600 + 1234));
    assert!(after[2..10].iter().all(|wall| before.contains(wall)), "{before:?} {after:?}");
}

#[test]
fn everything_runs_within_the_first_round_and_then_on_the_grid() {
    for seconds in [1, 10, 60, 61, 600, 86_400] {
        let interval = seconds * SECOND;
        let mut timetable = Timetable::new(anchor(1_795_334_400));
        let begin = at(17 * SECOND);
        timetable.reload(begin, (0..100).map(|number| entry(&format!("j{number}"), interval)));
        let mut first: HashMap<Arc<str>, Monotonic> = HashMap::new();
        for due in timetable.pop_due(begin.plus(interval.min(FIRST_ROUND_MAX))) {
            first.insert(Arc::clone(&due.entry.name), due.at);
        }
        assert_eq!(first.len(), 100, "interval of {seconds} s");
        for due in timetable.pop_due(begin.plus(3 * interval)) {
            let gap = due.at.since(first[&due.entry.name]);
            assert!(gap >= interval / 2, "{gap:?} after the first, interval of {seconds} s");
        }
    }
}

#[test]
fn ten_thousand_entries_fill_their_interval_evenly() {
    let mut timetable = Timetable::new(anchor(1_795_334_400));
    timetable.reload(Monotonic::ZERO, (0..10_000).map(|number| entry(&format!("journey-{number}"), 10 * SECOND)));
    for slice in 0..100_u32 {
        let due = timetable.pop_due(at(Duration::from_millis(100) * (slice + 1))).len();
        assert!((60..=145).contains(&due), "{due} starts in slice {slice}");
    }
}

#[test]
fn a_reload_keeps_the_grid_of_what_stays() {
    let mut timetable = Timetable::new(anchor(1_795_334_400));
    timetable.reload(Monotonic::ZERO, [entry("stays", 600 * SECOND), entry("changes", 600 * SECOND)]);
    timetable.pop_due(at(700 * SECOND));
    let mut plain = Timetable::new(anchor(1_795_334_400));
    plain.reload(Monotonic::ZERO, [entry("stays", 600 * SECOND)]);
    plain.pop_due(at(700 * SECOND));

    let now = at(701 * SECOND);
    let stays = Arc::new(Entry { parallel: 3, ..(*entry("stays", 600 * SECOND)).clone() });
    timetable.reload(now, [entry("comes", 600 * SECOND), entry("changes", 700 * SECOND), stays]);
    let due = timetable.pop_due(at(1400 * SECOND));
    let of = |name: &str| due.iter().find(|due| &*due.entry.name == name).expect("is due");
    assert_eq!(Some(of("stays").at), plain.next_due());
    assert_eq!(of("stays").entry.parallel, 3);
    assert!(of("comes").missed + of("changes").missed <= 2);

    timetable.reload(now, []);
    assert!(timetable.is_empty());
    assert_eq!(timetable.next_due(), None);
}

#[test]
fn a_stall_gives_one_start_and_counts_the_rest() {
    let mut timetable = Timetable::new(anchor(1_795_334_400));
    timetable.reload(Monotonic::ZERO, [entry("home", 10 * SECOND)]);
    timetable.pop_due(at(10 * SECOND));
    let due = timetable.pop_due(at(65 * SECOND));
    assert_eq!(due.len(), 1);
    assert!(at(65 * SECOND).since(due[0].at) < 10 * SECOND);
    assert!((4..=5).contains(&due[0].missed), "{}", due[0].missed);
}

proptest! {
    #[test]
    fn every_moment_is_started_or_counted_once(
        intervals in prop::collection::vec(1_u64..200, 1..8),
        pauses in prop::collection::vec(0_u64..400, 1..60),
        reloads in prop::collection::vec(any::<bool>(), 60),
        wall in 0_i64..4_000_000_000,
    ) {
        let entries: Vec<Arc<Entry>> =
            intervals.iter().enumerate().map(|(n, s)| entry(&format!("e{n}"), Duration::from_secs(*s))).collect();
        let mut timetable = Timetable::new(anchor(wall));
        timetable.reload(Monotonic::ZERO, entries.clone());
        let mut now = Monotonic::ZERO;
        let mut last: HashMap<Arc<str>, Monotonic> = HashMap::new();
        for (pause, reload) in pauses.into_iter().zip(reloads) {
            now = now.plus(Duration::from_millis(pause * 500));
            if reload {
                timetable.reload(now, entries.clone());
            }
            for due in timetable.pop_due(now) {
                prop_assert!(due.at <= now);
                if let Some(before) = last.insert(Arc::clone(&due.entry.name), due.at) {
                    // The gap is the missed starts and this one; only the gap after the first may be up to half off.
                    let steps = due.at.since(before).as_secs_f64() / due.entry.interval.as_secs_f64();
                    let counted = (due.missed + 1) as f64;
                    prop_assert!((steps - counted).abs() <= 0.5 + 1e-6, "{steps} intervals, {counted} counted");
                }
            }
            prop_assert!(timetable.next_due().is_some_and(|next| next > now));
        }
        for entry in &entries {
            let seen = last.get(&entry.name).copied();
            let round = entry.interval.min(FIRST_ROUND_MAX);
            prop_assert!(seen.is_some() || now.since(Monotonic::ZERO) <= round);
        }
    }
}

#[test]
fn what_is_hastened_starts_at_once_and_then_on_its_grid() {
    let interval = 600 * SECOND;
    let mut timetable = Timetable::new(anchor(1_795_334_400));
    timetable.reload(Monotonic::ZERO, ["a", "b"].map(|name| entry(name, interval)));
    let plain = timetable.next_due().expect("an entry");
    timetable.hasten(at(SECOND), |name| name == "b");
    assert!(plain > at(SECOND));
    let due = timetable.pop_due(at(SECOND));
    assert_eq!(due.iter().map(|due| (&*due.entry.name, due.missed)).collect::<Vec<_>>(), [("b", 0)]);
    // From here on it is where it would have been: between half an interval and one and a half away.
    let mut starts = Vec::new();
    while starts.len() < 3 {
        let next = timetable.next_due().expect("an entry");
        starts.extend(timetable.pop_due(next).into_iter().filter(|due| &*due.entry.name == "b").map(|due| due.at));
    }
    assert!(starts[0].since(at(SECOND)) >= interval / 2 && starts[0].since(at(SECOND)) <= interval * 3 / 2);
    assert_eq!(starts[2].since(starts[1]), interval);
}
