//! From a target that fails to mails that were taken: who is told of what, in which order, whatever is in the way.

use std::net::SocketAddr;
use std::path::Path;

use forerunner::history::ledger::reader::{IncidentFilter, LedgerReader};
use tokio::time::sleep;

use super::inside::{Machine, SECOND, balanced_after, configure, eventually, journey, number, sick, start, target};
use crate::support::smtp::{At, Do, Mail, Offer, Peer, Script};

/// An installation whose only journey is sick, with channels as given.
fn install(directory: &Path, target: SocketAddr, channels: &str, run: &str) {
    journey(directory, "shop", target, "/sick", "");
    configure(directory, &format!("  - {{ file: shop.yaml, every: 1m, {run} }}\n{channels}"));
}

/// A channel, as the configuration has it.
fn channel(name: &str, to: &str, relay: SocketAddr) -> String {
    let port = relay.port();
    format!(
        "  {name}: {{ email: {{ from: forerunner@x.test, to: [{to}], fallback: [boss@x.test], \
         relays: [{{ host: 127.0.0.1, port: {port}, tls: none }}] }} }}\n"
    )
}

async fn relay(script: Script) -> Peer {
    Peer::start(Offer::default(), vec![script]).await
}

/// To whom, and what kind of notice.
fn told(mails: &[Mail]) -> Vec<String> {
    let mut told: Vec<_> = mails
        .iter()
        .map(|mail| format!("{} {}", mail.field("X-Forerunner-Kind").unwrap_or_default(), mail.to))
        .collect();
    told.sort();
    told
}

async fn arrived(peer: &Peer, expected: &[&str]) {
    let (peer, now) = (peer.clone(), peer.clone());
    for _ in 0..20 {
        if told(&peer.mails()).len() >= expected.len() {
            break;
        }
        sleep(SECOND).await;
    }
    eventually(&format!("{expected:?}"), || told(&now.mails()) == expected).await;
}

