//! Debian's Prometheus scraping the daemon: what it keeps, what it forgets, and from a bucket back to a run.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::program::{Daemon, PATIENCE, configure, runs, site};

pub struct Prometheus {
    _child: Child,
    port: u16,
}

impl Prometheus {
    /// Started with this configuration; what it keeps stands in `tsdb`.
    pub fn start(directory: &Path, config: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        std::fs::write(directory.join("prometheus.yml"), config).expect("written");
        let child = Command::new("prometheus")
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=tsdb")
            .arg("--enable-feature=exemplar-storage")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .current_dir(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("prometheus is installed, as scripts/test sees to");
        Self { _child: child, port }
    }

    /// What its interface answers; nothing as long as it does not.
    pub async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Option<Json> {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        let request = format!("GET {path}?{query} HTTP/1.0\r\nHost: here\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        serde_json::from_str(body).ok()
    }

    /// The values of an instant query, once they are what is waited for.
    pub async fn until(&self, query: &str, holds: impl Fn(&[f64]) -> bool) {
        let asking = async {
            loop {
                if let Some(answer) = self.ask("/api/v1/query", &[("query", query)]).await {
                    let results = answer["data"]["result"].as_array().cloned().unwrap_or_default();
                    let value = |result: &Json| result["value"][1].as_str().and_then(|value| value.parse().ok());
                    let values: Vec<f64> = results.iter().filter_map(value).collect();
                    if holds(&values) {
                        return;
                    }
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("`{query}` never came to that"));
    }
}

#[tokio::test]
async fn a_scrape_shows_what_is_there_and_nothing_that_is_gone() {
    // Nobody listens there: every run fails, and is counted.
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let directory = site(closed);
    let daemon = Daemon::start(directory.path()).await;
    let config = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n\
         - {{ job_name: forerunner, static_configs: [{{ targets: [\"{}\"] }}] }}\n",
        daemon.address
    );
    let prometheus = Prometheus::start(directory.path(), &config);
    prometheus.until("up", |values| *values == [1.0]).await;
    prometheus
        .until("forerunner_journey_failures_total", |values| values.len() == 2 && values.iter().all(|v| *v > 1.0))
        .await;
    prometheus.until("increase(forerunner_journey_failures_total[10s]) > 0", |values| values.len() == 2).await;
    prometheus.until("forerunner_journey_success", |values| *values == [0.0, 0.0]).await;
    // What is taken out is stale at the next scrape, not five minutes later.
    configure(directory.path(), "  - file: one.yaml\n");
    daemon.signal("HUP").await;
    prometheus.until("forerunner_journey_runs_total{journey=\"two\"}", <[f64]>::is_empty).await;
    prometheus.until("forerunner_journey_runs_total{journey=\"one\"}", |values| values.len() == 1).await;
    // From a bucket of the histogram to the run that fell into it, and to its evidence.
    let listed = runs(directory.path()).await;
    let exemplar = async {
        loop {
            let parameters = [
                ("query", "forerunner_journey_duration_seconds_bucket{journey=\"one\"}"),
                ("start", "1"),
                ("end", "4102444800"),
            ];
            if let Some(answer) = prometheus.ask("/api/v1/query_exemplars", &parameters).await {
                let labels = answer["data"][0]["exemplars"][0]["labels"].clone();
                if let (Some(run), Some(_)) = (labels["run_id"].as_str(), labels["trace_id"].as_str()) {
                    return run.to_owned();
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let run = tokio::time::timeout(PATIENCE, exemplar).await.expect("an exemplar");
    let page = daemon.until(&format!("GET /runs/{run}"), |page| page.starts_with("HTTP/1.1 200")).await;
    assert!(
        page.contains("connection refused") || page.contains("nothing listens"),
        "{run} is not among {listed}: {page}"
    );
}
