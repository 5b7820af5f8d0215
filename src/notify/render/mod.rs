//! From the facts of a change to a finished message: bytes, made once and stored, so that every attempt sends the same.
//! Pure: the same facts make the same bytes.

mod digest;
mod facts;
mod headers;
mod html;
mod mime;
mod picture;
mod text;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::base::time::Timestamp;
use crate::model::incident::NoticeKind;
use crate::model::notice::Notice;
use crate::model::outbox::{Line, Rendered};
use facts::Letter;
use headers::Head;
pub use html::escaped;

/// Mail programs cut what is longer, and telephones load it slowly.
const MESSAGE_BYTES_MAX: usize = 90_000;

/// Who the mails of a channel come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// A mail address.
    pub from: String,
    /// What people sort by: `ops-mail.example.org`.
    pub list_id: Option<String>,
    /// Of content ids.
    pub domain: String,
}

/// How much of a notice is worth making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Full,
    /// Without a picture: it will be one line of a digest.
    Short,
}

/// The message of one change of one incident.
#[must_use]
pub fn notice(notice: &Notice, sender: &Sender, extent: Extent) -> Rendered {
    rendered(notice, &facts::letter(notice), sender, extent)
}

/// That an incident came and went, to a receiver whom nothing of it has reached.
#[must_use]
pub fn ended(notice: &Notice, sender: &Sender) -> Rendered {
    let told = Notice { kind: NoticeKind::Ended, ..notice.clone() };
    rendered(&told, &facts::letter(&told), sender, Extent::Full)
}

/// Several notices in one message.
#[must_use]
pub fn digest(lines: &[Line], now: Timestamp, sender: &Sender) -> Rendered {
    digest::message(lines, now, sender)
}

/// That messages of a channel arrive.
#[must_use]
pub fn test(now: Timestamp, channel: &str, vantage: &str, pages: Option<&str>, sender: &Sender) -> Rendered {
    let letter = facts::test(now, channel, vantage, pages);
    let head = Head::of_none(NoticeKind::Test, now, &format!("test of the channel {channel}"));
    let line = letter.line(NoticeKind::Test, now);
    whole(&letter, &head, sender, None, line)
}

fn rendered(notice: &Notice, letter: &Letter, sender: &Sender, extent: Extent) -> Rendered {
    let head = Head::of(notice);
    let drawn = if extent == Extent::Full { picture::draw(notice) } else { None };
    whole(letter, &head, sender, drawn.as_ref(), letter.line(notice.kind, notice.at))
}

/// The fullest of the messages that can be made of a letter and are not too large.
fn whole(letter: &Letter, head: &Head, sender: &Sender, drawn: Option<&picture::Picture>, line: Line) -> Rendered {
    let plain = text::write(letter);
    let short = mime::plain(head, sender, &plain);
    let rich = |drawn| {
        let message = mime::rich(head, sender, &plain, &html::write(letter, drawn), drawn);
        message.filter(|message| message.len() <= MESSAGE_BYTES_MAX)
    };
    let message = drawn.and_then(|drawn| rich(Some(drawn))).or_else(|| rich(None));
    let short: Arc<[u8]> = short.into();
    Rendered { message: message.map_or_else(|| Arc::clone(&short), Arc::from), short, line }
}
