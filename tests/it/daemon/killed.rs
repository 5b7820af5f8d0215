//! The real program is killed while a message is on its way, as by the system when memory is short, and started again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::program::{Daemon, PATIENCE, shop};
use crate::support::smtp::{At, Do, Mail, Offer, Peer};

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "it never came to that: {what}");
}

fn install(directory: &Path, shop: std::net::SocketAddr, relay: &Peer) {
    let journey = format!(
        "forerunner: 1\njourney: shop\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ site: \"http://{shop}\" }} }}\n\
         steps: [{{ step: open, get: /, expect: {{ status: 200 }} }}]\n"
    );
    std::fs::write(directory.join("shop.yaml"), journey).expect("written");
    let port = relay.address.port();
    let text = format!(
        "listen: 127.0.0.1:0\ndefaults: {{ every: 1s, allow: {{ private-addresses: true }}, alert: [ops] }}\n\
         log: {{ format: json }}\nruns:\n  - {{ file: shop.yaml, open-after: 1, close-after: 1, close-for: 1s }}\n\
         channels:\n  ops:\n    email: {{ from: f@x.test, to: [a@x.test], relays: [{{ host: 127.0.0.1, port: {port}, tls: none }}] }}\n"
    );
    std::fs::write(directory.join("c.yaml"), text).expect("written");
}

/// About the shop, by kind.
fn told(peer: &Peer, kind: &str) -> Vec<Mail> {
    let about = |mail: &Mail| mail.field("X-Forerunner-Journey").as_deref() == Some("shop");
    let is = |mail: &Mail| about(mail) && mail.field("X-Forerunner-Kind").as_deref() == Some(kind);
    peer.kept().into_iter().filter(is).collect()
}

/// Kills the program where the relay stops answering; the next one finds a relay that is well. `before`: what is told in
/// peace first. `copies`: the relay may have a message twice.
async fn check(before: &str, stops: (At, Do), reached: impl Fn(&Peer) -> bool, copies: usize) {
    let place = format!("{stops:?} before {before}");
    let open = Arc::new(AtomicBool::new(false));
    let shop = shop(Arc::clone(&open)).await;
    let peer = Peer::start(Offer::default(), vec![Vec::new()]).await;
    let directory = tempfile::tempdir().expect("a directory");
    install(directory.path(), shop, &peer);
    if before != "firing" {
        let daemon = Daemon::start(directory.path()).await;
        until("it is told", || told(&peer, "firing").len() == 1).await;
        daemon.signal("TERM").await;
        assert_eq!(daemon.ended().await, Some(0));
        open.store(true, Ordering::SeqCst);
    }
    peer.becomes(vec![stops]);
    let daemon = Daemon::start(directory.path()).await;
    until(&place, || reached(&peer)).await;
    daemon.signal("KILL").await;
    assert_eq!(daemon.ended().await, None);
    peer.becomes(Vec::new());
    let daemon = Daemon::start(directory.path()).await;
    until(&place, || !told(&peer, before).is_empty()).await;
    open.store(true, Ordering::SeqCst);
    until(&place, || !told(&peer, "resolved").is_empty()).await;
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended().await, Some(0));
    let mut ids: HashMap<Option<String>, usize> = HashMap::new();
    for kind in ["firing", "resolved"] {
        let mails = told(&peer, kind);
        for mail in &mails {
            *ids.entry(mail.field("Message-ID")).or_default() += 1;
        }
        let most = 1 + if kind == before { copies } else { 0 };
        assert!((1..=most).contains(&mails.len()), "{place}: {} messages {kind}", mails.len());
    }
    assert_eq!(ids.len(), 2, "{place}: copies have the same id: {ids:?}");
}

#[tokio::test]
async fn killed_ten_times_it_has_told_everything_and_nothing_twice_but_where_the_relay_had_the_word() {
    let commands = |start: &'static str| move |peer: &Peer| peer.heard(start) > 0;
    tokio::join!(
        check("firing", (At::Banner, Do::Silent), |peer| peer.connections() > 1, 0),
        check("firing", (At::Ehlo, Do::Drop), |peer| peer.heard("EHLO") > 1, 0),
        check("firing", (At::Mail, Do::Silent), commands("MAIL"), 0),
        check("firing", (At::Rcpt, Do::Silent), commands("RCPT"), 0),
        check("firing", (At::Data, Do::Silent), commands("DATA"), 0),
        check("firing", (At::Body, Do::DropAfter(100)), commands("DATA"), 0),
        check("firing", (At::Dot, Do::KeepAndSilent), |peer| !told(peer, "firing").is_empty(), 1),
        check("firing", (At::Quit, Do::Silent), |peer| !told(peer, "firing").is_empty(), 1),
        check("resolved", (At::Rcpt, Do::Silent), |peer| peer.heard("RCPT") > 1, 0),
        check("resolved", (At::Dot, Do::KeepAndSilent), |peer| !told(peer, "resolved").is_empty(), 1),
    );
}
