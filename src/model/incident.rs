//! What is wrong, since when, and whose it is. Made by the evaluator alone; kept, told and shown by others.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::failure::Cause;
use super::timing::Phase;
use crate::base::time::Timestamp;

/// What an incident is about: at most one incident of a key is open. Thresholds, wording and vantage are no part of it,
/// so that an edit of the configuration does not make a new incident of an old one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The run name; of trouble of our own, the part that is troubled, such as `channel/ops-mail`.
    pub name: String,
    pub aspect: Aspect,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.aspect)
    }
}

/// Which aspect of a run entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// The journey itself does not pass.
    Run,
    /// What the journey made is not cleaned up.
    Cleanup,
    /// The certificate of a host, by the name under which the journey declares the host.
    Certificate(String),
    /// A part of forerunner, not of anybody's platform.
    Own,
}

impl Aspect {
    /// Reads what [`fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "run" => Some(Self::Run),
            None if text == "cleanup" => Some(Self::Cleanup),
            None if text == "self" => Some(Self::Own),
            Some(("cert", host)) if !host.is_empty() => Some(Self::Certificate(host.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run => f.write_str("run"),
            Self::Cleanup => f.write_str("cleanup"),
            Self::Certificate(host) => write!(f, "cert:{host}"),
            Self::Own => f.write_str("self"),
        }
    }
}

impl Serialize for Aspect {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Aspect {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no aspect of an incident")))
    }
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Something failed, and is looked at again.
    Suspect,
    /// It was nothing: the suspicion did not hold.
    Refuted,
    /// Confirmed. It is an incident from here on.
    Firing,
    /// Passes again, but not long enough yet.
    Recovering,
    Resolved,
    /// Ended because nobody watches it any more.
    Withdrawn,
}

impl State {
    pub const ALL: [Self; 6] =
        [Self::Suspect, Self::Refuted, Self::Firing, Self::Recovering, Self::Resolved, Self::Withdrawn];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Suspect => "suspect",
            Self::Refuted => "refuted",
            Self::Firing => "firing",
            Self::Recovering => "recovering",
            Self::Resolved => "resolved",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether nothing further is expected of it, unless it opens again.
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Refuted | Self::Resolved | Self::Withdrawn)
    }

    /// Whether people are to see it as open.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Firing | Self::Recovering)
    }
}

/// How urgent an incident is; a later one is more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Recorded and shown, never sent.
    Info,
    /// Looked at in working hours.
    Warning,
    /// Pages somebody.
    Critical,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Where it broke and who answers for that: the first failing step of the run that was bad, in words that were redacted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blame {
    pub step: Option<String>,
    pub step_title: Option<String>,
    /// The responsible party: of the step, else of the journey.
    pub owner: Option<String>,
    /// Name of the declared host.
    pub host: Option<String>,
    pub phase: Option<Phase>,
    pub cause: Option<Cause>,
    /// What happened, in one line.
    pub said: String,
}

/// A run that is referred to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRef {
    pub id: String,
    pub at: Timestamp,
}

/// Everything that is known of an incident, and all that is needed to go on judging it after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// ULID, of the moment at which it was suspected.
    pub id: String,
    pub key: Key,
    pub state: State,
    pub severity: Severity,
    /// What it is about in plain words, the same as long as it lasts.
    pub title: String,
    pub blame: Blame,
    /// The first bad run, scheduled or not.
    pub suspected_at: Timestamp,
    /// When it was confirmed; none before.
    pub opened_at: Option<Timestamp>,
    /// The first of the good runs in a row; none while it is bad.
    pub recovering_since: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Bad runs in a row until it was confirmed, then good ones in a row: what the thresholds count.
    pub bad: u32,
    pub good: u32,
    /// Where the last bad run broke, if that is another place than the one that is blamed.
    pub elsewhere: Option<Blame>,
    /// Times it opened again within the window for that.
    pub reopened: u32,
    /// Number of the last notice, from 1; 0 before the first.
    pub seq: u32,
    /// When that was; none if nobody was told of it since it opened last.
    pub told_at: Option<Timestamp>,
    pub reminders: u32,
    pub next_reminder_at: Option<Timestamp>,
    /// The bad run of the last change.
    pub last_bad: Option<RunRef>,
    /// The last good run before it, if one is known.
    pub last_good: Option<RunRef>,
    /// Of an expiring certificate.
    pub not_after: Option<Timestamp>,
}

/// What became of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    Suspected,
    /// One more bad run that does not confirm it yet, or breaks elsewhere.
    Doubted,
    Refuted,
    Opened,
    Reopened,
    /// More urgent, or somebody else's: the first failing step is another one.
    Worsened,
    /// It lasts.
    Reminded,
    Recovering,
    /// Bad again before it was over.
    Relapsed,
    Resolved,
    Withdrawn,
}

impl Event {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Doubted => "doubted",
            Self::Refuted => "refuted",
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Worsened => "worsened",
            Self::Reminded => "reminded",
            Self::Recovering => "recovering",
            Self::Relapsed => "relapsed",
            Self::Resolved => "resolved",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One change of one incident: what the evaluator says, what the store keeps, what notices are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub at: Timestamp,
    pub event: Event,
    /// As it stands after the change.
    pub incident: Incident,
    /// What people are to be told; the incident's `seq` is its number.
    pub notice: Option<NoticeKind>,
    /// The run that caused it, if one did.
    pub run: Option<String>,
}

impl Transition {
    /// Whether it is one more good run on the way to the end, which is stored, but is no news.
    #[must_use]
    pub fn is_further_good_look(&self) -> bool {
        self.event == Event::Recovering && self.incident.good > 1
    }
}

/// What a notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    Firing,
    Worsened,
    Reminder,
    Resolved,
    Withdrawn,
    /// It began and ended while nothing could be delivered.
    Ended,
    /// Several in one.
    Digest,
    /// Somebody tries whether notices arrive.
    Test,
}

impl NoticeKind {
    pub const ALL: [Self; 8] = [
        Self::Firing,
        Self::Worsened,
        Self::Reminder,
        Self::Resolved,
        Self::Withdrawn,
        Self::Ended,
        Self::Digest,
        Self::Test,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Worsened => "worsened",
            Self::Reminder => "reminder",
            Self::Resolved => "resolved",
            Self::Withdrawn => "withdrawn",
            Self::Ended => "ended",
            Self::Digest => "digest",
            Self::Test => "test",
        }
    }

    /// Whether it is the last of an incident, unless that opens again.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Resolved | Self::Withdrawn | Self::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aspect_is_read_as_it_was_written() {
        for (aspect, text) in [
            (Aspect::Run, "run"),
            (Aspect::Cleanup, "cleanup"),
            (Aspect::Certificate("platform".to_owned()), "cert:platform"),
            (Aspect::Own, "self"),
        ] {
            assert_eq!(aspect.to_string(), text);
            assert_eq!(Aspect::parse(text), Some(aspect));
        }
        for text in ["", "runs", "cert", "cert:", "slo:"] {
            assert_eq!(Aspect::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_more_urgent_is_the_greater() {
        assert!(Severity::Critical > Severity::Warning && Severity::Warning > Severity::Info);
    }
}
