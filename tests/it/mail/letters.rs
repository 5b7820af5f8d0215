//! What a message looks like when it has arrived, whatever was in it.

use proptest::prelude::*;

use super::*;
use crate::support::smtp::{At, Do, Mail, Offer, Script};

/// A message with this subject and this text, delivered.
async fn arrives(offer: Offer, scripts: Vec<Script>, message: &[u8], short: &[u8]) -> (Peer, Office) {
    let peer = Peer::start(offer, scripts).await;
    let office = Office::open(vec![relay("one.test", &peer)]);
    let now = office.time.clock().now();
    let usual = rendered(NoticeKind::Firing, now, "x", b"");
    let rendered = Rendered { message: message.into(), short: short.into(), line: usual.line };
    office.outbox.add_rendered("a@x.test", "i", 1, NoticeKind::Firing, now, rendered);
    office.done(60).await;
    (peer, office)
}

fn text(mail: &Mail) -> String {
    String::from_utf8_lossy(&mail.message).into_owned()
}

const HEAD: &str = "Subject: s\r\nAuto-Submitted: auto-generated\r\nList-Id: <alerts.example.org>\r\n\
                    X-Auto-Response-Suppress: All\r\n\r\n";

fn long() -> Vec<u8> {
    format!("{HEAD}{}", "a long line of text\r\n".repeat(2000)).into_bytes()
}

fn short() -> Vec<u8> {
    format!("{HEAD}in short\r\n").into_bytes()
}

#[test]
fn a_relay_that_finds_a_message_too_large_gets_the_short_one() {
    run(async {
        let says = |at, text| vec![(at, Do::Say(text))];
        let ten = Offer { size: Some(10_240), ..Offer::default() };
        for (offer, script, connections) in [
            // It says so before it is tried.
            (ten, Vec::new(), 1),
            (Offer::default(), says(At::Mail, "552 5.3.4 message size exceeds fixed limit"), 2),
            (Offer::default(), says(At::Rcpt, "552 5.2.2 mailbox full"), 2),
            (Offer::default(), says(At::Data, "552 too much"), 2),
            (Offer::default(), says(At::Dot, "552 5.3.4 message too large"), 2),
            (Offer::default(), says(At::Dot, "523 5.2.3 too long"), 2),
            (Offer::default(), says(At::Dot, "550 5.2.3 too long for this mailbox"), 2),
        ] {
            let what = format!("{script:?}");
            let (peer, office) = arrives(offer, vec![script, Vec::new()], &long(), &short()).await;
            let mails = peer.mails();
            assert_eq!((mails.len(), peer.connections()), (1, connections), "{what}");
            assert!(text(&mails[0]).ends_with("\r\n\r\nin short\r\n"), "{what}");
            assert!(office.reasons().is_empty(), "{what}");
            assert_eq!(mails[0].field("List-Id"), Some("<alerts.example.org>".to_owned()));
        }
        // With room enough it is whole.
        let (peer, _office) =
            arrives(Offer { size: Some(0), ..Offer::default() }, vec![Vec::new()], &long(), &short()).await;
        let mails = peer.mails();
        assert!(text(&mails[0]).matches("a long line").count() == 2000);
        assert_eq!(peer.heard(&format!("MAIL FROM:<forerunner@example.org> SIZE={}", mails[0].message.len())), 1);
    });
}

#[test]
fn a_receiver_who_does_not_get_the_short_one_either_is_refused() {
    run(async {
        let full = vec![(At::Rcpt, Do::Refuse("a@x.test", "552 5.2.2 mailbox full"))];
        let (peer, office) = arrives(Offer::default(), vec![full], &long(), &short()).await;
        assert_eq!(peer.mails().iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["boss@x.test"]);
        assert_eq!(office.troubles(), [Trouble::Recipient; 2]);
    });
}

