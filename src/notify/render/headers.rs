//! The head of a message: what programs read, and by what people sort.

use std::fmt::Write as _;

use lettre::message::header::{HeaderName, HeaderValue, Headers, MIME_VERSION_1_0, Subject};

use super::Sender;
use crate::base::printable::{is_hostile, printable_within};
use crate::base::time::Timestamp;
use crate::model::incident::{NoticeKind, Severity};
use crate::model::notice::Notice;

/// Characters of a subject; the evaluator keeps titles shorter.
const SUBJECT_CHARS_MAX: usize = 160;
/// Characters of a value that only programs read.
const VALUE_CHARS_MAX: usize = 120;

/// What differs from message to message.
pub(super) struct Head {
    pub subject: String,
    pub at: Timestamp,
    pub kind: NoticeKind,
    pub severity: Severity,
    /// Incident, journey, owner and number; empty ones are left out.
    pub about: [String; 4],
}

impl Head {
    pub(super) fn of(notice: &Notice) -> Self {
        let incident = &notice.incident;
        Self {
            // The same for all notices of an incident, so that mail programs keep them together.
            subject: incident.title.clone(),
            at: notice.at,
            kind: notice.kind,
            severity: incident.severity,
            about: [
                incident.id.clone(),
                notice.journey.clone(),
                incident.blame.owner.clone().unwrap_or_default(),
                incident.seq.to_string(),
            ],
        }
    }

    /// Of a message that is about no single incident.
    pub(super) fn of_none(kind: NoticeKind, at: Timestamp, subject: &str) -> Self {
        Self { subject: subject.to_owned(), at, kind, severity: Severity::Info, about: Default::default() }
    }

    /// Tells messages apart that are parts of one another: the same for the same message.
    pub(super) fn mark(&self) -> String {
        let [incident, .., seq] = &self.about;
        format!("{}.{seq}.{}.{}", self.kind.word(), incident.to_lowercase(), self.at.unix_millis())
    }

    /// Every field but those that name the receiver, each with the end of its line.
    pub(super) fn fields(&self, sender: &Sender) -> String {
        let mut headers = Headers::new();
        headers.set(Subject::from(format!("[forerunner] {}", printable_within(&self.subject, SUBJECT_CHARS_MAX))));
        headers.set(MIME_VERSION_1_0);
        let date = jiff::fmt::rfc2822::to_string(&self.at.zoned()).unwrap_or_default();
        let mut text = format!("From: forerunner <{}>\r\nDate: {date}\r\n{headers}", plain(&sender.from));
        let pages = self.severity == Severity::Critical && !self.kind.is_terminal();
        let list = sender.list_id.as_ref().map(|id| format!("<{}>", plain(id)));
        let mut raw = vec![
            ("Auto-Submitted", "auto-generated".to_owned()),
            ("X-Auto-Response-Suppress", "All".to_owned()),
            ("X-Forerunner-Kind", self.kind.word().to_owned()),
            ("X-Forerunner-Severity", self.severity.word().to_owned()),
        ];
        raw.extend(list.map(|list| ("List-Id", list)));
        raw.extend(pages.then(|| ("Importance", "high".to_owned())));
        let names = ["X-Forerunner-Incident", "X-Forerunner-Journey", "X-Forerunner-Owner", "X-Forerunner-Seq"];
        raw.extend(names.into_iter().zip(self.about.iter().cloned()).filter(|(_, value)| !value.is_empty()));
        for (name, value) in raw {
            let value: String = plain(&value).chars().take(VALUE_CHARS_MAX).collect();
            let mut one = Headers::new();
            one.insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
            let _ = write!(text, "{one}");
        }
        text
    }
}

/// On one line, and nothing that turns it round.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if is_hostile(letter) { ' ' } else { letter }).collect()
}
