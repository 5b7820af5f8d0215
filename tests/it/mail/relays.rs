//! Relays that are away, mute or slow, and two of which the faster one counts.

use forerunner::model::outbox::NoteState;

use super::*;
use crate::support::smtp::{At, Do, Offer, Script};

async fn peer(script: Script) -> Peer {
    Peer::start(Offer::default(), vec![script]).await
}

/// A port at which nobody listens, until somebody does.
fn away() -> Relay {
    let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = socket.local_addr().expect("an address").port();
    drop(socket);
    Relay { host: "gone.test".to_owned(), port, tls: RelayTls::None, login: None, ca: None }
}

#[test]
fn while_no_relay_is_there_messages_wait_and_then_each_is_sent_once_in_order() {
    run(async {
        let relay_away = away();
        let port = relay_away.port;
        let office = Office::open(vec![relay_away]);
        let now = || office.time.clock().now();
        for (incident, to) in [("i", "a@x.test"), ("j", "b@x.test")] {
            for (seq, kind) in [(1, NoticeKind::Firing), (2, NoticeKind::Worsened), (3, NoticeKind::Reminder)] {
                office.outbox.add(to, incident, seq, kind, now());
            }
        }
        office.time.pass(400).await;
        assert_eq!((office.outbox.waiting(), office.outbox.count(NoteState::Unknown)), (6, 0));
        // One after the other, however many wait.
        let reasons = office.reasons();
        assert!(
            (4..=30).contains(&reasons.len()) && reasons.iter().all(|reason| *reason == "smtp_connect"),
            "{reasons:?}"
        );
        assert_eq!(office.events().iter().filter(|event| matches!(event, Event::Down { .. })).count(), 1);
        let back = Peer::start_at(port, Offer::default(), vec![Vec::new()]).await;
        office.done(700).await;
        let mails = back.mails();
        assert_eq!(mails.len(), 6);
        for to in ["a@x.test", "b@x.test"] {
            let subjects: Vec<_> =
                mails.iter().filter(|mail| mail.to == to).map(|mail| mail.field("Subject")).collect();
            let ends: Vec<_> = subjects.iter().flatten().map(|subject| subject.chars().last()).collect();
            assert_eq!(ends, [Some('1'), Some('2'), Some('3')]);
        }
        assert_eq!(office.events().iter().filter(|event| matches!(event, Event::Up)).count(), 1);
    });
}

#[test]
fn a_relay_without_a_banner_is_left_after_half_a_minute_and_holds_up_nobody_else() {
    run(async {
        let (mute, good) = (peer(vec![(At::Banner, Do::Silent)]).await, peer(Vec::new()).await);
        let office = Office::open(vec![relay("one.test", &mute), relay("two.test", &good)]);
        for (incident, to) in [("i", "a@x.test"), ("j", "b@x.test"), ("k", "c@x.test")] {
            office.notice(incident, to);
        }
        let took = office.done(40).await;
        assert!((30..=32).contains(&took), "{took}");
        assert_eq!((good.mails().len(), mute.most_open()), (3, 3));
        assert_eq!(office.reasons(), ["smtp_banner_timeout"; 3]);
    });
}

#[test]
fn a_slow_relay_delivers_within_the_limits_and_delays_nobody_else() {
    run(async {
        let late = |at, seconds| (at, Do::Late(seconds));
        let slow: Script = vec![
            late(At::Banner, 20),
            late(At::Ehlo, 14),
            late(At::Mail, 20),
            (At::Rcpt, Do::Drip),
            late(At::Data, 20),
            late(At::Dot, 20),
        ];
        let peer = Peer::start(Offer::default(), vec![slow, Vec::new()]).await;
        let office = Office::open(vec![relay("one.test", &peer)]);
        office.notice("i", "a@x.test");
        office.time.pass(2).await;
        for (incident, to) in [("j", "b@x.test"), ("k", "c@x.test")] {
            office.notice(incident, to);
        }
        office.time.calm().await;
        office.time.calm().await;
        assert_eq!(peer.mails().len(), 2, "the others have arrived at once");
        let took = office.done(200).await;
        assert!((100..=125).contains(&took), "{took}");
        assert_eq!(peer.mails().len(), 3);
        assert!(office.reasons().is_empty());
    });
}

#[test]
fn of_two_relays_that_have_the_whole_message_the_first_word_counts() {
    run(async {
        // Seconds until each says yes, and when the message counts as delivered.
        for (first, second, delivered) in [(90, 0, 30), (40, 30, 40), (90, 20, 50), (29, 0, 29)] {
            let late = |seconds| if seconds == 0 { Vec::new() } else { vec![(At::Dot, Do::Late(seconds))] };
            let (one, two) = (peer(late(first)).await, peer(late(second)).await);
            let office = Office::open(vec![relay("one.test", &one), relay("two.test", &two)]);
            let id = office.notice("i", "a@x.test");
            let took = office.done(100).await;
            assert!((delivered..=delivered + 1).contains(&took), "{first} {second}: {took}");
            office.time.pass(120).await;
            let row = office.outbox.row(id);
            assert_eq!((row.note.state, row.note.attempts), (NoteState::Accepted, 1));
            let copies: Vec<_> = one.kept().into_iter().chain(two.kept()).collect();
            assert_eq!(copies.len(), if first < 30 { 1 } else { 2 });
            assert!(copies.iter().all(|mail| mail.message == copies[0].message), "copies are the same to the byte");
            assert!(office.reasons().is_empty());
        }
    });
}

#[test]
fn of_two_relays_one_that_says_no_leaves_it_to_the_other() {
    run(async {
        for (first, second) in
            [(Do::Late(60), Do::Say("451 busy")), (Do::Late(60), Do::Say("554 spam")), (Do::Late(60), Do::Drop)]
        {
            let (one, two) = (peer(vec![(At::Dot, first)]).await, peer(vec![(At::Dot, second)]).await);
            let office = Office::open(vec![relay("one.test", &one), relay("two.test", &two)]);
            office.notice("i", "a@x.test");
            let took = office.done(70).await;
            assert!((60..=61).contains(&took), "{took}");
            assert_eq!((one.mails().len(), two.mails().len()), (1, 0));
        }
        // Nobody says a word: it is not known, and tried again with the same id.
        let silent = || peer(vec![(At::Dot, Do::KeepAndSilent)]);
        let (one, two) = (silent().await, silent().await);
        let office = Office::open(vec![relay("one.test", &one), relay("two.test", &two)]);
        let id = office.notice("i", "a@x.test");
        let now = |office: &Office| office.outbox.row(id).note;
        office.time.until(640, "it is unknown", || now(&office).attempts == 1).await;
        assert_eq!(now(&office).state, NoteState::Unknown);
        one.becomes(Vec::new());
        office.done(40).await;
        let copies: Vec<_> = one.kept().into_iter().chain(two.kept()).collect();
        assert_eq!((copies.len(), one.mails().len()), (3, 1));
        assert!(copies.iter().all(|mail| mail.message == copies[0].message));
    });
}

#[test]
fn a_relay_that_has_no_address_is_passed_over() {
    run(async {
        let good = peer(Vec::new()).await;
        let office = Office::open(vec![relay("[not a name]", &good), relay("two.test", &good)]);
        office.notice("i", "a@x.test");
        office.done(10).await;
        assert_eq!((good.mails().len(), office.reasons()), (1, vec!["smtp_resolve"]));
    });
}
