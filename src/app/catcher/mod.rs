//! A mail server that delivers nothing: it takes what comes, so that it can be looked at.

pub mod letter;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::letter::Letter;

/// Of a line and of a mail; ours are smaller.
const LINE_BYTES_MAX: u64 = 4_096;
const MAIL_BYTES_MAX: usize = 8 << 20;
/// A sender that says nothing for this long has gone.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Senders take leave when they have been answered.
const CLOSE_MAX: Duration = Duration::from_secs(2);
/// Mails on their way at once; whoever comes then waits.
const DIALOGUES_MAX: usize = 32;
/// Of one mail.
const RECIPIENTS_MAX: usize = 100;

/// A mail whose sender waits for an answer. Dropped, it is refused until later, and the sender will come again.
#[derive(Debug)]
pub struct Caught {
    pub letter: Letter,
    /// As it came, lines ended by CR LF.
    pub message: Vec<u8>,
    kept: oneshot::Sender<usize>,
}

impl Caught {
    /// It is kept under this number, which its sender is told.
    pub fn keep(self, number: usize) {
        // A sender that has gone meanwhile will come again.
        let _ = self.kept.send(number);
    }
}

/// Listens until it is dropped or closed.
pub struct Catcher {
    pub address: SocketAddr,
    task: JoinSet<()>,
    close: oneshot::Sender<()>,
}

impl Catcher {
    /// Mails come one after the other.
    ///
    /// # Errors
    /// The address cannot be listened at.
    pub async fn open(address: SocketAddr) -> std::io::Result<(Self, mpsc::Receiver<Caught>)> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (sender, mails) = mpsc::channel(1);
        let (close, mut closed) = oneshot::channel();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut dialogues = JoinSet::new();
            loop {
                tokio::select! {
                    _ = &mut closed => break,
                    Ok((stream, _)) = listener.accept(), if dialogues.len() < DIALOGUES_MAX => {
                        let sender = sender.clone();
                        // Whoever leaves in the middle of a sentence has sent nothing.
                        dialogues.spawn(async move { drop(hold(stream, sender).await) });
                    }
                    Some(_) = dialogues.join_next() => {}
                }
            }
            while dialogues.join_next().await.is_some() {}
        });
        Ok((Self { address, task, close }, mails))
    }

    /// Takes nobody on any more, and lets those who are there hear their answers, for two seconds at most.
    pub async fn close(mut self) {
        let _ = self.close.send(());
        let _ = timeout(CLOSE_MAX, self.task.join_next()).await;
    }
}

async fn hold(stream: TcpStream, sender: mpsc::Sender<Caught>) -> std::io::Result<()> {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 catcher.invalid forerunner takes mail and delivers none").await?;
    let (mut begun, mut to) = (false, Vec::new());
    loop {
        let line = line(&mut stream).await?;
        let line = String::from_utf8_lossy(&line);
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => "250 catcher.invalid",
            "MAIL" => {
                (begun, to) = (true, Vec::new());
                "250 2.1.0 ok"
            }
            "RCPT" if !begun => "503 5.5.1 who sends it?",
            "RCPT" if to.len() >= RECIPIENTS_MAX => "452 4.5.3 too many at once",
            "RCPT" => {
                to.push(address(&line));
                "250 2.1.5 ok"
            }
            "DATA" if to.is_empty() => "503 5.5.1 to whom?",
            "DATA" => {
                say(&mut stream, "354 end with a dot").await?;
                let Some(message) = message(&mut stream).await? else {
                    return say(&mut stream, "552 5.3.4 too large").await;
                };
                let (kept, number) = oneshot::channel();
                let letter = Letter::read(&to.join(", "), &message);
                (begun, to) = (false, Vec::new());
                let _ = sender.send(Caught { letter, message, kept }).await;
                let answer = match number.await {
                    Ok(number) => format!("250 2.0.0 caught as mail {number}"),
                    Err(_) => "451 4.3.0 nobody keeps it now".to_owned(),
                };
                say(&mut stream, &answer).await?;
                continue;
            }
            "RSET" => {
                (begun, to) = (false, Vec::new());
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
async fn line(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let read = async { (&mut *stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await };
    match timeout(SILENCE_MAX, read).await {
        Ok(Ok(1..)) if line.ends_with(b"\n") => {
            line.pop();
            line.pop_if(|last| *last == b'\r');
            Ok(line)
        }
        Ok(Err(error)) => Err(error),
        _ => Err(std::io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Up to the line that is a dot; none if there is too much of it.
async fn message(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    loop {
        let line = line(stream).await?;
        if line == b"." {
            return Ok(Some(message));
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
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
