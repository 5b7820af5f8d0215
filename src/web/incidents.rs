//! The pages of incidents: which are open and which were, and of one what became of it and who was told.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::answer::page;
use super::html::{Line, Refresh, document};
use super::journeys::{distance, moment};
use super::routes::App;
use crate::base::time::Timestamp;
use crate::history::ledger::reader::IncidentStory;
use crate::model::incident::{Aspect, Incident, Severity, State as Standing, Transition};

/// Ended incidents that the list shows; `forerunner incidents` has them all.
pub const LISTED_MAX: usize = 100;
/// Changes that the page of one shows, the last ones: one that flaps may have thousands.
const EVENTS_MAX: usize = 200;
/// Characters of an id: that of a ULID.
const ID_CHARS: usize = 26;

/// Where incidents are kept. Asked on a thread that may block.
pub trait IncidentSource: Send + Sync {
    /// Open ones first, then the latest, at most [`LISTED_MAX`].
    ///
    /// # Errors
    /// Why the place cannot be read.
    fn incidents(&self) -> Result<Vec<Incident>, String>;

    /// One with all that became of it; none if it is not kept.
    ///
    /// # Errors
    /// Why the place cannot be read.
    fn story(&self, id: &str) -> Result<Option<IncidentStory>, String>;
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Response {
    page(&app, |app| match app.site.incidents.incidents() {
        Ok(incidents) => (StatusCode::OK, show_list(&incidents, app.site.clock.now())),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, unreadable(&why)),
    })
    .await
}

pub(super) async fn answer(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    page(&app, move |app| {
        let is_id = id.len() == ID_CHARS && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match if is_id { app.site.incidents.story(&id) } else { Ok(None) } {
            Ok(Some(story)) => (StatusCode::OK, show(&story, app.site.clock.now())),
            Ok(None) => (StatusCode::NOT_FOUND, missing(&id)),
            Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, unreadable(&why)),
        }
    })
    .await
}

fn show_list(incidents: &[Incident], now: Timestamp) -> String {
    let open = incidents.iter().filter(|incident| incident.state.is_open()).count();
    let lede = match open {
        0 => "Nothing is wrong that we know of.".to_owned(),
        1 => "One incident is open.".to_owned(),
        many => format!("{many} incidents are open."),
    };
    let mut body = format!("<h1>Incidents</h1>\n<p class=\"lede\">{lede}</p>\n<ul class=\"journeys\">\n");
    for incident in incidents {
        let _ = writeln!(
            body,
            "<li class=\"{class}\"><a class=\"name\" href=\"/incidents/{id}\"><span class=\"state {class}\">{state}</span> \
             <span class=\"title\">{title}</span></a> {since}{party}<p class=\"said\">{said}</p></li>",
            class = class(incident),
            id = Line(&incident.id),
            state = incident.state.word(),
            title = Line(&incident.title),
            since = times(incident, now),
            party = party(incident),
            said = Line(&incident.blame.said),
        );
    }
    body.push_str("</ul>\n");
    document("Incidents", Refresh::HalfMinute, &body)
}

