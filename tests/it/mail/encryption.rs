//! Nothing is said in the open that should not be: certificates, stripped encryption, passwords.

use std::path::PathBuf;

use forerunner::model::outbox::NoteState;

use super::*;
use crate::support::pki::{CertificateAuthority, Clients, Identity, self_signed};
use crate::support::smtp::{At, Do, Offer, Script};

pub fn server(identity: &Identity) -> Arc<rustls::ServerConfig> {
    identity.server_config(&Clients::Anyone, rustls::ALL_VERSIONS, &[])
}

pub fn ca(directory: &tempfile::TempDir, authority: &CertificateAuthority) -> PathBuf {
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, authority.pem()).expect("written");
    path
}

/// A first relay that encrypts, with a second one that does so well.
struct Pair {
    directory: tempfile::TempDir,
    authority: CertificateAuthority,
}

impl Pair {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), authority: CertificateAuthority::new("ours") }
    }

    fn offer(identity: &Identity, implicit: bool) -> Offer {
        let config = Some(server(identity));
        let auth = Some(("PLAIN LOGIN", "me", "correct horse"));
        if implicit {
            Offer { implicit: config, auth, ..Offer::default() }
        } else {
            Offer { starttls: config, auth, ..Offer::default() }
        }
    }

    fn relay(&self, name: &str, peer: &Peer, implicit: bool, password: &str) -> Relay {
        Relay {
            tls: if implicit { RelayTls::Implicit } else { RelayTls::Starttls },
            login: Some(login(&self.directory, "me", password)),
            ca: Some(ca(&self.directory, &self.authority)),
            ..relay(name, peer)
        }
    }

    /// The message goes by the second relay, and the first has heard nothing that matters.
    async fn refuses(&self, offer: Offer, script: Script, implicit: bool, reason: &str, trouble: Option<Trouble>) {
        let what = format!("{script:?} {reason}");
        let bad = Peer::start(offer, vec![script]).await;
        let good = Peer::start(Self::offer(&self.authority.server(&["two.test"]), implicit), vec![Vec::new()]).await;
        let office = Office::open(vec![
            self.relay("one.test", &bad, implicit, "correct horse"),
            self.relay("two.test", &good, implicit, "correct horse"),
        ]);
        let id = office.notice("i", "a@x.test");
        office.time.until(20, &what, || office.outbox.waiting() == 0).await;
        assert_eq!(office.outbox.row(id).note.state, NoteState::Accepted, "{what}");
        assert_eq!(office.reasons(), [reason], "{what}");
        assert_eq!(office.troubles(), trouble.into_iter().collect::<Vec<_>>(), "{what}");
        assert_eq!((bad.kept().len(), bad.heard("MAIL"), bad.heard("AUTH")), (0, 0, 0), "{what}");
        let mails = good.mails();
        assert!(mails.len() == 1 && mails[0].was_encrypted, "{what}");
    }
}

#[test]
fn a_relay_with_a_certificate_that_is_not_good_is_told_nothing() {
    run(async {
        let pair = Pair::new();
        let identities: [(&str, Identity); 5] = [
            ("expired", pair.authority.expired(&["one.test"])),
            ("not yet", pair.authority.not_yet_valid(&["one.test"])),
            ("other name", pair.authority.server(&["other.test"])),
            ("self-signed", self_signed(&["one.test"], false)),
            ("stranger", CertificateAuthority::new("stranger").server(&["one.test"])),
        ];
        for (_, identity) in &identities {
            for implicit in [false, true] {
                let offer = Pair::offer(identity, implicit);
                pair.refuses(offer, Vec::new(), implicit, "smtp_tls", Some(Trouble::Tls)).await;
            }
        }
    });
}

