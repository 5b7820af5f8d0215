//! The two kinds of answers that handlers give: a line of text, or a page.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use std::sync::Arc;

use super::routes::App;

/// Text for people and scripts; ends with a line feed, as terminals like it.
pub(super) fn plain(status: StatusCode, text: &str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{text}\n")).into_response()
}

/// Makes a page on a thread of its own: sorting thousands of rows or asking the store would delay every run that is due.
pub(super) async fn page<F>(app: &Arc<App>, make: F) -> Response
where
    F: FnOnce(&App) -> (StatusCode, String) + Send + 'static,
{
    let Ok(slot) = Arc::clone(&app.pages).acquire_owned().await else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stopping");
    };
    let app = Arc::clone(app);
    let done = tokio::task::spawn_blocking(move || {
        // Held by the thread, not by the request: a client that leaves does not free it.
        let _slot = slot;
        make(&app)
    });
    match done.await {
        Ok((status, page)) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made; the log of the daemon says more")
        }
    }
}
