//! Admission by property: nothing is lost, nothing exceeds its ceiling, nobody starves.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Event {
    Offer { entry: usize, missed: u64 },
    Refuse(usize),
    Recheck(usize),
    Finish { nth: usize, outcome: usize },
    Pause(u64),
    Reload { in_flight: u32, per_host: u32, gone: usize },
    Drain,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => (0..ENTRIES, 0_u64..3).prop_map(|(entry, missed)| Event::Offer { entry, missed }),
        1 => (0..ENTRIES).prop_map(Event::Refuse),
        3 => (0..ENTRIES).prop_map(Event::Recheck),
        15 => (any::<usize>(), 0_usize..4).prop_map(|(nth, outcome)| Event::Finish { nth, outcome }),
        5 => (0_u64..8).prop_map(Event::Pause),
        1 => (1_u32..6, 1_u32..4, 0..ENTRIES)
            .prop_map(|(in_flight, per_host, gone)| Event::Reload { in_flight, per_host, gone }),
    ]
}

const ENTRIES: usize = 14;

fn entries(shape: &[(Vec<u8>, Option<u8>, u32)]) -> Vec<Arc<Entry>> {
    shape
        .iter()
        .enumerate()
        .map(|(number, (hosts, lock, parallel))| {
            Arc::new(Entry {
                name: format!("e{number}").into(),
                journey: format!("j{}", number / 3).into(),
                interval: Duration::from_secs(20),
                hosts: hosts.iter().map(|host| Arc::from(format!("h{host}"))).collect(),
                lock: lock.map(|lock| Arc::from(format!("l{lock}"))),
                parallel: *parallel,
            })
        })
        .collect()
}

fn shapes() -> impl Strategy<Value = Vec<(Vec<u8>, Option<u8>, u32)>> {
    let one = (prop::collection::vec(0_u8..4, 0..4), prop::option::weighted(0.3, 0_u8..3), 1_u32..3);
    prop::collection::vec(one, ENTRIES)
}

/// What the caller knows, kept apart from what is tested.
#[derive(Default)]
struct Ledger {
    running: Vec<Arc<Entry>>,
    /// Names of those that are second looks.
    second: HashSet<Arc<str>>,
    planned: u64,
    started: u64,
    skipped: u64,
    finished: u64,
}

impl Ledger {
    fn take(&mut self, changes: Changes) {
        self.skipped += changes.skips.len() as u64;
        for start in changes.starts {
            self.start(start.entry);
        }
    }

    fn start(&mut self, entry: Arc<Entry>) {
        self.started += 1;
        self.running.push(entry);
    }

