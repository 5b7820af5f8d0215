//! From a target that fails to an incident that is known, kept over a restart, and over.

use std::path::Path;

use forerunner::history::ledger::reader::{IncidentFilter, IncidentStory, LedgerReader};
use tokio::time::sleep;

use super::inside::{
    Machine, SECOND, balanced_after, configure, eventually, journey, number, of_journey, sick, start, target,
};

/// Every incident so far, with its story, the latest first.
fn stories(directory: &Path) -> Vec<IncidentStory> {
    let reader = LedgerReader::new(&directory.join("data"));
    let incidents = reader.incidents(&IncidentFilter::default()).expect("readable");
    incidents.iter().map(|incident| reader.incident(&incident.id).expect("readable").expect("it is there")).collect()
}

/// Waits until the latest incident has come to this.
async fn came_to(directory: &Path, expected: &str) {
    let now = || stories(directory).first().map(events).unwrap_or_default();
    eventually(expected, || now() == expected).await;
}

/// What became of an incident, in words.
fn events(story: &IncidentStory) -> String {
    story.events.iter().map(|change| change.event.word()).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_looked_at_again_opens_an_incident_and_ends_it() {
    let (target, seen) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "shop", target, "/sick", "");
    configure(directory.path(), "  - { file: shop.yaml, every: 1m }\n");
    sick(true);
    let daemon = start(directory.path(), &Machine::new()).await;
    while of_journey(&daemon, "failures_total", "shop", "").await == 0 {
        sleep(SECOND).await;
    }
    // The second look comes five seconds later, and is no event of its own.
    sleep(7 * SECOND).await;
    assert_eq!(seen.lock().expect("no panic").len(), 2);
    assert_eq!(of_journey(&daemon, "runs_total", "shop", "").await, 1);
    assert_eq!(number(&daemon, "forerunner_confirm_total{result=\"confirmed\"}").await, Some(1));
    let firing = "forerunner_incidents_open{severity=\"critical\",state=\"firing\"}";
    assert_eq!(number(&daemon, firing).await, Some(1));
    came_to(directory.path(), "suspected opened").await;
    let open = stories(directory.path());
    assert_eq!(open[0].incident.blame.step.as_deref(), Some("open"));
    // Nothing is told twice while it lasts; two passes over a minute end it.
    sleep(180 * SECOND).await;
    sick(false);
    sleep(180 * SECOND).await;
    came_to(directory.path(), "suspected opened recovering resolved").await;
    assert_eq!(stories(directory.path()).len(), 1);
    assert_eq!(number(&daemon, firing).await, Some(0));
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn the_last_good_run_is_known_also_after_a_restart() {
    let (target, _) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "shop", target, "/sick", "");
    configure(directory.path(), "  - { file: shop.yaml, every: 1m }\n");
    sick(false);
    let machine = Machine::new();
    let daemon = start(directory.path(), &machine).await;
    while of_journey(&daemon, "runs_total", "shop", "").await == 0 {
        sleep(SECOND).await;
    }
    balanced_after(daemon).await;
    sick(true);
    let daemon = start(directory.path(), &machine).await;
    sleep(130 * SECOND).await;
    came_to(directory.path(), "suspected opened").await;
    let incident = &stories(directory.path())[0].incident;
    assert!(incident.last_good.as_ref().is_some_and(|good| good.at < incident.suspected_at));
    sick(false);
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_was_nothing_is_counted_and_told_nobody() {
    let (target, _) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "shop", target, "/sick", "");
    configure(directory.path(), "  - { file: shop.yaml, every: 1m }\n");
    sick(true);
    let daemon = start(directory.path(), &Machine::new()).await;
    while of_journey(&daemon, "failures_total", "shop", "").await == 0 {
        sleep(SECOND / 2).await;
    }
    sick(false);
    sleep(60 * SECOND).await;
    assert_eq!(stories(directory.path()).len(), 0);
    assert_eq!(of_journey(&daemon, "spurious_failures_total", "shop", "").await, 1);
    assert_eq!(of_journey(&daemon, "failures_total", "shop", "").await, 1, "it failed all the same");
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn a_journey_that_writes_is_not_done_again() {
    let (target, seen) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    let text = format!(
        "forerunner: 1\njourney: book\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ site: \"http://{target}\" }}, writes: [things] }}\n\
         steps:\n- {{ step: look, get: / }}\n- {{ step: book, post: /sick }}\n"
    );
    std::fs::write(directory.path().join("book.yaml"), text).expect("written");
    configure(directory.path(), "  - { file: book.yaml, every: 1m }\n");
    sick(true);
    let daemon = start(directory.path(), &Machine::new()).await;
    while of_journey(&daemon, "failures_total", "book", "").await == 0 {
        sleep(SECOND).await;
    }
    sleep(10 * SECOND).await;
    // What failed is the step that writes: looking at the one before says nothing, so the next run decides.
    assert_eq!(seen.lock().expect("no panic").len(), 2);
    sleep(60 * SECOND).await;
    came_to(directory.path(), "suspected opened").await;
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_with_what_is_open_and_looks_at_it_first() {
    let (target, seen) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "shop", target, "/sick", "");
    configure(directory.path(), "  - { file: shop.yaml, every: 10m }\n");
    sick(true);
    let machine = Machine::new();
    let daemon = start(directory.path(), &machine).await;
    while seen.lock().expect("no panic").is_empty() {
        sleep(SECOND).await;
    }
    sleep(8 * SECOND).await;
    came_to(directory.path(), "suspected opened").await;
    let before = stories(directory.path());
    balanced_after(daemon).await;
    let asked = seen.lock().expect("no panic").len();
    let daemon = start(directory.path(), &machine).await;
    sleep(2 * SECOND).await;
    assert_eq!(seen.lock().expect("no panic").len(), asked + 1, "it is looked at at once");
    let after = stories(directory.path());
    assert_eq!((after.len(), &after[0].incident.id), (1, &before[0].incident.id));
    assert_eq!(events(&after[0]), "suspected opened", "and is not over by itself");
    // Nobody watches it any more.
    std::fs::write(directory.path().join("c.yaml"), "listen: 127.0.0.1:0\nruns: []\n").expect("written");
    daemon.reloader().reload().await.expect("sound");
    came_to(directory.path(), "suspected opened withdrawn").await;
    balanced_after(daemon).await;
}
