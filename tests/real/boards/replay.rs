//! Hours of a daemon's metrics out of two looks at them: what a second brought is told again as a minute, over and over.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Seconds between two scrapes.
const SCRAPE_SECONDS: u64 = 15;
/// Told seconds for each that passed.
const SLOWER: f64 = 60.0;

/// What a scrape said, and when.
pub struct Look {
    pub text: String,
    /// Since 1970.
    pub at_seconds: f64,
}

impl Look {
    /// When it was, without what is less than a second.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of our days")]
    pub fn whole_seconds(&self) -> u64 {
        self.at_seconds as u64
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Goes on as it went from the first look to the second.
    Grows,
    /// Stays as far in the past as it was.
    Moves,
    /// As long as the second look has it, times this.
    Stays(f64),
}

struct Series {
    name: String,
    /// Without braces; `job` and `instance` are among them.
    labels: String,
    way: Way,
    early: f64,
    late: f64,
    /// Seconds between two runs of its journey.
    interval: f64,
}

/// Blocks of `hours` that end at `late` in the store of Prometheus, as if it had scraped all the time.
pub fn blocks(tsdb: &Path, early: &Look, late: &Look, hours: u64) {
    let series = series(early, late);
    let input = tsdb.with_extension("openmetrics");
    std::fs::write(&input, told(&series, early, late, hours * 3600)).expect("written");
    let output = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
        .args([&input, tsdb])
        .output()
        .expect("promtool is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_file(&input).expect("removed");
}

fn told(series: &[Series], early: &Look, late: &Look, seconds: u64) -> String {
    let end = late.whole_seconds();
    let elapsed = late.at_seconds - early.at_seconds;
    let mut text = String::new();
    for at in (0..=seconds).step_by(usize::try_from(SCRAPE_SECONDS).expect("small")) {
        let now = end - seconds + at;
        for Series { name, labels, way, early, late: value, interval } in series {
            let value = match way {
                Way::Grows => {
                    let runs = (at as f64 / SLOWER / interval).floor();
                    early + (value - early) / elapsed * interval * runs
                }
                Way::Moves => now as f64 - (late.at_seconds - value),
                Way::Stays(times) => value * times,
            };
            writeln!(text, "{name}{{{labels}}} {value} {now}").expect("memory");
        }
    }
    text + "# EOF\n"
}

fn series(early: &Look, late: &Look) -> Vec<Series> {
    let (before, after) = (samples(&early.text), samples(&late.text));
    let kinds: BTreeMap<&str, &str> =
        late.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let interval = |labels: &str| {
        let journey = labels.split(',').find(|label| label.starts_with("journey="));
        let known = journey.and_then(|journey| after.get(&("forerunner_journey_interval_seconds", journey)));
        known.copied().unwrap_or(1.0)
    };
    let mut all: Vec<Series> = after
        .iter()
        .map(|((name, labels), value)| Series {
            name: (*name).to_owned(),
            labels: with_target(labels),
            way: way(name, &kinds),
            // What appears with its first event was 0 before.
            early: before.get(&(*name, *labels)).copied().unwrap_or(0.0),
            late: *value,
            interval: interval(labels),
        })
        .collect();
    // Prometheus adds these to what it scrapes.
    for (name, value) in [("up", 1.0), ("scrape_duration_seconds", 0.004)] {
        let (name, labels) = (name.to_owned(), with_target(""));
        all.push(Series { name, labels, way: Way::Stays(1.0), early: value, late: value, interval: 1.0 });
    }
    all
}

fn way(name: &str, kinds: &BTreeMap<&str, &str>) -> Way {
    let parts = ["_bucket", "_sum", "_count"];
    let family = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
    match (kinds.get(name), kinds.get(family)) {
        (Some(&"counter"), _) | (_, Some(&"histogram")) => Way::Grows,
        _ if name.starts_with("forerunner_journey_last_") => Way::Moves,
        _ if name == "forerunner_journey_interval_seconds" => Way::Stays(SLOWER),
        _ => Way::Stays(1.0),
    }
}

fn with_target(labels: &str) -> String {
    let comma = if labels.is_empty() { "" } else { "," };
    format!("{labels}{comma}job=\"forerunner\",instance=\"london-1\"")
}

/// Value by name and labels.
fn samples(text: &str) -> BTreeMap<(&str, &str), f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) =
                series.strip_suffix('}').and_then(|series| series.split_once('{')).unwrap_or((series, ""));
            ((name, labels), value.parse().expect("a number"))
        })
        .collect()
}