#[test]
fn the_receiver_and_the_thread_stand_before_the_message() {
    run(async {
        let peer = Peer::start(Offer::default(), vec![Vec::new()]).await;
        let office = Office::open(vec![relay("one.test", &peer)]);
        for (seq, kind) in [(1, NoticeKind::Firing), (2, NoticeKind::Worsened), (3, NoticeKind::Resolved)] {
            office.outbox.add("a@x.test", "i", seq, kind, office.time.clock().now());
        }
        office.done(2).await;
        let mails = peer.mails();
        let id = |seq: usize| format!("<inc-i-{seq}-a.x.test@example.org>");
        for (at, mail) in mails.iter().enumerate() {
            assert_eq!((mail.from.as_str(), mail.to.as_str()), ("forerunner@example.org", "a@x.test"));
            assert_eq!(mail.field("To"), Some("a@x.test".to_owned()));
            assert_eq!(mail.field("Message-ID"), Some(id(at + 1)));
            assert_eq!(mail.field("Auto-Submitted"), Some("auto-generated".to_owned()));
        }
        assert_eq!((mails[0].field("In-Reply-To"), mails[0].field("References")), (None, None));
        assert_eq!((mails[1].field("In-Reply-To"), mails[1].field("References")), (Some(id(1)), Some(id(1))));
        let both = Some(format!("{} {}", id(1), id(2)));
        assert_eq!((mails[2].field("In-Reply-To"), mails[2].field("References")), (Some(id(2)), both));
    });
}

#[test]
fn a_relay_of_seven_bits_gets_seven_bits() {
    run(async {
        let message = format!("{HEAD}gr\u{fc}n\r\n").into_bytes();
        for eight_bit in [true, false] {
            let offer = Offer { eight_bit, ..Offer::default() };
            let (peer, _office) = arrives(offer, vec![Vec::new()], &message, &short()).await;
            let mails = peer.mails();
            assert_eq!(peer.heard("MAIL FROM:<forerunner@example.org> BODY=8BITMIME"), usize::from(eight_bit));
            assert_eq!(mails[0].message.is_ascii(), !eight_bit);
            assert!(text(&mails[0]).ends_with(if eight_bit { "gr\u{fc}n\r\n" } else { "gr??n\r\n" }));
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// With what targets may say in it: line ends of every kind, lone dots, commands, bidi, NUL, letters of every script.
    #[test]
    fn whatever_is_in_a_message_it_arrives_as_one_and_its_head_is_ours(
        pieces in prop::collection::vec(prop_oneof![
            Just("\r\n.\r\n".to_owned()),
            Just("\n.\n".to_owned()),
            Just("\r.\r".to_owned()),
            Just("\r\n.\nMAIL FROM:<x@y>\r\nRCPT TO:<z@y>\r\nDATA\r\n".to_owned()),
            Just("\u{202e}\0\u{1f600}".to_owned()),
            Just("x".repeat(1500)),
            any::<String>(),
        ], 0..12)
    ) {
        let body = pieces.concat();
        run(async {
            let message = format!("{HEAD}{body}").into_bytes();
            let offer = Offer { eight_bit: true, ..Offer::default() };
            let (peer, office) = arrives(offer, vec![Vec::new()], &message, &short()).await;
            let kept = peer.kept();
            assert_eq!(kept.len(), 1);
            assert_eq!(kept[0].field("Subject"), Some("s".to_owned()));
            assert_eq!(kept[0].field("To"), Some("a@x.test".to_owned()));
            assert!(kept[0].wire.split(|byte| *byte == b'\n').all(|line| line.len() <= 1000));
            assert_eq!((peer.heard("MAIL"), peer.heard("DATA")), (1, 1));
            let letters = |text: &str| text.chars().filter(|letter| !"\r\n\0".contains(*letter)).collect::<String>();
            let arrived = text(&kept[0]);
            let (_, arrived) = arrived.split_once("\r\n\r\n").expect("a body");
            // A long line may be broken inside a letter of several bytes.
            if body.lines().all(|line| line.len() < 900) {
                assert_eq!(letters(arrived), letters(&body));
            }
            drop(office);
        });
    }
}
