//! The server under test and the parts of a daemon that it shows.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::base::time::Timestamp;
use crate::history::ledger::reader::IncidentStory;
use crate::metrics::own::Build;
use crate::metrics::scrape::{Collect, ScrapeRequest};
use crate::metrics::series::{JourneySeries, StepSeries};
use crate::metrics::{Metrics, Settings};
use crate::model::clock::Clock;
use crate::model::commands::{Commands, Reply};
use crate::model::incident::Incident;
use crate::model::run::{Digest, Run};
use crate::model::sample;
use crate::web::access::Access;
use crate::web::board::{Board, BoardEntry};
use crate::web::incidents::IncidentSource;
use crate::web::readiness::Readiness;
use crate::web::serve::serve_at_most;
use crate::web::status::Status;
use crate::web::{RunSource, Site};

pub(super) struct Daemon {
    pub address: SocketAddr,
    pub site: Arc<Site>,
    pub history: Arc<History>,
    pub incidents: Arc<Incidents>,
    pub commands: Arc<Remote>,
    pub stop: CancellationToken,
    pub server: JoinHandle<()>,
}

/// Runs by id; or why they cannot be read.
pub(super) struct History(pub Mutex<Result<HashMap<String, Value>, String>>);

impl Default for Remote {
    fn default() -> Self {
        Self(Mutex::new(Ok("loaded 3 journeys".to_owned())))
    }
}

/// What a reload comes to.
pub(super) struct Remote(pub Mutex<Result<String, String>>);

impl RunSource for History {
    fn run(&self, id: &str) -> Result<Option<Value>, String> {
        self.0.lock().expect("unpoisoned").clone().map(|runs| runs.get(id).cloned())
    }
}

impl Commands for Remote {
    fn reload(&self) -> Reply<'_> {
        Box::pin(async { self.0.lock().expect("unpoisoned").clone() })
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        sample::at(3_723_000)
    }
}

/// What is known of incidents, or why nothing is.
pub(super) struct Incidents(pub(super) Mutex<Result<Vec<IncidentStory>, String>>);

impl IncidentSource for Incidents {
    fn incidents(&self) -> Result<Vec<Incident>, String> {
        let known = self.0.lock().expect("unpoisoned");
        known.as_ref().map(|known| known.iter().map(|story| story.incident.clone()).collect()).map_err(Clone::clone)
    }

    fn story(&self, id: &str) -> Result<Option<IncidentStory>, String> {
        let known = self.0.lock().expect("unpoisoned");
        known.as_ref().map(|known| known.iter().find(|story| story.incident.id == id).cloned()).map_err(Clone::clone)
    }
}

impl History {
    pub(super) fn keep(&self, run: &Run) {
        let stored = serde_json::to_value(run).expect("JSON");
        self.0.lock().expect("unpoisoned").as_mut().expect("readable").insert(run.id.clone(), stored);
    }
}

impl Daemon {
    pub(super) async fn start() -> Self {
        Self::start_with(None, 32).await
    }

    pub(super) async fn start_with(access: Option<Access>, connections_max: usize) -> Self {
        let history = Arc::new(History(Mutex::new(Ok(HashMap::new()))));
        let incidents = Arc::new(Incidents(Mutex::new(Ok(Vec::new()))));
        let commands = Arc::new(Remote::default());
        let build = Build { version: "0.1.0", revision: "abc", branch: "main", rustversion: "1.95", target: "x86_64" };
        let site = Arc::new(Site {
            metrics: Arc::new(Metrics::new(Settings::default(), build, None).expect("a sound catalogue")),
            board: Arc::new(Board::default()),
            runs: Arc::clone(&history) as Arc<dyn RunSource>,
            incidents: Arc::clone(&incidents) as Arc<dyn IncidentSource>,
            commands: Arc::clone(&commands) as Arc<dyn Commands>,
            readiness: Arc::new(Readiness::default()),
            status: Arc::new(status),
            clock: Arc::new(Noon),
            annex: axum::Router::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve_at_most(connections_max, listener, Arc::clone(&site), access, stop.clone()));
        Self { address, site, history, incidents, commands, stop, server }
    }

    /// The value of a series of the daemon itself, as text.
    pub(super) fn own_metric(&self, series: &str) -> Option<String> {
        let mut text = Vec::new();
        let own = Collect { journeys: false, steps: false, own: true };
        let request = ScrapeRequest { collect: own, ..ScrapeRequest::default() };
        let take = &mut |chunk: &[u8]| {
            text.extend_from_slice(chunk);
            Ok(())
        };
        self.site.metrics.write(&request, take).expect("written");
        let text = String::from_utf8(text).expect("text");
        text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned))
    }

    /// Fills the metrics with journeys: one scrape of a thousand is some megabytes.
    pub(super) fn schedule(&self, journeys: usize) {
        let definitions: Vec<_> = (0..journeys).map(series).collect();
        self.site.metrics.replace(&definitions, sample::at(0)).expect("below the limit");
    }
}

fn series(number: usize) -> JourneySeries {
    let step = |id: usize| StepSeries {
        id: format!("step-{id}"),
        host: Some("platform".to_owned()),
        party: Some("platform-team".to_owned()),
        server_name: None,
    };
    JourneySeries {
        name: format!("journey-{number}"),
        title: "A task with a long title, as people write them, so that a scrape has some weight".to_owned(),
        source: "probes/platform.yaml".to_owned(),
        definition: Digest(format!("sha256:{}", "0123456789abcdef".repeat(4))),
        owner: Some("platform-team".to_owned()),
        labels: Vec::new(),
        interval: Duration::from_secs(30),
        timeout: Duration::from_mins(1),
        objectives: Vec::new(),
        steps: (0..4).map(step).collect(),
    }
}

fn status() -> Status {
    Status {
        version: "0.1.0".to_owned(),
        vantage: "london-1".to_owned(),
        uptime: Duration::from_secs(93_784),
        config_file: "/etc/forerunner/<config>.yaml".to_owned(),
        last_reload: None,
        counts: vec![("journeys", 3), ("runs in flight", 1)],
        store: vec![("size", "12 MiB of 4 GiB".to_owned())],
    }
}

pub(super) fn entry(name: &str, title: &str) -> BoardEntry {
    BoardEntry { name: name.to_owned(), title: title.to_owned(), owner: Some("platform-team".to_owned()), last: None }
}
