//! One connection to a relay: says a line, reads an answer, and trusts nothing that comes.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;

use super::fault::{Fault, Kind};
use super::phase::Phase;
use super::reply::{LINE_BYTES_MAX, LINES_MAX, Reply, line};
use super::transcript::{Recorder, Speaker};
use crate::base::duration::format_duration;
use crate::base::redact::Redactor;
use crate::base::secret::Label;
use crate::net::connect;
use crate::net::dial::Stream;

/// Read at once.
const READ_BYTES: usize = 4096;

pub(super) struct Wire {
    stream: Box<dyn Stream>,
    relay: String,
    recorder: Recorder,
    masks: Redactor,
    /// Read and not yet looked at.
    buffer: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, relay: &str, recorder: Recorder) -> Self {
        Self { stream, relay: relay.to_owned(), recorder, masks: Redactor::default(), buffer: Vec::new() }
    }

    /// What must not be shown, even if the relay repeats it.
    pub(super) fn mask(&mut self, secret: &str) {
        self.masks.learn("password", secret, Label::NOWHERE);
    }

    pub(super) fn note(&self, text: &str) {
        self.recorder.note(&self.relay, Speaker::Note, text);
    }

    /// Takes the stream out, to encrypt it. What was read ahead of the encryption could have come from anybody, so there
    /// must be nothing.
    pub(super) async fn plain(mut self, phase: Phase) -> Result<Box<dyn Stream>, Fault> {
        match self.nothing_unasked(phase).await {
            // A connection that is gone already is one that cannot be encrypted.
            Err(fault) if fault.kind != Kind::Lost => Err(fault),
            _ => Ok(self.stream),
        }
    }

    /// Says a line and reads the answer, which is shown as `shown` if the line itself must not be.
    pub(super) async fn ask(&mut self, phase: Phase, line: &str, shown: Option<&str>) -> Result<Reply, Fault> {
        self.nothing_unasked(phase).await?;
        self.recorder.note(&self.relay, Speaker::Us, shown.unwrap_or(line));
        let exchange = async {
            self.write(phase, format!("{line}\r\n").as_bytes()).await?;
            self.read(phase).await
        };
        within(phase, exchange).await
    }

    /// Reads an answer to what was said already.
    pub(super) async fn answer(&mut self, phase: Phase) -> Result<Reply, Fault> {
        within(phase, self.read(phase)).await
    }

    /// Sends bytes, each piece within the limit of the phase.
    pub(super) async fn send(&mut self, phase: Phase, bytes: &[u8]) -> Result<(), Fault> {
        const PIECE_BYTES: usize = 64 * 1024;
        for piece in bytes.chunks(PIECE_BYTES) {
            within(phase, self.write(phase, piece)).await?;
        }
        Ok(())
    }

    /// An answer to what was not said yet would be taken for the answer to what is said next.
    pub(super) async fn nothing_unasked(&mut self, phase: Phase) -> Result<(), Fault> {
        if self.buffer.is_empty() {
            let mut bytes = [0; READ_BYTES];
            let mut read = ReadBuf::new(&mut bytes);
            let stream = &mut self.stream;
            let arrived = poll_fn(|cx| Poll::Ready(Pin::new(&mut **stream).poll_read(cx, &mut read))).await;
            match arrived {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(())) if read.filled().is_empty() => return Err(closed(phase)),
                Poll::Ready(Ok(())) => self.buffer.extend_from_slice(read.filled()),
                Poll::Ready(Err(error)) => return Err(lost(phase, &error)),
            }
        }
        // If it says goodbye, that is worth telling.
        let line = self.buffer.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if let Some(answer) = line.strip_suffix(b"\r").and_then(self::line).filter(|answer| answer.code == 421) {
            return Err(self.refused(phase, Reply { code: answer.code, lines: vec![answer.text] }));
        }
        Err(Fault::nonsense(phase, "it answers what it was not asked"))
    }

    /// A refusal, with its text masked.
    pub(super) fn refused(&mut self, phase: Phase, mut reply: Reply) -> Fault {
        reply.lines.iter_mut().for_each(|line| *line = self.masks.mask(line));
        Fault::refused(phase, reply)
    }

    /// Takes leave without waiting for an answer to what went before.
    pub(super) async fn farewell(&mut self, phase: Phase) {
        let _ = within(phase, self.write(phase, b"QUIT\r\n")).await;
    }

    /// Ends the connection.
    pub(super) async fn shut(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    async fn write(&mut self, phase: Phase, bytes: &[u8]) -> Result<(), Fault> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        written.await.map_err(|error| lost(phase, &error))
    }

    async fn read(&mut self, phase: Phase) -> Result<Reply, Fault> {
        let mut lines = Vec::new();
        loop {
            let bytes = self.line(phase).await?;
            let shown = self.masks.mask(&String::from_utf8_lossy(&bytes));
            self.recorder.note(&self.relay, Speaker::Relay, &shown);
            let Some(line) = line(&bytes) else {
                return Err(Fault::nonsense(phase, "it says something that is not SMTP"));
            };
            let first = lines.first().map_or(line.code, |(code, _)| *code);
            if line.code != first {
                return Err(Fault::nonsense(phase, "it gives two codes in one answer"));
            }
            lines.push((line.code, line.text));
            if line.last {
                let lines = lines.into_iter().map(|(_, text)| text).collect();
                return Ok(Reply { code: first, lines });
            }
            if lines.len() == LINES_MAX {
                return Err(Fault::nonsense(phase, "its answer does not end"));
            }
        }
    }

    /// A line without its end.
    async fn line(&mut self, phase: Phase) -> Result<Vec<u8>, Fault> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=searched + end).collect();
                line.pop();
                line.pop_if(|byte| *byte == b'\r');
                return Ok(line);
            }
            searched = self.buffer.len();
            if searched > LINE_BYTES_MAX {
                return Err(Fault::nonsense(phase, "it says a line that does not end"));
            }
            let mut bytes = [0; READ_BYTES];
            match self.stream.read(&mut bytes).await {
                Ok(0) => return Err(closed(phase)),
                Ok(length) => self.buffer.extend_from_slice(&bytes[..length]),
                Err(error) => return Err(lost(phase, &error)),
            }
        }
    }
}

async fn within<T>(phase: Phase, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    timeout(phase.limit(), work).await.unwrap_or_else(|_| Err(timed_out(phase)))
}

/// Nothing came of the phase within its limit.
fn timed_out(phase: Phase) -> Fault {
    let limit = format_duration(phase.limit());
    Fault::new(phase, Kind::TimedOut, format!("no answer within {limit} in phase {}", phase.word()))
}

fn closed(phase: Phase) -> Fault {
    Fault::new(phase, Kind::Lost, format!("it ended the connection in phase {}", phase.word()))
}

fn lost(phase: Phase, error: &std::io::Error) -> Fault {
    let words = connect::words(error);
    Fault::new(phase, Kind::Lost, format!("the connection was lost in phase {}: {words}", phase.word()))
}
