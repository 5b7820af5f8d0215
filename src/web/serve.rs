//! Accepts connections, each within its bounds, until it is asked to stop.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::Site;
use super::access::Access;
use super::counted::counted;
use super::routes::{App, router};
use super::watch::{HEAD_MAX, Watch, Watched};

/// Connections at once: scrapers, screens and people of one house; each costs two buffers at the most.
pub const CONNECTIONS_MAX: usize = 256;
/// Bytes of a request's head; browsers send 2 KiB, long cookies of neighbours included.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// Answers under way when the server is asked to stop; supervisors kill after longer.
const STOP_MAX: Duration = Duration::from_secs(5);
/// After an error of `accept`, such as no free descriptors: it would come again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type Routes = TowerToHyperService<axum::Router>;

/// Answers at `listener` until `stop`, then finishes what is under way, within a bound. Beyond [`CONNECTIONS_MAX`]
/// connections further ones are closed at once, and counted.
pub async fn serve(listener: TcpListener, site: Arc<Site>, access: Option<Access>, stop: CancellationToken) {
    serve_at_most(CONNECTIONS_MAX, listener, site, access, stop).await;
}

pub(super) async fn serve_at_most(
    connections_max: usize,
    listener: TcpListener,
    site: Arc<Site>,
    access: Option<Access>,
    stop: CancellationToken,
) {
    let refused = site.metrics.own.queue_full("web_connections");
    let app = Arc::new(App::new(site, access));
    let routes = TowerToHyperService::new(router(&app));
    let free = Arc::new(Semaphore::new(connections_max));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => match Arc::clone(&free).try_acquire_owned() {
                Ok(permit) => {
                    let (app, routes, stop) = (Arc::clone(&app), routes.clone(), stop.clone());
                    connections.spawn(async move {
                        connection(stream, &app, routes, stop).await;
                        drop(permit);
                    });
                }
                Err(_) => refused.inc(),
            },
            Err(error) => accept_failed(&error).await,
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if timeout(STOP_MAX, finished).await.is_err() {
        tracing::warn!("requests were still being answered {}s after the stop; they are cut", STOP_MAX.as_secs());
    }
}

async fn accept_failed(error: &io::Error) {
    // The client was gone before it was served: nobody else's trouble.
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn connection(stream: TcpStream, app: &Arc<App>, routes: Routes, stop: CancellationToken) {
    // Answers are written whole; waiting for more to send would only delay their ends.
    let _ = stream.set_nodelay(true);
    let Some(tls) = app.tls().await else { return exchange(stream, app, routes, stop).await };
    // A client that fails the handshake is told by TLS; nothing of it is worth a line in the log.
    if let Ok(Ok(stream)) = timeout(HEAD_MAX, tls.accept(stream)).await {
        exchange(stream, app, routes, stop).await;
    }
}

/// Answers the requests of one connection, one after the other.
async fn exchange<S>(stream: S, app: &Arc<App>, routes: Routes, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let watch = Watch::new();
    let service = service_fn(|request: Request<Incoming>| {
        let (answering, answer) = (watch.answering(), routes.call(request.map(Body::new)));
        let app = Arc::clone(app);
        async move { answer.await.map(|answer| counted(answer, app, answering)) as Result<Response, Infallible> }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .header_read_timeout(None)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(Watched::io(stream, watch.clone()), service)
    );
    let mut deadline = pin!(sleep_until(watch.deadline()));
    let mut stopped = pin!(stop.cancelled());
    let mut stopping = false;
    poll_fn(|cx| {
        if !stopping && stopped.as_mut().poll(cx).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // Only the connection itself, just polled, moves its deadline.
        if watch.deadline() != deadline.deadline() {
            deadline.as_mut().reset(watch.deadline());
        }
        deadline.as_mut().poll(cx)
    })
    .await;
}
