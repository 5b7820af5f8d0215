//! The page of one run: how it ended, whose it is, and the evidence, step by step.

mod evidence;
mod exchange;
mod phases;
mod step;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::answer::page;
use super::html::{Line, Refresh, document};
use super::journeys::{clock, since};
use super::routes::App;
use crate::base::duration::short_duration;
use crate::base::time::Timestamp;
use crate::model::failure::Cause;

/// Bytes of a page up to which evidence is added: the whole of it is in the history, and no browser likes more.
const PAGE_BYTES_MAX: usize = 2 << 20;
/// Characters of an id: that of a ULID.
const ID_CHARS: usize = 26;

pub(super) async fn answer(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    page(&app, move |app| {
        // What cannot be an id is not worth a question to the store.
        let is_id = id.len() == ID_CHARS && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let found = if is_id { app.site.runs.run(&id) } else { Ok(None) };
        match found {
            Ok(Some(run)) => (StatusCode::OK, show(&run, app.site.clock.now())),
            Ok(None) => (StatusCode::NOT_FOUND, missing(&id)),
            Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, unreadable(&why)),
        }
    })
    .await
}

fn missing(id: &str) -> String {
    let id: String = id.chars().take(2 * ID_CHARS).collect();
    let body = format!(
        "<h1>No such run</h1>\n<p>There is no run <code>{}</code> in the history. It may have been too old to be kept, \
         may not have been written yet, or the address is wrong.</p>\n<p><a href=\"/\">All journeys</a></p>\n",
        Line(&id)
    );
    document("No such run", Refresh::Never, &body)
}

fn unreadable(why: &str) -> String {
    let body = format!(
        "<h1>The history cannot be read</h1>\n<p>{}</p>\n<p>Runs go on and are counted in the metrics; \
         <a href=\"/status\">the status</a> says more.</p>\n",
        Line(why)
    );
    document("The history cannot be read", Refresh::Never, &body)
}

fn show(run: &Value, now: Timestamp) -> String {
    let outcome = text(run, "outcome").unwrap_or_default();
    let title = text(run, "title").unwrap_or("A run");
    let mut body = format!(
        "<p class=\"fine\"><a href=\"/\">Journeys</a> / <code>{}</code></p>\n\
         <h1><span class=\"state {}\">{}</span> {}</h1>\n",
        Line(text(run, "name").unwrap_or_default()),
        class(outcome),
        Line(outcome),
        Line(title)
    );
    summary(&mut body, run);
    facts(&mut body, run, now);
    if let Some(failure) = run.get("failure").filter(|failure| !failure.is_null()) {
        step::failure(&mut body, failure);
    }
    for notice in list(run, "notices").iter().filter_map(Value::as_str) {
        let _ = writeln!(body, "<p class=\"notice\">{}</p>", Line(notice));
    }
    let steps = list(run, "steps");
    let longest =
        steps.iter().chain(list(run, "cleanup")).map(|step| seconds(step, "elapsed")).max().unwrap_or_default();
    let deciding = deciding(steps);
    for (heading, key) in [("Steps", "steps"), ("Clean-up", "cleanup")] {
        if list(run, key).is_empty() {
            continue;
        }
        let _ = writeln!(body, "<h2>{heading}</h2>\n{}<ol class=\"steps\">", phases::legend(key == "steps"));
        for (index, step) in list(run, key).iter().enumerate() {
            step::show(&mut body, step, longest, key == "steps" && Some(index) == deciding);
        }
        body.push_str("</ol>\n");
    }
    document(&format!("{outcome}: {title}"), Refresh::Never, &body)
}

