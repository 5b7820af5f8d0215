//! A mail relay on loopback that misbehaves where a script says so, and keeps what it has taken.

mod dialogue;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::time::Instant;

use self::dialogue::Dialogue;

/// Where in a dialogue something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Banner,
    Ehlo,
    Starttls,
    /// The handshake.
    Tls,
    Auth,
    /// The second and the third line of LOGIN.
    User,
    Password,
    Mail,
    Rcpt,
    Data,
    /// While the body comes.
    Body,
    Dot,
    Quit,
}

/// What is done there instead of answering well.
#[derive(Clone, Debug)]
pub enum Do {
    /// An answer, without the end of its line.
    Say(&'static str),
    Raw(Vec<u8>),
    /// Over and over, until nobody takes it.
    Flood(Vec<u8>),
    /// Nothing, until the other side leaves.
    Silent,
    /// The good answer, after so many seconds.
    Late(u64),
    /// The good answer, one byte a second.
    Drip,
    Drop,
    /// In the body: ends the connection after so many bytes of it.
    DropAfter(usize),
    /// At the final dot: takes the message and ends the connection.
    KeepAndDrop,
    /// At the final dot: takes the message and is silent.
    KeepAndSilent,
    /// At RCPT: this answer for this address alone.
    Refuse(&'static str, &'static str),
}

pub type Script = Vec<(At, Do)>;

/// What the relay is able to do.
#[derive(Clone, Default)]
pub struct Offer {
    pub starttls: Option<Arc<ServerConfig>>,
    pub implicit: Option<Arc<ServerConfig>>,
    /// What follows `AUTH`, and who is let in.
    pub auth: Option<(&'static str, &'static str, &'static str)>,
    pub size: Option<usize>,
    pub eight_bit: bool,
}

/// A message that the relay has taken responsibility for, or has kept without saying so.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: String,
    /// As the sender wrote it: dots are single again.
    pub message: Vec<u8>,
    /// Line by line as it came.
    pub wire: Vec<u8>,
    pub at: Instant,
    pub was_accepted: bool,
    pub was_encrypted: bool,
}

impl Mail {
    /// Of a header field, unfolded.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.message).replace("\r\n ", " ");
        let head = text.split("\r\n\r\n").next().unwrap_or_default().to_owned();
        let start = format!("{}:", name.to_ascii_lowercase());
        let line = head.split("\r\n").find(|line| line.to_ascii_lowercase().starts_with(&start))?;
        Some(line[start.len()..].trim().to_owned())
    }
}

/// What the relay has seen.
#[derive(Default)]
struct Seen {
    mails: Vec<Mail>,
    connections: usize,
    open: usize,
    most_open: usize,
    commands: Vec<(Instant, String)>,
    /// How long the other side waited in silence before it left.
    waited: Vec<(At, Duration)>,
}

#[derive(Clone)]
pub struct Peer {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    scripts: Arc<Mutex<Vec<Script>>>,
}

impl Peer {
    /// Starts; each connection follows the script of its number, all further ones the last.
    pub async fn start(offer: Offer, scripts: Vec<Script>) -> Self {
        Self::start_at(0, offer, scripts).await
    }

    /// The same at a port that a relay had before.
    pub async fn start_at(port: u16, offer: Offer, scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let peer = Self { address, seen: Arc::default(), scripts: Arc::new(Mutex::new(scripts)) };
        let own = peer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // The system would keep small answers back for a while, in a time that no test moves.
                stream.set_nodelay(true).expect("an open socket");
                let script = own.enter();
                let (own, offer) = (own.clone(), offer.clone());
                tokio::spawn(async move {
                    Dialogue { peer: own.clone(), offer, script, encrypted: false, buffer: Vec::new() }
                        .hold(stream)
                        .await;
                    own.seen.lock().expect("no panic").open -= 1;
                });
            }
        });
        peer
    }

    fn enter(&self) -> Script {
        let mut seen = self.seen.lock().expect("no panic");
        let number = seen.connections;
        seen.connections += 1;
        seen.open += 1;
        seen.most_open = seen.most_open.max(seen.open);
        let scripts = self.scripts.lock().expect("no panic");
        scripts.get(number).or(scripts.last()).cloned().unwrap_or_default()
    }

    /// All further connections follow this script.
    pub fn becomes(&self, script: Script) {
        *self.scripts.lock().expect("no panic") = vec![script];
    }

    /// What it has said that it took.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.kept().into_iter().filter(|mail| mail.was_accepted).collect()
    }

    /// The same, and what it kept without saying so.
    #[must_use]
    pub fn kept(&self) -> Vec<Mail> {
        self.seen.lock().expect("no panic").mails.clone()
    }

    #[must_use]
    pub fn connections(&self) -> usize {
        self.seen.lock().expect("no panic").connections
    }

    #[must_use]
    pub fn most_open(&self) -> usize {
        self.seen.lock().expect("no panic").most_open
    }

    /// Lines that were said to it, and when.
    #[must_use]
    pub fn commands(&self) -> Vec<(Instant, String)> {
        self.seen.lock().expect("no panic").commands.clone()
    }

    /// Times that a line beginning like this was said.
    #[must_use]
    pub fn heard(&self, start: &str) -> usize {
        self.commands().iter().filter(|(_, line)| line.starts_with(start)).count()
    }

    #[must_use]
    pub fn waited(&self) -> Vec<(At, Duration)> {
        self.seen.lock().expect("no panic").waited.clone()
    }
}