fn show(story: &IncidentStory, now: Timestamp) -> String {
    let incident = &story.incident;
    let mut body = format!(
        "<h1>{}</h1>\n<p class=\"lede\"><span class=\"state {}\">{}</span> {}{}</p>\n<dl class=\"facts-list\">\n",
        Line(&incident.title),
        class(incident),
        incident.state.word(),
        times(incident, now),
        party(incident),
    );
    let blame = &incident.blame;
    let facts = [
        ("severity", Some(incident.severity.word().to_owned())),
        ("run entry", (incident.key.aspect != Aspect::Own).then(|| incident.key.name.clone())),
        ("about", Some(about(&incident.key.aspect))),
        ("step", blame.step_title.clone().or_else(|| blame.step.clone())),
        ("host", blame.host.clone()),
        ("phase", blame.phase.map(|phase| phase.word().to_owned())),
        ("cause", blame.cause.map(|cause| cause.word().to_owned())),
        ("what happened", Some(blame.said.clone())),
        ("certificate ends", incident.not_after.map(Timestamp::rfc3339_seconds)),
        ("opened again", (incident.reopened > 0).then(|| format!("{} times", incident.reopened))),
    ];
    for (name, value) in facts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _ = writeln!(body, "<dt>{name}</dt><dd>{}</dd>", Line(&value));
        }
    }
    for (name, run) in [("run that shows it", &incident.last_bad), ("last good run before", &incident.last_good)] {
        if let Some(run) = run {
            let _ = writeln!(
                body,
                "<dt>{name}</dt><dd><a href=\"/runs/{0}\">{0}</a> {1}</dd>",
                Line(&run.id),
                moment(run.at, now)
            );
        }
    }
    body.push_str("</dl>\n<h2>What became of it</h2>\n<ol class=\"timeline\">\n");
    let turns = story.turns();
    let left_out = turns.len().saturating_sub(EVENTS_MAX);
    if left_out > 0 {
        let _ = writeln!(body, "<li>{left_out} earlier changes are not shown here</li>");
    }
    for change in turns.into_iter().skip(left_out) {
        let _ = writeln!(body, "<li>{}</li>", change_line(change));
    }
    body.push_str("</ol>\n");
    if !story.notes.is_empty() {
        body.push_str("<h2>Who was told</h2>\n<ul class=\"timeline\">\n");
        for note in &story.notes {
            let _ = writeln!(
                body,
                "<li><time>{}</time> {} to {}: <strong>{}</strong>{}</li>",
                note.queued_at.rfc3339_seconds(),
                Line(&note.kind),
                Line(&note.recipient),
                Line(&note.state),
                if note.said.is_empty() { String::new() } else { format!(", {}", Line(&note.said)) },
            );
        }
        body.push_str("</ul>\n");
    }
    document(&incident.title, Refresh::HalfMinute, &body)
}

fn change_line(change: &Transition) -> String {
    let run = change.run.as_ref().map(|run| format!(" by run <a href=\"/runs/{0}\">{0}</a>", Line(run)));
    let told = change.notice.map(|notice| format!(", told as {} {}", notice.word(), change.incident.seq));
    format!(
        "<time>{}</time> <strong>{}</strong>{}{}",
        change.at.rfc3339_seconds(),
        change.event.word(),
        run.unwrap_or_default(),
        told.unwrap_or_default(),
    )
}

fn about(aspect: &Aspect) -> String {
    match aspect {
        Aspect::Run => "the journey does not pass".to_owned(),
        Aspect::Cleanup => "what the journey made is not cleaned up".to_owned(),
        Aspect::Certificate(host) => format!("the certificate of {host}"),
        Aspect::Own => "a part of forerunner itself".to_owned(),
    }
}

/// Since when, or how long it took.
fn times(incident: &Incident, now: Timestamp) -> String {
    let begun = incident.opened_at.unwrap_or(incident.suspected_at);
    match incident.ended_at.filter(|_| incident.state.is_ended()) {
        Some(ended) => {
            let nanos = u64::try_from(ended.unix_nanos() - begun.unix_nanos()).unwrap_or_default();
            format!("{}, over after {}", moment(begun, now), distance(Duration::from_nanos(nanos)))
        }
        None => format!("since {}", moment(begun, now)),
    }
}

fn party(incident: &Incident) -> String {
    incident.blame.owner.as_deref().map(|owner| format!(" · <strong>{}</strong>", Line(owner))).unwrap_or_default()
}

/// In the style sheet, where runs have the same colours.
fn class(incident: &Incident) -> &'static str {
    match (incident.state, incident.severity) {
        (Standing::Firing, Severity::Critical) => "failed",
        (Standing::Firing | Standing::Recovering | Standing::Suspect, _) => "degraded",
        _ => "passed",
    }
}

fn missing(id: &str) -> String {
    let id: String = id.chars().take(2 * ID_CHARS).collect();
    let body = format!(
        "<h1>No such incident</h1>\n<p>There is no incident <code>{}</code>. It may have been too old to be kept, or the \
         address is wrong.</p>\n<p><a href=\"/incidents\">All incidents</a></p>\n",
        Line(&id)
    );
    document("No such incident", Refresh::Never, &body)
}

fn unreadable(why: &str) -> String {
    let body = format!(
        "<h1>Incidents cannot be read</h1>\n<p>{}</p>\n<p>They are judged all the same; \
         <a href=\"/status\">the status</a> says more.</p>\n",
        Line(why)
    );
    document("Incidents cannot be read", Refresh::Never, &body)
}
