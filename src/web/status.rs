//! The page of the daemon itself: what runs here, with which file, and whether its parts are well.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::answer::page;
use super::html::{Block, Line, Refresh, document};
use super::journeys::{distance, moment};
use super::routes::App;
use crate::base::time::Timestamp;

/// How the daemon does at one moment.
#[derive(Clone, Debug, Default)]
pub struct Status {
    pub version: String,
    /// Where we measure from.
    pub vantage: String,
    pub uptime: Duration,
    pub config_file: String,
    pub last_reload: Option<Reload>,
    /// Words for people and their numbers, such as `journeys` and 12, in the order in which they are shown.
    pub counts: Vec<(&'static str, u64)>,
    /// Facts of the store, such as `size` and `12 MiB of 4 GiB`, in the order in which they are shown.
    pub store: Vec<(&'static str, String)>,
}

/// What came of reading the configuration, at start or later.
#[derive(Clone, Debug)]
pub struct Reload {
    pub at: Timestamp,
    /// A summary, or every reason why the file was refused, in lines.
    pub result: Result<String, String>,
}

pub(super) async fn answer(State(app): State<Arc<App>>) -> Response {
    page(&app, |app| show(&(app.site.status)(), app.site.readiness.check(), app.site.clock.now())).await
}

fn show(status: &Status, ready: Result<(), &'static str>, now: Timestamp) -> (StatusCode, String) {
    let mut body = "<h1>Status</h1>\n<dl class=\"facts-list\">\n".to_owned();
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(body, "<dt>{}</dt><dd>{}</dd>", Line(name), Line(value));
    };
    fact("state", ready.err().unwrap_or("ready"));
    fact("version", &status.version);
    fact("vantage", &status.vantage);
    fact("up for", &distance(status.uptime));
    fact("configuration", &status.config_file);
    for (name, count) in &status.counts {
        fact(name, &count.to_string());
    }
    body.push_str("</dl>\n");
    if let Some(reload) = &status.last_reload {
        let (words, class, said) = match &reload.result {
            Ok(said) => ("in force", "passed", said),
            Err(said) => ("refused", "failed", said),
        };
        let _ = writeln!(
            body,
            "<h2>Last load of the configuration</h2>\n<p><span class=\"state {class}\">{words}</span> {}</p>\n\
             <pre>{}</pre>",
            moment(reload.at, now),
            Block(said.trim_end())
        );
    }
    if !status.store.is_empty() {
        body.push_str("<h2>Store</h2>\n<dl class=\"facts-list\">\n");
        for (name, value) in &status.store {
            let _ = writeln!(body, "<dt>{}</dt><dd>{}</dd>", Line(name), Line(value));
        }
        body.push_str("</dl>\n");
    }
    (StatusCode::OK, document("Status", Refresh::HalfMinute, &body))
}
