//! An HTTP proxy on loopback: CONNECT for tunnels, absolute form for the rest. It connects to one place, whatever it is asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// Heads of the requests that the proxy took.
pub type Heads = Arc<Mutex<Vec<String>>>;

pub async fn serve(target: SocketAddr) -> (SocketAddr, Heads) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let heads = Heads::default();
    let of_proxy = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(forward(stream, target, Arc::clone(&of_proxy)));
        }
    });
    (address, heads)
}

async fn forward(mut client: TcpStream, target: SocketAddr, heads: Heads) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let tunnel = text.starts_with("CONNECT ");
    heads.lock().expect("no panic").push(text);
    let mut server = TcpStream::connect(target).await.expect("the target listens");
    if tunnel {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.expect("sent");
    } else {
        server.write_all(&head).await.expect("sent");
    }
    // Either side may just leave.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}
