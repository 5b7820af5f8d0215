//! A day and a month of one-minute runs, on a simulated clock.

use super::witness::{Evidence, Witness};
use super::*;

const NAMES: [&str; 3] = ["sign-in", "book", "home"];
const MONTH: i64 = 30 * 24 * 60;

/// Numbers that look like chance, the same for the same seed (Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// What a journey suffers from at present.
#[derive(Clone, Copy)]
enum Fault {
    None,
    Down(char),
    /// Every other run.
    Alternating,
    /// One run in so many, at random.
    Now(u64),
    OurOwn,
}

struct Journey {
    name: &'static str,
    fault: Fault,
    until: i64,
    /// Good and bad planned runs in a row, with nothing else between.
    row: (char, u32),
    /// One per letter, as what is sent is always the same.
    runs: BTreeMap<char, Run>,
}

impl Journey {
    fn new(name: &'static str) -> Self {
        let runs = ['+', '-', '=', '?', 'c', 'k', 'p'].map(|letter| (letter, run(name, 0, letter)));
        Self { name, fault: Fault::None, until: 0, row: ('+', 0), runs: runs.into() }
    }

    fn letter(&mut self, minute: i64, chance: &mut Chance) -> char {
        if minute >= self.until {
            let (fault, most) = match chance.next(12) {
                0 => (Fault::Down('-'), 400),
                1 => (Fault::Down('='), 90),
                2 => (Fault::Alternating, 200),
                3 => (Fault::Now(3), 120),
                4 => (Fault::OurOwn, 60),
                5 => (Fault::Down('c'), 30),
                6 => (Fault::Down('-'), 3),
                _ => (Fault::None, 3000),
            };
            self.fault = fault;
            self.until = minute + 1 + i64::try_from(chance.next(most)).expect("small");
        }
        match self.fault {
            Fault::None if chance.next(1000) == 0 => '-',
            Fault::None => 'k',
            Fault::Down(letter) => letter,
            Fault::Alternating => ['-', '+'][usize::from(minute % 2 == 0)],
            Fault::Now(one_in) => ['=', '+'][usize::from(chance.next(one_in) > 0)],
            Fault::OurOwn => '?',
        }
    }

    fn run(&mut self, seconds: i64, letter: char) -> &Run {
        let run = self.runs.get_mut(&letter).expect("prepared");
        run.id = format!("{}-{seconds}", self.name);
        run.started_at = at(seconds);
        run
    }
}

/// Goes through a month; answers with the number of runs, of restarts, and of notices.
fn live(seed: u64) -> (u64, u64, usize) {
    let mut chance = Chance(seed);
    let mut journeys = NAMES.map(Journey::new);
    let mut evaluator = Evaluator::new(policies(&NAMES));
    let mut witness = Witness::default();
    let (mut runs, mut restarts) = (0, 0);
    let mut minute = 0;
    while minute < MONTH {
        for (index, journey) in journeys.iter_mut().enumerate() {
            let seconds = minute * MINUTE + i64::try_from(index).expect("small");
            let letter = journey.letter(minute, &mut chance);
            let mut refuted = false;
            let output = evaluator.observe(at(seconds), journey.run(seconds, letter), Trigger::Scheduled);
            witness.see(&output, Evidence::Run(letter));
            for again in &output.rechecks {
                // Whether it comes to the step that failed depends on what may be repeated.
                let passing = ['+', 'p'][usize::from(letter == '=')];
                let second = if chance.next(4) == 0 { passing } else { letter };
                let seconds = seconds + 5;
                assert_eq!((again.name.as_str(), again.at), (journey.name, at(seconds)));
                let output = evaluator.observe(at(seconds), journey.run(seconds, second), Trigger::Recheck);
                assert_eq!(output.rechecks, []);
                refuted = output.confirmation == Some(Confirmation::Refuted);
                witness.see(&output, Evidence::Run(second));
            }
            runs += 1;
            check_promptness(journey, letter, refuted, &evaluator);
        }
        if chance.next(500) == 0 {
            restarts += 1;
            // The daemon is away for a while, which nobody can judge.
            minute += i64::try_from(chance.next(90)).expect("small");
            let now = at(minute * MINUTE + 30);
            let last_good = evaluator.last_good.clone().into_iter().collect();
            evaluator = Evaluator::restore(policies(&NAMES), witness.restorable(now), last_good);
            assert_eq!(evaluator.reload(now, policies(&NAMES)), Output::default());
        }
        if minute % 60 == 0 {
            let now = at(minute * MINUTE + 40);
            witness.check_restart(&evaluator, now);
            witness.see(&evaluator.tick(now), Evidence::None);
            witness.prune(now);
        }
        minute += 1;
    }
    assert!(evaluator.incidents.len() <= 2 * NAMES.len(), "nothing is kept that has ended for good");
    (runs, restarts, witness.notices.len())
}

/// Two bad runs in a row that nothing refuted are an incident, three good ones are the end of it.
fn check_promptness(journey: &mut Journey, letter: char, refuted: bool, evaluator: &Evaluator) {
    let kind = match letter {
        '?' => return,
        '-' | '=' if refuted => ' ',
        '-' | '=' => '-',
        _ => '+',
    };
    let count = if journey.row.0 == kind { journey.row.1 + 1 } else { 1 };
    journey.row = (kind, count);
    let key = Key { name: journey.name.to_owned(), aspect: Aspect::Run };
    let state = evaluator.incidents.get(&key).map(|incident| incident.state);
    match (kind, count) {
        ('-', 2..) => assert_eq!(state, Some(State::Firing), "{}", journey.name),
        ('+', 3..) => assert!(state.is_none_or(State::is_ended), "{}: {state:?}", journey.name),
        _ => {}
    }
}

#[test]
fn a_month_of_random_faults_keeps_every_promise() {
    for seed in 0..4 {
        let (runs, restarts, notices) = live(seed);
        assert!(
            runs > 100_000 && restarts > 40 && notices > 100,
            "{runs} runs, {restarts} restarts, {notices} notices"
        );
    }
}

/// A day in which every other run fails, with second looks that end as told; answers with the notices.
fn alternating(second: char) -> Vec<NoticeKind> {
    let mut journey = Journey::new("sign-in");
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    let mut witness = Witness::default();
    for minute in 0..24 * 60 + 5 {
        let letter = if minute % 2 == 0 && minute < 24 * 60 { '-' } else { '+' };
        let seconds = minute * MINUTE;
        let output = evaluator.observe(at(seconds), journey.run(seconds, letter), Trigger::Scheduled);
        witness.see(&output, Evidence::Run(letter));
        for _ in output.rechecks {
            let output = evaluator.observe(at(seconds + 5), journey.run(seconds + 5, second), Trigger::Recheck);
            witness.see(&output, Evidence::Run(second));
        }
        witness.see(&evaluator.tick(at(seconds + 30)), Evidence::None);
    }
    assert_eq!(evaluator.open().count(), 0);
    witness.notices.into_iter().map(|(_, _, kind)| kind).collect()
}

#[test]
fn alternating_results_for_a_day_make_one_incident_and_few_notices() {
    use NoticeKind::{Firing, Reminder, Resolved};
    assert_eq!(alternating('-'), [Firing, Reminder, Reminder, Resolved]);
    assert_eq!(alternating('+'), [], "each failure is refuted; the numbers of the journey show them all");
}
