//! What holds whatever happens.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 3] = ["sign-in", "book", "home"];

#[derive(Clone, Debug)]
enum Act {
    Run {
        name: usize,
        letter: char,
        trigger: Trigger,
    },
    Own(bool),
    Tick,
    /// Leaves one entry out, or none.
    Reload(usize),
    /// Backwards or forwards, as an administrator sets it.
    ClockStep(i64),
}

fn acts() -> impl Strategy<Value = Vec<(i64, Act)>> {
    let letter =
        prop_oneof![3 => Just('+'), 3 => Just('-'), 1 => Just('='), 1 => Just('?'), 1 => Just('c'), 1 => Just('k')];
    let trigger = prop_oneof![4 => Just(Trigger::Scheduled), 1 => Just(Trigger::Recheck)];
    let act = prop_oneof![
        20 => (0..NAMES.len(), letter, trigger).prop_map(|(name, letter, trigger)| Act::Run { name, letter, trigger }),
        1 => any::<bool>().prop_map(Act::Own),
        2 => Just(Act::Tick),
        1 => (0..=NAMES.len()).prop_map(Act::Reload),
        1 => (-7200_i64..7200).prop_map(Act::ClockStep),
    ];
    let pause = prop_oneof![10 => 1_i64..90, 1 => 90_i64..4000];
    prop::collection::vec((pause, act), 1..120)
}

fn configured(without: usize) -> BTreeMap<String, Policy> {
    let names: Vec<_> = NAMES.iter().enumerate().filter(|(at, _)| *at != without).map(|(_, name)| *name).collect();
    let mut policies = policies(&names);
    if let Some(home) = policies.get_mut("home") {
        *home = Policy {
            open_after: 1,
            close_after: 1,
            close_for: Duration::ZERO,
            severity: Severity::Warning,
            ..policy()
        };
    }
    policies
}

struct World {
    evaluator: Evaluator,
    now: i64,
}

impl World {
    fn new() -> Self {
        Self { evaluator: Evaluator::new(configured(NAMES.len())), now: 0 }
    }

    fn act(&mut self, pause: i64, act: &Act) -> Output {
        self.now += pause;
        let now = at(self.now);
        match act {
            Act::Run { name, letter, trigger } => {
                self.evaluator.observe(now, &run(NAMES[*name], self.now, *letter), *trigger)
            }
            Act::Own(trouble) => self.evaluator.own(now, "store", trouble.then_some("full"), Severity::Critical),
            Act::Tick => self.evaluator.tick(now),
            Act::Reload(without) => self.evaluator.reload(now, configured(*without)),
            Act::ClockStep(step) => {
                self.now += step;
                Output::default()
            }
        }
    }
}

/// As the store keeps them: written and read, those that ended long ago left out.
fn stored(evaluator: &Evaluator) -> Vec<Incident> {
    let text = serde_json::to_string(&evaluator.incidents.values().collect::<Vec<_>>()).expect("JSON");
    serde_json::from_str(&text).expect("what was written")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_promises_hold(acts in acts()) {
        let mut world = World::new();
        // Of each incident: its last number, whether people think that it is open, its key and title.
        let mut known: HashMap<String, (u32, bool, Key, String)> = HashMap::new();
        for (pause, act) in &acts {
            for change in world.act(*pause, act).transitions {
                let incident = &change.incident;
                let entry = known
                    .entry(incident.id.clone())
                    .or_insert_with(|| (0, false, incident.key.clone(), incident.title.clone()));
                prop_assert_eq!(&entry.2, &incident.key);
                prop_assert_eq!(&entry.3, &incident.title, "a subject that changes breaks the thread");
                // Numbers grow by one with each notice, and with nothing else.
                prop_assert_eq!(incident.seq, entry.0 + u32::from(change.notice.is_some()));
                entry.0 = incident.seq;
                match change.notice {
                    Some(NoticeKind::Firing) => {
                        prop_assert!(!entry.1, "told twice that it began");
                        entry.1 = true;
                    }
                    Some(kind) if kind.is_terminal() => {
                        prop_assert!(entry.1, "nobody was told that it began");
                        entry.1 = false;
                    }
                    Some(_) => prop_assert!(entry.1, "news of what nobody knows"),
                    None => {}
                }
                // Who was told that it began has been told when it has ended.
                prop_assert!(!(incident.state.is_ended() && entry.1), "ended in silence: {:?}", change);
            }
            let open: Vec<_> = world.evaluator.open().map(|incident| &incident.key).collect();
            let mut once = open.clone();
            once.dedup();
            prop_assert_eq!(open.len(), once.len(), "two open incidents of one key");
        }
    }

    #[test]
    fn a_restart_at_any_moment_changes_nothing(acts in acts(), cut in 0_usize..120) {
        let cut = cut.min(acts.len());
        let mut steady = World::new();
        let mut policies = configured(NAMES.len());
        for (pause, act) in &acts[..cut] {
            steady.act(*pause, act);
            if let Act::Reload(without) = act {
                policies = configured(*without);
            }
        }
        let last_good = steady.evaluator.last_good.clone().into_iter().collect();
        let mut restarted =
            World { evaluator: Evaluator::restore(policies, stored(&steady.evaluator), last_good), now: steady.now };
        prop_assert_eq!(&restarted.evaluator, &steady.evaluator);
        for (pause, act) in &acts[cut..] {
            prop_assert_eq!(restarted.act(*pause, act), steady.act(*pause, act));
        }
    }

    #[test]
    fn the_order_of_entries_within_a_round_does_not_matter(letters in prop::collection::vec("[-+=?]{3}", 1..20), turn in 0_usize..3) {
        let mut straight = World::new();
        let mut turned = World::new();
        for (round, letters) in letters.iter().enumerate() {
            let now = i64::try_from(round).expect("small") * MINUTE;
            let mut order: Vec<_> = letters.chars().enumerate().collect();
            let see = |world: &mut World, order: &[(usize, char)]| {
                let mut seen: Vec<_> = order
                    .iter()
                    .flat_map(|(name, letter)| {
                        world.evaluator.observe(at(now), &run(NAMES[*name], now, *letter), Trigger::Scheduled).transitions
                    })
                    .collect();
                seen.sort_by(|one, other| one.incident.key.cmp(&other.incident.key));
                seen
            };
            let first = see(&mut straight, &order);
            order.rotate_left(turn);
            prop_assert_eq!(first, see(&mut turned, &order));
        }
        prop_assert_eq!(straight.evaluator, turned.evaluator);
    }

    #[test]
    fn our_own_trouble_is_as_if_nothing_had_been_seen(acts in acts()) {
        let mut world = World::new();
        let mut without = World::new();
        for (pause, act) in &acts {
            let blind = matches!(act, Act::Run { letter: '?', .. });
            let changes = world.act(*pause, act);
            if blind {
                prop_assert_eq!(changes, Output::default());
                without.now += pause;
            } else {
                prop_assert_eq!(changes, without.act(*pause, act));
            }
        }
    }
}
