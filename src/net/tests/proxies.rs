//! HTTP proxies: tunnels, plain ones, and those that refuse, babble or say nothing.

use rustls::version::TLS13;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::TcpStream;

use super::pki::{CertificateAuthority, Clients};
use super::*;
use crate::base::secret::Secret;
use crate::model::failure::Origin;

fn by_proxy(peer: SocketAddr, settings: Settings) -> Dial {
    let proxy = Some(Secret::new(format!("http://us:hunter%32@{peer}")));
    Dial { private: PrivateAddresses::Refused, ..Dial::with(Settings { proxy, ..settings }) }
}

async fn head(stream: &mut BufReader<TcpStream>) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a line");
        match line.trim_end() {
            "" => return lines,
            text => lines.push(text.to_owned()),
        }
    }
}

#[tokio::test]
async fn a_tunnel_carries_the_handshake_with_the_host_itself() {
    let authority = CertificateAuthority::new("Test Root");
    let identity = authority.server(&["shop.example"]);
    let target = peers::tls(identity.server_config(&Clients::Anyone, &[&TLS13], &[])).await;
    let proxy = peers::tcp(move |stream| async move {
        let mut stream = BufReader::new(stream);
        let lines = head(&mut stream).await;
        assert_eq!(
            lines,
            [
                "CONNECT shop.example:443 HTTP/1.1",
                "Host: shop.example:443",
                "Proxy-Authorization: Basic dXM6aHVudGVyMg=="
            ]
        );
        let mut to = TcpStream::connect(target).await.expect("the target");
        stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n").await.expect("sent");
        let _ = copy_bidirectional(&mut stream, &mut to).await;
    })
    .await;
    let settings = Settings { ca: Some(authority.pem()), ..Settings::default() };
    let (dialled, timings) = by_proxy(proxy, settings).url("https://shop.example").await;
    assert_eq!(phases(&timings), [Phase::Connect, Phase::Tls]);
    assert_eq!(dialled.remote, Some(proxy));
    assert!(dialled.local.is_some() && dialled.resolved.is_empty() && dialled.via_plain_proxy.is_none());
    let mut stream = dialled.stream.map_err(|failure| failure.detail).expect("connected");
    stream.write_all(b"x").await.expect("written");
    assert_eq!(stream.read_u8().await.expect("read"), b'x');
}

#[tokio::test]
async fn plain_http_goes_to_the_proxy_in_absolute_form() {
    let proxy = peers::tcp(|_| std::future::ready(())).await;
    let (dialled, timings) = by_proxy(proxy, Settings::default()).url("http://shop.example").await;
    assert_eq!(phases(&timings), [Phase::Connect]);
    assert_eq!(dialled.remote, Some(proxy));
    let authorization = dialled.via_plain_proxy.expect("by proxy").expect("authorized");
    assert_eq!(authorization.as_bytes(), b"Basic dXM6aHVudGVyMg==");
    assert!(authorization.is_sensitive());
    assert!(dialled.stream.is_ok());
}

#[tokio::test]
async fn a_proxy_that_does_not_open_the_tunnel_is_the_operators_trouble() {
    for (answer, words) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_owned(), "answers 407 to CONNECT shop.example:443"),
        ("HTTP/1.0 503\r\nConnection: close\r\n\r\n".to_owned(), "answers 503 to CONNECT"),
        ("SSH-2.0-OpenSSH\r\n\r\n".to_owned(), "not HTTP"),
        (String::new(), "before it answered"),
        ("HTTP/1.1 200 OK\r\n".to_owned(), "before it answered"),
        (format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(64 * 1024)), "more than 16384 bytes"),
        ("HTTP/1.1 200 OK\r\n\r\nhello".to_owned(), "before the tunnel is used"),
    ] {
        let proxy = peers::tcp(move |stream| {
            let answer = answer.clone();
            async move {
                let mut stream = BufReader::new(stream);
                head(&mut stream).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        })
        .await;
        let (dialled, timings) = by_proxy(proxy, Settings::default()).url("https://shop.example").await;
        assert_failed(&dialled, FailureKind::ProxyFailed, Phase::Connect, words);
        assert_eq!(failure(&dialled).origin, Origin::Vantage);
        assert!(!failure(&dialled).detail.contains("hunter2") && !failure(&dialled).detail.contains("dXM6"));
        assert_eq!(phases(&timings), [Phase::Connect]);
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_the_operators_trouble() {
    let nobody = peers::refused();
    for url in ["http://shop.example", "https://shop.example"] {
        let (dialled, _) = by_proxy(nobody, Settings::default()).url(url).await;
        let words = format!("proxy {nobody} cannot be reached: {nobody} cannot be connected to");
        assert_failed(&dialled, FailureKind::ProxyFailed, Phase::Connect, &words);
    }
    let proxy = Some(Secret::new("http://us:hunter2@proxy.example:1"));
    let (dialled, _) = Dial::with(Settings { proxy, ..Settings::default() }).url("http://shop.example").await;
    assert_failed(&dialled, FailureKind::ProxyFailed, Phase::Resolve, "proxy proxy.example:1 cannot be reached");

    let (full, _held) = peers::full().await;
    tokio::time::pause();
    for url in ["http://shop.example", "https://shop.example"] {
        let (dialled, _) = by_proxy(full, Settings::default()).url(url).await;
        assert_failed(&dialled, FailureKind::ProxyFailed, Phase::Connect, "cannot be reached");
    }
}

#[tokio::test]
async fn a_proxy_that_waits_for_the_host_in_silence_makes_a_connection_that_takes_too_long() {
    for (seconds, limit, kind) in [
        (3600, Limit::Step, FailureKind::ConnectTimeout),
        (2, Limit::Step, FailureKind::ConnectTimeout),
        (2, Limit::Run, FailureKind::RunTimeout),
    ] {
        let proxy = peers::tcp(|stream| async move {
            let mut stream = BufReader::new(stream);
            head(&mut stream).await;
            peers::silence().await;
        })
        .await;
        let dial = Dial { deadline: Duration::from_secs(seconds), limit, ..by_proxy(proxy, Settings::default()) };
        let (dialled, _) = dial.url("https://shop.example").await;
        assert_failed(&dialled, kind, Phase::Connect, "made no connection to `shop.example`");
        tokio::time::resume();
    }
}
