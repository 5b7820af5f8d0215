//! The worker on the outbox that the daemon has, in the time of the machine: nothing here waits for a limit.

use std::path::Path;

use forerunner::history::ledger::Ledger;
use forerunner::history::retention::Retention;
use forerunner::history::store::Store;
use forerunner::model::incident::{Aspect, Blame, Event as Change, Incident, Key, Severity, State, Transition};
use forerunner::model::outbox::{Address, Entry, NewNotice, Outbox, Unwatched};

use super::*;
use crate::support::smtp::{At, Do, Offer};

/// The wall clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_334_400).expect("in range")
    }
}

fn open(directory: &Path) -> (Store, Ledger) {
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let day = Duration::from_hours(24);
    let retention = Retention { size: 1 << 30, runs: day, failures: day, hourly: day, daily: day };
    let (store, _) = Store::open(directory, retention, clock.clone()).expect("a history");
    let (ledger, _) = Ledger::open(directory, &store, &clock, Arc::new(Unwatched)).expect("a ledger");
    (store, ledger)
}

fn entry(number: u32, to: &[&str]) -> Entry {
    let now = Still.now();
    let incident = Incident {
        id: format!("01KAM5S0M0000000000000{number:04}"),
        key: Key { name: format!("journey-{number}"), aspect: Aspect::Run },
        state: State::Firing,
        severity: Severity::Critical,
        title: format!("task {number} fails"),
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
    let (title, kind) = (incident.title.clone(), NoticeKind::Firing);
    let address = |to: &&str| Address { channel: "ops".to_owned(), recipient: (*to).to_owned() };
    let notice = NewNotice {
        kind,
        severity: Severity::Critical,
        rendered: rendered(kind, now, &title, b"text\r\n"),
        ended: None,
        to: to.iter().map(address).collect(),
    };
    let transition = Transition { at: now, event: Change::Opened, incident, notice: Some(kind), run: None };
    Entry { transition, notices: vec![notice] }
}

/// Starts a worker; its reports.
fn work(ledger: &Arc<Ledger>, peer: &Peer, stop: &CancellationToken) -> mpsc::Receiver<Report> {
    let (reports, received) = mpsc::channel(1000);
    let worker = Worker {
        name: "ops".to_owned(),
        channel: email(vec![relay("one.test", peer)]),
        outbox: ledger.clone(),
        digest: Arc::new(digest),
        clock: Arc::new(Still),
        moments: Arc::new(Unwatched),
        reports,
    };
    tokio::spawn(worker.run(stop.clone()));
    received
}

/// Until so many messages were accepted.
async fn delivered(reports: &mut mpsc::Receiver<Report>, count: usize) {
    let mut left = count;
    while left > 0 {
        let report = reports.recv().await.expect("the worker works");
        left -= usize::from(matches!(report.event, Event::Delivered { .. }));
    }
}

#[tokio::test]
async fn what_the_ledger_holds_is_sent_once_also_over_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let refuses_one = vec![(At::Rcpt, Do::Refuse("b@x.test", "550 5.1.1 no such user"))];
    let peer = Peer::start(Offer::default(), vec![refuses_one]).await;
    let (store, ledger) = open(directory.path());
    let ledger = Arc::new(ledger);
    let stop = CancellationToken::new();
    let mut reports = work(&ledger, &peer, &stop);
    // While the worker waits, and while it does not.
    ledger.commit(vec![entry(1, &["a@x.test", "b@x.test"])]).await.expect("stored");
    delivered(&mut reports, 2).await;
    ledger.commit(vec![entry(2, &["c@x.test"])]).await.expect("stored");
    delivered(&mut reports, 1).await;
    let mut to: Vec<_> = peer.mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["a@x.test", "boss@x.test", "c@x.test"]);
    stop.cancel();
    // It ends, and with it the last that holds the ledger.
    while reports.recv().await.is_some() {}
    drop((ledger, store));

    let (_store, ledger) = open(directory.path());
    let ledger = Arc::new(ledger);
    ledger.commit((3..13).map(|number| entry(number, &["a@x.test"])).collect()).await.expect("stored");
    let mut reports = work(&ledger, &peer, &CancellationToken::new());
    delivered(&mut reports, 1).await;
    let mails = peer.mails();
    assert_eq!(mails.len(), 4);
    assert_eq!(mails[3].field("Subject"), Some("10 notices".to_owned()));
    assert!(ledger.due("ops", Still.now(), 9).await.expect("readable").is_empty());
}
