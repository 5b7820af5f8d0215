//! Where it breaks moves, and with it who is to blame.

use super::*;

const OPENED: &str = "1 suspected\n1 again\n1.1 opened [firing 1]\n";

#[test]
fn somebody_elses_step_twice_in_a_row_is_told_to_be_worse() {
    check(
        "1:- 1.1!- 20:= 21:= 22:- 23:= 24:=",
        &format!("{OPENED}20 doubted\n21 worsened [worsened 2]\n22 doubted\n23 doubted"),
    );
}

#[test]
fn soon_after_another_notice_a_change_of_place_waits_for_its_turn() {
    check("1:- 1.1!- 2:= 3:= 4:= 11:= 12:= 13:=", &format!("{OPENED}2 doubted\n12 worsened [worsened 2]"));
    // It is not told if it is the old place again by then.
    check("1:- 1.1!- 2:= 3:= 4:- 12:-", &format!("{OPENED}2 doubted\n4 doubted"));
}

#[test]
fn twice_in_a_row_means_with_nothing_between() {
    check(
        "1:- 1.1!- 20:= 21:+ 22:- 23:= 24:=",
        &format!("{OPENED}20 doubted\n21 recovering\n22 relapsed\n23 doubted\n24 worsened [worsened 2]"),
    );
    // The run that ends a recovery is one of the two.
    check("1:- 1.1!- 20:+ 21:= 22:=", &format!("{OPENED}20 recovering\n21 relapsed\n22 worsened [worsened 2]"));
    // An incident that opens again starts with no place but its own.
    check(
        "1:- 1.1!- 20:= 21:+ 22:+ 30:- 30.1!- 45:= 46:=",
        &format!(
            "{OPENED}20 doubted\n21 recovering\n22 resolved [resolved 2]\n30 suspected\n30 again\n\
             30.1 reopened [firing 3]\n45 doubted\n46 worsened [worsened 4]"
        ),
    );
    // So is one at which it was time for a reminder.
    check("1:- 1.1!- 62:= 75:=", &format!("{OPENED}62 reminded [reminder 2]\n75 worsened [worsened 3]"));
}

#[test]
fn a_long_title_still_says_whose_it_is() {
    let long = Policy { title: "A customer ".repeat(8), ..policy() };
    let mut evaluator = Evaluator::new([("sign-in".to_owned(), long)].into());
    let mut bad = run("sign-in", 0, '=');
    bad.steps[1].title = Some("pays for the very long name of a thing that was put into the basket".to_owned());
    let output = evaluator.observe(at(0), &bad, Trigger::Scheduled);
    let title = &output.transitions[0].incident.title;
    assert!(
        title.chars().count() <= 120 && title.ends_with("… (partner)") | title.ends_with("…\" (partner)"),
        "{title}"
    );
    assert!(title.starts_with("A customer A customer A customer"), "{title}");
}
