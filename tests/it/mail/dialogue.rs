//! Every phase of a dialogue, and everything that can go wrong in it.

use forerunner::model::outbox::NoteState;
use forerunner::notify::channel::{SendContext, Trouble};
use forerunner::notify::email::transcript::Speaker;

use super::*;
use crate::support::smtp::{At, Do, Offer, Script};

/// Phases of a relay that neither encrypts nor asks who we are, with their limits in seconds.
const PHASES: [(At, &str, u64); 6] = [
    (At::Banner, "smtp_banner", 30),
    (At::Ehlo, "smtp_ehlo", 15),
    (At::Mail, "smtp_mail", 30),
    (At::Rcpt, "smtp_rcpt", 60),
    (At::Data, "smtp_data", 60),
    (At::Dot, "smtp_dot", 600),
];

/// What becomes of a message whose first relay does this.
struct Case {
    script: Script,
    reason: &'static str,
    /// Seconds until the second relay has the message.
    within: u64,
    /// Copies that the first one may have kept.
    kept: usize,
}

async fn check(case: Case) {
    let bad = Peer::start(Offer::default(), vec![case.script.clone()]).await;
    let good = Peer::start(Offer::default(), vec![Vec::new()]).await;
    let office = Office::open(vec![relay("one.test", &bad), relay("two.test", &good)]);
    let what = format!("{:?}", case.script);
    let id = office.notice("i", "a@x.test");
    let took = office.time.until(case.within + 1, &what, || office.outbox.waiting() == 0).await;
    assert!(took <= case.within, "{what}: {took} s");
    assert_eq!(office.outbox.row(id).note.state, NoteState::Accepted, "{what}");
    assert_eq!((good.mails().len(), bad.kept().len()), (1, case.kept), "{what}");
    // The loser of two that were asked at once is not asked what it thinks of it.
    if case.reason != "superseded" {
        assert_eq!(office.reasons(), [case.reason], "{what}");
    }
    assert_eq!(office.troubles(), [], "{what}");
    assert_eq!(office.outbox.row(id).note.attempts, 1, "{what}");
    assert!(good.connections() == 1 && bad.connections() == 1, "{what}");
}

#[test]
fn whatever_passing_trouble_a_relay_has_in_a_phase_the_next_one_takes_the_message_at_once() {
    run(async {
        for (at, reason, _) in PHASES {
            let refusals = [
                "421 4.3.2 closing",
                "451 4.7.1 greylisted, come back later",
                "450 busy",
                "503 bad sequence",
                "500 what",
            ];
            let nonsense =
                ["250-half\r\n251 another", "HTTP/1.1 400 Bad Request", "999 no such code", "", "\u{0}\u{0}"];
            // Of a code that would be good elsewhere.
            let misplaced = [if at == At::Banner { "250 hello" } else { "220 hello" }];
            for answer in refusals.iter().chain(&nonsense).chain(&misplaced) {
                // Said at the end of the message, an answer that is none leaves open whether it was taken.
                check(Case { script: vec![(at, Do::Say(answer))], reason, within: 1, kept: 0 }).await;
            }
            check(Case { script: vec![(at, Do::Drop)], reason, within: 1, kept: 0 }).await;
        }
    });
}

#[test]
fn a_relay_that_is_silent_is_left_when_its_phase_is_over() {
    run(async {
        for (at, _, limit) in PHASES {
            let bad = Peer::start(Offer::default(), vec![vec![(at, Do::Silent)]]).await;
            let office = Office::open(vec![relay("one.test", &bad)]);
            let id = office.notice("i", "a@x.test");
            office.time.until(limit + 2, "it leaves", || !bad.waited().is_empty()).await;
            let (place, waited) = bad.waited()[0];
            assert_eq!(place, at);
            assert!((limit..=limit + 1).contains(&waited.as_secs()), "{at:?}: {waited:?}");
            office.time.calm().await;
            let reason = office.reasons();
            assert!(reason.len() == 1 && reason[0].ends_with("_timeout"), "{reason:?}");
            // Only after the final dot it may have arrived.
            let expected = if at == At::Dot { NoteState::Unknown } else { NoteState::Deferred };
            assert_eq!(office.outbox.row(id).note.state, expected, "{at:?}");
        }
    });
}

#[test]
fn one_silent_in_any_phase_before_the_end_costs_its_limit_and_no_more() {
    run(async {
        for (at, reason, limit) in &PHASES[..5] {
            let reason = format!("{reason}_timeout").leak();
            check(Case { script: vec![(*at, Do::Silent)], reason, within: limit + 1, kept: 0 }).await;
        }
    });
}

