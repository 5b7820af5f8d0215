//! The boards for Grafana: `dashboards/` holds what is built here, and nothing in them names what there is not.

mod grafana;
mod journey;
mod overview;
mod words;

use std::collections::BTreeSet;
use std::path::Path;

use forerunner::metrics::catalogue::{self, Kind, Metric};
use regex::Regex;
use serde_json::Value as Json;

/// What Prometheus itself says of everything it scrapes.
const OF_PROMETHEUS: &[&str] = &["up", "scrape_duration_seconds"];
/// Labels that every series has once it was scraped, and the one of buckets.
const ADDED: &[&str] = &["job", "instance", "le"];

fn boards() -> Vec<Json> {
    let built = [overview::board(), journey::board()];
    built.iter().map(|board| serde_json::from_str(&board.file()).expect("JSON")).collect()
}

/// Each panel of a board but the headings of rows, with what to call it.
fn panels(board: &Json) -> impl Iterator<Item = (String, &Json)> {
    let panels = board["panels"].as_array().expect("panels").iter();
    panels
        .filter(|panel| panel["type"] != "row")
        .map(|panel| (format!("{} / {}", board["title"], panel["title"]), panel))
}

/// Every query: of panels, of annotations and of variables, each with where it stands.
fn queries(board: &Json) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, panel) in panels(board) {
        for target in panel["targets"].as_array().expect("targets") {
            found.push((name.clone(), text(&target["expr"])));
        }
    }
    for annotation in board["annotations"]["list"].as_array().expect("annotations") {
        found.push((text(&annotation["name"]), text(&annotation["expr"])));
    }
    for variable in variables(board).filter(|variable| variable["type"] == "query") {
        found.push((text(&variable["name"]), text(&variable["query"]["query"])));
    }
    found
}

fn variables(board: &Json) -> impl Iterator<Item = &Json> {
    board["templating"]["list"].as_array().expect("variables").iter()
}

fn text(value: &Json) -> String {
    value.as_str().expect("text").to_owned()
}

fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n{}", findings.join("\n"));
}

#[test]
fn the_files_are_what_is_built() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards");
    for (name, board) in [("overview.json", overview::board()), ("journey.json", journey::board())] {
        crate::reference::check(&folder.join(name), &board.file());
    }
}

/// The metric behind the name of a series.
fn metric(series: &str) -> Option<&'static Metric> {
    let parts = ["_bucket", "_sum", "_count"];
    let of_histogram = parts.iter().find_map(|part| series.strip_suffix(part));
    catalogue::ALL.iter().copied().find(|metric| match metric.kind {
        Kind::Histogram => of_histogram == Some(metric.name),
        Kind::Counter | Kind::Gauge | Kind::Info => series == metric.name,
    })
}

/// What is wrong with a query, as far as names tell.
fn problems(query: &str) -> Vec<String> {
    let selector = Regex::new(r"\b((?:forerunner|process|scrape)_[a-z_0-9]+|up)\b(?:\{([^}]*)\})?").expect("a pattern");
    let matcher = Regex::new(r"([a-z_]+)(?:=~|!~|!=|=)").expect("a pattern");
    let mut found = Vec::new();
    for selected in selector.captures_iter(query) {
        let name = &selected[1];
        let metric = metric(name);
        if metric.is_none() && !OF_PROMETHEUS.contains(&name) {
            found.push(format!("there is no `{name}`"));
        }
        let before = query[..selected.get(0).expect("a match").start()].trim_end();
        let counted = metric.is_some_and(|metric| matches!(metric.kind, Kind::Counter | Kind::Histogram));
        if counted && !before.ends_with("rate(") && !before.ends_with("increase(") {
            found.push(format!("`{name}` only grows and is not inside `rate` or `increase`"));
        }
        let labels: Vec<_> = selected
            .get(2)
            .map(|labels| matcher.captures_iter(labels.as_str()).map(|found| found[1].to_owned()).collect())
            .unwrap_or_default();
        let known = |label: &str| ADDED.contains(&label) || metric.is_some_and(|metric| metric.labels.contains(&label));
        found.extend(labels.iter().filter(|label| !known(label)).map(|label| format!("`{name}` has no `{label}`")));
    }
    found
}

#[test]
fn every_metric_in_a_query_exists_and_is_used_as_its_kind_wants() {
    for (query, count) in [
        ("forerunner_journey_success{job=~\"$job\",journey=\"a\"}", 0),
        ("sum(rate(forerunner_journey_runs_total{job=\"x\"}[5m])) / up", 0),
        ("increase(forerunner_journey_duration_seconds_bucket{outcome='passed',le=\"1\"}[5m])", 0),
        ("forerunner_journey_winners{step=\"a\"}", 2),
        ("forerunner_journey_success{step=\"a\"}", 1),
        ("sum(forerunner_journey_runs_total)", 1),
        ("rate(forerunner_journey_duration_seconds[5m])", 1),
    ] {
        assert_eq!(problems(query).len(), count, "{query}: {:?}", problems(query));
    }
    let all: Vec<_> = boards().iter().flat_map(queries).collect();
    assert!(all.len() > 70, "queries are found: {}", all.len());
    // Of the choices of jobs and vantage points only the first can be made without the other.
    let found =
        all.iter().flat_map(|(name, query)| problems(query).into_iter().map(move |what| format!("{name}: {what}")));
    none("queries", &found.collect::<Vec<_>>());
}

