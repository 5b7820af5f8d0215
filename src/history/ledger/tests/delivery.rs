//! From a change to an accepted message.

use super::*;
use crate::history::ledger::reader::{IncidentFilter, IncidentStory};

#[tokio::test]
async fn a_message_waits_until_it_is_accepted_and_the_story_tells_all_of_it() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x", "b@x"])]).await.expect("stored");
    assert_eq!(due(&ledger).await, ["1/1 firing a@x", "1/1 firing b@x"]);
    assert_eq!(ledger.pending_for(&address("a@x")), 1);
    let note = first(&ledger).await;
    assert_eq!(&note.rendered.message[..], b"firing 1");
    assert_eq!((note.thread, note.attempts), (None, 0));
    assert!(note.message_id.starts_with(&format!("inc-{}-1-", id(1).to_lowercase())), "{}", note.message_id);
    assert!(note.message_id.ends_with("@example.org"));
    ledger.sending(note.id, at(1)).await.expect("stored");
    ledger.crossing(note.id, at(1)).await.expect("stored");
    ledger.settle(note.id, at(2), accepted()).await.expect("stored");
    assert_eq!(due(&ledger).await, ["1/1 firing b@x"]);
    assert_eq!(ledger.pending_for(&address("a@x")), 0);
    let story = ledger.reader().incident(&id(1).to_lowercase()).expect("readable").expect("it is there");
    assert_eq!(story.events.len(), 1);
    let line = &story.notes[0];
    assert_eq!((line.state.as_str(), line.said.as_str(), line.settled_at), ("accepted", "250 ok", Some(at(2))));
    assert_eq!(ledger.reader().incidents(&IncidentFilter::default()).expect("readable").len(), 1);
    assert_eq!(ledger.reader().incident(&id(9)).expect("readable").map(|story| story.notes.len()), None);
}

#[test]
fn good_looks_in_a_row_are_one_turn() {
    let change = |(event, good)| {
        let transition = entry(1, NoticeKind::Reminder, 1, &[]).transition;
        Transition { event, incident: Incident { good, ..transition.incident.clone() }, ..transition }
    };
    let recovering = Event::Recovering;
    let first = [(Event::Opened, 0), (recovering, 1), (recovering, 2), (Event::Relapsed, 0)];
    let second = [(recovering, 1), (recovering, 2), (Event::Resolved, 3)];
    let story = IncidentStory {
        incident: incident(1, State::Resolved, 2),
        events: first.into_iter().chain(second).map(change).collect(),
        notes: Vec::new(),
    };
    let turns: Vec<Event> = story.turns().iter().map(|change| change.event).collect();
    assert_eq!(turns, [Event::Opened, recovering, Event::Relapsed, recovering, Event::Resolved]);
}

#[tokio::test]
async fn a_thread_reads_in_order() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
    ledger.commit(vec![entry(1, NoticeKind::Reminder, 2, &["a@x"])]).await.expect("stored");
    assert_eq!(due(&ledger).await, ["1/1 firing a@x"]);
    let root = first(&ledger).await;
    ledger.settle(root.id, at(1), deferred(false)).await.expect("stored");
    assert_eq!(ledger.next_due("ops", at(10)).await.expect("readable"), Some(at(30)));
    assert!(ledger.due("ops", at(10), 9).await.expect("readable").is_empty(), "the second waits for the first");
    ledger.settle(root.id, at(31), accepted()).await.expect("stored");
    let second = first(&ledger).await;
    assert_eq!((second.seq, second.thread), (2, Some((root.message_id.clone(), root.message_id))));
}

