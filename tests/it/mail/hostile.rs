//! Relays that send without end, without sense, or without pause: each costs a connection and nothing more.

use forerunner::model::outbox::NoteState;

use super::*;
use crate::support::smtp::{At, Do, Offer};

#[test]
fn what_has_no_end_is_given_up() {
    run(async {
        for at in [At::Banner, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::Dot] {
            for flood in [&b"250-more\r\n"[..], b"220-more\r\n", b"x", b"\0", b"\r\n", b"250 ok\r\n", b"250-"] {
                let bad = Peer::start(Offer::default(), vec![vec![(at, Do::Flood(flood.to_vec()))]]).await;
                let good = Peer::start(Offer::default(), vec![Vec::new()]).await;
                let office = Office::open(vec![relay("one.test", &bad), relay("two.test", &good)]);
                let id = office.notice("i", "a@x.test");
                office.done(2).await;
                let what = format!("{at:?} {}", flood.escape_ascii());
                let row = office.outbox.row(id);
                assert_eq!(row.note.state, NoteState::Accepted, "{what}");
                // `250 ok` over and over is an answer to the end of a message, and noise everywhere else.
                let taken = at == At::Dot && flood == b"250 ok\r\n";
                assert_eq!(good.mails().len(), usize::from(!taken), "{what}");
                assert!(row.said.len() < 400, "{what}: {}", row.said);
            }
        }
    });
}

#[test]
fn what_a_relay_says_is_kept_short_and_harmless() {
    run(async {
        let long = format!("550 5.1.1 {}\u{1b}[2J\u{202e}\r\n", "no ".repeat(1000));
        let peer = Peer::start(Offer::default(), vec![vec![(At::Rcpt, Do::Raw(long.into_bytes()))]]).await;
        let office = Office::open(vec![relay("one.test", &peer)]);
        let id = office.notice("i", "boss@x.test");
        office.done(2).await;
        let row = office.outbox.row(id);
        assert_eq!(row.note.state, NoteState::Rejected);
        assert!(row.said.chars().count() < 400, "{}", row.said);
        let steers = |letter: char| letter.is_control() || letter == '\u{202e}';
        assert!(!row.said.chars().any(steers), "{}", row.said);
    });
}

#[test]
fn a_mean_relay_cannot_keep_a_connection_for_longer_than_its_phases() {
    run(async {
        // A byte a second is an answer that is never there.
        let peer = Peer::start(Offer::default(), vec![vec![(At::Ehlo, Do::Drip)]]).await;
        let office = Office::open(vec![relay("one.test", &peer)]);
        office.notice("i", "a@x.test");
        office.time.until(20, "it is left", || !office.reasons().is_empty()).await;
        assert_eq!(office.reasons(), ["smtp_ehlo_timeout"]);
    });
}
