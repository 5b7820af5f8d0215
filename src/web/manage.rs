//! What supervisors and operators ask: does it live, does it work, and take the new configuration.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;

use super::answer::plain;
use super::routes::App;

/// Bytes of the body of a POST, which says nothing: tools send an empty one or a short form.
const BODY_MAX: usize = 1024;

pub(super) async fn healthy() -> Response {
    plain(StatusCode::OK, "healthy")
}

pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.site.readiness.check() {
        Ok(()) => plain(StatusCode::OK, "ready"),
        Err(why) => plain(StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

pub(super) async fn reload(State(app): State<Arc<App>>, request: Request) -> Response {
    if to_bytes(request.into_body(), BODY_MAX).await.is_err() {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "send no body; the configuration is read from its file");
    }
    // In a task of its own: a client that leaves must not leave half a reload.
    let commands = Arc::clone(&app.site.commands);
    match tokio::spawn(async move { commands.reload().await }).await {
        Ok(Ok(summary)) => plain(StatusCode::OK, &summary),
        Ok(Err(problems)) => plain(StatusCode::INTERNAL_SERVER_ERROR, problems.trim_end()),
        Err(error) => {
            tracing::error!(%error, "the reload broke off");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "the reload broke off; the log of the daemon says more")
        }
    }
}
