//! A small platform for small businesses, on loopback: a site, a content API, a sign-in, a tool that takes its time, and a
//! collector of events. It misbehaves as the act says.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router, body::Bytes};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::acts::{Act, Stage};

/// Until a comparison is ready.
const BENCHMARK_TAKES: Duration = Duration::from_millis(500);
/// Comparisons that are not taken back: the daemon may be ended in the middle of a run.
const KEPT_MAX: usize = 1000;
/// The password of the account that the journeys use. It opens nothing but this play.
pub const PASSWORD: &str = "correct horse battery staple";
pub const WRITE_KEY: &str = "demo-write-key";

struct Platform {
    stage: Stage,
    benchmarks: Mutex<HashMap<String, (Instant, i64)>>,
    sessions: Mutex<HashSet<String>>,
}

type Shared = State<Arc<Platform>>;

pub fn router(stage: Stage) -> Router {
    let platform = Platform { stage, benchmarks: Mutex::default(), sessions: Mutex::default() };
    Router::new()
        .route("/", get(home))
        .route("/search", get(search))
        .route("/guides/{slug}", get(guide))
        .route("/api/v2/pages/", get(pages))
        .route("/api/v2/pages/{id}/", get(page))
        .route("/api/benchmarks", post(ask))
        .route("/api/benchmarks/{id}", get(result).delete(forget))
        .route("/sign-in", get(form).post(sign_in))
        .route("/account", get(account))
        .route("/sign-out", post(|| async { StatusCode::NO_CONTENT }))
        .route("/v1/session", post(session).merge(delete(|| async { StatusCode::NO_CONTENT })))
        .route("/v1/batch", post(batch))
        .route("/v1/visitors/{id}", delete(|| async { StatusCode::ACCEPTED }))
        .with_state(Arc::new(platform))
}

async fn home() -> Html<&'static str> {
    sleep(Duration::from_millis(12)).await;
    Html(
        "<!DOCTYPE html><title>Better business</title><form role=\"search\" action=\"/search\"><input name=\"q\"></form>",
    )
}

async fn search(Query(query): Query<HashMap<String, String>>) -> Response {
    sleep(Duration::from_millis(35)).await;
    if query.get("q").is_none_or(String::is_empty) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let hits = "<li class=\"hit\"><a href=\"/guides/cash-flow\">Cash flow</a></li>\
                <li class=\"hit\"><a href=\"/guides/hiring\">Hiring</a></li>";
    Html(format!("<!DOCTYPE html><ul>{hits}</ul>")).into_response()
}

async fn guide() -> Html<&'static str> {
    sleep(Duration::from_millis(18)).await;
    Html("<!DOCTYPE html><h1>Cash flow in plain words</h1>")
}

async fn pages(State(platform): Shared) -> Json<Value> {
    sleep(Duration::from_millis(28)).await;
    let item = |id: u32, title: &str| {
        let mut item = json!({ "id": id, "meta": { "type": "guides.GuidePage", "slug": title.to_lowercase() }, "title": title,
                               "summary": format!("{title} in five minutes") });
        if platform.stage.act() == Act::VanishedField
            && let Some(fields) = item.as_object_mut()
        {
            fields.remove("summary");
        }
        item
    };
    Json(json!({ "meta": { "total_count": 2 }, "items": [item(7, "Cash flow"), item(9, "Hiring")] }))
}

async fn page(Path(id): Path<u32>) -> Json<Value> {
    sleep(Duration::from_millis(16)).await;
    Json(json!({ "id": id, "title": "Cash flow", "body": "Money that comes later than it goes has to be planned." }))
}

async fn ask(State(platform): Shared, body: Bytes) -> Response {
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let parts = asked["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let total: i64 = parts.iter().filter_map(Value::as_i64).sum();
    let mut benchmarks = platform.benchmarks.lock().unwrap_or_else(PoisonError::into_inner);
    if benchmarks.len() >= KEPT_MAX {
        benchmarks.clear();
    }
    let id = format!("b{}", benchmarks.len() + 1);
    benchmarks.insert(id.clone(), (Instant::now() + BENCHMARK_TAKES, total));
    drop(benchmarks);
    (StatusCode::ACCEPTED, Json(json!({ "id": id, "state": "waiting" }))).into_response()
}

async fn result(State(platform): Shared, Path(id): Path<String>) -> Response {
    let known = platform.benchmarks.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
    let Some((ready_at, total)) = known else { return StatusCode::NOT_FOUND.into_response() };
    if Instant::now() < ready_at {
        return Json(json!({ "id": id, "state": "working" })).into_response();
    }
    // As if one of the parts were taken twice.
    let total = if platform.stage.act() == Act::WrongTotal { total + 45 } else { total };
    Json(json!({ "id": id, "state": "done", "result": { "total": total, "rank": 38 } })).into_response()
}

async fn forget(State(platform): Shared, Path(id): Path<String>) -> StatusCode {
    let known = platform.benchmarks.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    if known.is_some() { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn form() -> Html<&'static str> {
    Html(
        "<!DOCTYPE html><form action=\"/sign-in\" method=\"post\"><input name=\"account\"><input name=\"password\"></form>",
    )
}

async fn sign_in(State(platform): Shared, body: Bytes) -> Response {
    sleep(Duration::from_millis(60)).await;
    let fields: HashMap<_, _> = url::form_urlencoded::parse(&body).into_owned().collect();
    let account = fields.get("account").cloned().unwrap_or_default();
    if fields.get("password").map(String::as_str) != Some(PASSWORD) || account.is_empty() {
        return (StatusCode::FORBIDDEN, Html("<h1>Who are you?</h1>")).into_response();
    }
    let mut sessions = platform.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    if sessions.len() >= KEPT_MAX {
        sessions.clear();
    }
    sessions.insert(account.clone());
    drop(sessions);
    let cookie = format!("session={account}; HttpOnly; Path=/");
    ([(header::SET_COOKIE, cookie)], Html("<!DOCTYPE html><h1>Welcome back</h1>")).into_response()
}

async fn account(State(platform): Shared, headers: HeaderMap) -> Response {
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let account = cookie.split("; ").find_map(|pair| pair.strip_prefix("session=")).unwrap_or_default();
    let sessions = platform.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    if !sessions.contains(account) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let safe = account.replace(['<', '>', '&', '"'], "");
    Html(format!("<!DOCTYPE html><p class=\"account\">{safe}</p>")).into_response()
}

async fn session(body: Bytes) -> Response {
    sleep(Duration::from_millis(45)).await;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    if asked["password"].as_str() != Some(PASSWORD) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let answer = json!({ "token": "demo-token-0123456789abcdef", "user": { "id": 42 } });
    (StatusCode::CREATED, Json(answer)).into_response()
}

async fn batch(headers: HeaderMap) -> Response {
    use base64::Engine as _;
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("{WRITE_KEY}:"));
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(&format!("Basic {expected}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "success": true })).into_response()
}
