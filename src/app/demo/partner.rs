//! The mentoring partner's API, on loopback and over TLS: it becomes slow, lets its certificate run out, and goes down, as
//! the act says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::acts::{Act, Stage};

/// What the journeys identify themselves by. It opens nothing but this play.
pub const KEY: &str = "demo-mentor-key";
/// Until a booking is confirmed.
const CONFIRMED_AFTER: Duration = Duration::from_millis(400);
const SLOW: Duration = Duration::from_millis(1_700);
/// Bookings that are not taken back: the daemon may be ended in the middle of a run.
const KEPT_MAX: usize = 1000;

struct Partner {
    stage: Stage,
    bookings: Mutex<HashMap<u64, Instant>>,
}

type Shared = State<Arc<Partner>>;

pub fn router(stage: Stage) -> Router {
    let partner = Arc::new(Partner { stage, bookings: Mutex::default() });
    Router::new()
        .route("/v2/mentors", get(mentors))
        .route("/v2/bookings", post(book))
        .route("/v2/bookings/{id}", get(booking).delete(cancel))
        .route("/v1/mentors/{id}/slots", get(slots))
        .layer(from_fn_with_state(Arc::clone(&partner), mood))
        .with_state(partner)
}

/// How the partner is today, whatever it is asked.
async fn mood(State(partner): Shared, request: Request, next: Next) -> Response {
    match partner.stage.act() {
        Act::Outage => return (StatusCode::SERVICE_UNAVAILABLE, "upstream connect error").into_response(),
        Act::SlowPartner => sleep(SLOW).await,
        _ => sleep(Duration::from_millis(40)).await,
    }
    let known = ["x-api-key", "authorization"].iter().any(|name| {
        let value = request.headers().get(*name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.trim_start_matches("Bearer ") == KEY
    });
    if known { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

async fn mentors() -> Json<Value> {
    Json(
        json!({ "mentors": [{ "id": 7, "name": "Ada", "available": true }, { "id": 9, "name": "Grace", "available": true }] }),
    )
}

async fn slots() -> Json<Value> {
    Json(json!({ "slots": [{ "starts": "2027-01-11T09:00:00Z" }, { "starts": "2027-01-11T10:00:00Z" }] }))
}

async fn book(State(partner): Shared, _: Bytes) -> Response {
    let mut bookings = partner.bookings.lock().unwrap_or_else(PoisonError::into_inner);
    if bookings.len() >= KEPT_MAX {
        bookings.clear();
    }
    let id = bookings.keys().max().map_or(1, |last| last + 1);
    bookings.insert(id, Instant::now() + CONFIRMED_AFTER);
    drop(bookings);
    (StatusCode::CREATED, Json(json!({ "id": id, "reference": reference(id), "state": "waiting" }))).into_response()
}

async fn booking(State(partner): Shared, Path(id): Path<u64>) -> Response {
    let known = partner.bookings.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
    let Some(confirmed_at) = known else { return StatusCode::NOT_FOUND.into_response() };
    let state = if Instant::now() < confirmed_at { "waiting" } else { "confirmed" };
    Json(json!({ "id": id, "reference": reference(id), "state": state })).into_response()
}

async fn cancel(State(partner): Shared, Path(id): Path<u64>) -> StatusCode {
    let known = partner.bookings.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    if known.is_some() { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

fn reference(id: u64) -> String {
    format!("MB-{id:08}")
}
