//! Several notices in one message: the most recent by party, and all of them in a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::Sender;
use super::facts::Tone;
use super::headers::Head;
use super::html::{Frame, escaped, framed};
use super::mime;
use super::words::moment;
use crate::base::time::Timestamp;
use crate::model::incident::NoticeKind;
use crate::model::outbox::{Line, Rendered};

/// Notices in the body of a message; nobody reads more.
const SHOWN_MAX: usize = 50;
/// Of the file with all of them.
const FILE_BYTES_MAX: usize = 4 << 20;
/// What is said of them.
const WHY: &str = "More than five notices were waiting for you, so they come together.";
/// For whom no party is named.
const NOBODY: &str = "nobody is named";

pub(super) fn message(lines: &[Line], now: Timestamp, sender: &Sender) -> Rendered {
    let title = title(lines);
    let head = Head::of_none(NoticeKind::Digest, now, &format!("{} notices", lines.len()));
    let text = text(&title, lines, now);
    let message = if lines.len() > SHOWN_MAX {
        mime::with_file(&head, sender, &text, &html(&title, lines, now), "notices.txt", &file(lines))
    } else {
        mime::rich(&head, sender, &text, &html(&title, lines, now), None).unwrap_or_default()
    };
    let short: Arc<[u8]> = mime::plain(&head, sender, &text).into();
    let message = if message.is_empty() { Arc::clone(&short) } else { message.into() };
    let line = Line { kind: NoticeKind::Digest, at: now, state: "DIGEST".to_owned(), title, party: None, link: None };
    Rendered { message, short, line }
}

/// `12 notices: 10 firing, 2 resolved`.
fn title(lines: &[Line]) -> String {
    let count = |kind| lines.iter().filter(|line| line.kind == kind).count();
    let counts = NoticeKind::ALL.into_iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0);
    let counts: Vec<_> = counts.map(|(kind, count)| format!("{count} {}", kind.word())).collect();
    format!("{} notices in one mail: {}", lines.len(), counts.join(", "))
}

/// Those that are shown, by party; what fires comes first, then the most recent.
fn shown(lines: &[Line]) -> BTreeMap<&str, Vec<&Line>> {
    let mut chosen: Vec<_> = lines.iter().collect();
    chosen.sort_by_key(|line| (line.kind.is_terminal(), std::cmp::Reverse(line.at)));
    let mut parties: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in chosen.into_iter().take(SHOWN_MAX) {
        parties.entry(line.party.as_deref().unwrap_or(NOBODY)).or_default().push(line);
    }
    parties
}

fn more(lines: &[Line]) -> Option<String> {
    let more = lines.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0)?;
    Some(format!("{more} more stand in the attached file notices.txt, which has all of them."))
}

fn text(title: &str, lines: &[Line], now: Timestamp) -> String {
    let mut text = format!("{title}\n\n{WHY}\n");
    for (party, lines) in shown(lines) {
        let _ = write!(text, "\n{party} ({})\n", lines.len());
        for line in lines {
            let _ = writeln!(text, "  {}\n    {}", line.state, line.title);
            if let Some(link) = &line.link {
                let _ = writeln!(text, "    {link}");
            }
        }
    }
    if let Some(more) = more(lines) {
        let _ = write!(text, "\n{more}\n");
    }
    let _ = write!(text, "\n-- \nforerunner, {}\n", moment(now, now));
    text
}

fn html(title: &str, lines: &[Line], now: Timestamp) -> String {
    let mut body = String::new();
    for (party, lines) in shown(lines) {
        let _ =
            writeln!(body, "<h2 style=\"font-size:16px;margin:18px 0 4px\">{} ({})</h2>", escaped(party), lines.len());
        for line in lines {
            let colour = if line.kind.is_terminal() { "#1e8e3e" } else { "#d93025" };
            let title = escaped(&line.title);
            let title = line.link.as_ref().map_or_else(
                || title.clone(),
                |link| format!("<a href=\"{}\" style=\"color:#0b57d0\">{title}</a>", escaped(link)),
            );
            let _ = writeln!(
                body,
                "<div class=\"line\" style=\"padding:7px 0 7px 10px;border-left:4px solid {colour};margin:6px 0\">\
                 <b>{}</b><br>{title}</div>",
                escaped(&line.state)
            );
        }
    }
    if let Some(more) = more(lines) {
        let _ = writeln!(body, "<p>{}</p>", escaped(&more));
    }
    let tone = if lines.iter().all(|line| line.kind.is_terminal()) { Tone::Good } else { Tone::Bad };
    let frame = Frame { first: title, tone, preview: WHY, foot: &format!("forerunner, {}", moment(now, now)) };
    framed(&frame, &format!("<div style=\"padding:14px 18px\"><p style=\"margin:0\">{WHY}</p>\n{body}</div>\n"))
}

/// One line each, as far as they fit.
fn file(lines: &[Line]) -> String {
    let mut file = String::new();
    for (number, line) in lines.iter().enumerate() {
        if file.len() > FILE_BYTES_MAX {
            let _ = writeln!(file, "{} more", lines.len() - number);
            break;
        }
        let party = line.party.as_deref().unwrap_or(NOBODY);
        let link = line.link.as_deref().unwrap_or_default();
        let _ = writeln!(file, "{}\t{}\t{}\t{party}\t{link}", line.at.rfc3339_seconds(), line.state, line.title);
    }
    file
}
