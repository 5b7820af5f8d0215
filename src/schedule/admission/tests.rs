//! Admission by example.

use std::time::Duration;

use super::*;

mod properties;

const CEILINGS: Ceilings = Ceilings { runs_in_flight: 100, runs_per_host: 2 };

fn entry(name: &str, hosts: &[&str], lock: Option<&str>) -> Arc<Entry> {
    Arc::new(Entry {
        name: name.into(),
        journey: name.into(),
        interval: Duration::from_secs(40),
        hosts: hosts.iter().map(|host| Arc::from(*host)).collect(),
        lock: lock.map(Arc::from),
        parallel: 4,
    })
}

fn seconds(seconds: u64) -> Monotonic {
    Monotonic::ZERO.plus(Duration::from_secs(seconds))
}

fn due(entry: &Arc<Entry>, at: u64) -> Due {
    Due { entry: Arc::clone(entry), at: seconds(at), missed: 0 }
}

/// Offers at second 0 what is named `name@host+host` or `name@host!lock`, and gives the decisions by a letter each.
fn offer_all(admission: &mut Admission, offers: &str) -> String {
    offers
        .split(' ')
        .map(|offer| {
            let (rest, lock) = offer.split_once('!').map_or((offer, None), |(rest, lock)| (rest, Some(lock)));
            let (name, hosts) = rest.split_once('@').expect("a name and hosts");
            let hosts: Vec<&str> = hosts.split('+').filter(|host| !host.is_empty()).collect();
            match admission.offer(seconds(0), &due(&entry(name, &hosts, lock), 0)) {
                Decision::Start => 'S',
                Decision::Wait { .. } => 'w',
                Decision::Skip(SkipReason::Overlap) => 'o',
                Decision::Skip(SkipReason::Lock) => 'l',
                Decision::Skip(SkipReason::Shutdown) => 'x',
                Decision::Skip(_) => '?',
            }
        })
        .collect()
}

fn names(starts: &[Start]) -> String {
    starts.iter().map(|start| &*start.entry.name).collect::<Vec<_>>().join(" ")
}

#[test]
fn starts_waits_and_skips() {
    for (offers, decisions) in [
        ("a@ b@ c@", "SSS"),
        ("a@x a@x", "So"),
        ("a@x b@x c@x d@y", "SSwS"),
        ("a@x!k b@y!k c@z!m", "SlS"),
        // One that waits counts as running: its name and its lock are taken.
        ("a@x b@x c@x!k c@x d@y!k", "SSwol"),
        // A host named twice is one place.
        ("a@x+x b@x c@x", "SSw"),
    ] {
        assert_eq!(offer_all(&mut Admission::new(CEILINGS), offers), decisions, "{offers}");
    }
}

#[test]
fn a_place_goes_to_the_one_that_waited_longest() {
    let mut admission = Admission::new(CEILINGS);
    offer_all(&mut admission, "a@x b@x c@x d@x e@x");
    for (ends, starts) in [("b", "c"), ("a", "d"), ("d", "e"), ("c", ""), ("nobody", "")] {
        assert_eq!(names(&admission.finish(seconds(1), ends, Outcome::Passed).starts), starts, "{ends} ends");
    }
    let _ = admission.finish(seconds(1), "e", Outcome::Passed);
    assert!(admission.places.is_empty());
}

#[test]
fn one_slow_host_does_not_hold_the_others_up() {
    let mut admission = Admission::new(CEILINGS);
    assert_eq!(offer_all(&mut admission, "a@slow b@slow c@slow+x d@slow+x e@x f@x"), "SSwwSw");
    // One place of x is kept for c, which came first; the other goes round among those that need only x.
    assert_eq!(names(&admission.finish(seconds(1), "e", Outcome::Passed).starts), "f");
    assert_eq!(names(&admission.finish(seconds(1), "a", Outcome::Passed).starts), "c");
    assert_eq!(names(&admission.finish(seconds(1), "f", Outcome::Passed).starts), "");
    assert_eq!(names(&admission.finish(seconds(1), "b", Outcome::Passed).starts), "d");
}

