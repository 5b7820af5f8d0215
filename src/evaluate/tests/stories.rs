//! The life of incidents, story by story.

use super::*;

#[test]
fn a_failure_that_its_second_look_confirms_opens_and_two_passes_over_a_minute_close() {
    check(
        "0:+ 1:- 1.1!- 2:- 3:+ 4:+",
        "1 suspected
         1 again
         1.1 opened [firing 1]
         3 recovering
         4 resolved [resolved 2]",
    );
}

#[test]
fn a_failure_that_its_second_look_refutes_was_nothing() {
    check("1:- 1.1!+ 2:+", "1 suspected\n 1 again\n 1.1 refuted");
    check("1:- 1.1!~", "1 suspected\n 1 again\n 1.1 refuted");
    // The next failure begins anew.
    check("1:- 1.1!+ 2:- 2.1!-", "1 suspected\n 1 again\n 1.1 refuted\n 2 suspected\n 2 again\n 2.1 opened [firing 1]");
}

#[test]
fn a_second_look_that_did_not_reach_the_place_refutes_nothing() {
    // Nothing that may change something is done again: what broke behind that is for the next run to judge.
    check("1:= 1.1!p 2:= 2.1!p", "1 suspected\n 1 again\n 2 opened [firing 1]");
    check("1:- 1.1!p 2:+", "1 suspected\n 1 again\n 1.1 refuted");
    check("1:= 1.1!- 2:=", "1 suspected\n 1 again\n 1.1 opened [firing 1]\n 2 doubted");
}

#[test]
fn a_second_look_says_what_it_came_to() {
    for (script, expected) in [
        ("1:- !-", Some(Confirmation::Confirmed)),
        ("1:- !+", Some(Confirmation::Refuted)),
        ("1:- !?", Some(Confirmation::Undecided)),
        ("1:= !p", Some(Confirmation::Undecided)),
        // Too late: there is no suspicion left.
        ("1:- 2:- !+", Some(Confirmation::Undecided)),
    ] {
        let (before, letter) = script.split_once(" !").expect("a second look");
        let mut evaluator = Evaluator::new(policies(&["sign-in"]));
        told(&mut evaluator, before);
        let letter = letter.chars().next().expect("a letter");
        let output = evaluator.observe(at(200), &run("sign-in", 200, letter), Trigger::Recheck);
        assert_eq!(output.confirmation, expected, "{script}");
        let planned = evaluator.observe(at(300), &run("sign-in", 300, letter), Trigger::Scheduled);
        assert_eq!(planned.confirmation, None);
    }
}

#[test]
fn without_a_second_look_the_next_run_decides() {
    check("1:- 2:-", "1 suspected\n 1 again\n 2 opened [firing 1]");
    check("1:- 2:+", "1 suspected\n 1 again\n 2 refuted");
    check_with(Policy { recheck: false, ..policy() }, "1:- 2:-", "1 suspected\n 2 opened [firing 1]");
}

#[test]
fn what_is_our_own_trouble_neither_opens_nor_closes() {
    check("1:? 1.1!? 2:? 3:?", "");
    check("1:- 1.1!? 2:? 3:-", "1 suspected\n 1 again\n 3 opened [firing 1]");
    check(
        "1:- 1.1!- 2:? 3:+ 4:? 5:? 6:+",
        "1 suspected\n 1 again\n 1.1 opened [firing 1]\n 3 recovering\n 6 resolved [resolved 2]",
    );
}

#[test]
fn a_threshold_is_that_of_the_entry() {
    let one = Policy { open_after: 1, close_after: 1, close_for: Duration::ZERO, ..policy() };
    check_with(one, "1:- 2:+", "1 opened [firing 1]\n 2 resolved [resolved 2]");
    let three = Policy { open_after: 3, ..policy() };
    check_with(three.clone(), "1:- 1.1!- 2:-", "1 suspected\n 1 again\n 1.1 doubted\n 2 opened [firing 1]");
    check_with(three, "1:- 2:- 2.1!-", "1 suspected\n 1 again\n 2 doubted\n 2 again\n 2.1 opened [firing 1]");
    let many = Policy { close_after: 3, close_for: Duration::ZERO, ..policy() };
    check_with(
        many,
        "1:- 2:- 20:+ 30:+ 40:+",
        "1 suspected\n 1 again\n 2 opened [firing 1]\n 20 recovering\n 30 recovering\n 40 resolved [resolved 2]",
    );
    // Passes that are too close to each other are not enough.
    check(
        "1:- 1.1!- 2:+ 2.2:+ 2.5:+ 3:+",
        "1 suspected\n 1 again\n 1.1 opened [firing 1]\n 2 recovering\n 2.2 recovering\n 2.5 recovering\n 3 resolved [resolved 2]",
    );
}

#[test]
fn a_second_look_at_what_is_open_changes_nothing() {
    check(
        "1:- 1.1!- 1.2!+ 1.3!- 2:+ 2.1!- 2.2!+ 3:+",
        "1 suspected\n 1 again\n 1.1 opened [firing 1]\n 2 recovering\n 3 resolved [resolved 2]",
    );
    // One that comes when there is nothing to confirm any more.
    check("0:+ 0.1!-", "");
}

