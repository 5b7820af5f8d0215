//! A server that writes what it is told, byte by byte: a script for each connection, the last one for all further ones.

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener};

/// One thing that a connection does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Takes a request, up to the end of its body.
    Read,
    /// Takes the head of a request and leaves its body.
    ReadHead,
    Write(Vec<u8>),
    /// Over and over, until nobody takes it.
    Flood(Vec<u8>),
    /// Over and over, with a second of the test's time after each.
    Drip(Vec<u8>),
    /// Time passes at once from here on, so that limits are reached: nothing more is done.
    Silence,
    /// Nothing more is done, and time passes as it does.
    Silent,
    /// Ends the connection with a reset.
    Reset,
}

/// A whole answer of status 200 with this body.
#[must_use]
pub fn ok(body: &str) -> Act {
    write(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

#[must_use]
pub fn write(text: &str) -> Act {
    Act::Write(text.as_bytes().to_vec())
}

/// Requests, each answered in the same way.
#[must_use]
pub fn always(answer: &Act) -> Vec<Act> {
    const MORE_THAN_ANY_TEST_ASKS: usize = 50;
    (0..MORE_THAN_ANY_TEST_ASKS).flat_map(|_| [Act::Read, answer.clone()]).collect()
}

/// What a server has seen.
#[derive(Clone, Default)]
pub struct Seen {
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Seen {
    /// Heads and bodies as they came.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }

    #[must_use]
    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("no panic")
    }

    pub fn connected(&self) -> usize {
        let mut connections = self.connections.lock().expect("no panic");
        *connections += 1;
        *connections - 1
    }

    fn took(&self, request: &[u8]) {
        self.requests.lock().expect("no panic").push(String::from_utf8_lossy(request).into_owned());
    }
}

/// Serves over TCP.
pub async fn serve(scripts: Vec<Vec<Act>>) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Seen::default();
    let of_server = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let script = script(&scripts, of_server.connected());
            tokio::spawn(connection(stream, script, of_server.clone()));
        }
    });
    (address, seen)
}

/// Serves at a Unix socket.
pub fn serve_unix(path: &Path, scripts: Vec<Vec<Act>>) -> Seen {
    let listener = UnixListener::bind(path).expect("a socket");
    let seen = Seen::default();
    let of_server = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let script = script(&scripts, of_server.connected());
            tokio::spawn(play(stream, script, of_server.clone()));
        }
    });
    seen
}

fn script(scripts: &[Vec<Act>], number: usize) -> Vec<Act> {
    scripts.get(number).or(scripts.last()).cloned().unwrap_or_default()
}

async fn connection(stream: TcpStream, mut script: Vec<Act>, seen: Seen) {
    let reset = matches!(script.last(), Some(Act::Reset));
    if reset {
        script.pop();
    }
    let stream = play(stream, script, seen).await;
    if reset {
        stream.set_zero_linger().expect("an open socket");
    }
}

/// Does what the script says, then ends the connection.
pub async fn play<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, script: Vec<Act>, seen: Seen) -> S {
    for act in script {
        let done = match act {
            Act::Read => read(&mut stream, &seen, true).await,
            Act::ReadHead => read(&mut stream, &seen, false).await,
            Act::Write(bytes) => stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok(),
            Act::Flood(bytes) => {
                let bytes = bytes.repeat(16 * 1024 / bytes.len() + 1);
                while stream.write_all(&bytes).await.is_ok() {}
                false
            }
            Act::Drip(bytes) => {
                tokio::time::pause();
                while stream.write_all(&bytes).await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
                false
            }
            Act::Silent => pending().await,
            Act::Silence => {
                tokio::time::pause();
                pending().await
            }
            Act::Reset => false,
        };
        if !done {
            break;
        }
    }
    // Nothing fails if the peer is gone already.
    let _ = stream.shutdown().await;
    stream
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S, seen: &Seen, with_body: bool) -> bool {
    let mut request = Vec::new();
    loop {
        if let Some(head) = request.windows(4).position(|end| end == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map(str::trim);
            let length = length.map_or(0, |length| length.parse().expect("a length"));
            if !with_body || request.len() >= head + 4 + length {
                seen.took(&request);
                return true;
            }
        }
        match stream.read_buf(&mut request).await {
            Ok(1..) => {}
            _ => return false,
        }
    }
}