#[test]
fn encryption_that_is_taken_away_is_not_done_without() {
    run(async {
        let pair = Pair::new();
        let good = || Pair::offer(&pair.authority.server(&["one.test"]), false);
        let tls = Some(Trouble::Tls);
        let none = Offer { auth: good().auth, ..Offer::default() };
        pair.refuses(none, Vec::new(), false, "smtp_starttls", tls).await;
        pair.refuses(good(), vec![(At::Starttls, Do::Say("554 no"))], false, "smtp_starttls", tls).await;
        pair.refuses(good(), vec![(At::Starttls, Do::Say("454 not now"))], false, "smtp_starttls", None).await;
        pair.refuses(good(), vec![(At::Starttls, Do::Drop)], false, "smtp_starttls", None).await;
        pair.refuses(good(), vec![(At::Starttls, Do::Silent)], false, "smtp_starttls_timeout", None).await;
        pair.refuses(good(), vec![(At::Tls, Do::Drop)], false, "smtp_tls", tls).await;
        pair.refuses(good(), vec![(At::Tls, Do::Silent)], false, "smtp_tls_timeout", None).await;
        let plain = Do::Raw(b"250 plain text\r\n".to_vec());
        let implicit = Pair::offer(&pair.authority.server(&["one.test"]), true);
        pair.refuses(implicit, vec![(At::Tls, plain)], true, "smtp_tls", tls).await;
        // Said before the encryption, an answer would be taken for one of the encrypted part.
        let injected = b"220 go ahead\r\n250 injected\r\n".to_vec();
        pair.refuses(good(), vec![(At::Starttls, Do::Raw(injected))], false, "smtp_starttls", None).await;
    });
}

#[test]
fn authorities_that_cannot_be_read_are_nobody_to_trust() {
    run(async {
        let pair = Pair::new();
        let good = Pair::offer(&pair.authority.server(&["one.test"]), false);
        for (name, text) in
            [("missing.pem", None), ("empty.pem", Some("")), ("bad.pem", Some("-----BEGIN CERTIFICATE-----\nA"))]
        {
            let path = pair.directory.path().join(name);
            if let Some(text) = text {
                std::fs::write(&path, text).expect("written");
            }
            let peer = Peer::start(good.clone(), vec![Vec::new()]).await;
            let office =
                Office::open(vec![Relay { ca: Some(path), ..pair.relay("one.test", &peer, false, "correct horse") }]);
            office.notice("i", "a@x.test");
            office.time.until(2, "told", || !office.reasons().is_empty()).await;
            assert_eq!((office.reasons(), office.troubles()), (vec!["smtp_tls"], vec![Trouble::Tls]));
            assert_eq!(peer.connections(), 0);
        }
    });
}

#[test]
fn we_say_who_we_are_in_each_way_that_a_relay_knows() {
    run(async {
        let pair = Pair::new();
        for (mechanisms, line) in
            [("PLAIN", "AUTH PLAIN "), ("LOGIN", "AUTH LOGIN"), ("GSSAPI LOGIN PLAIN", "AUTH PLAIN ")]
        {
            for implicit in [false, true] {
                let offer = Pair::offer(&pair.authority.server(&["one.test"]), implicit);
                let offer = Offer { auth: Some((mechanisms, "me", "correct horse")), ..offer };
                let peer = Peer::start(offer, vec![Vec::new()]).await;
                let office = Office::open(vec![pair.relay("one.test", &peer, implicit, "correct horse")]);
                office.notice("i", "a@x.test");
                office.done(2).await;
                assert_eq!((peer.mails().len(), peer.heard(line)), (1, 1), "{mechanisms}");
                assert!(office.reasons().is_empty());
            }
        }
    });
}

