//! Every query of every board asked of Debian's Prometheus: none is refused, and none is empty without a reason.

mod replay;
mod view;

use std::path::Path;

use forerunner::app::clock::SystemClock;
use forerunner::model::clock::Clock as _;

use crate::metrics::body;
use crate::nginx::Nginx;
use crate::program::{Daemon, PATIENCE};
use crate::prometheus::Prometheus;
use replay::Look;
use view::View;

const OVERVIEW: &str = include_str!("../../../dashboards/overview.json");
const JOURNEY: &str = include_str!("../../../dashboards/journey.json");
const PROMETHEUS: &str = include_str!("../../../config/examples/prometheus.yml");

const HOURS: u64 = 6;
/// How far boards look back, and for how many points at most, in a narrow window and in a wide one.
const VIEWS: [(u64, u64); 3] = [(3600, 300), (HOURS * 3600, 1000), (HOURS * 3600, 50)];

/// For which journey (or any), where it stands, and why nothing is there.
type Excuse = (&'static str, &'static str, &'static str);

/// What may be empty.
const EMPTY: &[Excuse] = &[
    ("", "Definition changed", "there is a mark only after a reload that changed one"),
    ("browse", "Expectations that did not hold", "all held"),
    ("sign-in", "Last success", "it never passed"),
    ("sign-in", "p95", "it never passed"),
    ("sign-in", "Quantiles", "it never passed"),
    ("sign-in", "Objectives", "it has none"),
    ("sign-in", "Burn rate", "it has none"),
];

/// What single queries say of these journeys: for which journey, in which panel, the how manieth query, all values in order.
const VALUES: &[(&str, &str, usize, &[f64])] = &[
    ("", "Journeys passing", 0, &[1.0 / 3.0]),
    ("", "Failing", 0, &[2.0]),
    ("", "Degraded", 0, &[0.0]),
    ("", "Overdue", 0, &[0.0]),
    ("", "Incidents open", 0, &[2.0]),
    ("", "Daemons reached", 0, &[1.0]),
    ("", "Uptime", 0, &[1.0 / 3.0]),
    ("", "Oldest message waiting", 0, &[0.0]),
    ("", "Configuration", 0, &[1.0]),
    // Of two journeys the first and the second step.
    ("", "Steps that fail now", 0, &[1.0, 1.0]),
    ("", "Journeys", 1, &[0.0, 0.0, 2.0]),
    ("", "Journeys", 2, &[0.0, 0.0, 1.0]),
    ("", "Builds", 2, &[3.0]),
    ("browse", "State", 0, &[2.0]),
    ("browse", "Reachability", 0, &[1.0]),
    ("browse", "Steps", 2, &[200.0, 200.0]),
    ("browse", "Objectives", 0, &[0.99]),
    ("browse", "Objectives", 2, &[1.0]),
    ("sign-in", "State", 0, &[0.0]),
    ("sign-in", "Reachability", 0, &[0.0]),
    // The third is not reached.
    ("sign-in", "Steps", 1, &[0.0, 1.0]),
];

/// Three journeys: one that passes, one whose second step finds what it does not expect, one whose host is not there.
fn site(directory: &Path, nginx: &Nginx) {
    let url = nginx.url();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let browse = format!(
        "forerunner: 1\njourney: browse\ntitle: Somebody looks around\nowner: platform-team\nlimits: {{ every: 1s }}\n\
         needs: {{ hosts: {{ site: \"{url}\" }} }}\nsteps:\n- {{ step: home, get: /, expect: {{ css:h1: Welcome }} }}\n\
         - {{ step: services, get: /services.json, expect: {{ $.services: {{ length: 5 }} }} }}\n\
         slo: [{{ good: passed, target: 99%, over: 28d }}]\n"
    );
    let sign_in = format!(
        "forerunner: 1\njourney: sign-in\nowner: platform-team\nlimits: {{ every: 1s }}\n\
         needs: {{ hosts: {{ site: \"{url}\" }} }}\nsteps:\n- {{ step: home, get: / }}\n\
         - {{ step: form, get: /, expect: {{ css:h1: Sign in }} }}\n- {{ step: account, get: / }}\n"
    );
    let mentors = format!(
        "forerunner: 1\njourney: mentors\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ api: {{ url: \"http://{closed}\", \
         owner: mentors-partner }} }} }}\nsteps: [{{ step: list, get: / }}]\n"
    );
    let config = format!(
        "listen: 127.0.0.1:0\nvantage: london-1\nexternal-url: https://forerunner.example.org\nlog: {{ format: json }}\n\
         defaults: {{ every: 1s, allow: {{ private-addresses: true }} }}\nnetwork: {{ ca: \"{}\", ip: 4 }}\nruns:\n\
         - file: browse.yaml\n- {{ file: sign-in.yaml, every: 2s }}\n- file: mentors.yaml\n",
        nginx.path("ca.pem").display()
    );
    for (name, text) in
        [("browse.yaml", browse), ("sign-in.yaml", sign_in), ("mentors.yaml", mentors), ("c.yaml", config)]
    {
        std::fs::write(directory.join(name), text).expect("written");
    }
}

/// Looks once the metrics are as wanted.
async fn look(daemon: &Daemon, holds: impl Fn(&str) -> bool) -> Look {
    let answer = daemon.until("GET /metrics", |answer| holds(&body(answer))).await;
    let at_seconds = SystemClock.now().unix_millis() as f64 / 1e3;
    Look { text: body(&answer), at_seconds }
}

/// Whether the text has a sample with this in it that is not 0.
fn counted(text: &str, part: &str) -> bool {
    text.lines().any(|line| line.contains(part) && !line.starts_with('#') && !line.ends_with(" 0"))
}

/// Why this may be empty, if it may.
fn excuse(journey: &str, place: &str) -> Option<&'static Excuse> {
    EMPTY.iter().find(|excuse| (excuse.0.is_empty() || excuse.0 == journey) && excuse.1 == place)
}

