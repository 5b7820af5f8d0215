//! What holds whatever happens.

use proptest::prelude::*;

use super::witness::{Evidence, Witness};
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
    Reload(Edit),
    /// Backwards or forwards, as an administrator sets it.
    ClockStep(i64),
}

/// A configuration.
#[derive(Clone, Debug)]
struct Edit {
    /// The entry that is left out, if there is one of this number.
    without: usize,
    told: bool,
    severity: Severity,
    open_after: u32,
}

const UNEDITED: Edit = Edit { without: NAMES.len(), told: true, severity: Severity::Critical, open_after: 2 };

fn edits() -> impl Strategy<Value = Edit> {
    (0..=NAMES.len(), any::<bool>(), prop::sample::select(&Severity::ALL[..]), 1_u32..4)
        .prop_map(|(without, told, severity, open_after)| Edit { without, told, severity, open_after })
}

fn acts() -> impl Strategy<Value = Vec<(i64, Act)>> {
    let letter = prop::sample::select(&['+', '+', '+', '+', '-', '-', '-', '-', '=', '=', '~', '?', 'c', 'k', 'n'][..]);
    let planned =
        (0..NAMES.len(), letter).prop_map(|(name, letter)| Act::Run { name, letter, trigger: Trigger::Scheduled });
    let again = (0..NAMES.len(), prop::sample::select(&['+', '-', '-', '=', '?', 'p'][..]))
        .prop_map(|(name, letter)| Act::Run { name, letter, trigger: Trigger::Recheck });
    let act = prop_oneof![
        20 => planned,
        4 => again,
        1 => any::<bool>().prop_map(Act::Own),
        2 => Just(Act::Tick),
        1 => edits().prop_map(Act::Reload),
        1 => (-7200_i64..7200).prop_map(Act::ClockStep),
    ];
    let pause = prop_oneof![10 => 1_i64..90, 1 => 90_i64..4000];
    prop::collection::vec((pause, act), 1..120)
}

fn configured(edit: &Edit) -> BTreeMap<String, Policy> {
    let names: Vec<_> = NAMES.iter().enumerate().filter(|(at, _)| *at != edit.without).map(|(_, name)| *name).collect();
    let mut policies = policies(&names);
    if let Some(book) = policies.get_mut("book") {
        *book = Policy { told: edit.told, severity: edit.severity, open_after: edit.open_after, ..policy() };
    }
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
    /// So far. They keep moments apart that a clock which is set back would make one.
    acts: u64,
}

impl World {
    fn new() -> Self {
        Self { evaluator: Evaluator::new(configured(&UNEDITED)), now: 0, acts: 0 }
    }

    fn act(&mut self, pause: i64, act: &Act) -> Output {
        self.now += pause;
        self.acts += 1;
        let now = at(self.now).plus(Duration::from_millis(self.acts));
        match act {
            Act::Run { name, letter, trigger } => {
                self.evaluator.observe(now, &run(NAMES[*name], self.now, *letter), *trigger)
            }
            Act::Own(trouble) => self.evaluator.own(now, "store", trouble.then_some("full"), Severity::Critical),
            Act::Tick => self.evaluator.tick(now),
            Act::Reload(edit) => self.evaluator.reload(now, configured(edit)),
            Act::ClockStep(step) => {
                self.now += step;
                Output::default()
            }
        }
    }
}

fn evidence(act: &Act) -> Evidence {
    match act {
        Act::Run { letter, .. } => Evidence::Run(*letter),
        Act::Own(trouble) => Evidence::Own(*trouble),
        Act::Tick | Act::Reload(_) | Act::ClockStep(_) => Evidence::None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_promises_hold(acts in acts()) {
        let mut world = World::new();
        let mut witness = Witness::default();
        for (pause, act) in &acts {
            let output = world.act(*pause, act);
            witness.see(&output, evidence(act));
            let unended = |incident: &&Incident| !incident.state.is_ended();
            prop_assert_eq!(world.evaluator.open().count(), world.evaluator.incidents.values().filter(unended).count());
            if !matches!(act, Act::Run { trigger: Trigger::Scheduled, .. }) {
                prop_assert_eq!(output.rechecks, [], "a second look at a second look");
            }
        }
    }

    #[test]
    fn a_restart_at_any_moment_changes_nothing(acts in acts()) {
        let mut world = World::new();
        let mut witness = Witness::default();
        for (pause, act) in &acts {
            // What a clock that is set back brings back into the window, only the store remembers.
            if matches!(act, Act::ClockStep(step) if *step < 0) {
                continue;
            }
            let output = world.act(*pause, act);
            witness.see(&output, evidence(act));
            witness.check_restart(&world.evaluator, at(world.now).plus(Duration::from_millis(world.acts)));
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
                prop_assert_eq!((changes.transitions, changes.rechecks), (Vec::new(), Vec::new()));
                without.now += pause;
                without.acts += 1;
            } else {
                prop_assert_eq!(changes, without.act(*pause, act));
            }
        }
    }
}
