//! Conditions and values as people write them, bounded: a body of megabytes is never copied into a message.

use serde_json::Value as Json;

use super::ready::{Literal, Ready};
use super::view::View;
use crate::expectation::condition::Condition;

/// Characters of a quoted text in a message.
pub(super) const CHARACTERS_MAX: usize = 200;
/// Bytes that are rendered before masking and cutting: enough that a secret across the cut is whole.
const WINDOW: usize = 16 << 10;

/// At most [`CHARACTERS_MAX`] characters, the last of them `…` if something was left out.
pub(super) fn cut(mut text: String) -> String {
    if let Some((last, _)) = text.char_indices().nth(CHARACTERS_MAX - 1)
        && text[last..].chars().nth(1).is_some()
    {
        text.truncate(last);
        text.push('…');
    }
    text
}

/// A value in its text form; text in quotes, so that `"5"` is not taken for `5`.
pub(super) fn value(value: Option<View<'_>>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(View::Json(json)) => literal(json),
        Some(View::Bytes(bytes)) => {
            let shown = &bytes[..bytes.len().min(WINDOW / 2)];
            format!("bytes {}", crate::model::value::hexadecimal(shown))
        }
        Some(other) => other.to_value().to_text().map(std::borrow::Cow::into_owned).unwrap_or_default(),
    }
}

/// JSON, compact, up to the window.
pub(super) fn literal(json: &Json) -> String {
    let mut window = Window(Vec::new());
    // An error is the full window; what is in it is what was wanted.
    let _ = serde_json::to_writer(&mut window, json);
    match String::from_utf8(window.0) {
        Ok(text) => text,
        Err(error) => {
            let end = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes.truncate(end);
            String::from_utf8(bytes).unwrap_or_default()
        }
    }
}

struct Window(Vec<u8>);

impl std::io::Write for Window {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(WINDOW - self.0.len());
        self.0.extend_from_slice(&bytes[..taken]);
        if taken == 0 && !bytes.is_empty() { Err(std::io::ErrorKind::WriteZero.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A condition in flow style: `201`, `{ gte: 3, lt: 5 }`, `{ each: { type: string } }`.
pub(super) fn condition(condition: &Ready) -> String {
    let mut text = String::new();
    write(condition, &mut text);
    text
}

fn write(condition: &Ready, text: &mut String) {
    match condition {
        Condition::Equals(argument) if !argument.data().is_object() => text.push_str(&literal(argument.data())),
        Condition::All(parts) if is_map(parts) => {
            text.push_str("{ ");
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_entry(part, text);
            }
            text.push_str(" }");
        }
        _ => {
            text.push_str("{ ");
            write_entry(condition, text);
            text.push_str(" }");
        }
    }
}

/// Whether a list of conditions can be written as one map.
fn is_map(parts: &[Ready]) -> bool {
    parts.len() > 1
        && parts.len() <= crate::expectation::condition::MATCHERS.len()
        && parts.iter().enumerate().all(|(index, part)| parts[..index].iter().all(|other| other.name() != part.name()))
}

fn write_entry(condition: &Ready, text: &mut String) {
    text.push_str(condition.name());
    text.push_str(": ");
    if text.len() > WINDOW {
        return;
    }
    match condition {
        Condition::Equals(argument)
        | Condition::Compare(_, argument)
        | Condition::InList(argument)
        | Condition::Contains(argument)
        | Condition::StartsWith(argument)
        | Condition::EndsWith(argument)
        | Condition::Like(argument) => text.push_str(&literal(argument.data())),
        Condition::Matches(argument) => text.push_str(&literal(&Json::from(argument.text()))),
        Condition::In(list) => write_list(list, text, |one, text| text.push_str(&literal(Literal::data(one)))),
        Condition::Any(parts) | Condition::All(parts) => write_list(parts, text, write),
        Condition::Not(inner) | Condition::Length(inner) | Condition::Each(inner) | Condition::Some(inner) => {
            write(inner, text);
        }
        Condition::Exists(wanted) | Condition::Empty(wanted) => text.push_str(if *wanted { "true" } else { "false" }),
        Condition::Type(words) => match words.as_slice() {
            [word] => text.push_str(word.word()),
            words => write_list(words, text, |word, text| text.push_str(word.word())),
        },
        Condition::Schema(_) => text.push('…'),
    }
}

fn write_list<T>(list: &[T], text: &mut String, write: impl Fn(&T, &mut String)) {
    text.push('[');
    for (index, one) in list.iter().enumerate() {
        if text.len() > WINDOW {
            break;
        }
        if index > 0 {
            text.push_str(", ");
        }
        write(one, text);
    }
    text.push(']');
}