#[test]
fn a_journey_has_a_ceiling_of_its_own_at_each_host() {
    let mut admission = Admission::new(Ceilings { runs_in_flight: 100, runs_per_host: 10 });
    let of_one_journey = |name: &str| {
        let journey = Arc::from("shared");
        due(&Arc::new(Entry { journey, parallel: 1, ..(*entry(name, &["x"], None)).clone() }), 0)
    };
    assert_eq!(admission.offer(seconds(0), &of_one_journey("a")), Decision::Start);
    assert_eq!(admission.offer(seconds(0), &of_one_journey("b")), Decision::Wait { until: seconds(10) });
    assert_eq!(admission.offer(seconds(0), &due(&entry("c", &["x"], None), 0)), Decision::Start);
    assert_eq!(names(&admission.finish(seconds(1), "a", Outcome::Passed).starts), "b");
}

#[test]
fn waiting_ends_after_a_quarter_of_the_interval_with_what_was_lacking() {
    let mut admission = Admission::new(Ceilings { runs_in_flight: 3, runs_per_host: 2 });
    assert_eq!(offer_all(&mut admission, "a@x b@x c@x d@y e@y"), "SSwSw");
    assert_eq!(admission.next_deadline(), Some(seconds(10)));
    assert_eq!(admission.expire(seconds(9)), Changes::default());
    let skips: Vec<_> = admission.expire(seconds(10)).skips.into_iter().map(|skip| skip.reason).collect();
    assert_eq!(skips, [SkipReason::HostLimit, SkipReason::Capacity]);
    assert_eq!(admission.next_deadline(), None);
    assert_eq!(admission.offer(seconds(20), &due(&entry("late", &[], None), 10)), Decision::Skip(SkipReason::Capacity));
}

#[test]
fn a_reload_lets_in_what_fits_now_and_drops_what_is_gone() {
    let mut admission = Admission::new(CEILINGS);
    offer_all(&mut admission, "a@x b@x c@x d@x e@x");
    let wider = Ceilings { runs_per_host: 3, ..CEILINGS };
    let changes = admission.reload(seconds(1), wider, |name| name != "c");
    assert_eq!(names(&changes.starts), "d");
    assert_eq!(changes.skips.len(), 1);
    assert_eq!(&*changes.skips[0].entry.name, "c");
}

#[test]
fn a_second_look_stands_in_nobodys_way() {
    let mut admission = Admission::new(CEILINGS);
    let looked = entry("a", &["x"], None);
    assert!(admission.recheck(&looked));
    assert!(!admission.recheck(&looked), "it is active");
    assert!(!admission.recheck(&entry("b", &["y"], Some("k"))), "it would take the lock from others");
    // The planned start waits for it, and no total knows of it. The other place is kept for that start.
    assert_eq!(offer_all(&mut admission, "a@x c@x d@x"), "www");
    assert!(!admission.recheck(&entry("e", &["x"], None)), "others wait for the host");
    assert_eq!(admission.totals().started, 0);
    assert_eq!(names(&admission.finish(seconds(1), "a", Outcome::Failed).starts), "a c");
    assert_eq!((admission.totals().started, admission.totals().finished_all()), (2, 0));
    // What runs by plan is no reason for another look.
    assert!(!admission.recheck(&looked));
    let _ = admission.drain();
    assert!(!admission.recheck(&entry("f", &["z"], None)));
}

#[test]
fn after_the_end_began_nothing_starts() {
    let mut admission = Admission::new(CEILINGS);
    offer_all(&mut admission, "a@x b@x c@x!k");
    assert_eq!(admission.drain().len(), 1);
    assert_eq!(offer_all(&mut admission, "d@y"), "x");
    assert_eq!(admission.finish(seconds(1), "a", Outcome::Failed), Changes::default());
}
