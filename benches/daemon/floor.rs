//! The least that a client can do for one answer over a fresh connection: connect, write, read, close.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::machine;
use crate::target::Target;

/// CPU of this process for each exchange, in microseconds, at so many a second, spread over the second.
pub async fn cost(target: &Target, rate: u32, time: Duration, secure: bool) -> f64 {
    let connector = secure.then(|| connector(target));
    let address = if secure { target.secure } else { target.plain };
    let before = machine::cpu();
    let end = Instant::now() + time;
    let clients: Vec<_> = (0..rate)
        .map(|number| {
            let connector = connector.clone();
            let first = Instant::now() + Duration::from_secs(1) * number / rate;
            tokio::spawn(async move {
                let mut ticks = tokio::time::interval_at(first, Duration::from_secs(1));
                ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
                let mut exchanges = 0_u64;
                while ticks.tick().await < end {
                    let stream = TcpStream::connect(address).await.expect("connected");
                    stream.set_nodelay(true).expect("an open socket");
                    match &connector {
                        None => exchange(stream).await,
                        Some(connector) => {
                            let name = ServerName::try_from("localhost").expect("a name");
                            exchange(connector.connect(name, stream).await.expect("a handshake")).await;
                        }
                    }
                    exchanges += 1;
                }
                exchanges
            })
        })
        .collect();
    let mut exchanges = 0;
    for client in clients {
        exchanges += client.await.expect("no panic");
    }
    machine::cpu_since(before).as_secs_f64() * 1e6 / exchanges as f64
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
    let mut buffer = [0; 4096];
    let mut filled = 0;
    while !buffer[..filled].ends_with(b"}\n") {
        filled += stream.read(&mut buffer[filled..]).await.expect("an answer");
    }
}

/// A full handshake each time, as each run of the daemon has it.
fn connector(target: &Target) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&target.ca).expect("a certificate")).expect("an authority");
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}