#[test]
fn every_query_of_a_panel_is_about_the_chosen_daemons() {
    let series = Regex::new(r"\b(?:forerunner|process|scrape)_[a-z_0-9]+|\bup\b").expect("a pattern");
    let chosen = r#"{job=~"$job",instance=~"$instance""#;
    let mut found = Vec::new();
    for board in boards() {
        for (name, panel) in panels(&board) {
            for target in panel["targets"].as_array().expect("targets") {
                let query = text(&target["expr"]);
                let all = series.find_iter(&query).all(|series| query[series.end()..].starts_with(chosen));
                let open = query.contains("{S") || query.contains("{A");
                if !all || open {
                    found.push(format!("{name}: {query}"));
                }
            }
        }
    }
    none("not of the chosen daemons alone", &found);
}

#[test]
fn what_looks_back_over_runs_has_a_step_that_is_long_enough() {
    let mut found = Vec::new();
    for board in boards() {
        for (name, panel) in panels(&board) {
            for target in panel["targets"].as_array().expect("targets") {
                let query = text(&target["expr"]);
                let back = query.contains("$__rate_interval") || query.contains("$__interval");
                if back && (target["interval"] != "${min_step}s" || panel["interval"] != "${min_step}s") {
                    found.push(name.clone());
                }
            }
        }
    }
    none("without the step of the journeys", &found);
}

#[test]
fn every_panel_says_what_it_shows() {
    let mut found = Vec::new();
    for board in boards() {
        let mut titles = BTreeSet::new();
        for (name, panel) in panels(&board) {
            let about = text(&panel["description"]);
            let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
            if about.len() < 15 || !about.ends_with('.') || unit.is_none() || !titles.insert(text(&panel["title"])) {
                found.push(name.clone());
            }
            if panel["targets"].as_array().is_none_or(Vec::is_empty) {
                found.push(format!("{name}: nothing is asked"));
            }
        }
    }
    none("without title, description, unit or query, or with the title of another", &found);
}

#[test]
fn panels_stand_beside_each_other() {
    for board in boards() {
        let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for panel in board["panels"].as_array().expect("panels") {
            let name = &panel["title"];
            assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{name}: the id of another");
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().expect("a number"));
            assert!(w > 0 && h > 0 && x + w <= 24, "{name}: off the board");
            for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(place), "{name}: over another");
            }
            let targets = panel["targets"].as_array().into_iter().flatten();
            let refs: Vec<_> = targets.map(|target| text(&target["refId"])).collect();
            assert_eq!(refs.iter().collect::<BTreeSet<_>>().len(), refs.len(), "{name}: two queries of one name");
        }
    }
}

#[test]
fn boards_depend_on_nothing_that_one_installation_has() {
    let used = Regex::new(r"\$\{?([a-zA-Z_]+)").expect("a pattern");
    let linked = Regex::new(r"/d/([a-z-]+)").expect("a pattern");
    let uids: BTreeSet<_> = boards().iter().map(|board| text(&board["uid"])).collect();
    assert_eq!(uids.len(), boards().len());
    for board in boards() {
        let title = &board["title"];
        assert!(board.get("id").is_none() && board.get("__inputs").is_none(), "{title}");
        let known: Vec<_> = variables(&board).map(|variable| text(&variable["name"])).collect();
        let written = board.to_string();
        for name in used.captures_iter(&written).map(|found| found[1].to_owned()) {
            assert!(name.starts_with("__") || known.contains(&name), "{title}: there is no variable `{name}`");
        }
        for source in sources(&board) {
            assert_eq!(source["uid"], "${datasource}", "{title}");
        }
        // Links between boards lead to boards of this folder.
        for uid in linked.captures_iter(&written).map(|found| found[1].to_owned()) {
            assert!(uids.contains(&uid), "{title}: there is no board `{uid}`");
        }
    }
}

/// Every data source that is named anywhere in it.
fn sources(value: &Json) -> Vec<&Json> {
    let (mut found, mut open) = (Vec::new(), vec![value]);
    while let Some(value) = open.pop() {
        match value {
            Json::Object(map) => {
                found.extend(map.get("datasource"));
                open.extend(map.values());
            }
            Json::Array(list) => open.extend(list),
            _ => {}
        }
    }
    found
}
