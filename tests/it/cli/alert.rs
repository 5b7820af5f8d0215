//! `alert test`: a message to everybody, and what relays said, for people who want to know before the night.

use super::Desk;
use crate::support::smtp::{At, Do, Offer, Peer};

fn config(relay: &str, more: &str) -> String {
    format!(
        "runs: []\nchannels:\n  ops-mail:\n    email:\n      from: forerunner@x.test\n      to: [a@x.test, b@x.test]\n      \
         fallback: [boss@x.test]\n      relays: [{relay}]\n{more}"
    )
}

fn relay(peer: &Peer) -> String {
    format!("{{ host: 127.0.0.1, port: {}, tls: none }}", peer.address.port())
}

#[tokio::test]
async fn every_receiver_gets_a_message_and_the_dialogue_is_shown() {
    let peer = Peer::start(Offer::default(), Vec::new()).await;
    let desk = Desk::new().file("c.yaml", &config(&relay(&peer), ""));
    let ran = desk.run("alert test --config c.yaml").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(peer.mails().iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["a@x.test", "b@x.test"]);
    let mail = &peer.mails()[0];
    assert_eq!(mail.field("X-Forerunner-Kind").as_deref(), Some("test"));
    assert!(mail.field("Message-ID").is_some_and(|id| id.starts_with("<test-") && id.ends_with("@x.test>")));
    for words in ["ops-mail: a test message to a@x.test", "ms < 220 ", "ms > RCPT TO:<a@x.test>", "  accepted: 250"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let ran = desk.run("alert test --config c.yaml --channel ops-mail --fallback").await;
    assert_eq!((ran.code, peer.mails().last().map(|mail| mail.to.clone()).as_deref()), (Some(0), Some("boss@x.test")));
}

#[tokio::test]
async fn what_was_not_accepted_is_told_with_the_reason() {
    let peer = Peer::start(Offer::default(), vec![vec![(At::Rcpt, Do::Refuse("a@x.test", "550 5.1.1 unknown"))]]).await;
    let desk = Desk::new().file("c.yaml", &config(&relay(&peer), ""));
    let ran = desk.run("alert test --config c.yaml").await;
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.out.contains("not accepted: 127.0.0.1:") && ran.out.contains("550 5.1.1 unknown"), "{}", ran.out);
    assert_eq!(peer.mails().len(), 1, "the other one has it");
}

#[tokio::test]
async fn what_cannot_be_tried_is_said_in_one_line() {
    let sound = "{ host: localhost, tls: none }";
    for (text, arguments, code, words) in [
        (config(sound, ""), "--channel ops-mial", 1, "there is no channel `ops-mial`; did you mean `ops-mail`?"),
        ("runs: []\n".to_owned(), "", 1, "the configuration has no channels"),
        (config("{ host: localhost, user: u }", ""), "", 2, "`user` without `password`"),
        (config(sound, "nonsense: 1\n"), "", 2, "nothing was sent"),
    ] {
        let ran = Desk::new().file("c.yaml", &text).run(&format!("alert test --config c.yaml {arguments}")).await;
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.err.contains(words), "{words}: {ran:?}");
    }
}
