//! One connection of a scripted relay.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsAcceptor;

use super::{At, Do, Mail, Offer, Peer, Script};

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub struct Dialogue {
    pub peer: Peer,
    pub offer: Offer,
    pub script: Script,
    pub encrypted: bool,
    pub buffer: Vec<u8>,
}

/// The connection is over.
struct Over;

impl Dialogue {
    pub async fn hold(mut self, stream: TcpStream) {
        let mut stream: Box<dyn Stream> = Box::new(stream);
        if let Some(config) = self.offer.implicit.clone() {
            let Some(encrypted) = self.encrypt(config, stream).await else { return };
            stream = encrypted;
        }
        let _ = self.talk(stream).await;
    }

    async fn encrypt(&mut self, config: Arc<ServerConfig>, mut stream: Box<dyn Stream>) -> Option<Box<dyn Stream>> {
        if let Some(deed) = self.scripted(At::Tls) {
            let _ = self.act(&mut stream, At::Tls, deed, "").await;
            return None;
        }
        self.encrypted = true;
        Some(Box::new(TlsAcceptor::from(config).accept(stream).await.ok()?))
    }

    fn scripted(&self, at: At) -> Option<Do> {
        self.script.iter().find(|(place, _)| *place == at).map(|(_, deed)| deed.clone())
    }

