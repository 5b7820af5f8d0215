//! The worker: what is tried again and when, who is written to instead, and how much one receiver gets.

use forerunner::model::outbox::NoteState;

use super::*;
use crate::support::smtp::{At, Do, Offer, Script};

async fn peer(script: Script) -> Peer {
    Peer::start(Offer::default(), vec![script]).await
}

/// Seconds between attempts, of one relay.
fn pauses(peer: &Peer) -> Vec<u64> {
    let at: Vec<_> =
        peer.commands().into_iter().filter(|(_, line)| line.starts_with("RCPT")).map(|(at, _)| at).collect();
    at.windows(2).map(|two| (two[1] - two[0]).as_secs()).collect()
}

#[test]
fn a_server_that_does_not_know_us_yet_is_asked_until_it_does() {
    run(async {
        for answer in ["451 4.7.1 greylisted", "450 4.2.0 try again", "421 4.3.2 too busy"] {
            let one = peer(vec![(At::Rcpt, Do::Say(answer))]).await;
            let office = Office::open(vec![relay("one.test", &one)]);
            office.notice("i", "a@x.test");
            office.time.pass(300).await;
            one.becomes(Vec::new());
            office.done(400).await;
            assert_eq!(one.kept().len(), 1);
            let said: std::collections::BTreeSet<_> = one
                .commands()
                .into_iter()
                .filter(|(_, line)| line.starts_with("MAIL") || line.starts_with("RCPT"))
                .map(|(_, line)| line)
                .collect();
            assert_eq!(said.len(), 2, "sender and receiver stay the same: {said:?}");
            let pauses = pauses(&one);
            assert!((3..=5).contains(&pauses.len()), "{pauses:?}");
            for (pause, step) in pauses.iter().zip([30.0, 60.0, 120.0, 300.0]) {
                let bounds = step * 0.8 - 1.0..=step * 1.2 + 1.0;
                assert!(bounds.contains(&(*pause as f64)), "{pauses:?}");
            }
        }
    });
}

#[test]
fn one_receiver_who_is_refused_keeps_nobody_from_the_message_and_somebody_else_gets_it() {
    run(async {
        let script = vec![(At::Rcpt, Do::Refuse("b@x.test", "550 5.1.1 no such user"))];
        let (one, two) = (peer(script).await, peer(Vec::new()).await);
        let office = Office::open(vec![relay("one.test", &one), relay("two.test", &two)]);
        let ids = ["a@x.test", "b@x.test", "c@x.test"].map(|to| office.notice("i", to));
        office.done(1).await;
        let mut to: Vec<_> = one.mails().into_iter().map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, ["a@x.test", "boss@x.test", "c@x.test"]);
        assert_eq!(ids.map(|id| office.outbox.row(id).note.state), {
            use NoteState::{Accepted, Rejected};
            [Accepted, Rejected, Accepted]
        });
        let refused = |event: &Event| match event {
            Event::RecipientRefused { recipient, fallback, .. } => Some((recipient.clone(), fallback.clone())),
            _ => None,
        };
        let told: Vec<_> = office.events().iter().filter_map(refused).collect();
        assert_eq!(told, [("b@x.test".to_owned(), vec!["boss@x.test".to_owned()])]);
        office.time.pass(1000).await;
        assert_eq!(one.heard("RCPT TO:<b@x.test>"), 1);
        assert_eq!(two.connections(), 0, "no other relay is asked about a receiver who is not there");
    });
}

#[test]
fn who_may_not_send_by_one_relay_may_by_the_next_and_else_the_fallback_is_written_to() {
    run(async {
        for (at, answer) in [
            (At::Rcpt, "550 5.7.1 relaying denied"),
            (At::Data, "554 5.7.1 no"),
            (At::Dot, "554 5.7.1 looks like spam"),
            (At::Mail, "550 5.7.1 sender not allowed"),
            (At::Mail, "530 5.7.0 authentication required"),
        ] {
            let denies = || peer(vec![(at, Do::Say(answer))]);
            let (one, two) = (denies().await, peer(Vec::new()).await);
            let office = Office::open(vec![relay("one.test", &one), relay("two.test", &two)]);
            office.notice("i", "a@x.test");
            office.done(1).await;
            assert_eq!((one.kept().len(), two.mails().len()), (0, 1), "{answer}");
            assert!(matches!(office.troubles()[..], [Trouble::Policy | Trouble::Credentials]), "{answer}");
            drop(office);
            // Alone, with somebody else to turn to.
            let script =
                if at == At::Rcpt { vec![(at, Do::Refuse("a@x.test", answer))] } else { vec![(at, Do::Say(answer))] };
            let one = peer(script).await;
            let office = Office::open(vec![relay("one.test", &one)]);
            let id = office.notice("i", "a@x.test");
            office.time.pass(5).await;
            // A sender who is not allowed is so for every receiver: that is put right or it waits.
            let expected = if at == At::Mail { NoteState::Deferred } else { NoteState::Rejected };
            assert_eq!(office.outbox.row(id).note.state, expected, "{answer}");
            assert_eq!(one.mails().len(), usize::from(at == At::Rcpt), "{answer}");
        }
    });
}

