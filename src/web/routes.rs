//! Which path is answered by what, and what every answer has in common: access is checked before, safe headers are
//! set after.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, get, post};
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::access::Access;
use super::access::policy::{Policy, Refusal};
use super::answer::plain;
use super::counted::Handled;
use super::{Site, incidents, journeys, manage, run, scrape, status};

/// The route of what no route answers, in metrics.
pub(super) const OTHER: &str = "other";

/// Scrapes at once: two Prometheus and a person or two. Each keeps a thread busy for as long as it is read.
const SCRAPES_MAX: usize = 8;
/// Pages made at once; further ones wait.
const PAGES_MAX: usize = 2;

/// What the routes share.
pub(super) struct App {
    pub site: Arc<Site>,
    pub scrapes: Arc<Semaphore>,
    pub pages: Arc<Semaphore>,
    access: Option<Access>,
}

impl App {
    pub(super) fn new(site: Arc<Site>, access: Option<Access>) -> Self {
        let slots = |count| Arc::new(Semaphore::new(count));
        Self { site, scrapes: slots(SCRAPES_MAX), pages: slots(PAGES_MAX), access }
    }

    /// How to shake hands on a new connection; none if connections are not encrypted.
    pub(super) async fn tls(&self) -> Option<TlsAcceptor> {
        self.policy().await?.tls.clone()
    }

    async fn policy(&self) -> Option<Arc<Policy>> {
        match &self.access {
            Some(access) => Some(access.current().await),
            None => None,
        }
    }
}

pub(super) fn router(app: &Arc<App>) -> Router {
    let gate = |route: &'static str, methods: MethodRouter<Arc<App>>| {
        methods.layer(from_fn_with_state((Arc::clone(app), route), gate)).with_state(Arc::clone(app))
    };
    let pages: [(&'static str, MethodRouter<Arc<App>>); 7] = [
        ("/", get(journeys::answer)),
        ("/runs/{id}", get(run::answer)),
        ("/incidents", get(incidents::list)),
        ("/incidents/{id}", get(incidents::answer)),
        ("/status", get(status::answer)),
        ("/style.css", get(style)),
        ("/metrics", get(scrape::answer)),
    ];
    let states = [("/-/healthy", get(manage::healthy)), ("/-/ready", get(manage::ready))];
    let mut router = Router::new();
    for (route, methods) in pages.into_iter().chain(states) {
        let refused = || async { wrong_method("GET, HEAD", "this address only answers GET and HEAD") };
        router = router.route(route, gate(route, methods.fallback(refused)));
    }
    let refused = || async { wrong_method("POST", "send a POST to reload the configuration") };
    router = router.route("/-/reload", gate("/-/reload", post(manage::reload).fallback(refused)));
    router.merge(app.site.annex.clone()).fallback_service(gate(OTHER, any(not_found)))
}

async fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, "there is nothing at this address; start at /")
}

fn wrong_method(allowed: &'static str, said: &str) -> Response {
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, said);
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    answer
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css")).into_response()
}

async fn gate(State((app, route)): State<(Arc<App>, &'static str)>, request: Request, next: Next) -> Response {
    let since = Instant::now();
    let policy = app.policy().await;
    let authorization = request.headers().get(header::AUTHORIZATION).cloned();
    let mut answer = match admitted(policy.as_deref(), authorization.as_ref()).await {
        Err(refused) => refused,
        Ok(()) if request.method() == Method::POST && comes_from_elsewhere(&request) => {
            plain(StatusCode::FORBIDDEN, "a page of another site asked for this")
        }
        Ok(()) => next.run(request).await,
    };
    for (name, value) in SAFE_HEADERS {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    for (name, value) in policy.iter().flat_map(|policy| &policy.headers) {
        answer.headers_mut().insert(name, value.clone());
    }
    answer.extensions_mut().insert(Handled { route, since });
    answer
}

/// Pages consist of our own style and nothing else: whatever a target managed to put into one would not run, load or
/// send anything.
const SAFE_HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

async fn admitted(policy: Option<&Policy>, authorization: Option<&HeaderValue>) -> Result<(), Response> {
    let Some(policy) = policy else { return Ok(()) };
    match policy.admit(authorization).await {
        Ok(()) => Ok(()),
        Err(Refusal::TooMany) => {
            Err(plain(StatusCode::TOO_MANY_REQUESTS, "more requests than `rate_limit` allows; try later"))
        }
        Err(Refusal::Unknown) => {
            let mut answer = plain(StatusCode::UNAUTHORIZED, "a user and a password are needed");
            let challenge = HeaderValue::from_static("Basic realm=\"forerunner\", charset=\"UTF-8\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            Err(answer)
        }
    }
}

/// Whether a browser sent the request on behalf of another site, with the password that it knows for this one.
fn comes_from_elsewhere(request: &Request) -> bool {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_none() || authority != text("host")
}