    async fn talk(&mut self, mut stream: Box<dyn Stream>) -> Result<(), Over> {
        self.answer(&mut stream, At::Banner, "220 peer.test ESMTP").await?;
        let (mut from, mut to) = (String::new(), String::new());
        loop {
            let line = self.line(&mut stream).await?;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let offer = self.greeting();
                    self.answer(&mut stream, At::Ehlo, &offer).await?;
                }
                "STARTTLS" => {
                    self.answer(&mut stream, At::Starttls, "220 go ahead").await?;
                    let Some(config) = self.offer.starttls.clone() else { return Err(Over) };
                    stream = self.encrypt(config, stream).await.ok_or(Over)?;
                }
                "AUTH" => self.log_in(&mut stream, &line).await?,
                "MAIL" => {
                    from = address(&line);
                    self.answer(&mut stream, At::Mail, "250 2.1.0 ok").await?;
                }
                "RCPT" => {
                    to = address(&line);
                    let refused = self.script.iter().find_map(|(_, deed)| match deed {
                        Do::Refuse(who, answer) if *who == to => Some(*answer),
                        _ => None,
                    });
                    self.answer(&mut stream, At::Rcpt, refused.unwrap_or("250 2.1.5 ok")).await?;
                }
                "DATA" => {
                    self.answer(&mut stream, At::Data, "354 end with a dot").await?;
                    self.take(&mut stream, &from, &to).await?;
                }
                "QUIT" => {
                    self.answer(&mut stream, At::Quit, "221 bye").await?;
                    return Ok(());
                }
                _ => self.write(&mut stream, b"500 what?\r\n").await?,
            }
        }
    }

    fn greeting(&self) -> String {
        let mut lines = vec!["peer.test".to_owned()];
        lines.extend((self.offer.starttls.is_some() && !self.encrypted).then(|| "STARTTLS".to_owned()));
        lines.extend(self.offer.auth.map(|(mechanisms, _, _)| format!("AUTH {mechanisms}")));
        lines.extend(self.offer.size.map(|size| format!("SIZE {size}")));
        lines.extend(self.offer.eight_bit.then(|| "8BITMIME".to_owned()));
        let last = lines.len() - 1;
        let coded = |(at, line): (usize, &String)| format!("250{}{line}", if at == last { ' ' } else { '-' });
        lines.iter().enumerate().map(coded).collect::<Vec<_>>().join("\r\n")
    }

    async fn log_in(&mut self, stream: &mut Box<dyn Stream>, line: &str) -> Result<(), Over> {
        let decode = |text: &str| {
            let bytes = STANDARD.decode(text).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let Some((_, user, password)) = self.offer.auth else { return self.write(stream, b"502 no\r\n").await };
        let said = if let Some(plain) = line.strip_prefix("AUTH PLAIN ") {
            decode(plain)
        } else {
            self.answer(stream, At::User, "334 VXNlcm5hbWU6").await?;
            let user = decode(&self.line(stream).await?);
            self.answer(stream, At::Password, "334 UGFzc3dvcmQ6").await?;
            format!("\0{user}\0{}", decode(&self.line(stream).await?))
        };
        let good = said == format!("\0{user}\0{password}");
        self.answer(stream, At::Auth, if good { "235 2.7.0 welcome" } else { "535 5.7.8 no" }).await
    }

    async fn take(&mut self, stream: &mut Box<dyn Stream>, from: &str, to: &str) -> Result<(), Over> {
        if let Some(Do::DropAfter(bytes)) = self.scripted(At::Body) {
            while self.buffer.len() < bytes {
                self.fill(stream).await?;
            }
            return Err(Over);
        }
        if let Some(deed) = self.scripted(At::Body) {
            self.act(stream, At::Body, deed, "").await?;
        }
        let end = loop {
            let found = self.buffer.windows(5).position(|five| five == b"\r\n.\r\n");
            if let Some(at) = found {
                break at + 2;
            }
            self.fill(stream).await?;
        };
        let wire: Vec<u8> = self.buffer.drain(..end + 3).take(end).collect();
        let mut message = Vec::new();
        for line in wire.split_inclusive(|byte| *byte == b'\n') {
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        let deed = self.scripted(At::Dot);
        let keeps = matches!(deed, None | Some(Do::Late(_) | Do::Drip | Do::KeepAndDrop | Do::KeepAndSilent));
        let number = keeps.then(|| {
            let mut seen = self.peer.seen.lock().expect("no panic");
            let (from, to, at) = (from.to_owned(), to.to_owned(), Instant::now());
            let was_encrypted = self.encrypted;
            seen.mails.push(Mail { from, to, message, wire, at, was_accepted: false, was_encrypted });
            seen.mails.len() - 1
        });
        match deed {
            Some(Do::KeepAndDrop) => return Err(Over),
            Some(Do::KeepAndSilent) => return self.act(stream, At::Dot, Do::Silent, "").await,
            _ => self.answer(stream, At::Dot, "250 2.0.0 queued as 4F3").await?,
        }
        if let Some(number) = number {
            self.peer.seen.lock().expect("no panic").mails[number].was_accepted = true;
        }
        Ok(())
    }

    async fn answer(&mut self, stream: &mut Box<dyn Stream>, at: At, good: &str) -> Result<(), Over> {
        let deed = self.scripted(at).filter(|deed| !matches!(deed, Do::Refuse(..)));
        match deed {
            None => self.write(stream, format!("{good}\r\n").as_bytes()).await,
            Some(deed) => self.act(stream, at, deed, good).await,
        }
    }

    async fn act(&mut self, stream: &mut Box<dyn Stream>, at: At, deed: Do, good: &str) -> Result<(), Over> {
        let good = format!("{good}\r\n");
        match deed {
            Do::Say(text) => self.write(stream, format!("{text}\r\n").as_bytes()).await,
            Do::Raw(bytes) => self.write(stream, &bytes).await,
            Do::Flood(bytes) => {
                let bytes = bytes.repeat(16 * 1024 / bytes.len() + 1);
                while self.write(stream, &bytes).await.is_ok() {}
                Err(Over)
            }
            Do::Silent => {
                let since = Instant::now();
                while self.fill(stream).await.is_ok() {}
                self.peer.seen.lock().expect("no panic").waited.push((at, since.elapsed()));
                Err(Over)
            }
            Do::Late(seconds) => {
                sleep(Duration::from_secs(seconds)).await;
                self.write(stream, good.as_bytes()).await
            }
            Do::Drip => {
                for byte in good.as_bytes() {
                    sleep(Duration::from_secs(1)).await;
                    self.write(stream, &[*byte]).await?;
                }
                Ok(())
            }
            Do::Drop | Do::DropAfter(_) | Do::KeepAndDrop => Err(Over),
            Do::KeepAndSilent | Do::Refuse(..) => pending().await,
        }
    }

    async fn write(&mut self, stream: &mut Box<dyn Stream>, bytes: &[u8]) -> Result<(), Over> {
        stream.write_all(bytes).await.map_err(|_| Over)?;
        stream.flush().await.map_err(|_| Over)
    }

    async fn line(&mut self, stream: &mut Box<dyn Stream>) -> Result<String, Over> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).take(end).collect();
                let line = String::from_utf8_lossy(&line).into_owned();
                self.peer.seen.lock().expect("no panic").commands.push((Instant::now(), line.clone()));
                return Ok(line);
            }
            self.fill(stream).await?;
        }
    }

    async fn fill(&mut self, stream: &mut Box<dyn Stream>) -> Result<(), Over> {
        match stream.read_buf(&mut self.buffer).await {
            Ok(1..) => Ok(()),
            _ => Err(Over),
        }
    }
}

fn address(line: &str) -> String {
    let inside = line.split(['<', '>']).nth(1);
    inside.unwrap_or_default().to_owned()
}
