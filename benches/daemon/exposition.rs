//! How long `/metrics` takes to be written, and whether runs wait for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use forerunner::metrics::own::Build;
use forerunner::metrics::scrape::ScrapeRequest;
use forerunner::metrics::series::{JourneySeries, StepSeries};
use forerunner::metrics::{Metrics, Settings};
use forerunner::model::clock::Clock as _;
use forerunner::model::run::Digest;
use tokio::time::Instant;

const JOURNEYS: usize = 5_000;
const STEPS: usize = 6;

/// The median time to write everything, its bytes, and the longest that counting a planned run took meanwhile.
pub fn times() -> (Duration, usize, Duration) {
    let build = Build { version: "0", revision: "0", branch: "0", rustversion: "0", target: "0" };
    let metrics = Metrics::new(Settings::default(), build, None).expect("a sound catalogue");
    let now = forerunner::app::clock::SystemClock.now();
    let journeys: Vec<_> = (0..JOURNEYS).map(journey).collect();
    metrics.replace(&journeys, now).expect("below the limit");
    let request = ScrapeRequest::from_http(None, None, None).expect("a plain scrape");
    let mut bytes = 0;
    let mut times = Vec::new();
    let done = AtomicBool::new(false);
    let held = std::thread::scope(|scope| {
        let counting = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            for number in (0..JOURNEYS).cycle() {
                if done.load(Ordering::Relaxed) {
                    return longest;
                }
                let since = Instant::now();
                metrics.planned(&format!("j{number}"));
                longest = longest.max(since.elapsed());
                std::thread::sleep(Duration::from_micros(200));
            }
            longest
        });
        for _ in 0..9 {
            bytes = 0;
            let since = Instant::now();
            metrics
                .write(&request, &mut |chunk| {
                    bytes += chunk.len();
                    Ok(())
                })
                .expect("memory");
            times.push(since.elapsed());
        }
        done.store(true, Ordering::Relaxed);
        counting.join().expect("no panic")
    });
    times.sort();
    (times[times.len() / 2], bytes, held)
}

fn journey(number: usize) -> JourneySeries {
    JourneySeries {
        name: format!("j{number}"),
        title: format!("Task {number}"),
        source: format!("probes/j{number}.yaml"),
        definition: Digest(format!("sha256:{number:064x}")),
        owner: Some("platform".to_owned()),
        labels: Vec::new(),
        interval: Duration::from_mins(1),
        timeout: Duration::from_secs(30),
        objectives: Vec::new(),
        steps: (0..STEPS)
            .map(|step| StepSeries {
                id: format!("step-{step}"),
                host: Some("site".to_owned()),
                party: Some("platform".to_owned()),
                server_name: Some("www.example.org".to_owned()),
            })
            .collect(),
    }
}
