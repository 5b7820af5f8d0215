//! Connections that end in the middle, and answers that belong to something else.

use forerunner::model::outbox::NoteState::{Accepted, Deferred, Pending, Sending, Unknown};

use super::*;
use crate::support::smtp::{At, Do, Offer, Script};

/// The first connection follows the script, the second is good.
async fn then_good(script: Script) -> (Peer, Office, i64) {
    let peer = Peer::start(Offer::default(), vec![script, Vec::new()]).await;
    let office = Office::open(vec![relay("one.test", &peer)]);
    let id = office.notice("i", "a@x.test");
    office.done(50).await;
    assert_eq!(office.outbox.row(id).note.state, Accepted);
    (peer, office, id)
}

#[test]
fn a_message_is_sent_again_wherever_the_connection_ended_and_arrives_once() {
    run(async {
        for at in [At::Banner, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::Body] {
            let (peer, office, id) = then_good(vec![(at, Do::Drop)]).await;
            assert_eq!((peer.kept().len(), peer.connections()), (1, 2), "{at:?}");
            assert_eq!(office.reasons().len(), 1, "{at:?}");
            // Until the end of the message is near, it cannot have arrived.
            let states = office.outbox.row(id).states;
            assert!(at == At::Body || states[..3] == [Pending, Sending, Deferred]);
        }
    });
}

#[test]
fn a_connection_that_ends_at_any_byte_of_the_message_costs_a_second_attempt_and_no_copy() {
    run(async {
        let (whole, ..) = then_good(Vec::new()).await;
        let length = whole.mails()[0].wire.len();
        assert!(length > 100);
        for bytes in 0..=length {
            let (peer, ..) = then_good(vec![(At::Body, Do::DropAfter(bytes))]).await;
            assert_eq!((peer.kept().len(), peer.mails()[0].wire.len()), (1, length), "{bytes}");
        }
    });
}

#[test]
fn a_message_that_was_kept_and_not_answered_comes_twice_at_most_and_is_the_same() {
    run(async {
        let (peer, office, id) = then_good(vec![(At::Dot, Do::KeepAndDrop)]).await;
        let copies = peer.kept();
        assert_eq!((copies.len(), peer.mails().len()), (2, 1));
        assert_eq!(copies[0].message, copies[1].message);
        assert_eq!(copies[0].field("Message-ID"), Some("<inc-i-1-a.x.test@example.org>".to_owned()));
        let states = office.outbox.row(id).states;
        assert_eq!(states, [Pending, Sending, Unknown, Unknown, Unknown, Unknown, Accepted]);
    });
}

#[test]
fn only_250_to_this_message_is_success() {
    run(async {
        for answer in ["251 ok", "252 ok", "200 ok", "221 bye", "354 go ahead", "334 more", "450 no", "503 no"] {
            let peer = Peer::start(Offer::default(), vec![vec![(At::Dot, Do::Say(answer))]]).await;
            let office = Office::open(vec![relay("one.test", &peer)]);
            let id = office.notice("i", "a@x.test");
            office.time.pass(100).await;
            let row = office.outbox.row(id);
            assert!(row.note.state.is_waiting() && row.note.attempts > 1, "{answer}: {:?}", row.states);
        }
    });
}

#[test]
fn an_answer_ahead_of_its_question_is_not_taken_for_the_next_one() {
    run(async {
        let early = |text: &str| Do::Raw(text.as_bytes().to_vec());
        for script in [
            // The last word before the message is there.
            vec![(At::Data, early("354 go\r\n250 2.0.0 queued\r\n"))],
            vec![(At::Rcpt, early("250 ok\r\n354 go\r\n250 2.0.0 queued\r\n"))],
            vec![(At::Mail, early("250 ok\r\n250 ok\r\n"))],
            vec![(At::Ehlo, early("250 hello\r\n250 ok\r\n"))],
            vec![(At::Banner, early("220 hello\r\n250 hello\r\n"))],
            // While the body is on its way.
            vec![(At::Body, early("250 2.0.0 queued\r\n"))],
            // Half of one.
            vec![(At::Data, early("354 go\r\n25"))],
        ] {
            let what = format!("{script:?}");
            let dropping = vec![script[0].clone(), (At::Dot, Do::Say("554 never"))];
            let peer = Peer::start(Offer::default(), vec![dropping, Vec::new()]).await;
            let office = Office::open(vec![relay("one.test", &peer)]);
            let id = office.notice("i", "a@x.test");
            office.time.until(50, &what, || office.outbox.row(id).note.state == Accepted).await;
            assert_eq!((peer.mails().len(), peer.connections()), (1, 2), "{what}");
            assert_eq!(office.outbox.row(id).said, "250 2.0.0 queued as 4F3", "{what}");
        }
    });
}

#[test]
fn a_transaction_that_was_cancelled_leaves_nothing_to_the_next_one() {
    run(async {
        // The answer to RCPT comes too late for its phase; the next attempt has a connection of its own.
        let late: Script = vec![(At::Rcpt, Do::Late(61)), (At::Data, Do::Say("354 confused"))];
        let peer =
            Peer::start(Offer::default(), vec![late, vec![(At::Mail, Do::Say("503 nested MAIL"))], Vec::new()]).await;
        let office = Office::open(vec![relay("one.test", &peer)]);
        office.notice("i", "a@x.test");
        office.done(200).await;
        assert_eq!((peer.mails().len(), peer.connections()), (1, 3));
        assert_eq!(office.reasons(), ["smtp_rcpt_timeout", "smtp_mail"]);
    });
}
