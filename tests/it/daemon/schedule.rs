//! Starts, skips, reloads and the end of a schedule, on a clock that tests move.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use forerunner::app::daemon::scheduler::{Launch, Launcher, Scheduler};
use forerunner::app::daemon::set::RunSet;
use forerunner::base::time::Timestamp;
use forerunner::config;
use forerunner::model::clock::Clock;
use forerunner::model::run::Outcome;
use forerunner::model::skip::SkipReason;
use forerunner::schedule::admission::Ceilings;
use tokio::time::{Instant, sleep};

struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_000_000).expect("in range").plus(self.0.elapsed())
    }
}

/// Writes down what it is told. Runs end when the test says so, or at once.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    launched: Vec<(String, Duration)>,
    skipped: Vec<(String, SkipReason, u64)>,
    started: Option<Instant>,
}

impl Launcher for Recorder {
    fn launch(&self, launch: Launch) {
        let mut told = self.0.lock().expect("no panic");
        let since = told.started.expect("started").elapsed();
        told.launched.push((launch.run.journey.name.clone(), since));
    }

    fn skipped(&self, name: &str, reason: SkipReason, starts: u64) {
        self.0.lock().expect("no panic").skipped.push((name.to_owned(), reason, starts));
    }
}

impl Recorder {
    fn launches(&self, name: &str) -> Vec<Duration> {
        let told = self.0.lock().expect("no panic");
        told.launched.iter().filter(|(launched, _)| launched == name).map(|(_, at)| *at).collect()
    }

    fn skips(&self) -> Vec<(String, SkipReason, u64)> {
        self.0.lock().expect("no panic").skipped.clone()
    }
}

const CEILINGS: Ceilings = Ceilings { runs_in_flight: 10, runs_per_host: 10 };

/// The runs of a configuration whose entries are these lines.
fn set(entries: &str) -> Arc<RunSet> {
    let directory = tempfile::tempdir().expect("a directory");
    let journey = "forerunner: 1\njourney: home\nlimits: { every: 1s }\nneeds: { hosts: { site: https://site.example } }\nsteps: [{ get: / }]\n";
    std::fs::write(directory.path().join("home.yaml"), journey).expect("written");
    let path = directory.path().join("c.yaml");
    std::fs::write(&path, format!("runs:\n{entries}")).expect("written");
    let configuration = config::load(&path);
    assert!(configuration.diagnostics.is_empty(), "{:?}", configuration.diagnostics);
    Arc::new(RunSet::new(configuration.runs))
}

/// A scheduler that is driven beside the test.
fn driven(entries: &str) -> (Arc<Scheduler>, Recorder) {
    let recorder = Recorder::default();
    recorder.0.lock().expect("no panic").started = Some(Instant::now());
    let scheduler = Arc::new(Scheduler::new(CEILINGS, Arc::new(Paused(Instant::now()))));
    scheduler.replace(set(entries), CEILINGS, &recorder);
    let (driver, launcher) = (Arc::clone(&scheduler), recorder.clone());
    tokio::spawn(async move { driver.drive(&launcher).await });
    (scheduler, recorder)
}

#[tokio::test(start_paused = true)]
async fn a_run_starts_within_its_first_round_and_then_on_its_grid() {
    let (scheduler, recorder) = driven("  - { file: home.yaml, every: 10s }\n");
    for _ in 0..35 {
        sleep(Duration::from_secs(1)).await;
        scheduler.finish("home", Outcome::Passed, &recorder);
    }
    let launches = recorder.launches("home");
    assert!(launches.len() == 3 || launches.len() == 4, "{launches:?}");
    assert!(launches[0] <= Duration::from_secs(10), "{launches:?}");
    for pair in launches.windows(2) {
        let apart = pair[1].saturating_sub(pair[0]).as_millis();
        assert!((9_990..=10_010).contains(&apart), "{launches:?}");
    }
    assert_eq!(recorder.skips(), []);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_does_not_end_makes_the_next_start_be_skipped() {
    let (scheduler, recorder) = driven("  - { file: home.yaml, every: 10s }\n");
    sleep(Duration::from_secs(25)).await;
    assert_eq!(recorder.launches("home").len(), 1);
    let skips = recorder.skips();
    assert!(!skips.is_empty() && skips.iter().all(|(_, reason, _)| *reason == SkipReason::Overlap), "{skips:?}");
    let totals = scheduler.totals();
    assert_eq!(totals.planned, totals.started + totals.skipped_all());
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_the_grid_of_what_stays_and_drops_what_is_gone() {
    let both = "  - { file: home.yaml, every: 10s }\n  - { file: home.yaml, name: other, every: 10s }\n";
    let (scheduler, recorder) = driven(both);
    let turn = |seconds: u64| {
        let (scheduler, recorder) = (Arc::clone(&scheduler), recorder.clone());
        async move {
            for _ in 0..seconds {
                sleep(Duration::from_secs(1)).await;
                scheduler.finish("home", Outcome::Passed, &recorder);
                scheduler.finish("other", Outcome::Passed, &recorder);
            }
        }
    };
    turn(23).await;
    let before = recorder.launches("home");
    let others = recorder.launches("other").len();
    assert!(others > 0);
    scheduler.replace(set("  - { file: home.yaml, every: 10s }\n"), CEILINGS, &recorder);
    turn(20).await;
    let after = recorder.launches("home");
    assert_eq!(recorder.launches("other").len(), others);
    let phase = |at: &Duration| at.as_millis() % 10_000;
    let (was, is) = (phase(before.last().expect("one")), phase(after.last().expect("one")));
    assert!(was.abs_diff(is) <= 10, "{before:?} {after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_held_by_one_run_at_a_time() {
    let entries = "  - { file: home.yaml, name: a, every: 10s, lock: account }\n  - { file: home.yaml, name: b, every: 10s, lock: account }\n";
    let (scheduler, recorder) = driven(entries);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scheduler.in_flight(), 1);
    let skips = recorder.skips();
    assert!(skips.iter().any(|(_, reason, _)| *reason == SkipReason::Lock), "{skips:?}");
}

#[tokio::test(start_paused = true)]
async fn after_the_drain_nothing_starts_and_the_last_run_is_waited_for() {
    let (scheduler, recorder) = driven("  - { file: home.yaml, every: 10s }\n");
    sleep(Duration::from_secs(11)).await;
    assert_eq!(scheduler.in_flight(), 1);
    scheduler.drain(&recorder);
    let launched = recorder.launches("home").len();
    let ending = {
        let (scheduler, recorder) = (Arc::clone(&scheduler), recorder.clone());
        tokio::spawn(async move {
            sleep(Duration::from_secs(30)).await;
            scheduler.finish("home", Outcome::Passed, &recorder);
        })
    };
    scheduler.idle().await;
    ending.await.expect("no panic");
    assert_eq!((recorder.launches("home").len(), scheduler.in_flight()), (launched, 0));
}
