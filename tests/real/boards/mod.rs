//! Every query of every board asked of Debian's Prometheus: none is refused, and none is empty without a reason.

mod replay;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex::{Captures, Regex};
use serde_json::Value as Json;

use crate::metrics::body;
use crate::nginx::Nginx;
use crate::program::{Daemon, PATIENCE};
use crate::prometheus::Prometheus;
use replay::Look;

const OVERVIEW: &str = include_str!("../../../dashboards/overview.json");
const JOURNEY: &str = include_str!("../../../dashboards/journey.json");
const PROMETHEUS: &str = include_str!("../../../config/examples/prometheus.yml");

const HOURS: u64 = 6;
/// How far boards look back, and for how many points at most, in a narrow window and in a wide one.
const VIEWS: [(u64, u64); 3] = [(3600, 300), (HOURS * 3600, 1000), (HOURS * 3600, 50)];
/// Share of the points of a curve that must be there. The first ones look back to before the first sample.
const SHARE_MIN: f64 = 0.9;

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
    let at = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Look { text: body(&answer), at }
}

/// Whether the text has a sample with this in it that is not 0.
fn counted(text: &str, part: &str) -> bool {
    text.lines().any(|line| line.contains(part) && !line.starts_with('#') && !line.ends_with(" 0"))
}

/// A board with a value for each of its variables.
struct View<'a> {
    board: Json,
    journey: &'a str,
    prometheus: &'a Prometheus,
    /// Of what was replayed, in seconds since 1970.
    end: u64,
    values: BTreeMap<String, String>,
    /// What is wrong so far.
    found: Vec<String>,
    /// What was empty and may be.
    excused: Vec<&'static str>,
}

impl<'a> View<'a> {
    async fn open(text: &str, journey: &'a str, prometheus: &'a Prometheus, end: u64) -> Self {
        let board = serde_json::from_str(text).expect("JSON");
        let chosen = if journey.is_empty() { ".+" } else { journey };
        let values = [("job", ".+"), ("instance", ".+"), ("step", ".+"), ("journey", chosen)];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut view = Self { board, journey, prometheus, end, values, found: Vec::new(), excused: Vec::new() };
        view.variables().await;
        view
    }

    /// Asks for the values to choose from; the first is taken where none is chosen yet.
    async fn variables(&mut self) {
        let of_labels = Regex::new(r"^label_values\((.+), (\w+)\)$").expect("a pattern");
        for variable in self.board["templating"]["list"].as_array().expect("variables").clone() {
            let (name, Some(query)) = (text(&variable["name"]), variable["query"]["query"].as_str()) else { continue };
            let asked = if let Some(parts) = of_labels.captures(query) {
                format!("group by ({}) ({})", &parts[2], &parts[1])
            } else {
                let inner = query.strip_prefix("query_result(").and_then(|rest| rest.strip_suffix(')'));
                inner.expect("one of the two forms").to_owned()
            };
            let results = self.instant(&asked).await.unwrap_or_default();
            let regex = variable["regex"].as_str().expect("text").trim_matches('/');
            let shown = results.first().map(|result| {
                // As the data source writes results for the pattern to read.
                let labels = result["metric"].as_object().expect("labels").iter();
                let labels: Vec<_> = labels.map(|(name, value)| format!("{name}={value}")).collect();
                format!("{{{}}} {} {}", labels.join(","), text(&result["value"][1]), self.end * 1000)
            });
            let value = shown.as_deref().and_then(|shown| Regex::new(regex).expect("a pattern").captures(shown));
            match value {
                None => self.found.push(format!("`${name}` has no value: {shown:?}")),
                Some(value) if !regex.is_empty() => drop(self.values.insert(name, value[1].to_owned())),
                Some(_) => {}
            }
        }
    }

