//! The configuration changes while something is open.

use super::*;

fn edited(policy: Policy) -> BTreeMap<String, Policy> {
    BTreeMap::from([("sign-in".to_owned(), policy)])
}

/// Feeds a script, changes the policy, feeds another; says what followed from the second.
fn check(before: &str, first: Policy, after: &str, second: Policy, expected: &[&str]) {
    let mut evaluator = Evaluator::new(edited(first));
    told(&mut evaluator, before);
    assert_eq!(evaluator.reload(at(150), edited(second)), Output::default(), "{before}");
    let lines = told(&mut evaluator, after);
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected, "{before} | {after}");
}

fn quiet() -> Policy {
    Policy { told: false, ..policy() }
}

#[test]
fn what_nobody_heard_of_is_told_as_new_once_people_are_told() {
    check("1:- 1.1!-", quiet(), "3:- 4:-", policy(), &["3 reminded [firing 1]"]);
    let info = Policy { severity: Severity::Info, ..policy() };
    check("1:- 1.1!-", info, "3:- 4:- 65:-", policy(), &["3 worsened [firing 1]", "65 reminded [reminder 2]"]);
    check("1:- 1.1!-", quiet(), "3:+ 4:+", policy(), &["3 recovering", "4 resolved"]);
}

#[test]
fn who_was_told_that_it_began_is_told_that_it_is_over() {
    check("1:- 1.1!-", policy(), "3:- 100:- 101:+ 102:+", quiet(), &["101 recovering", "102 resolved [resolved 2]"]);
}

#[test]
fn what_opens_again_in_silence_ends_in_silence() {
    let one = |policy| Policy { open_after: 1, close_after: 1, close_for: Duration::ZERO, ..policy };
    check("1:- 2:+", one(policy()), "3:- 4:+", one(quiet()), &["3 reopened", "4 resolved"]);
    check("1:- 2:+", one(policy()), "3:- 4:+", one(policy()), &["3 reopened [firing 3]", "4 resolved [resolved 4]"]);
}

#[test]
fn a_threshold_that_changes_counts_from_the_next_run() {
    check("1:-", Policy { open_after: 5, ..policy() }, "3:-", policy(), &["3 opened [firing 1]"]);
    check(
        "1:-",
        policy(),
        "3:- 3.1!-",
        Policy { open_after: 3, ..policy() },
        &["3 doubted", "3 again", "3.1 opened [firing 1]"],
    );
}

#[test]
fn what_is_no_longer_watched_is_withdrawn_once() {
    let mut evaluator = Evaluator::new(policies(&["sign-in", "other"]));
    told(&mut evaluator, "1:- 1.1!-");
    let output = evaluator.reload(at(180), BTreeMap::new());
    assert_eq!(events(&output), [(Event::Withdrawn, Some(NoticeKind::Withdrawn))]);
    assert_eq!(evaluator.reload(at(240), BTreeMap::new()).transitions, []);
    // What was only suspected ends in silence, and so does what nobody was told of.
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    told(&mut evaluator, "1:-");
    assert_eq!(events(&evaluator.reload(at(180), BTreeMap::new())), [(Event::Withdrawn, None)]);
    let mut evaluator = Evaluator::new(edited(quiet()));
    told(&mut evaluator, "1:- 1.1!-");
    assert_eq!(events(&evaluator.reload(at(180), BTreeMap::new())), [(Event::Withdrawn, None)]);
}

#[test]
fn of_several_incidents_of_a_key_the_open_one_is_restored() {
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    told(&mut evaluator, "1:- 1.1!-");
    let withdrawn = evaluator.reload(at(120), BTreeMap::new()).transitions.remove(0).incident;
    evaluator.reload(at(150), policies(&["sign-in"]));
    told(&mut evaluator, "3:- 3.1!-");
    let open = evaluator.open().next().expect("one").clone();
    assert_ne!(open.id, withdrawn.id);
    for stored in [vec![open.clone(), withdrawn.clone()], vec![withdrawn, open.clone()]] {
        let restored = Evaluator::restore(policies(&["sign-in"]), stored, Vec::new());
        assert_eq!(restored.open().collect::<Vec<_>>(), [&open]);
    }
}
