//! The wall clock is set, by a minute or by a year, while something is open.

use super::*;

const YEAR: i64 = 365 * 24 * 60;

/// As [`told`], with the clock set by so many minutes between the two scripts.
fn check(before: &str, minutes: i64, after: &str, expected: &[&str]) {
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    told(&mut evaluator, before);
    let moved: Vec<_> = after
        .split(' ')
        .map(|word| {
            let (minute, letter) = word.split_once(':').expect("a planned run");
            format!("{}:{letter}", minute.parse::<i64>().expect("a minute") + minutes)
        })
        .collect();
    let lines = told(&mut evaluator, &moved.join(" "));
    let words: Vec<_> = lines.lines().filter_map(|line| line.split_once(' ')).map(|(_, word)| word).collect();
    assert_eq!(words, expected, "{before}, {minutes} min, {after}");
}

#[test]
fn a_clock_that_is_set_resolves_nothing_by_itself() {
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    told(&mut evaluator, "1:- 1.1!- 2:+");
    for minutes in [-YEAR, -60, 60, YEAR] {
        assert_eq!(evaluator.tick(at(minutes * MINUTE)), Output::default());
        assert_eq!(evaluator.open().count(), 1);
    }
    for minutes in [60, YEAR] {
        check("1:- 1.1!- 2:-", minutes, "3:+ 4:+", &["recovering", "resolved [resolved 2]"]);
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_keep_open_what_is_over() {
    for minutes in [-60, -YEAR] {
        check("1:- 1.1!- 2:+", minutes, "3:+ 4:+", &["recovering", "resolved [resolved 2]"]);
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_silence_what_lasts() {
    for minutes in [-60, -YEAR] {
        check("1:- 1.1!- 2:-", minutes, "3:- 4:- 60:- 243:-", &["reminded [reminder 2]", "reminded [reminder 3]"]);
    }
    check("1:- 1.1!-", -YEAR, "3:= 4:= 14:=", &["reminded [reminder 2]", "worsened [worsened 3]"]);
}

#[test]
fn a_clock_that_is_set_opens_nothing() {
    for minutes in [-YEAR, -60, 60, YEAR] {
        check("1:+", minutes, "2:+ 3:+", &[]);
        check("1:-", minutes, "2:+", &["refuted"]);
        check("1:- 1.1!- 2:-", minutes, "3:?", &[]);
    }
}

#[test]
fn what_broke_before_it_was_resolved_is_still_the_same() {
    check("1:- 1.1!- 2:+ 3:+", -YEAR, "4:- 5:-", &["suspected", "again", "reopened [firing 3]"]);
    check("1:- 1.1!- 2:+ 3:+", YEAR, "4:- 5:-", &["suspected", "again", "opened [firing 1]"]);
}