#[test]
fn the_fallback_itself_being_refused_ends_there() {
    run(async {
        let one = peer(vec![(At::Rcpt, Do::Say("550 5.1.1 nobody"))]).await;
        let office = Office::open(vec![relay("one.test", &one)]);
        office.notice("i", "a@x.test");
        office.done(2).await;
        office.time.pass(100).await;
        assert_eq!(office.outbox.count(NoteState::Rejected), 2);
        assert_eq!(one.heard("RCPT"), 2);
    });
}

#[test]
fn incidents_that_came_and_went_while_no_relay_worked_are_told_in_one_late_message() {
    run(async {
        let mute = || peer(vec![(At::Banner, Do::Drop)]);
        let (one, two) = (mute().await, mute().await);
        let office = Office::open(vec![relay("one.test", &one), relay("two.test", &two)]);
        let mut times = Vec::new();
        for number in 0..30 {
            let at = office.time.clock().now();
            times.push(at.to_string());
            office.outbox.add("a@x.test", &format!("incident-{number}"), 1, NoticeKind::Ended, at);
            office.time.pass(240).await;
        }
        let tried = one.connections();
        assert!(tried < 7200 / 20, "a dead relay is not stormed: {tried}");
        two.becomes(Vec::new());
        office.done(700).await;
        office.time.pass(120).await;
        let mails = two.mails();
        assert_eq!(mails.len(), 1, "{:?}", mails.iter().map(|mail| mail.field("Subject")).collect::<Vec<_>>());
        let text = String::from_utf8_lossy(&mails[0].message).into_owned();
        for (number, time) in times.iter().enumerate() {
            assert!(text.contains(&format!("incident-{number} 1 {time}\r\n")), "{number}: {text}");
        }
        assert_eq!(office.outbox.count(NoteState::Bundled), 30);
        assert_eq!(office.events().iter().filter(|event| matches!(event, Event::Down { .. })).count(), 1);
        assert_eq!(office.events().iter().filter(|event| matches!(event, Event::Up)).count(), 1);
    });
}

#[test]
fn ten_thousand_notices_at_once_are_a_handful_of_messages() {
    run(async {
        let one = peer(Vec::new()).await;
        let office = Office::open(vec![relay("one.test", &one)]);
        for number in 0..5000 {
            office.notice(&number.to_string(), "a@x.test");
            office.notice(&number.to_string(), "b@x.test");
        }
        office.done(60).await;
        assert!(one.mails().len() <= 4, "{}", one.mails().len());
        assert_eq!(office.outbox.count(NoteState::Bundled) + one.mails().len(), 10_000 + 2);
    });
}

#[test]
fn one_receiver_gets_a_few_at_once_and_then_one_every_half_minute_and_others_do_not_wait() {
    run(async {
        let one = peer(Vec::new()).await;
        let office = Office::open(vec![relay("one.test", &one)]);
        for number in 0..40 {
            office.notice(&format!("a{number}"), "a@x.test");
            office.time.pass(3).await;
        }
        office.notice("b", "b@x.test");
        office.time.calm().await;
        assert!(one.mails().iter().any(|mail| mail.to == "b@x.test"));
        office.done(60).await;
        let at: Vec<_> = one.mails().iter().filter(|mail| mail.to == "a@x.test").map(|mail| mail.at).collect();
        assert!((5..=12).contains(&at.len()), "{}", at.len());
        assert!(at.windows(6).all(|six| six[5] - six[0] >= Duration::from_secs(30)));
        assert!(at[5..].windows(2).all(|two| two[1] - two[0] >= Duration::from_secs(29)));
    });
}

