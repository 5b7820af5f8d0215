//! The daemon dies at every named moment between a failed run and an accepted message, is started again, and keeps its
//! promise: nothing that was to be told is lost, and nothing is told twice unless it died while a relay had the word.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use forerunner::app::daemon::Daemon;
use forerunner::app::daemon::start::{Drive, Log, Options};
use forerunner::history::ledger::reader::{IncidentFilter, IncidentStory, LedgerReader, NoteLine};
use forerunner::model::incident::{Aspect, State};
use forerunner::model::outbox::Moments;
use rusqlite::Connection;
use tokio::time::sleep;

use super::inside::{Machine, SECOND, configure, journey, sick, target};
use crate::support::smtp::{At, Do, Mail, Offer, Peer, Script};

/// Lets the process die at one moment: whoever comes to it breaks off, and so does everybody after that.
struct Reaper {
    /// Number of the moment, from 1; 0: nobody dies.
    at: usize,
    passed: AtomicUsize,
    dead: AtomicBool,
    names: Mutex<Vec<&'static str>>,
}

impl Reaper {
    fn new(at: usize) -> Arc<Self> {
        Arc::new(Self { at, passed: AtomicUsize::new(0), dead: AtomicBool::new(false), names: Mutex::default() })
    }

    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    fn names(&self) -> Vec<&'static str> {
        self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Moments for Reaper {
    fn reached(&self, moment: &'static str) {
        assert!(!self.is_dead(), "dead");
        let number = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(moment);
        if number == self.at {
            self.dead.store(true, Ordering::SeqCst);
            panic!("dies at {moment}");
        }
    }
}

/// What happens while a daemon lives.
struct Scenario {
    journeys: usize,
    to: &'static str,
    /// What the relays do; with two, the second one is asked if the first fails.
    relays: Vec<fn() -> Script>,
    /// Messages in the end, copies not counted; none where digests make that a matter of time.
    messages: Option<usize>,
}

/// One life of the process, from its start to its end or its death.
struct Life {
    mails: Vec<Mail>,
    /// Whether the shops became well again in it.
    is_well: bool,
    reaper: Arc<Reaper>,
    lasted: Duration,
}

/// What the ledger knows of the outages, but for trouble of our own.
fn known(directory: &Path) -> Vec<IncidentStory> {
    let reader = LedgerReader::new(&directory.join("data"));
    let incidents = reader.incidents(&IncidentFilter::default()).unwrap_or_default();
    let outages = incidents.iter().filter(|incident| incident.key.aspect == Aspect::Run);
    outages.filter_map(|incident| reader.incident(&incident.id).ok()?).collect()
}

/// Messages that belong to no incident, since they tell of several: id and state.
fn digests(directory: &Path) -> Vec<(String, String)> {
    let open = || {
        let file = Connection::open(directory.join("data/forerunner.db"))?;
        let mut select = file.prepare("SELECT message_id, state FROM outbox WHERE incident IS NULL")?;
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()
    };
    open().unwrap_or_default()
}

/// Ids of the messages that a relay may have or not.
fn unknown(directory: &Path) -> Vec<String> {
    let notes = known(directory).into_iter().flat_map(|story| story.notes);
    let notes = notes.map(|note| (note.message_id, note.state)).chain(digests(directory));
    notes.filter(|(_, state)| state == "unknown").map(|(id, _)| id).collect()
}

fn waits(state: &str) -> bool {
    ["pending", "sending", "unknown", "deferred"].contains(&state)
}

/// Whether every outage has come to this, and nothing of it waits to be told.
fn all_told(directory: &Path, journeys: usize, state: State) -> bool {
    if digests(directory).iter().any(|(_, state)| waits(state)) {
        return false;
    }
    let known = known(directory);
    let is =
        |story: &IncidentStory| story.incident.state == state && !story.notes.iter().any(|note| waits(&note.state));
    known.len() == journeys && known.iter().all(is)
}

fn live(directory: &Path, scenario: &Scenario, wall: i64, was_well: bool, dies_at: usize) -> Life {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime");
    let reaper = Reaper::new(dies_at);
    let life = runtime.block_on(async {
        let (target, _) = target().await;
        let mut peers = Vec::new();
        for script in &scenario.relays {
            peers.push(Peer::start(Offer::default(), vec![script()]).await);
        }
        let mut runs = String::new();
        for number in 0..scenario.journeys {
            journey(directory, &format!("shop-{number}"), target, "/sick", "");
            let _ = writeln!(
                runs,
                "  - {{ file: shop-{number}.yaml, every: 10s, open-after: 1, close-after: 1, close-for: 1s, alert: [ops] }}"
            );
        }
        let relay = |peer: &Peer| format!("{{ host: 127.0.0.1, port: {}, tls: none }}", peer.address.port());
        let relays = peers.iter().map(relay).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            runs,
            "channels: {{ ops: {{ email: {{ from: f@x.test, to: [{}], fallback: [boss@x.test], relays: [{relays}] }} }} }}",
            scenario.to
        );
        configure(directory, &runs);
        let machine = Machine::new();
        machine.set_wall(wall);
        sick(!was_well);
        let options = Options {
            config: directory.join("c.yaml"),
            listen: None,
            clock: Arc::new(machine.clone()),
            clocks: Arc::new(machine),
            drive: Drive::Runtime,
            log: Log::Foreign,
            moments: Arc::clone(&reaper) as Arc<dyn Moments>,
            annex: axum::Router::new(),
        };
        let begun = tokio::time::Instant::now();
        let mails = || peers.iter().flat_map(Peer::mails).collect::<Vec<_>>();
        let mut is_well = was_well;
        // It may die before it has started.
        let daemon = tokio::spawn(Daemon::start(options)).await;
        if let Ok(daemon) = daemon {
            let _daemon = daemon.expect("a sound configuration");
            for _ in 0..1200 {
                sleep(SECOND).await;
                if reaper.is_dead() || all_told(directory, scenario.journeys, State::Resolved) {
                    break;
                }
                if !is_well && all_told(directory, scenario.journeys, State::Firing) {
                    sick(false);
                    is_well = true;
                }
            }
            // Whoever has not noticed yet that it is dead does.
            sleep(SECOND).await;
        }
        Life { mails: mails(), is_well, reaper: Arc::clone(&reaper), lasted: begun.elapsed() }
    });
    // As a process that dies takes all of its tasks with it.
    runtime.shutdown_timeout(Duration::from_secs(10));
    life
}

