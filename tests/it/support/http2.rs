//! A well-behaved HTTP/2 server made of hyper's, over whatever stream it is given.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

/// What becomes of a request, its body being complete.
pub type Answer = Arc<dyn Fn(&http::request::Parts, &Bytes) -> Response<Full<Bytes>> + Send + Sync>;

#[must_use]
pub fn answer(
    answer: impl Fn(&http::request::Parts, &Bytes) -> Response<Full<Bytes>> + Send + Sync + 'static,
) -> Answer {
    Arc::new(answer)
}

/// Status 200 with this body.
#[must_use]
pub fn ok(body: &'static str) -> Answer {
    answer(move |_, _| Response::new(Full::new(Bytes::from_static(body.as_bytes()))))
}

/// Tells the request: method, address, header lines without the trace, then the body.
#[must_use]
pub fn echo() -> Answer {
    answer(|head, body| {
        let lines = |headers: &HeaderMap| {
            let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
            };
            headers.iter().filter(|(name, _)| *name != "traceparent").map(line).collect::<String>()
        };
        let told = format!("{} {}\n{}\n", head.method, head.uri, lines(&head.headers));
        Response::new(Full::new(Bytes::from([told.as_bytes(), body].concat())))
    })
}

/// Serves HTTP/2 without TLS, by prior knowledge.
pub async fn serve(answer: Answer) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&answer)));
        }
    });
    address
}

/// Serves one connection to its end.
pub async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, answer: Answer) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = Arc::clone(&answer);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            Ok::<_, Infallible>(answer(&head, &body))
        }
    });
    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    // A client that leaves is no concern of the server.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}
