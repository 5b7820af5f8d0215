//! The pages of the play beside those of the daemon: what is on, and the caught mails as they look.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

use super::Spectacle;
use super::scene::{EventKind, Row, Scene};
use crate::base::duration::short_duration;
use crate::model::run::Outcome;
use crate::notify::render::escaped;

/// Filled when the play begins: the pages are there before it.
#[derive(Clone, Default)]
pub(super) struct Seat(Arc<OnceLock<Arc<Spectacle>>>);

impl Seat {
    pub(super) fn take(&self, spectacle: &Arc<Spectacle>) {
        // It begins once.
        let _ = self.0.set(Arc::clone(spectacle));
    }
}

pub(super) fn router(seat: Seat) -> Router {
    Router::new()
        .route("/demo", get(show))
        .route("/demo/mails/{number}", get(mail))
        .route("/demo/mails/{number}/html", get(looks))
        .with_state(seat)
}

const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'";
/// Mails bring their own style and pictures; nothing in them runs or loads anything.
const POLICY_OF_MAILS: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark}body{margin:0 auto;max-width:1080px;padding:16px;font:16px/1.5 system-ui,sans-serif}\
h1{font-size:20px}h2{font-size:16px;margin:24px 0 6px}.act{padding:12px 16px;border-radius:8px;background:#1a73e8;color:#fff}\
table{border-collapse:collapse;width:100%}td{padding:5px 8px 5px 0;border-top:1px solid #8884;vertical-align:top}\
.state{font-weight:700}.state,td a{white-space:nowrap}.passed{color:#1e8e3e}.degraded{color:#b06000}.failed{color:#d93025}.soft{opacity:.7}\
.bar{display:flex;width:220px;height:14px;border-radius:3px;overflow:hidden;background:#8883}.bar i{display:block;height:14px}\
.resolve{background:#8e63ce}.connect{background:#129eaf}.tls{background:#e37400}.send{background:#5f6368}.wait{background:#1a73e8}.receive{background:#1e8e3e}\
.legend span{margin-left:12px;white-space:nowrap}.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:5px}\
iframe{width:100%;height:1500px;border:1px solid #8884;border-radius:8px}pre{white-space:pre-wrap;overflow-wrap:anywhere}";

async fn show(State(seat): State<Seat>) -> Response {
    let Some(spectacle) = seat.0.get() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let scene = spectacle.look().await;
    let mut body = format!(
        "<h1>forerunner, a play</h1><p class=\"act\"><b>Act {} of {}.</b> {}</p>\n\
         <p class=\"soft\"><a href=\"/\">Journeys</a> · <a href=\"/incidents\">Incidents</a> · <a href=\"/metrics\">Metrics</a></p>\n",
        scene.number,
        scene.of,
        escaped(scene.act.announced())
    );
    journeys(&scene, &mut body);
    mails(spectacle, &mut body);
    events(&scene, &mut body);
    document("forerunner demo", true, &body)
}

fn journeys(scene: &Scene, body: &mut String) {
    body.push_str("<h2>What customers do</h2>\n<table>\n");
    for row in &scene.rows {
        let word = row.outcome.map_or("waits", Outcome::word);
        let whose = row.party.as_ref().map(|party| format!("<br><span class=\"soft\">{}</span>", escaped(party)));
        let said = row.said.as_deref().filter(|_| row.outcome != Some(Outcome::Passed));
        let said = said.map(|said| format!("<br><span class=\"soft\">{}</span>", escaped(said))).unwrap_or_default();
        let _ = writeln!(
            body,
            "<tr><td class=\"state {word}\">{word}</td><td>{}{said}{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&row.title),
            whose.unwrap_or_default(),
            short_duration(row.elapsed),
            bar(row)
        );
    }
    body.push_str("</table>\n<p class=\"legend\">Where the time went:");
    for phase in ["resolve", "connect", "tls", "send", "wait", "receive"] {
        let _ = write!(body, " <span><i class=\"{phase}\"></i>{phase}</span>");
    }
    body.push_str("</p>\n");
}

fn bar(row: &Row) -> String {
    let total: f64 = row.phases.iter().map(|(_, seconds)| seconds).sum();
    let part = |(name, seconds): &(String, f64)| {
        let share = if total > 0.0 { seconds / total * 100.0 } else { 0.0 };
        format!(
            "<i class=\"{0}\" style=\"width:{share:.1}%\" title=\"{0} {1:.0} ms\"></i>",
            escaped(name),
            seconds * 1e3
        )
    };
    format!("<span class=\"bar\">{}</span>", row.phases.iter().map(part).collect::<String>())
}

fn mails(spectacle: &Spectacle, body: &mut String) {
    body.push_str("<h2>Caught mails</h2>\n<table>\n");
    for (number, mail) in spectacle.mailbox.mails().iter().rev() {
        let _ = writeln!(
            body,
            "<tr><td><a href=\"/demo/mails/{number}\">{}</a></td><td class=\"soft\">{}</td></tr>",
            escaped(&mail.state),
            escaped(&mail.subject)
        );
    }
    body.push_str("</table>\n");
}

fn events(scene: &Scene, body: &mut String) {
    body.push_str("<h2>What happened</h2>\n<table>\n");
    for event in scene.events.iter().rev() {
        let class = match event.kind {
            EventKind::Opened => "failed",
            EventKind::Resolved => "passed",
            EventKind::Mailed => "soft",
        };
        let time = event.at.rfc3339_seconds();
        let _ = writeln!(
            body,
            "<tr><td class=\"soft\">{}</td><td class=\"state {class}\">{}</td><td>{}</td></tr>",
            time.get(11..19).unwrap_or_default(),
            event.kind.word(),
            escaped(&event.text)
        );
    }
    body.push_str("</table>\n");
}

async fn mail(State(seat): State<Seat>, Path(number): Path<usize>) -> Response {
    let mail = seat.0.get().and_then(|spectacle| spectacle.mailbox.mail(number));
    let Some(mail) = mail else { return (StatusCode::NOT_FOUND, "no such mail is kept").into_response() };
    let body = format!(
        "<p><a href=\"/demo\">All mails</a></p><h1>{}</h1><p class=\"soft\">to {}</p>\
         <iframe src=\"/demo/mails/{number}/html\"></iframe><h2>The same as plain text</h2><pre>{}</pre>",
        escaped(&mail.subject),
        escaped(&mail.to),
        escaped(&mail.text)
    );
    document(&mail.subject, false, &body)
}

/// The mail by itself, as a mail program shows it.
async fn looks(State(seat): State<Seat>, Path(number): Path<usize>) -> Response {
    let mail = seat.0.get().and_then(|spectacle| spectacle.mailbox.mail(number));
    let Some(mail) = mail else { return (StatusCode::NOT_FOUND, "no such mail is kept").into_response() };
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY_OF_MAILS), (header::CACHE_CONTROL, "no-store")];
    (headers, Html(mail.html.clone())).into_response()
}

fn document(title: &str, lives: bool, body: &str) -> Response {
    let refresh = if lives { "<meta http-equiv=\"refresh\" content=\"3\">" } else { "" };
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\">{refresh}<title>{}</title><style>{STYLE}</style></head>\
         <body>{body}</body></html>",
        escaped(title)
    );
    ([(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}