#[tokio::test]
async fn every_panel_of_every_board_shows_something() {
    let (nginx, directory) = (Nginx::start(), tempfile::tempdir().expect("a directory"));
    site(directory.path(), &nginx);
    let daemon = Daemon::start(directory.path()).await;
    let early = look(&daemon, |text| counted(text, "forerunner_journey_runs_total{journey=\"browse\"}")).await;
    // Incidents open once a second failure has confirmed the first.
    let late = look(&daemon, |text| {
        text.contains("state=\"firing\"} 2")
            && counted(text, "forerunner_step_expectation_failures_total{")
            && counted(text, "forerunner_confirm_total{")
    })
    .await;
    assert!(late.at_seconds > early.at_seconds + 1.0, "time has passed");
    replay::blocks(&directory.path().join("tsdb"), &early, &late, HOURS);

    let config = PROMETHEUS
        .replace("127.0.0.1:9797", &daemon.address.to_string())
        .replace("scrape_interval: 15s", "scrape_interval: 1s\n  scrape_timeout: 1s");
    assert!(config.contains("scrape_timeout: 1s") && config.contains(&daemon.address.to_string()));
    let prometheus = Prometheus::start(directory.path(), &config);
    prometheus.until("up{job=\"forerunner\",instance=\"london-1\"}", |values| *values == [1.0]).await;
    let found =
        tokio::time::timeout(PATIENCE, ask_everything(&prometheus, late.whole_seconds())).await.expect("answers");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What is wrong with the boards.
async fn ask_everything(prometheus: &Prometheus, end: u64) -> Vec<String> {
    let (mut found, mut excused) = (Vec::new(), Vec::new());
    for (text, journey) in [(OVERVIEW, ""), (JOURNEY, "browse"), (JOURNEY, "sign-in")] {
        let mut view = View::open(text, journey, prometheus, end).await;
        for (range, points) in VIEWS {
            view.look_back(range, points).await;
        }
        view.annotations().await;
        view.exemplars().await;
        for (_, title, query, expected) in VALUES.iter().filter(|(of, ..)| *of == journey) {
            view.says(title, *query, expected).await;
        }
        if view.values["forerunner_url"] != "https://forerunner.example.org" {
            found.push(format!("pages at {}", view.values["forerunner_url"]));
        }
        excused.extend(view.excused.iter().map(|place| (journey, *place)));
        found.append(&mut view.found);
    }
    let needless =
        EMPTY.iter().filter(|(journey, place, _)| !journey.is_empty() && !excused.contains(&(*journey, *place)));
    found.extend(
        needless.map(|(journey, place, reason)| format!("{journey} / {place} is not empty, although {reason}")),
    );
    found
}