#[tokio::test]
async fn what_nobody_heard_of_is_told_once_when_it_is_over() {
    let place = Place::new();
    let ledger = place.open();
    let heard: [(u128, &str, &[&str]); 5] = [
        (1, "pending", &["1 firing superseded", "2 ended pending"]),
        (2, "deferred", &["1 firing superseded", "2 ended pending"]),
        (3, "maybe", &["1 firing unknown", "2 resolved pending"]),
        (4, "sending", &["1 firing sending", "2 resolved pending"]),
        (5, "accepted", &["1 firing accepted", "2 resolved pending"]),
    ];
    for (number, how, expected) in heard {
        ledger.commit(vec![entry(number, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
        let notes = ledger.due("ops", at(3600), 100).await.expect("readable");
        let note = notes.into_iter().find(|note| note.incident == Some(id(number))).expect("due");
        match how {
            "deferred" => ledger.settle(note.id, at(1), deferred(false)).await.expect("stored"),
            "maybe" => ledger.settle(note.id, at(1), deferred(true)).await.expect("stored"),
            "sending" => ledger.sending(note.id, at(1)).await.expect("stored"),
            "accepted" => ledger.settle(note.id, at(1), accepted()).await.expect("stored"),
            _ => {}
        }
        ledger.commit(vec![entry(number, NoticeKind::Resolved, 2, &["a@x"])]).await.expect("stored");
        assert_eq!(states(&ledger, number), expected, "{how}");
    }
}

#[tokio::test]
async fn who_is_refused_is_replaced_once() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x", "b@x"])]).await.expect("stored");
    for _ in 0..2 {
        let note = first(&ledger).await;
        let fallback = vec!["boss@x".to_owned()];
        let refused = Settled::Rejected { said: "550 unknown".to_owned(), fallback };
        ledger.settle(note.id, at(1), refused).await.expect("stored");
    }
    assert_eq!(due(&ledger).await, ["1/1 firing boss@x"]);
    assert_eq!(states(&ledger, 1), ["1 firing rejected", "1 firing rejected", "1 firing pending"]);
}

#[tokio::test]
async fn many_for_one_receiver_become_one() {
    let place = Place::new();
    let ledger = place.open();
    for number in 1..=6 {
        ledger.commit(vec![entry(number, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
    }
    let ids: Vec<i64> = ledger.due("ops", at(9), 9).await.expect("readable").iter().map(|note| note.id).collect();
    let digest = ledger.bundle(&ids, at(9), rendered("many", NoticeKind::Digest)).await.expect("stored");
    assert_eq!(due(&ledger).await, ["-/0 digest a@x"]);
    let note = first(&ledger).await;
    assert_eq!((note.id, note.severity), (digest, Severity::Critical));
    ledger.settle(digest, at(10), accepted()).await.expect("stored");
    assert!(due(&ledger).await.is_empty());
    assert_eq!(states(&ledger, 3), ["1 firing bundled"]);
    // They have been heard: what follows is told as what it is.
    ledger.commit(vec![entry(3, NoticeKind::Resolved, 2, &["a@x"])]).await.expect("stored");
    assert_eq!(due(&ledger).await, ["3/2 resolved a@x"]);
}

#[tokio::test]
async fn a_restart_finds_everything_as_it_was() {
    let place = Place::new();
    let ledger = place.open();
    for number in 1..=3 {
        ledger.commit(vec![entry(number, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
    }
    let notes = ledger.due("ops", at(9), 9).await.expect("readable");
    ledger.sending(notes[0].id, at(9)).await.expect("stored");
    ledger.crossing(notes[1].id, at(9)).await.expect("stored");
    drop(ledger);
    let ledger = place.open();
    let again = ledger.due("ops", at(9), 9).await.expect("readable");
    let told: Vec<_> = again.iter().map(|note| (note.state, note.message_id.clone())).collect();
    let ids: Vec<_> = notes.iter().map(|note| note.message_id.clone()).collect();
    let wanted: Vec<_> = [NoteState::Pending, NoteState::Unknown, NoteState::Pending].into_iter().zip(ids).collect();
    assert_eq!(told, wanted);
    assert_eq!(ledger.pending_for(&address("a@x")), 3);
    assert_eq!(ledger.restorable(at(0)).expect("readable").len(), 3);
}

#[tokio::test]
async fn at_most_one_incident_of_a_key_is_open() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
    let mut second = entry(2, NoticeKind::Firing, 1, &["a@x"]);
    second.transition.incident.key = incident(1, State::Firing, 1).key;
    let refused = ledger.commit(vec![entry(3, NoticeKind::Firing, 1, &["a@x"]), second]).await;
    assert!(refused.expect_err("two of one key").to_string().contains("UNIQUE"));
    // All of it is undone, and what comes later works.
    assert_eq!(due(&ledger).await, ["1/1 firing a@x"]);
    ledger.commit(vec![entry(3, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
}

#[tokio::test]
async fn what_was_taken_back_is_not_sent_any_more() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
    let stale = first(&ledger).await;
    ledger.commit(vec![entry(1, NoticeKind::Resolved, 2, &["a@x"])]).await.expect("stored");
    let refused = ledger.sending(stale.id, at(1)).await.expect_err("superseded").to_string();
    assert_eq!(refused, "the note does not wait any more");
    assert_eq!(due(&ledger).await, ["1/2 ended a@x"]);
    assert_eq!(first(&ledger).await.thread, None, "it answers nothing that was ever sent");
}

#[tokio::test]
async fn what_follows_a_digest_waits_for_it() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
    let ids = [first(&ledger).await.id];
    let digest = ledger.bundle(&ids, at(1), rendered("many", NoticeKind::Digest)).await.expect("stored");
    ledger.commit(vec![entry(1, NoticeKind::Resolved, 2, &["a@x"])]).await.expect("stored");
    assert_eq!(due(&ledger).await, ["-/0 digest a@x"]);
    ledger.settle(digest, at(2), Settled::Expired { said: "a day".to_owned() }).await.expect("stored");
    assert_eq!(due(&ledger).await, ["1/2 resolved a@x"]);
    assert_eq!(states(&ledger, 1), ["1 firing expired", "2 resolved pending"]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nothing_from_leaving() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
    let note = first(&ledger).await;
    let year = 365 * 86_400;
    assert_eq!(ledger.due("ops", at(-year), 9).await.expect("readable").len(), 1);
    let later = Settled::Deferred { until: at(2 * 86_400), said: "451".to_owned(), maybe_sent: false };
    ledger.settle(note.id, at(0), later).await.expect("stored");
    assert_eq!(ledger.next_due("ops", at(0)).await.expect("readable"), Some(at(3600)), "no wait is longer");
    assert!(ledger.due("ops", at(3599), 9).await.expect("readable").is_empty());
    assert_eq!(ledger.due("ops", at(-year), 9).await.expect("readable").len(), 1);
}

#[tokio::test]
async fn another_domain_breaks_neither_threads_nor_fallbacks() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x", "b@x"])]).await.expect("stored");
    let root = first(&ledger).await;
    ledger.settle(root.id, at(1), accepted()).await.expect("stored");
    ledger.set_domain("example.net");
    ledger.commit(vec![entry(1, NoticeKind::Reminder, 2, &["a@x"])]).await.expect("stored");
    let refused = Settled::Rejected { said: "550".to_owned(), fallback: vec!["a@x".to_owned()] };
    let other = first(&ledger).await;
    ledger.settle(other.id, at(1), refused).await.expect("whoever has it already is left out");
    let reminder = first(&ledger).await;
    assert!(reminder.message_id.ends_with("@example.net"));
    assert_eq!(reminder.thread, Some((root.message_id.clone(), root.message_id)));
}

#[tokio::test]
async fn who_may_not_be_written_to_is_left_out_and_all_that_waits_for_one_can_be_seen() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x", "b@x"])]).await.expect("stored");
    ledger.commit(vec![entry(1, NoticeKind::Reminder, 2, &["a@x", "b@x"])]).await.expect("stored");
    let beside = ["a@x".to_owned(), "'); DROP TABLE outbox; --".to_owned()];
    let due = ledger.due_beside("ops", at(9), 9, &beside).await.expect("readable");
    assert_eq!(due.iter().map(|note| note.address.recipient.as_str()).collect::<Vec<_>>(), ["b@x"]);
    // Also what waits behind another one, and what may not be sent yet; without its messages.
    ledger.settle(first(&ledger).await.id, at(1), deferred(false)).await.expect("stored");
    let waiting = ledger.waiting(&address("a@x"), 9).await.expect("readable");
    assert_eq!(waiting.iter().map(|note| note.seq).collect::<Vec<_>>(), [1, 2]);
    assert!(waiting.iter().all(|note| note.rendered.message.is_empty() && !note.rendered.line.title.is_empty()));
    assert_eq!(ledger.waiting(&address("a@x"), 1).await.expect("readable").len(), 1);
    assert!(ledger.waiting(&address("c@x"), 9).await.expect("readable").is_empty());
}

#[tokio::test]
async fn who_waits_for_news_is_not_woken_by_questions() {
    let place = Place::new();
    let ledger = place.open();
    let mut changed = ledger.changed();
    // The second answer comes when the first question is done with.
    for _ in 0..2 {
        assert!(due(&ledger).await.is_empty());
    }
    let woken = std::future::poll_fn(|cx| std::task::Poll::Ready(changed.as_mut().poll(cx).is_ready())).await;
    assert!(!woken);
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x"])]).await.expect("stored");
    changed.await;
}

#[tokio::test]
async fn what_notes_came_to_is_counted() {
    let place = Place::new();
    let ledger = place.open();
    ledger.commit(vec![entry(1, NoticeKind::Firing, 1, &["a@x", "b@x"])]).await.expect("stored");
    let ids: Vec<i64> = ledger.due("ops", at(9), 9).await.expect("readable").iter().map(|note| note.id).collect();
    ledger.settle(ids[0], at(1), deferred(false)).await.expect("stored");
    ledger.settle(ids[0], at(31), accepted()).await.expect("stored");
    ledger
        .settle(ids[1], at(1), Settled::Rejected { said: String::new(), fallback: Vec::new() })
        .await
        .expect("stored");
    let entered = ledger.status().entered;
    let counted: Vec<_> = NoteState::ALL.into_iter().zip(entered).filter(|(_, count)| *count > 0).collect();
    let expected =
        [(NoteState::Pending, 2), (NoteState::Deferred, 1), (NoteState::Accepted, 1), (NoteState::Rejected, 1)];
    assert_eq!(counted, expected);
}

#[tokio::test]
async fn incidents_are_listed_by_when_they_opened() {
    let place = Place::new();
    let ledger = place.open();
    for number in 1..=3 {
        let mut change = entry(number, NoticeKind::Firing, 1, &[]);
        change.transition.incident.opened_at = Some(at(60 * i64::try_from(number).expect("small")));
        ledger.commit(vec![change]).await.expect("stored");
    }
    for (since, until, expected) in [
        (None, None, vec![3, 2, 1]),
        (Some(120), None, vec![3, 2]),
        (None, Some(120), vec![1]),
        (Some(61), Some(180), vec![2]),
    ] {
        let filter = IncidentFilter { since: since.map(at), until: until.map(at), ..IncidentFilter::default() };
        let found = ledger.reader().incidents(&filter).expect("readable");
        let found: Vec<_> = found.into_iter().map(|incident| incident.id).collect();
        assert_eq!(found, expected.into_iter().map(id).collect::<Vec<_>>(), "{since:?} to {until:?}");
    }
}