    /// The query with all variables replaced.
    fn filled(&self, query: &str, more: &BTreeMap<&str, String>) -> String {
        let variable = Regex::new(r"\$\{?(\w+)\}?").expect("a pattern");
        let value = |found: &Captures<'_>| {
            let value = more.get(&found[1]).or_else(|| self.values.get(&found[1]));
            value.unwrap_or_else(|| panic!("no value for `{}`", &found[0])).clone()
        };
        variable.replace_all(query, value).into_owned()
    }

    async fn answer(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Vec<Json>, String> {
        let answer = self.prometheus.ask(path, parameters).await.ok_or("no answer")?;
        let data = &answer["data"];
        let results = data["result"].as_array().or_else(|| data.as_array());
        results.cloned().ok_or_else(|| answer["error"].to_string())
    }

    async fn instant(&self, query: &str) -> Result<Vec<Json>, String> {
        let query = self.filled(query, &BTreeMap::new());
        self.answer("/api/v1/query", &[("query", &query), ("time", &self.end.to_string())]).await
    }

    fn panels(&self) -> Vec<Json> {
        let panels = self.board["panels"].as_array().expect("panels");
        panels.iter().filter(|panel| panel["type"] != "row").cloned().collect()
    }

    /// Asks all queries as a window that looks back for `range` seconds and has room for `points`.
    async fn look_back(&mut self, range: u64, points: u64) {
        let run: u64 = self.values["min_step"].parse().expect("whole seconds");
        for panel in self.panels() {
            for target in panel["targets"].as_array().expect("targets") {
                // As Grafana reckons: the least step of the query stands for the scrape interval.
                let least = if target.get("interval").is_some() { run } else { 15 };
                let step = range.div_ceil(points).max(least);
                let macros = BTreeMap::from([
                    ("__range", format!("{range}s")),
                    ("__interval", format!("{step}s")),
                    ("__rate_interval", format!("{}s", (step + least).max(4 * least))),
                ]);
                let query = self.filled(&text(&target["expr"]), &macros);
                let answer = if target["instant"] == true {
                    self.answer("/api/v1/query", &[("query", &query), ("time", &self.end.to_string())]).await
                } else {
                    let [start, end, step] = [self.end - range, self.end, step].map(|number| number.to_string());
                    let parameters = [("query", query.as_str()), ("start", &start), ("end", &end), ("step", &step)];
                    self.answer("/api/v1/query_range", &parameters).await
                };
                self.judge(&text(&panel["title"]), &query, answer, range / step);
            }
        }
    }

    fn judge(&mut self, title: &str, query: &str, answer: Result<Vec<Json>, String>, points: u64) {
        let shares = answer.map(|results| results.iter().map(|result| share(result, points)).collect::<Vec<_>>());
        let excuse = excuse(self.journey, title);
        let problem = match shares {
            Err(error) => error,
            Ok(shares) if shares.iter().any(|share| *share >= SHARE_MIN) => return,
            Ok(_) if excuse.is_some() => {
                self.excused.extend(excuse.map(|(_, place, _)| place));
                return;
            }
            Ok(shares) => format!("empty, or with holes: {shares:?}"),
        };
        self.found.push(format!("{} / {title}, {points} points: {problem}\n    {query}", self.board["title"]));
    }

    async fn annotations(&mut self) {
        for annotation in self.board["annotations"]["list"].as_array().expect("annotations").clone() {
            let query = text(&annotation["expr"]);
            let answer = self.instant(&query).await;
            let excused = excuse(self.journey, &text(&annotation["name"]));
            match (answer, excused) {
                (Err(error), _) => self.found.push(format!("{}: {error}", annotation["name"])),
                (Ok(results), None) if results.is_empty() => {
                    self.found.push(format!("{}: empty", annotation["name"]));
                }
                (Ok(_), _) => {}
            }
        }
    }

    /// That curves whose points lead to runs have such points: of what is scraped meanwhile.
    async fn exemplars(&mut self) {
        let macros = BTreeMap::from([("__rate_interval", "4m".to_owned())]);
        for panel in self.panels().iter().filter(|panel| excuse(self.journey, &text(&panel["title"])).is_none()) {
            for target in panel["targets"].as_array().expect("targets").iter().filter(|it| it["exemplar"] == true) {
                let query = self.filled(&text(&target["expr"]), &macros);
                if tokio::time::timeout(PATIENCE, self.exemplar(&query)).await.is_err() {
                    self.found.push(format!("{}: no point leads to a run", panel["title"]));
                }
            }
        }
    }

    /// Waits for a point that leads to a run.
    async fn exemplar(&self, query: &str) {
        let parameters = [("query", query), ("start", "1"), ("end", "4102444800")];
        loop {
            let found = self.answer("/api/v1/query_exemplars", &parameters).await.unwrap_or_default();
            if found.iter().any(|series| series["exemplars"][0]["labels"]["run_id"].is_string()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Why this may be empty, if it may.
fn excuse(journey: &str, place: &str) -> Option<&'static Excuse> {
    EMPTY.iter().find(|excuse| (excuse.0.is_empty() || excuse.0 == journey) && excuse.1 == place)
}

/// Share of the points of a series that are numbers.
fn share(result: &Json, points: u64) -> f64 {
    let number = |pair: &Json| pair[1].as_str().and_then(|value| value.parse::<f64>().ok()).is_some_and(f64::is_finite);
    match result["values"].as_array() {
        Some(values) => values.iter().filter(|pair| number(pair)).count() as f64 / points as f64,
        None => f64::from(u8::from(number(&result["value"]))),
    }
}

fn text(value: &Json) -> String {
    value.as_str().expect("text").to_owned()
}

#[tokio::test]
async fn every_panel_of_every_board_shows_something() {
    let (nginx, directory) = (Nginx::start(), tempfile::tempdir().expect("a directory"));
    site(directory.path(), &nginx);
    let daemon = Daemon::start(directory.path()).await;
    let early = look(&daemon, |text| counted(text, "forerunner_journey_runs_total{journey=\"browse\"}")).await;
    // An incident opens once a second failure has confirmed the first.
    let late = look(&daemon, |text| {
        counted(text, "state=\"firing\"}")
            && counted(text, "forerunner_step_expectation_failures_total{")
            && counted(text, "forerunner_confirm_total{")
    })
    .await;
    assert!(late.at > early.at + Duration::from_secs(1), "time has passed");
    replay::blocks(&directory.path().join("tsdb"), &early, &late, HOURS);

    let config = PROMETHEUS
        .replace("127.0.0.1:9797", &daemon.address.to_string())
        .replace("scrape_interval: 15s", "scrape_interval: 1s\n  scrape_timeout: 1s");
    assert!(config.contains("scrape_timeout: 1s") && config.contains(&daemon.address.to_string()));
    let prometheus = Prometheus::start(directory.path(), &config);
    prometheus.until("up{job=\"forerunner\",instance=\"london-1\"}", |values| *values == [1.0]).await;
    let found = tokio::time::timeout(PATIENCE, ask_everything(&prometheus, late.at.as_secs())).await.expect("answers");
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
