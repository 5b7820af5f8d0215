//! Trouble of our own parts, which no run shows.

use super::*;

#[test]
fn it_is_told_at_once_and_once_and_over_when_it_is_over() {
    let mut evaluator = Evaluator::new(BTreeMap::new());
    let mut own = |seconds, trouble| evaluator.own(at(seconds), "channel/ops", trouble, Severity::Critical);
    assert_eq!(events(&own(0, None)), []);
    assert_eq!(events(&own(1, Some("535 refused"))), [(Event::Opened, Some(NoticeKind::Firing))]);
    assert_eq!(events(&own(2, Some("535 refused"))), []);
    assert_eq!(events(&own(3, None)), [(Event::Resolved, Some(NoticeKind::Resolved))]);
    assert_eq!(events(&own(4, None)), []);
    assert_eq!(events(&own(5, Some("again"))), [(Event::Reopened, Some(NoticeKind::Firing))]);
}

#[test]
fn time_alone_reminds_of_it_and_no_reload_withdraws_it() {
    let mut evaluator = Evaluator::new(BTreeMap::new());
    evaluator.own(at(0), "channel/ops", Some("535 refused"), Severity::Critical);
    assert_eq!(evaluator.reload(at(1), BTreeMap::new()).transitions, []);
    assert_eq!(evaluator.next_deadline(), Some(at(3600)));
    assert_eq!(events(&evaluator.tick(at(3599))), []);
    assert_eq!(events(&evaluator.tick(at(3600))), [(Event::Reminded, Some(NoticeKind::Reminder))]);
    assert_eq!(evaluator.next_deadline(), Some(at(5 * 3600)));
    evaluator.own(at(4000), "channel/ops", None, Severity::Critical);
    let forgotten = evaluator.next_deadline().expect("it may open again for a while");
    assert_eq!(events(&evaluator.tick(forgotten)), []);
    assert_eq!((evaluator.next_deadline(), evaluator.incidents.len()), (None, 0));
}

#[test]
fn a_part_that_is_no_more_leaves_no_trouble_behind() {
    let mut evaluator = Evaluator::new(policies(&["sign-in"]));
    for part in ["channel/ops", "channel/dev"] {
        evaluator.own(at(0), part, Some("535 no"), Severity::Critical);
    }
    let output = evaluator.without(at(9), |part| part == "channel/ops");
    assert_eq!(events(&output), [(Event::Withdrawn, Some(NoticeKind::Withdrawn))]);
    assert_eq!(evaluator.open().map(|incident| incident.key.name.as_str()).collect::<Vec<_>>(), ["channel/dev"]);
    assert_eq!(events(&evaluator.without(at(10), |part| part == "channel/ops")), []);
}