    fn check(&self, admission: &Admission, ceilings: Ceilings) -> Result<(), TestCaseError> {
        let totals = admission.totals();
        prop_assert_eq!(totals.planned, self.planned);
        prop_assert_eq!(totals.started, self.started);
        prop_assert_eq!(totals.skipped_all(), self.skipped);
        prop_assert_eq!(totals.planned, totals.started + totals.skipped_all() + admission.waiting() as u64);
        prop_assert_eq!(totals.started, totals.finished_all() + (admission.in_flight() - self.second.len()) as u64);
        prop_assert_eq!(totals.finished_all(), self.finished);
        prop_assert!(self.running.len() <= ceilings.runs_in_flight as usize);
        let mut taken = HashSet::new();
        for entry in &self.running {
            prop_assert!(taken.insert(&entry.name), "{} runs twice", entry.name);
            prop_assert!(entry.lock.as_ref().is_none_or(|lock| taken.insert(lock)), "a lock is held twice");
            for host in &entry.hosts {
                let at_host: Vec<_> = self.running.iter().filter(|other| other.hosts.contains(host)).collect();
                prop_assert!(at_host.len() <= ceilings.runs_per_host as usize);
                let of_journey = at_host.iter().filter(|other| other.journey == entry.journey);
                let widest = at_host.iter().map(|other| other.parallel).max().unwrap_or_default();
                prop_assert!(of_journey.count() <= widest as usize);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_and_no_ceiling_is_exceeded(
        shape in shapes(),
        events in prop::collection::vec(event(), 1..150),
        drain_at in prop::option::of(0_usize..150),
    ) {
        let entries = entries(&shape);
        let mut ceilings = Ceilings { runs_in_flight: 5, runs_per_host: 2 };
        // What runs keeps what it holds when a ceiling is lowered.
        let mut highest = ceilings;
        let mut admission = Admission::new(ceilings);
        let mut ledger = Ledger::default();
        let mut now = seconds(100);
        let drain = drain_at.map(|at| (at.min(events.len()), Event::Drain));
        let mut events: Vec<Event> = events;
        if let Some((at, event)) = drain {
            events.insert(at, event);
        }
        for event in events {
            match event {
                Event::Offer { entry, missed } => {
                    let due = Due { entry: Arc::clone(&entries[entry]), at: now, missed };
                    ledger.planned += missed + 1;
                    ledger.skipped += missed;
                    match admission.offer(now, &due) {
                        Decision::Start => ledger.start(due.entry),
                        Decision::Wait { until } => prop_assert_eq!(until, now.plus(Duration::from_secs(5))),
                        Decision::Skip(_) => ledger.skipped += 1,
                    }
                }
                Event::Refuse(entry) => {
                    admission.refuse(&Due { entry: Arc::clone(&entries[entry]), at: now, missed: 0 }, SkipReason::Quota);
                    ledger.planned += 1;
                    ledger.skipped += 1;
                }
                Event::Finish { nth, outcome } if !ledger.running.is_empty() => {
                    let entry = ledger.running.swap_remove(nth % ledger.running.len());
                    ledger.finished += u64::from(!ledger.second.remove(&entry.name));
                    let outcome =
                        [Outcome::Passed, Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate][outcome];
                    let changes = admission.finish(now, &entry.name, outcome);
                    ledger.take(changes);
                }
                Event::Recheck(entry) => {
                    if admission.recheck(&entries[entry]) {
                        ledger.second.insert(Arc::clone(&entries[entry].name));
                        ledger.running.push(Arc::clone(&entries[entry]));
                    }
                }
                Event::Finish { .. } => {}
                Event::Pause(length) => {
                    now = now.plus(Duration::from_secs(length));
                    let changes = admission.expire(now);
                    ledger.take(changes);
                    prop_assert!(admission.next_deadline().is_none_or(|deadline| deadline > now));
                }
                Event::Reload { in_flight, per_host, gone } => {
                    ceilings = Ceilings { runs_in_flight: in_flight, runs_per_host: per_host };
                    highest.runs_in_flight = highest.runs_in_flight.max(in_flight);
                    highest.runs_per_host = highest.runs_per_host.max(per_host);
                    let changes = admission.reload(now, ceilings, |name| name != format!("e{gone}"));
                    ledger.take(changes);
                }
                Event::Drain => ledger.skipped += admission.drain().len() as u64,
            }
            ledger.check(&admission, highest)?;
        }
        // To the end: what runs finishes, what waits is started or skipped.
        while let Some(entry) = ledger.running.pop() {
            ledger.finished += u64::from(!ledger.second.remove(&entry.name));
            let changes = admission.finish(now, &entry.name, Outcome::Passed);
            ledger.take(changes);
        }
        ledger.check(&admission, highest)?;
        let totals = admission.totals();
        prop_assert_eq!(admission.waiting(), 0);
        prop_assert_eq!(totals.planned, totals.finished_all() + totals.skipped_all());
        prop_assert!(admission.places.is_empty() && admission.locks.is_empty() && admission.deadlines.is_empty());
    }

    #[test]
    fn whoever_waits_longest_starts_next_whatever_keeps_coming(
        shape in shapes(),
        order in prop::collection::vec(0..ENTRIES, 200),
    ) {
        let entries = entries(&shape);
        let mut admission = Admission::new(Ceilings { runs_in_flight: 50, runs_per_host: 1 });
        let mut running = VecDeque::new();
        let mut waiting: Vec<Arc<str>> = Vec::new();
        let mut turns_of_oldest = 0;
        for number in order {
            let due = Due { entry: Arc::clone(&entries[number]), at: seconds(1), missed: 0 };
            match admission.offer(seconds(1), &due) {
                Decision::Start => running.push_back(due.entry),
                Decision::Wait { .. } => waiting.push(Arc::clone(&due.entry.name)),
                Decision::Skip(_) => {}
            }
            let oldest = waiting.first().cloned();
            // What has run longest ends. Time stands still, so nobody is skipped.
            if let Some(ended) = running.pop_front() {
                for start in admission.finish(seconds(1), &ended.name, Outcome::Passed).starts {
                    waiting.retain(|name| *name != start.entry.name);
                    running.push_back(start.entry);
                }
            }
            turns_of_oldest = if waiting.first() == oldest.as_ref() { turns_of_oldest + 1 } else { 0 };
            // Everything that was active when it became the oldest has ended by then.
            prop_assert!(waiting.is_empty() || turns_of_oldest <= ENTRIES);
        }
    }
}
