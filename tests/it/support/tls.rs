//! A TLS server on loopback, speaking what ALPN settles: HTTP/2 by hyper, or HTTP/1 by a script.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::http1::{Act, Seen, play};
use super::http2::{self, Answer};

pub async fn serve(config: Arc<ServerConfig>, http1: Vec<Act>, http2: Answer) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Seen::default();
    let of_server = seen.clone();
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(config);
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, script, answer, seen) =
                (acceptor.clone(), http1.clone(), Arc::clone(&http2), of_server.clone());
            seen.connected();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    http2::connection(stream, answer).await;
                } else {
                    play(stream, script, seen).await;
                }
            });
        }
    });
    (address, seen)
}