#[test]
fn no_more_than_four_connections_are_open_at_once() {
    run(async {
        let one = peer(vec![(At::Mail, Do::Late(20))]).await;
        let office = Office::open(vec![relay("one.test", &one)]);
        for number in 0..12 {
            office.notice("i", &format!("r{number}@x.test"));
        }
        let took = office.done(80).await;
        assert!((60..=63).contains(&took), "{took}");
        assert_eq!((one.mails().len(), one.most_open()), (12, 4));
    });
}

#[test]
fn what_is_over_for_a_day_is_given_up_and_what_is_not_never_is() {
    run(async {
        let one = peer(vec![(At::Mail, Do::Say("451 not today"))]).await;
        let office = Office::open(vec![relay("one.test", &one)]);
        let long_ago = office.time.clock().now().minus(Duration::from_secs(23 * 3600 + 3500));
        let ended = office.outbox.add("a@x.test", "i", 1, NoticeKind::Ended, long_ago);
        let firing = office.outbox.add("a@x.test", "j", 1, NoticeKind::Firing, long_ago);
        let fresh = office.outbox.add("a@x.test", "k", 1, NoticeKind::Resolved, office.time.clock().now());
        office.time.pass(400).await;
        let state = |id| office.outbox.row(id).note.state;
        assert_eq!((state(ended), state(firing), state(fresh)), {
            use NoteState::{Deferred, Expired};
            (Expired, Deferred, Deferred)
        });
        assert!(office.events().iter().any(|event| matches!(event, Event::Expired { .. })));
    });
}

#[test]
fn a_store_that_takes_nothing_holds_no_message_back_and_none_is_sent_twice() {
    run(async {
        let one = peer(Vec::new()).await;
        let office = Office::open(vec![relay("one.test", &one)]);
        office.break_disk(true);
        let ids: Vec<_> = (0..80).map(|number| office.notice("i", &format!("r{number}@x.test"))).collect();
        office.time.pass(300).await;
        assert_eq!(one.mails().len(), 80);
        let all = |state| ids.iter().all(|id| office.outbox.row(*id).note.state == state);
        assert!(all(NoteState::Pending));
        assert!(office.events().iter().any(|event| matches!(event, Event::NotStored { .. })));
        office.break_disk(false);
        office.done(61).await;
        assert!(all(NoteState::Accepted) && one.kept().len() == 80);
    });
}

#[test]
fn what_is_taken_back_before_its_attempt_is_not_sent() {
    run(async {
        let one = peer(Vec::new()).await;
        let office = Office::open(vec![relay("one.test", &one)]);
        office.break_disk(true);
        let now = office.time.clock().now();
        let [withdrawn, kept] = ["i", "j"].map(|of| office.outbox.add("a@x.test", of, 1, NoticeKind::Firing, now));
        office.outbox.taken_back.store(withdrawn, Ordering::SeqCst);
        office.break_disk(false);
        office.done(62).await;
        let state = |id| office.outbox.row(id).note.state;
        assert_eq!((state(withdrawn), state(kept), one.mails().len()), (NoteState::Superseded, NoteState::Accepted, 1));
    });
}

#[test]
fn what_a_dead_process_left_open_is_taken_up() {
    run(async {
        let one = peer(Vec::new()).await;
        let office = Office::open(vec![relay("one.test", &one)]);
        let now = office.time.clock().now();
        office.break_disk(true);
        for (incident, unknown) in [("i", false), ("j", true)] {
            let id = office.outbox.add("a@x.test", incident, 1, NoticeKind::Firing, now);
            office.outbox.force(id, if unknown { NoteState::Unknown } else { NoteState::Sending });
        }
        office.break_disk(false);
        office.done(2).await;
        assert_eq!(one.mails().len(), 2);
    });
}

#[test]
fn reports_that_nobody_reads_keep_no_message_back() {
    run(async {
        let one = peer(Vec::new()).await;
        let office = Office::with_reports(email(vec![relay("one.test", &one)]), 1);
        for number in 0..5 {
            office.notice(&number.to_string(), "a@x.test");
        }
        office.done(2).await;
        assert_eq!((one.mails().len(), office.events().len()), (5, 1));
        office.notice("more", "b@x.test");
        office.done(2).await;
        assert!(
            office.events().iter().any(|event| matches!(event, Event::Lost { reports: 9 })),
            "{:?}",
            office.events()
        );
    });
}