#[test]
fn bad_again_before_it_is_over_goes_on_without_a_word() {
    check(
        "1:- 1.1!- 2:+ 3:- 4:+ 5:+",
        "1 suspected\n 1 again\n 1.1 opened [firing 1]\n 2 recovering\n 3 relapsed\n 4 recovering\n 5 resolved [resolved 2]",
    );
}

#[test]
fn what_breaks_again_soon_is_the_same_incident() {
    let opened = "1 suspected\n 1 again\n 1.1 opened [firing 1]\n 2 recovering\n 3 resolved [resolved 2]\n";
    check(
        "1:- 1.1!- 2:+ 3:+ 20:- 20.1!- 21:+ 22:+",
        &format!(
            "{opened} 20 suspected\n 20 again\n 20.1 reopened [firing 3]\n 21 recovering\n 22 resolved [resolved 4]"
        ),
    );
    // A suspicion that is refuted leaves it resolved, and it can still open again.
    check(
        "1:- 1.1!- 2:+ 3:+ 20:- 20.1!+ 30:- 30.1!-",
        &format!(
            "{opened} 20 suspected\n 20 again\n 20.1 refuted\n 30 suspected\n 30 again\n 30.1 reopened [firing 3]"
        ),
    );
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    told(&mut evaluator, "0:+ 1:- 1.1!- 2:+ 3:+");
    let first = evaluator.incidents.values().next().expect("one").id.clone();
    told(&mut evaluator, "20:- 20.1!-");
    let again = evaluator.open().next().expect("one").clone();
    assert_eq!((again.id, again.reopened, again.opened_at), (first.clone(), 1, Some(at(66))));
    assert_eq!(
        again.last_good.map(|run| run.at),
        Some(at(3 * MINUTE)),
        "what it goes back to is the last that was good"
    );
    // After half an hour it is another one.
    told(&mut evaluator, "21:+ 22:+ 53:- 53.1!-");
    assert_ne!(evaluator.open().next().expect("one").id, first);
}

#[test]
fn what_lasts_is_repeated_ever_more_rarely() {
    check(
        "1:- 1.1!- 60:- 62:- 301:- 302:- 1741:- 1743:-",
        "1 suspected
         1 again
         1.1 opened [firing 1]
         62 reminded [reminder 2]
         302 reminded [reminder 3]
         1743 reminded [reminder 4]",
    );
    let warning = Policy { severity: Severity::Warning, ..policy() };
    check_with(
        warning,
        "1:- 1.1!- 62:- 1442:-",
        "1 suspected\n 1 again\n 1.1 opened [firing 1]\n 1442 reminded [reminder 2]",
    );
}

#[test]
fn what_comes_and_goes_is_repeated_as_well() {
    let comes_and_goes: Vec<_> = (2..400).map(|minute| format!("{minute}:{}", ["+", "-"][minute % 2])).collect();
    let script = format!("1:- 1.1!- {}", comes_and_goes.join(" "));
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    let told = told(&mut evaluator, &script);
    let notices: Vec<_> = told.lines().filter(|line| line.contains('[')).collect();
    assert_eq!(notices, ["1.1 opened [firing 1]", "63 relapsed [reminder 2]", "303 relapsed [reminder 3]"]);
}

#[test]
fn what_nobody_is_told_of_is_recorded() {
    let quiet = "1 suspected\n 1 again\n 1.1 opened\n 3 recovering\n 4 resolved";
    check_with(Policy { severity: Severity::Info, ..policy() }, "1:- 1.1!- 2:- 3:+ 4:+", quiet);
    check_with(Policy { told: false, ..policy() }, "1:- 1.1!- 2:- 3:+ 4:+", quiet);
}

#[test]
fn what_is_not_cleaned_up_is_an_incident_of_its_own() {
    check(
        "1:c 2:c 2.5:n 3:- 3.1!+ 4:k 4.5:n 5:k",
        "1 cleanup suspected
         2 cleanup opened [firing 1]
         3 suspected
         3 again
         3.1 refuted
         4 cleanup recovering
         5 cleanup resolved [resolved 2]",
    );
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    told(&mut evaluator, "1:c 2:c");
    assert_eq!(evaluator.open().next().expect("one").severity, Severity::Warning, "nobody is woken for it");
}

#[test]
fn a_journey_that_cleans_nothing_up_any_more_leaves_no_incident_behind() {
    check(
        "1:c 2:c 3:- 3.1!+ 4:+",
        "1 cleanup suspected\n2 cleanup opened [firing 1]\n3 suspected\n3 again\n3.1 refuted\n4 cleanup withdrawn [withdrawn 2]",
    );
}

#[test]
fn an_incident_says_where_it_broke_and_whose_it_is() {
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    told(&mut evaluator, "0:+ 1:= 1.1!=");
    let incident = evaluator.open().next().expect("one");
    assert_eq!(incident.title, "A customer signs in: fails at \"book\" (partner)");
    assert_eq!(incident.blame.step.as_deref(), Some("book"));
    assert_eq!(incident.blame.owner.as_deref(), Some("partner"));
    assert_eq!(incident.blame.cause, Some(Cause::Http));
    assert_eq!(incident.blame.said, "the status is 503");
    assert_eq!(incident.last_good.as_ref().map(|run| run.at), Some(at(0)));
    assert_eq!(incident.suspected_at, at(MINUTE));
    assert!(ulid::Ulid::from_string(&incident.id).is_ok());
}
