//! A mail server that delivers nothing: it takes what comes on loopback, and keeps the last mails to be looked at.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::letter::Letter;

/// Mails that are kept, the last ones.
const MAILS_MAX: usize = 50;
/// Of a line and of a mail; ours are smaller.
const LINE_BYTES_MAX: u64 = 4_096;
const MAIL_BYTES_MAX: usize = 8 << 20;
/// A sender that says nothing for this long has gone.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What has been caught, the first mail first.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    mails: VecDeque<Arc<Letter>>,
    caught: usize,
}

impl Mailbox {
    /// Mails with their numbers, from 1.
    #[must_use]
    pub fn mails(&self) -> Vec<(usize, Arc<Letter>)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.caught - kept.mails.len() + 1;
        kept.mails.iter().enumerate().map(|(at, mail)| (first + at, Arc::clone(mail))).collect()
    }

    #[must_use]
    pub fn mail(&self, number: usize) -> Option<Arc<Letter>> {
        self.mails().into_iter().find(|(known, _)| *known == number).map(|(_, mail)| mail)
    }

    fn put(&self, letter: Letter) -> usize {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.caught += 1;
        kept.mails.push_back(Arc::new(letter));
        if kept.mails.len() > MAILS_MAX {
            kept.mails.pop_front();
        }
        kept.caught
    }
}

/// Listens until it is dropped.
pub struct Catcher {
    pub address: SocketAddr,
    pub mailbox: Mailbox,
    _task: JoinSet<()>,
}

impl Catcher {
    /// At a free port.
    pub async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, mailbox) = (listener.local_addr()?, Mailbox::default());
        let own = mailbox.clone();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut dialogues = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((stream, _)) = listener.accept() => {
                        let mailbox = own.clone();
                        // Whoever leaves in the middle of a sentence has sent nothing.
                        dialogues.spawn(async move { drop(hold(stream, mailbox).await) });
                    }
                    Some(_) = dialogues.join_next() => {}
                }
            }
        });
        Ok(Self { address, mailbox, _task: task })
    }
}

async fn hold(stream: TcpStream, mailbox: Mailbox) -> std::io::Result<()> {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 demo.invalid forerunner catches mail").await?;
    let (mut from, mut to) = (String::new(), String::new());
    loop {
        let line = line(&mut stream).await?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => "250 demo.invalid",
            "MAIL" => {
                from = address(&line);
                "250 2.1.0 ok"
            }
            "RCPT" if from.is_empty() => "503 5.5.1 who sends it?",
            "RCPT" => {
                to = address(&line);
                "250 2.1.5 ok"
            }
            "DATA" if to.is_empty() => "503 5.5.1 to whom?",
            "DATA" => {
                say(&mut stream, "354 end with a dot").await?;
                let Some(message) = message(&mut stream).await? else {
                    return say(&mut stream, "552 5.3.4 too large").await;
                };
                let number = mailbox.put(Letter::read(&to, &message));
                (from, to) = (String::new(), String::new());
                say(&mut stream, &format!("250 2.0.0 caught as mail {number}")).await?;
                continue;
            }
            "RSET" => {
                (from, to) = (String::new(), String::new());
                "250 2.0.0 ok"
            }
            "NOOP" => "250 2.0.0 ok",
            "QUIT" => return say(&mut stream, "221 2.0.0 bye").await,
            _ => "502 5.5.2 unknown",
        };
        say(&mut stream, answer).await?;
    }
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await
}

/// One line, without its end.
async fn line(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = Vec::new();
    let read = async { (&mut *stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await };
    match timeout(SILENCE_MAX, read).await {
        Ok(Ok(1..)) if line.ends_with(b"\n") => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
        Ok(Err(error)) => Err(error),
        _ => Err(std::io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Up to the line that is a dot; none if there is too much of it.
async fn message(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    loop {
        let line = line(stream).await?;
        if line == "." {
            return Ok(Some(message));
        }
        message.extend_from_slice(line.strip_prefix('.').unwrap_or(&line).as_bytes());
        message.extend_from_slice(b"\r\n");
        if message.len() > MAIL_BYTES_MAX {
            return Ok(None);
        }
    }
}

fn address(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}