/// Dies at that moment, lives again, and is held to the promise. The moments that the first life passed.
fn check(scenario: &Scenario, dies_at: usize) -> Vec<&'static str> {
    let directory = tempfile::tempdir().expect("a directory");
    let first = live(directory.path(), scenario, 0, false, dies_at);
    let mut sent = first.mails;
    let names = first.reaper.names();
    let place_of_death = first.reaper.is_dead().then(|| names[dies_at - 1]);
    let place = format!("death {dies_at} at {place_of_death:?}");
    let mut excused = Vec::new();
    if place_of_death.is_some() {
        // Of these the relay had the word when it happened.
        excused = unknown(directory.path());
        let wall = i64::try_from(first.lasted.as_secs()).expect("small") + 5;
        let second = live(directory.path(), scenario, wall, first.is_well, 0);
        assert!(second.is_well, "{place}: what is wrong is told");
        sent.extend(second.mails);
    }
    let mut ids: HashMap<String, usize> = HashMap::new();
    for mail in &sent {
        let id = mail.field("Message-ID").expect("every message has one");
        let id = id.trim_matches(['<', '>']).to_owned();
        let is_own = mail.field("Subject").is_some_and(|subject| subject.contains("forerunner itself"));
        let most = if excused.contains(&id) || is_own { 2 } else { 1 };
        let count = ids.entry(id.clone()).or_default();
        *count += 1;
        assert!(*count <= most, "{place}: {id} came {count} times: {excused:?}");
    }
    assert!(all_told(directory.path(), scenario.journeys, State::Resolved), "{place}: {:#?}", known(directory.path()));
    if let Some(messages) = scenario.messages {
        assert_eq!(ids.len(), messages, "{place}: {ids:#?}");
    }
    for story in known(directory.path()) {
        let began = |note: &&NoteLine| {
            note.kind == "firing" && ["accepted", "bundled", "rejected"].contains(&note.state.as_str())
        };
        let ended =
            |note: &&NoteLine| ["resolved", "ended"].contains(&note.kind.as_str()) && note.state != "superseded";
        let told = |is: &dyn Fn(&&NoteLine) -> bool| {
            story.notes.iter().filter(is).map(|note| &note.recipient).collect::<HashSet<_>>()
        };
        assert_eq!(told(&began), told(&ended), "{place}: who hears of the one hears of the other");
        assert!(!told(&ended).is_empty(), "{place}: somebody hears of it");
    }
    names
}

/// Dies at those moments of a life that are asked for, by their numbers from 1 and by name; at least at so many.
fn each(scenario: &Scenario, at_least: usize, asked: impl Fn(usize, &[&str]) -> bool) {
    let moments = check(scenario, 0);
    let asked: Vec<_> = (1..=moments.len()).filter(|number| asked(*number, &moments)).collect();
    assert!(asked.len() >= at_least, "{} of {} moments", asked.len(), moments.len());
    for number in asked {
        check(scenario, number);
    }
}

#[test]
fn an_outage_and_its_end_are_told_to_one_wherever_it_dies() {
    each(&Scenario { journeys: 1, to: "a@x.test", relays: vec![Vec::new], messages: Some(2) }, 120, |_, _| true);
}

#[test]
fn an_outage_and_its_end_are_told_to_two_wherever_it_dies() {
    each(
        &Scenario { journeys: 1, to: "a@x.test, b@x.test", relays: vec![Vec::new], messages: Some(4) },
        150,
        |_, _| true,
    );
}

#[test]
fn an_outage_and_its_end_are_told_by_the_second_relay_wherever_it_dies() {
    let script = || vec![(At::Data, Do::Say("451 not now"))];
    each(&Scenario { journeys: 1, to: "a@x.test", relays: vec![script, Vec::new], messages: Some(2) }, 120, |_, _| {
        true
    });
}

#[test]
fn the_fallback_is_told_wherever_it_dies() {
    let script = || vec![(At::Rcpt, Do::Refuse("a@x.test", "550 5.1.1 no such user"))];
    let scenario = Scenario { journeys: 1, to: "a@x.test", relays: vec![script], messages: None };
    each(&scenario, 80, |number, _| number % 3 == 0);
}

#[test]
fn what_is_bundled_is_told_wherever_it_dies_meanwhile() {
    let scenario = Scenario { journeys: 12, to: "a@x.test", relays: vec![Vec::new], messages: None };
    each(&scenario, 16, |number, moments| {
        let lately = &moments[number.saturating_sub(40)..number];
        let bundles = moments[..number].iter().filter(|name| **name == "delivery.bundling").count();
        bundles == 1 && lately.contains(&"delivery.bundling")
    });
}
