//! Incidents and their messages on a disk that is really full: the reserve, then memory, then the disk again.

use std::sync::Arc;
use std::time::Duration;

use forerunner::app::clock::SystemClock;
use forerunner::base::time::Timestamp;
use forerunner::history::ledger::Ledger;
use forerunner::history::retention::Retention;
use forerunner::history::store::Store;
use forerunner::model::clock::Clock;
use forerunner::model::incident::{Aspect, Blame, Event, Incident, Key, NoticeKind, Severity, State, Transition};
use forerunner::model::outbox::{Address, Entry, Line, NewNotice, Outbox as _, Rendered, Settled, Unwatched};

use crate::full_disk::{Ballast, Small};
use crate::program::PATIENCE;

const MESSAGE_BYTES: usize = 90_000;

/// Incident number so many opens, and one person is told in a message of the largest size.
fn opened(number: usize, now: Timestamp) -> Entry {
    let kind = NoticeKind::Firing;
    let line = Line { kind, at: now, state: String::new(), title: String::new(), party: None, link: None };
    let rendered = Rendered { message: vec![b'x'; MESSAGE_BYTES].into(), short: Arc::from(*b"short"), line };
    let incident = Incident {
        id: format!("{number:026}"),
        key: Key { name: format!("journey-{number}"), aspect: Aspect::Run },
        state: State::Firing,
        severity: Severity::Critical,
        title: "signing in fails".to_owned(),
        blame: Blame::default(),
        suspected_at: now,
        opened_at: Some(now),
        recovering_since: None,
        ended_at: None,
        bad: 2,
        good: 0,
        elsewhere: None,
        reopened: 0,
        seq: 1,
        told_at: Some(now),
        reminders: 0,
        next_reminder_at: None,
        last_bad: None,
        last_good: None,
        not_after: None,
    };
    let to = vec![Address { channel: "mail".to_owned(), recipient: "on-call@example.org".to_owned() }];
    let notice = NewNotice { kind, severity: Severity::Critical, rendered, ended: None, to };
    let transition = Transition { at: now, event: Event::Opened, incident, notice: Some(kind), run: None };
    Entry { transition, notices: vec![notice] }
}

#[tokio::test]
async fn a_full_disk_keeps_no_alert_from_leaving_and_loses_none() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let _small = Small::mount(&data);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (history, _) = Store::open(&data, Retention::default(), Arc::clone(&clock)).expect("a history");
    let (ledger, _) = Ledger::open(&data, &history, &clock, Arc::new(Unwatched)).expect("a ledger");
    let now = clock.now();
    ledger.commit(vec![opened(0, now)]).await.expect("there is room");
    let reserve = data.join("forerunner.reserve");
    assert!(reserve.exists());
    drop(Ballast::fill(&data.join("ballast")));
    let mut number = 0;
    let told = loop {
        number += 1;
        if let Err(told) = ledger.commit(vec![opened(number, now)]).await {
            break told.to_string();
        }
    };
    // The reserve has kept many; what comes now is kept in memory.
    assert!(!reserve.exists() && number > 50, "{number} before there was no room");
    assert!(told.contains("kept in memory until there is room") && told.contains("full"), "{told}");
    for more in 1..=20 {
        ledger.commit(vec![opened(number + more, now)]).await.expect_err("no room");
    }
    number += 20;
    let status = ledger.status();
    assert_eq!((status.in_memory, status.lost), (21, 0));
    // Every message leaves, each once, in order, wherever it is.
    let mut left = Vec::new();
    while let Some(note) = ledger.due("mail", now, 1).await.expect("readable").pop() {
        ledger.sending(note.id, now).await.expect("noted");
        ledger.crossing(note.id, now).await.expect("noted");
        assert_eq!(note.rendered.message.len(), MESSAGE_BYTES);
        left.push(note.incident.expect("of an incident"));
        ledger.settle(note.id, now, Settled::Accepted { said: "250 ok".to_owned() }).await.expect("noted");
    }
    assert_eq!(left, (0..=number).map(|number| format!("{number:026}")).collect::<Vec<_>>());
    // With room again it is written without being asked.
    std::fs::remove_file(data.join("ballast")).expect("removed");
    let written = async {
        while ledger.status().in_memory > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, written).await.expect("it is written");
    assert_eq!(ledger.status().trouble, None);
    drop(ledger);
    let (ledger, _) = Ledger::open(&data, &history, &clock, Arc::new(Unwatched)).expect("a ledger");
    for number in 0..=number {
        let story = ledger.reader().incident(&format!("{number:026}")).expect("readable").expect("it is there");
        assert_eq!((story.events.len(), story.notes.len()), (1, 1), "{number}");
        assert_eq!(story.notes[0].state, "accepted", "{number}");
    }
}