#[test]
fn leave_is_taken_and_nobody_waits_for_the_answer() {
    run(async {
        for deed in [Do::Silent, Do::Drop, Do::Say("500 what"), Do::Raw(vec![0; 100])] {
            let peer = Peer::start(Offer::default(), vec![vec![(At::Quit, deed)]]).await;
            let office = Office::open(vec![relay("one.test", &peer)]);
            office.notice("i", "a@x.test");
            assert_eq!(office.done(1).await, 0);
            office.time.pass(3).await;
            assert_eq!((peer.mails().len(), peer.heard("QUIT")), (1, 1));
            assert!(office.reasons().is_empty());
            assert!(peer.waited().iter().all(|(_, waited)| waited.as_secs() <= 2));
        }
    });
}

/// Nobody keeps books: a test of the channel by hand.
struct ByHand;

impl SendContext for ByHand {
    fn crossing(&self) -> forerunner::model::outbox::Stored<'_, ()> {
        Box::pin(async { Ok(()) })
    }
    fn failed(&self, _: &forerunner::notify::channel::Failure) {}
    fn recovered(&self, _: &str) {}
    fn reached(&self, _: &'static str) {}
}

#[test]
fn a_dialogue_can_be_read_and_holds_no_password() {
    run(async {
        let time = Frozen::new();
        let directory = tempfile::tempdir().expect("a directory");
        let authority = crate::support::pki::CertificateAuthority::new("ours");
        let config = encryption::server(&authority.server(&["one.test"]));
        let offer =
            Offer { starttls: Some(config), auth: Some(("LOGIN PLAIN", "me", "hunter2hunter2")), ..Offer::default() };
        // It repeats what it was told, as some do.
        let says = Do::Say("535 5.7.8 no: hunter2hunter2 aHVudGVyMmh1bnRlcjI=");
        let refusing = Peer::start(offer.clone(), vec![vec![(At::Auth, says)]]).await;
        let good = Peer::start(offer, vec![Vec::new()]).await;
        let relays = [("one.test", &refusing), ("two.test", &good)].map(|(_, peer)| Relay {
            tls: RelayTls::Starttls,
            login: Some(login(&directory, "me", "hunter2hunter2")),
            ca: Some(encryption::ca(&directory, &authority)),
            ..relay("one.test", peer)
        });
        let channel = email(relays.to_vec());
        let model = Model::default();
        let id = model.add("a@x.test", "i", 1, NoticeKind::Test, time.clock().now());
        let transcript = channel.rehearse(&model.row(id).note, &ByHand).await;
        assert_eq!(transcript.result.as_deref(), Ok("250 2.0.0 queued as 4F3"));
        let lines: Vec<String> = transcript.lines.iter().map(ToString::to_string).collect();
        let text = lines.join("\n");
        for expected in [
            "< 220 peer.test ESMTP",
            "> EHLO monitor.example.org",
            "> STARTTLS",
            "* encrypted, and the certificate is good",
            "> AUTH PLAIN (user and password)",
            "< 235 2.7.0 welcome",
            "> MAIL FROM:<forerunner@example.org>",
            "> RCPT TO:<a@x.test>",
            "> .",
            "< 250 2.0.0 queued as 4F3",
            "> QUIT",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected} in:\n{text}");
        }
        assert!(text.contains("< 535 5.7.8 no: <password>"), "{text}");
        for secret in ["hunter2", "aHVudGVyMm", "AG1lAGh1bnRlcjI"] {
            assert!(!text.contains(secret), "{secret} in:\n{text}");
        }
        let relays: Vec<_> =
            transcript.lines.iter().map(|line| (line.relay.as_str(), line.speaker == Speaker::Note)).collect();
        assert!(relays.iter().any(|(relay, _)| relay.ends_with(&refusing.address.port().to_string())));
        assert_eq!((good.mails().len(), refusing.mails().len()), (1, 0));
    });
}

#[test]
fn whether_a_relay_would_take_a_message_is_asked_without_one() {
    run(async {
        let _time = Frozen::new();
        let bad = Peer::start(Offer::default(), vec![vec![(At::Ehlo, Do::Drop)]]).await;
        let good = Peer::start(Offer::default(), vec![Vec::new()]).await;
        let both = email(vec![relay("one.test", &bad), relay("two.test", &good)]);
        assert_eq!(both.ready(&ByHand).await, Ok(()));
        assert_eq!((good.heard("QUIT"), good.heard("MAIL")), (1, 0));
        let error = email(vec![relay("one.test", &bad)]).ready(&ByHand).await.expect_err("nobody is there");
        assert_eq!((error.failure().reason, error.failure().trouble), ("smtp_ehlo", Trouble::Passing));
    });
}
