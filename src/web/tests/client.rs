//! Clients: a good one over plain and encrypted connections, and the bytes of a bad one.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

/// A request without a body; headers as pairs.
pub(super) fn request(method: &Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "forerunner.test");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).expect("a request")
}

pub(super) async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, request(&Method::GET, path, &[])).await
}

/// One request on a connection of its own.
pub(super) async fn ask(address: SocketAddr, request: Request<Body>) -> Answer {
    let stream = TcpStream::connect(address).await.expect("connected");
    ask_over(stream, request).await.expect("an answer")
}

pub(super) async fn ask_over<S>(stream: S, request: Request<Body>) -> hyper::Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    drop(sender);
    let _ = connection.await;
    Ok(Answer { status: head.status, headers: head.headers, body })
}

/// The same over TLS; none if there is no answer, because one side does not accept the other.
pub(super) async fn ask_over_tls(address: SocketAddr, config: ClientConfig, request: Request<Body>) -> Option<Answer> {
    let stream = TcpStream::connect(address).await.expect("connected");
    let name = ServerName::try_from("forerunner.test").expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    ask_over(stream, request).await.ok()
}

/// The value of `Authorization` for a user.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// What comes back for these bytes until the server closes the connection.
pub(super) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // The server may have closed the connection before it took everything.
    let _ = stream.write_all(bytes).await;
    read_to_end(&mut stream).await
}

pub(super) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        read.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&read).into_owned()
}
