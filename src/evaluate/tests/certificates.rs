//! Certificates that run out.

use super::*;

const DAY: i64 = 86_400;

/// A good run that saw certificates of `site` which end in so many days.
fn seen(seconds: i64, days: &[i64]) -> Run {
    let mut run = run("sign-in", seconds, '+');
    for (step, days) in run.steps.iter_mut().zip(days) {
        step.host = Some("site".to_owned());
        step.certificate_not_after = Some(at(seconds + days * DAY));
    }
    run
}

/// Looks at runs, `(day, days left of each certificate)`, and says what followed.
fn check(looks: &[(i64, &[i64])], expected: &[(Event, Option<NoticeKind>, Severity)]) {
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    let mut told = Vec::new();
    for (day, days) in looks {
        let output = evaluator.observe(at(day * DAY), &seen(day * DAY, days), Trigger::Scheduled);
        told.extend(output.transitions.iter().map(|change| (change.event, change.notice, change.incident.severity)));
    }
    assert_eq!(told, expected, "{looks:?}");
}

#[test]
fn the_end_is_told_three_weeks_and_one_week_before() {
    use NoticeKind::{Firing, Reminder, Resolved, Worsened};
    use Severity::{Critical, Warning};
    check(&[(0, &[90]), (1, &[22])], &[]);
    check(&[(0, &[21])], &[(Event::Opened, Some(Firing), Warning)]);
    check(&[(0, &[3])], &[(Event::Opened, Some(Firing), Critical)]);
    check(&[(0, &[-2])], &[(Event::Opened, Some(Firing), Critical)]);
    check(
        &[(0, &[20]), (0, &[20]), (14, &[6]), (15, &[90])],
        &[
            (Event::Opened, Some(Firing), Warning),
            (Event::Worsened, Some(Worsened), Critical),
            (Event::Resolved, Some(Resolved), Critical),
        ],
    );
    check(
        &[(0, &[20]), (1, &[19])],
        &[(Event::Opened, Some(Firing), Warning), (Event::Reminded, Some(Reminder), Warning)],
    );
    // The one that ends first counts.
    check(&[(0, &[90, 5])], &[(Event::Opened, Some(Firing), Critical)]);
}

#[test]
fn it_is_named_by_the_host_and_knows_its_end() {
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    let output = evaluator.observe(at(0), &seen(0, &[5]), Trigger::Scheduled);
    let incident = &output.transitions[0].incident;
    assert_eq!(incident.key.to_string(), "sign-in cert:site");
    assert_eq!(incident.title, "A customer signs in: the certificate of site runs out");
    assert_eq!(incident.not_after, Some(at(5 * DAY)));
    assert_eq!(incident.blame.owner.as_deref(), Some("platform"));
    assert_eq!(evaluator.open().next(), Some(incident));
}

#[test]
fn a_host_that_the_journey_left_leaves_no_incident_behind() {
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    evaluator.observe(at(0), &seen(0, &[5]), Trigger::Scheduled);
    // Steps that did not run may be the ones of that host.
    let mut skipped = seen(60, &[]);
    skipped.steps[0].host = Some("other".to_owned());
    skipped.steps[1].host = Some("other".to_owned());
    let gone = skipped.clone();
    skipped.steps[1].state = StepState::Skipped;
    let mut failed = gone.clone();
    failed.outcome = Outcome::Failed;
    let mut without = seen(60, &[]);
    without.steps[1].host = Some("site".to_owned());
    for run in [&skipped, &without] {
        assert_eq!(evaluator.observe(at(60), run, Trigger::Scheduled), Output::default());
    }
    let output = evaluator.observe(at(61), &gone, Trigger::Scheduled);
    assert_eq!(events(&output), [(Event::Withdrawn, Some(NoticeKind::Withdrawn))]);
    assert_eq!(evaluator.open().count(), 0);
}

#[test]
fn what_is_more_urgent_now_is_repeated_as_that() {
    use NoticeKind::{Firing, Reminder, Worsened};
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    let mut told = Vec::new();
    for minute in (0..10_i64 * 24 * 60).step_by(10) {
        let mut run = seen(minute * MINUTE, &[0]);
        run.steps[0].certificate_not_after = Some(at(8 * DAY));
        let output = evaluator.observe(at(minute * MINUTE), &run, Trigger::Scheduled);
        told.extend(output.transitions.iter().filter_map(|change| Some((minute / 60, change.notice?))));
    }
    assert_eq!(told[..5], [(0, Firing), (24, Worsened), (25, Reminder), (29, Reminder), (53, Reminder)]);
}
