//! One board as Grafana would ask it: variables filled in, each query with the step of a window, answers judged.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::{Captures, Regex};
use serde_json::Value as Json;

use super::{HOURS, excuse};
use crate::program::PATIENCE;
use crate::prometheus::Prometheus;

/// Share of the points of a curve that must be there. The first ones look back to before the first sample.
const SHARE_MIN: f64 = 0.9;

/// A board with a value for each of its variables.
pub struct View<'a> {
    board: Json,
    journey: &'a str,
    prometheus: &'a Prometheus,
    /// Of what was replayed, in seconds since 1970.
    end: u64,
    pub values: BTreeMap<String, String>,
    /// What is wrong so far.
    pub found: Vec<String>,
    /// What was empty and may be.
    pub excused: Vec<&'static str>,
}

impl<'a> View<'a> {
    pub async fn open(text: &str, journey: &'a str, prometheus: &'a Prometheus, end: u64) -> Self {
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
    pub async fn look_back(&mut self, range: u64, points: u64) {
        let run: u64 = self.values["min_step"].parse().expect("whole seconds");
        for panel in self.panels() {
            for target in panel["targets"].as_array().expect("targets") {
                // As Grafana reckons: the least step of the query stands for the scrape interval.
                let least = if target.get("interval").is_some() { run } else { 15 };
                let points = panel["maxDataPoints"].as_u64().map_or(points, |most| most.min(points));
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

    /// Asks one query for what holds at the end, over everything that was replayed.
    pub async fn says(&mut self, title: &str, query: usize, expected: &[f64]) {
        let panel = self.panels().into_iter().find(|panel| panel["title"] == title);
        let target = panel.map(|panel| panel["targets"][query]["expr"].clone()).unwrap_or_default();
        let macros = BTreeMap::from([("__range", format!("{}s", HOURS * 3600))]);
        let query = self.filled(target.as_str().unwrap_or_default(), &macros);
        let answer = self.answer("/api/v1/query", &[("query", &query), ("time", &self.end.to_string())]).await;
        let number = |result: &Json| text(&result["value"][1]).parse::<f64>().expect("a number");
        let mut values: Vec<f64> = answer.unwrap_or_default().iter().map(number).collect();
        values.sort_by(f64::total_cmp);
        let same = |(value, expected): (&f64, &f64)| (value - expected).abs() < 0.005;
        if values.len() != expected.len() || !values.iter().zip(expected).all(same) {
            self.found.push(format!("{} / {title}: {values:?} instead of {expected:?}", self.board["title"]));
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

    pub async fn annotations(&mut self) {
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
    pub async fn exemplars(&mut self) {
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