#[tokio::test(start_paused = true)]
async fn each_receiver_is_told_once_when_it_begins_and_once_when_it_is_over_in_one_thread() {
    let (target, _) = target().await;
    let peer = relay(Vec::new()).await;
    let directory = tempfile::tempdir().expect("a directory");
    let ops = channel("ops", "a@x.test, b@x.test", peer.address);
    install(directory.path(), target, &format!("channels:\n{ops}"), "alert: [ops]");
    sick(true);
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(120 * SECOND).await;
    arrived(&peer, &["firing a@x.test", "firing b@x.test"]).await;
    sleep(60 * SECOND).await;
    sick(false);
    sleep(180 * SECOND).await;
    arrived(&peer, &["firing a@x.test", "firing b@x.test", "resolved a@x.test", "resolved b@x.test"]).await;
    let mails = peer.mails();
    let of = |kind: &str| {
        let is = |mail: &&Mail| mail.to == "a@x.test" && mail.field("X-Forerunner-Kind").as_deref() == Some(kind);
        mails.iter().find(is).expect("it was told").clone()
    };
    let (firing, resolved) = (of("firing"), of("resolved"));
    assert_eq!(firing.field("Subject"), resolved.field("Subject"), "a thread has one subject");
    assert_eq!(firing.field("In-Reply-To"), None);
    assert_eq!(resolved.field("In-Reply-To"), firing.field("Message-ID"));
    assert_eq!(resolved.field("References"), firing.field("Message-ID"));
    assert_eq!(number(&daemon, "forerunner_notifications_total{channel=\"email\"}").await, Some(4));
    sleep(10 * SECOND).await;
    for state in ["pending", "sending", "unknown", "deferred"] {
        let series = format!("forerunner_outbox_pending{{channel=\"email\",state=\"{state}\"}}");
        assert_eq!(number(&daemon, &series).await, Some(0), "{state}");
    }
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn what_came_and_went_while_no_relay_took_mail_is_told_in_one_message() {
    let (target, _) = target().await;
    let peer = relay(vec![(At::Banner, Do::Say("421 closed"))]).await;
    let directory = tempfile::tempdir().expect("a directory");
    let ops = channel("ops", "a@x.test", peer.address);
    install(directory.path(), target, &format!("channels:\n{ops}"), "alert: [ops]");
    sick(true);
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(180 * SECOND).await;
    sick(false);
    sleep(180 * SECOND).await;
    assert_eq!(told(&peer.mails()), Vec::<String>::new());
    peer.becomes(Vec::new());
    sleep(1200 * SECOND).await;
    // That no mail could be sent is itself something that began and ended meanwhile.
    arrived(&peer, &["ended a@x.test", "ended a@x.test"]).await;
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_when_the_daemon_ends_is_sent_by_the_next_one() {
    let (target, _) = target().await;
    let peer = relay(vec![(At::Rcpt, Do::Say("451 not now"))]).await;
    let directory = tempfile::tempdir().expect("a directory");
    let ops = channel("ops", "a@x.test", peer.address);
    install(directory.path(), target, &format!("channels:\n{ops}"), "alert: [ops]");
    sick(true);
    let machine = Machine::new();
    let daemon = start(directory.path(), &machine).await;
    sleep(120 * SECOND).await;
    balanced_after(daemon).await;
    assert_eq!(told(&peer.mails()), Vec::<String>::new());
    peer.becomes(Vec::new());
    let daemon = start(directory.path(), &machine).await;
    sleep(1200 * SECOND).await;
    arrived(&peer, &["firing a@x.test"]).await;
    sick(false);
    sleep(180 * SECOND).await;
    arrived(&peer, &["firing a@x.test", "resolved a@x.test"]).await;
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn who_was_told_that_it_began_is_told_that_it_is_over_whatever_is_configured_since() {
    let (target, _) = target().await;
    let peer = relay(Vec::new()).await;
    let directory = tempfile::tempdir().expect("a directory");
    let channels =
        format!("channels:\n{}{}", channel("dev", "d@x.test", peer.address), channel("ops", "a@x.test", peer.address));
    install(directory.path(), target, &channels, "alert: [ops]");
    sick(true);
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(120 * SECOND).await;
    arrived(&peer, &["firing a@x.test"]).await;
    // Others are to be told now, and then nobody watches it any more.
    install(directory.path(), target, &channels, "alert: [dev]");
    daemon.reloader().reload().await.expect("sound");
    sleep(60 * SECOND).await;
    journey(directory.path(), "other", target, "/", "");
    configure(directory.path(), &format!("  - {{ file: other.yaml, alert: none }}\n{channels}"));
    daemon.reloader().reload().await.expect("sound");
    sleep(60 * SECOND).await;
    arrived(&peer, &["firing a@x.test", "withdrawn a@x.test"]).await;
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_who_is_refused_has_the_fallback_told_and_somebody_told_of_that() {
    let (target, _) = target().await;
    let peer = relay(vec![(At::Rcpt, Do::Refuse("a@x.test", "550 5.1.1 no such user"))]).await;
    let directory = tempfile::tempdir().expect("a directory");
    let channels = format!(
        "channels:\n{}{}",
        channel("dev", "d@x.test", peer.address),
        channel("ops", "a@x.test, b@x.test", peer.address)
    );
    install(directory.path(), target, &channels, "alert: [ops]");
    sick(true);
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(120 * SECOND).await;
    // The second message to `dev` is about the channel, not about the shop.
    arrived(&peer, &["firing b@x.test", "firing boss@x.test", "firing d@x.test"]).await;
    let own = |mail: &Mail| mail.field("Subject").is_some_and(|subject| subject.contains("channel/ops"));
    assert_eq!(
        peer.mails().iter().filter(|mail| own(mail)).map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["d@x.test"]
    );
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_cannot_be_talked_to_is_told_by_the_other_channel_before_there_is_anything_else_to_say() {
    let (target, _) = target().await;
    let [good, bad] = [relay(Vec::new()).await, relay(vec![(At::Banner, Do::Say("554 not you"))]).await];
    let directory = tempfile::tempdir().expect("a directory");
    let channels =
        format!("channels:\n{}{}", channel("dev", "d@x.test", good.address), channel("ops", "a@x.test", bad.address));
    install(directory.path(), target, &channels, "alert: [ops]");
    sick(false);
    let machine = Machine::new();
    let daemon = start(directory.path(), &machine).await;
    sleep(150 * SECOND).await;
    arrived(&good, &["firing d@x.test"]).await;
    // It is still open after a restart, and over when the relay is seen to work.
    balanced_after(daemon).await;
    bad.becomes(Vec::new());
    let daemon = start(directory.path(), &machine).await;
    sleep(60 * SECOND).await;
    arrived(&good, &["firing d@x.test", "resolved d@x.test"]).await;
    let reader = LedgerReader::new(&directory.path().join("data"));
    let known = reader.incidents(&IncidentFilter::default()).expect("readable");
    assert_eq!(known.iter().map(|incident| incident.key.to_string()).collect::<Vec<_>>(), ["channel/ops self"]);
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_of_incidents_that_was_damaged_is_trouble_that_somebody_is_told_of() {
    let (target, _) = target().await;
    let peer = relay(Vec::new()).await;
    let directory = tempfile::tempdir().expect("a directory");
    let ops = channel("ops", "a@x.test", peer.address);
    install(directory.path(), target, &format!("channels:\n{ops}"), "alert: [ops]");
    sick(false);
    let data = directory.path().join("data");
    std::fs::create_dir(&data).expect("made");
    std::fs::write(data.join("forerunner.db"), "this is no database".repeat(1000)).expect("written");
    let machine = Machine::new();
    let daemon = start(directory.path(), &machine).await;
    sleep(20 * SECOND).await;
    arrived(&peer, &["firing a@x.test"]).await;
    assert!(peer.mails()[0].field("Subject").is_some_and(|subject| subject.contains("store")));
    balanced_after(daemon).await;
    let daemon = start(directory.path(), &machine).await;
    sleep(20 * SECOND).await;
    arrived(&peer, &["firing a@x.test", "resolved a@x.test"]).await;
    balanced_after(daemon).await;
}
