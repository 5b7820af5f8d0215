//! The lines of a message that name its receiver: all that differs between those who get the same notice.

use std::fmt::Write as _;

use crate::model::outbox::Note;

/// The message with `To`, `Message-ID` and, within a thread, `In-Reply-To` and `References` before it. The same for every
/// attempt, byte by byte.
#[must_use]
pub fn addressed(note: &Note, message: &[u8]) -> Vec<u8> {
    let mut head = format!("To: {}\r\nMessage-ID: <{}>\r\n", plain(&note.address.recipient), plain(&note.message_id));
    if let Some((root, before)) = &note.thread {
        let (root, before) = (plain(root), plain(before));
        let _ = write!(head, "In-Reply-To: <{before}>\r\nReferences: <{root}>");
        if before != root {
            let _ = write!(head, "\r\n <{before}>");
        }
        head += "\r\n";
    }
    [head.as_bytes(), message].concat()
}

/// Addresses and ids are checked where they enter; what is no part of either could only end the line.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_graphic() && !matches!(letter, '<' | '>')).collect()
}
