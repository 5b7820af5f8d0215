//! A dialogue line by line, for people who want to see why no mail arrives. Passwords are not in it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::base::printable::printable_within;

/// Enough for several relays that say much.
const LINES_MAX: usize = 1000;
const LINE_COLUMNS: usize = 300;

/// Who says a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    Us,
    Relay,
    /// Nobody: something that happened, such as a connection.
    Note,
}

/// One line of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Since the attempt began.
    pub after: Duration,
    /// `host:port` of the relay.
    pub relay: String,
    pub speaker: Speaker,
    pub text: String,
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.speaker {
            Speaker::Us => ">",
            Speaker::Relay => "<",
            Speaker::Note => "*",
        };
        write!(f, "{mark} {}", self.text)
    }
}

/// Writes a dialogue down, or does not: most of them nobody wants to read.
#[derive(Clone, Default)]
pub struct Recorder(Option<Arc<Recording>>);

struct Recording {
    since: Instant,
    lines: Mutex<Vec<Spoken>>,
}

impl Recorder {
    /// Begins now.
    #[must_use]
    pub fn on() -> Self {
        Self(Some(Arc::new(Recording { since: Instant::now(), lines: Mutex::default() })))
    }

    pub(super) fn note(&self, relay: &str, speaker: Speaker, text: &str) {
        let Some(recording) = &self.0 else { return };
        let mut lines = recording.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < LINES_MAX {
            let text = printable_within(text, LINE_COLUMNS);
            lines.push(Spoken { after: recording.since.elapsed(), relay: relay.to_owned(), speaker, text });
        }
    }

    /// What was said so far.
    #[must_use]
    pub fn lines(&self) -> Vec<Spoken> {
        let lines = |recording: &Arc<Recording>| recording.lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.0.as_ref().map(lines).unwrap_or_default()
    }
}
