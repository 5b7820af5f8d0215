//! A server that gives its answers in the order in which requests come, whatever connection they come on.

use std::fmt::Write as _;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A request as it came.
#[derive(Clone)]
pub struct Taken {
    /// Head and body.
    pub bytes: Vec<u8>,
    /// By the test's clock, since the server started, in whole seconds.
    pub second: u64,
}

impl Taken {
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Method and target.
    #[must_use]
    pub fn line(&self) -> String {
        let text = self.text();
        text.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned()
    }

    /// The values of a header, in order.
    #[must_use]
    pub fn headers(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
    }

    #[must_use]
    pub fn header(&self, name: &str) -> String {
        self.headers(name).first().cloned().unwrap_or_default()
    }

    #[must_use]
    pub fn body(&self) -> &[u8] {
        let end = self.bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head");
        &self.bytes[end + 4..]
    }
}

#[derive(Clone)]
struct Script {
    answers: Arc<Vec<String>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    started: Instant,
    stop: CancellationToken,
}

/// What a server took.
#[derive(Clone)]
pub struct Requests(Arc<Mutex<Vec<Taken>>>);

impl Requests {
    #[must_use]
    pub fn all(&self) -> Vec<Taken> {
        self.0.lock().expect("no panic").clone()
    }
}

/// Serves the answers, the last one again for all further requests. An answer is a status, headers as `Name:value`
/// with `_` for a blank, and the body: `503 Retry-After:3 {"state": "busy"}`. Or it is `cut` or `reset`: the
/// connection ends; `silence`: nothing; `stop`: the token is cancelled and nothing comes; `raw` and a text.
pub async fn serve(answers: &[&str], stop: CancellationToken) -> (SocketAddr, Requests) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let script = Script {
        answers: Arc::new(answers.iter().map(|&answer| answer.to_owned()).collect()),
        taken: Arc::default(),
        started: Instant::now(),
        stop,
    };
    let requests = Requests(Arc::clone(&script.taken));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, script.clone()));
        }
    });
    (address, requests)
}

async fn connection(mut stream: TcpStream, script: Script) {
    while let Some(request) = request(&mut stream).await {
        let number = {
            let mut taken = script.taken.lock().expect("no panic");
            taken.push(Taken { bytes: request, second: script.started.elapsed().as_secs() });
            taken.len() - 1
        };
        let answer = script.answers.get(number).or(script.answers.last()).map_or("200", String::as_str);
        match answer.split_once(' ').unwrap_or((answer, "")) {
            ("cut", _) => return,
            ("reset", _) => {
                stream.set_zero_linger().expect("an open socket");
                return;
            }
            ("silence", _) => pending().await,
            ("stop", _) => {
                script.stop.cancel();
                pending::<()>().await;
            }
            ("raw", text) => {
                stream.write_all(text.as_bytes()).await.expect("sent");
                return;
            }
            (status, rest) => {
                if stream.write_all(whole(status, rest).as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn whole(status: &str, mut rest: &str) -> String {
    let mut head = format!("HTTP/1.1 {status} X\r\n");
    loop {
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        match word.split_once(':') {
            Some((name, value)) if name.starts_with(|first: char| first.is_ascii_uppercase()) => {
                let _ = write!(head, "{name}: {}\r\n", value.replace('_', " "));
                rest = behind;
            }
            _ => break,
        }
    }
    if status != "204" && status != "304" {
        let _ = write!(head, "Content-Length: {}\r\n", rest.len());
    }
    format!("{head}\r\n{rest}")
}

async fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if let Some(head) = request.windows(4).position(|end| end == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map(str::trim);
            let length = length.map_or(0, |length| length.parse().expect("a length"));
            if request.len() >= head + 4 + length {
                return Some(request);
            }
        }
        match stream.read_buf(&mut request).await {
            Ok(1..) => {}
            _ => return None,
        }
    }
}