/// What happened and whose it is, in a sentence.
fn summary(body: &mut String, run: &Value) {
    let steps = list(run, "steps");
    let Some(step) = deciding(steps).and_then(|index| steps.get(index)) else { return };
    let name = text(step, "title").or_else(|| text(step, "id")).unwrap_or_default();
    let said = step.get("failure").and_then(|failure| text(failure, "detail"));
    let _ = write!(body, "<p class=\"lede\"><b>{}</b>", Line(name));
    if let Some(said) = said {
        let _ = write!(body, ": {}", Line(said));
    }
    let cause = text(run, "cause");
    let ours =
        cause.and_then(|word| Cause::ALL.into_iter().find(|cause| cause.word() == word)).is_some_and(Cause::is_ours);
    let owner = text(step, "owner").or_else(|| text(run, "owner"));
    match (cause, owner) {
        (Some(cause), _) if ours => {
            let _ = write!(
                body,
                " <span class=\"whose\">Cause: {}, our own trouble; nobody is blamed.</span>",
                Line(cause)
            );
        }
        (cause, Some(owner)) => {
            let cause = cause.map(|cause| format!("Cause: {}. ", Line(cause))).unwrap_or_default();
            let _ = write!(body, " <span class=\"whose\">{cause}Responsible: <b>{}</b>.</span>", Line(owner));
        }
        (Some(cause), None) => {
            let _ = write!(body, " <span class=\"whose\">Cause: {}.</span>", Line(cause));
        }
        (None, None) => {}
    }
    body.push_str("</p>\n");
}

fn facts(body: &mut String, run: &Value, now: Timestamp) {
    let mut list = Vec::new();
    let time = |key: &str| text(run, key).and_then(Timestamp::parse_rfc3339);
    let mut fact = |name: &str, markup: Option<String>| {
        list.extend(markup.map(|markup| format!("<dt>{name}</dt><dd>{markup}</dd>")));
    };
    let plain = |key: &str| text(run, key).filter(|text| !text.is_empty()).map(|text| Line(text).to_string());
    let code = |key: &str| plain(key).map(|text| format!("<code>{text}</code>"));
    fact("started", time("started_at").map(|at| format!("{} UTC ({})", clock(at), since(at, now))));
    let late = time("planned_at")
        .zip(time("started_at"))
        .map(|(planned, started)| started.unix_nanos() - planned.unix_nanos());
    let late = late.and_then(|late| u64::try_from(late).ok()).map(Duration::from_nanos);
    fact("start late by", late.filter(|late| !late.is_zero()).map(short_duration));
    fact("took", run.get("elapsed").and_then(Value::as_f64).map(|_| short_duration(seconds(run, "elapsed"))));
    fact("measured from", plain("vantage"));
    fact("owner", plain("owner"));
    fact("journey", code("journey"));
    fact("run", code("id"));
    fact("trace", code("trace_id"));
    fact("definition", code("definition"));
    let _ = writeln!(body, "<dl class=\"facts-list\">\n{}\n</dl>", list.join("\n"));
}

/// Facts beside each other; each is markup.
fn facts_line(out: &mut String, facts: &[String]) {
    if !facts.is_empty() {
        let _ = write!(out, "<div class=\"facts\"><span>{}</span></div>", facts.join("</span><span>"));
    }
}

/// The step that decided the outcome, if one did.
fn deciding(steps: &[Value]) -> Option<usize> {
    let first = |states: &[&str]| {
        steps.iter().position(|step| text(step, "state").is_some_and(|state| states.contains(&state)))
    };
    first(&["failed", "indeterminate"]).or_else(|| first(&["degraded"]))
}

/// A word as a class of the style sheet; what no version of this program wrote gets none.
fn class(word: &str) -> &'static str {
    const KNOWN: [&str; 8] =
        ["passed", "degraded", "failed", "indeterminate", "skipped", "not-run", "cleaned", "not-needed"];
    KNOWN.into_iter().find(|known| *known == word).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A duration; zero for what is none, such as a negative or an endless one.
fn seconds(value: &Value, key: &str) -> Duration {
    value
        .get(key)
        .and_then(Value::as_f64)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .unwrap_or_default()
}