#[test]
fn a_refused_password_is_tried_once_a_minute_by_however_many_messages() {
    run(async {
        let pair = Pair::new();
        let offer = Pair::offer(&pair.authority.server(&["one.test", "two.test"]), false);
        let refusing = Peer::start(offer.clone(), vec![Vec::new()]).await;
        let good = Peer::start(offer, vec![Vec::new()]).await;
        let bad = |peer| pair.relay("one.test", peer, false, "wrong horse");
        let directory = tempfile::tempdir().expect("a directory");
        let second = Relay { login: Some(login(&directory, "me", "correct horse")), ..bad(&good) };
        let office = Office::open(vec![bad(&refusing), Relay { host: "two.test".to_owned(), ..second }]);
        for minute in 0..5 {
            for number in 0..4 {
                office.notice(&format!("{minute}-{number}"), ["a@x.test", "b@x.test", "c@x.test", "d@x.test"][number]);
            }
            office.done(30).await;
            office.time.pass(20).await;
        }
        assert_eq!(good.mails().len(), 20);
        let tried: Vec<_> =
            refusing.commands().iter().filter(|(_, line)| line.starts_with("AUTH")).map(|(at, _)| *at).collect();
        assert!(tried.len() >= 2, "{tried:?}");
        assert!(tried.windows(2).all(|two| two[1] - two[0] >= Duration::from_mins(1)), "{tried:?}");
        let told = office.troubles();
        assert_eq!(told, vec![Trouble::Credentials; tried.len()]);
        // As soon as the password is right, it works again, and that is told.
        login(&pair.directory, "me", "correct horse");
        office.time.pass(60).await;
        office.notice("last", "a@x.test");
        office.done(5).await;
        assert_eq!(refusing.mails().len(), 1);
        let label = format!("one.test:{}", refusing.address.port());
        assert!(office.events().contains(&Event::Recovered { relay: label }));
    });
}

#[test]
fn with_one_relay_the_message_waits_out_the_minute() {
    run(async {
        let pair = Pair::new();
        let offer = Pair::offer(&pair.authority.server(&["one.test"]), false);
        let peer = Peer::start(offer, vec![Vec::new()]).await;
        let office = Office::open(vec![pair.relay("one.test", &peer, false, "wrong horse")]);
        office.notice("i", "a@x.test");
        office.time.until(2, "it is refused", || !office.troubles().is_empty()).await;
        login(&pair.directory, "me", "correct horse");
        let took = office.done(80).await;
        assert!((58..=75).contains(&took), "{took}");
        assert_eq!((peer.heard("AUTH"), peer.mails().len()), (2, 1));
    });
}

#[test]
fn a_password_that_cannot_be_read_is_told_as_such() {
    run(async {
        let pair = Pair::new();
        let offer = Pair::offer(&pair.authority.server(&["one.test"]), false);
        for password in
            [Password::File("/nowhere/password".into()), Password::Environment("FORERUNNER_NO_SUCH".to_owned())]
        {
            let peer = Peer::start(offer.clone(), vec![Vec::new()]).await;
            let login = Some(Login { user: "me".to_owned(), password });
            let office = Office::open(vec![Relay { login, ..pair.relay("one.test", &peer, false, "x") }]);
            office.notice("i", "a@x.test");
            office.time.until(2, "told", || !office.reasons().is_empty()).await;
            assert_eq!((office.reasons(), office.troubles()), (vec!["smtp_auth"], vec![Trouble::Credentials]));
            assert_eq!(peer.heard("AUTH"), 0);
        }
        // A relay that knows no way to log in.
        let peer = Peer::start(Offer { auth: Some(("GSSAPI", "", "")), ..offer }, vec![Vec::new()]).await;
        let office = Office::open(vec![pair.relay("one.test", &peer, false, "x")]);
        office.notice("i", "a@x.test");
        office.time.until(2, "told", || !office.reasons().is_empty()).await;
        assert_eq!(office.troubles(), [Trouble::Credentials]);
    });
}

#[test]
fn every_moment_of_a_delivery_is_told_in_order() {
    run(async {
        let pair = Pair::new();
        let peer = Peer::start(Pair::offer(&pair.authority.server(&["one.test"]), false), vec![Vec::new()]).await;
        let office = Office::open(vec![pair.relay("one.test", &peer, false, "correct horse")]);
        for number in 0..6 {
            office.notice(&number.to_string(), "a@x.test");
        }
        office.done(5).await;
        assert_eq!(*office.moments.0.lock().expect("no panic"), forerunner::notify::MOMENTS);
    });
}
