//! Everything fails at once: every outage is an incident, everybody hears of each of them, and nobody gets a storm of mail.

use std::collections::HashSet;
use std::fmt::Write as _;

use tokio::time::{Instant, sleep};

use super::inside::{Machine, SECOND, ask, configure, journey, sick, start, target};
use crate::support::smtp::{Mail, Offer, Peer};

const JOURNEYS: usize = 10_000;

#[tokio::test(start_paused = true)]
async fn ten_thousand_outages_are_ten_thousand_incidents_and_a_handful_of_mails() {
    let (target, _) = target().await;
    let peer = Peer::start(Offer::default(), vec![Vec::new()]).await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "shop", target, "/sick", "");
    let mut runs = String::new();
    for at in 0..JOURNEYS {
        writeln!(runs, "  - {{ file: shop.yaml, name: shop-{at}, every: 1h, open-after: 1, alert: [ops] }}")
            .expect("memory");
    }
    let port = peer.address.port();
    let _ = write!(
        runs,
        "channels: {{ ops: {{ email: {{ from: f@x.test, to: [a@x.test], relays: [{{ host: 127.0.0.1, port: {port}, tls: none }}] }} }} }}\n\
         limits: {{ runs-in-flight: 1000, runs-per-host: 1000 }}\n"
    );
    configure(directory.path(), &runs);
    sick(true);
    let daemon = start(directory.path(), &Machine::new()).await;
    let begun = Instant::now();
    // Every one of them has run within the first minute, and the last digest waits half a minute more.
    sleep(300 * SECOND).await;
    let metrics = ask(&daemon, "/metrics").await;
    let number =
        |series: &str| metrics.lines().find_map(|line| line.strip_prefix(series)?.trim().parse::<usize>().ok());
    assert_eq!(number("forerunner_incidents_open{severity=\"critical\",state=\"firing\"}"), Some(JOURNEYS));
    for state in ["pending", "sending", "unknown", "deferred"] {
        let series = format!("forerunner_outbox_pending{{channel=\"email\",state=\"{state}\"}}");
        assert_eq!(number(&series), Some(0), "everything is told");
    }
    let mails = peer.mails();
    let within = |mail: &&Mail| mail.at.duration_since(begun) < 60 * SECOND;
    assert!(mails.iter().filter(within).count() <= 8, "five at once, then one every half minute");
    assert!(mails.len() <= 16, "{} mails", mails.len());
    let ids: HashSet<_> = mails.iter().map(|mail| mail.field("Message-ID")).collect();
    assert_eq!(ids.len(), mails.len());
    assert!(mails.iter().all(|mail| mail.message.len() < 2_000_000), "a list of all of them is no burden");
    sick(false);
}
