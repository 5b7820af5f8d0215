//! Each act makes exactly those journeys fail that it is about.

use std::net::{Ipv4Addr, SocketAddr};

use super::*;
use crate::model::run::Outcome;

/// Long enough for a machine that does a lot else; nothing waits for it unless something is wrong.
const PATIENCE: Duration = Duration::from_mins(2);

/// Journeys that do not pass, with their outcomes, once every journey has run.
async fn troubled(act: Act, expected: &[(&str, Outcome)]) {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let play = Play { listen, acts: vec![(act, Duration::from_hours(1))], speed: 3.0 };
    let demo = Demo::open(play).await.map_err(|error| error.to_string()).expect("nothing is in the way");
    let workplace = demo.workplace.0.clone();
    let waiting = async {
        loop {
            let scene = demo.scene().await;
            let all = scene.rows.len() == files::JOURNEYS.len() && scene.rows.iter().all(|row| row.outcome.is_some());
            let mut bad: Vec<_> = scene
                .rows
                .iter()
                .filter_map(|row| Some((row.title.clone(), row.outcome.filter(|outcome| *outcome != Outcome::Passed)?)))
                .collect();
            bad.sort_by(|one, other| one.0.cmp(&other.0));
            let same = bad.iter().map(|(title, outcome)| (title.as_str(), *outcome)).eq(expected.iter().copied());
            if all && same {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let come = tokio::time::timeout(PATIENCE, waiting).await;
    let rows = demo.scene().await.rows;
    demo.close().await;
    assert!(come.is_ok(), "{}: {rows:#?}", act.name());
    assert!(!workplace.exists(), "nothing stays behind");
}

#[tokio::test]
async fn each_act_is_seen_by_the_journeys_that_it_is_about_and_by_no_other() {
    use Outcome::{Degraded, Failed};
    const SLOTS: &str = "See when a mentor has time";
    const BOOK: &str = "A business owner books a mentor";
    tokio::join!(
        troubled(Act::Calm, &[]),
        troubled(Act::WrongTotal, &[("Compare your business with others", Failed)]),
        troubled(Act::SlowPartner, &[(BOOK, Degraded), (SLOTS, Degraded)]),
        troubled(Act::VanishedField, &[("Read a guide for small businesses", Failed)]),
        troubled(Act::ExpiringCertificate, &[]),
        troubled(Act::Outage, &[(BOOK, Failed), (SLOTS, Failed)]),
        troubled(Act::Recovery, &[]),
    );
}
