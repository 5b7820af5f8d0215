//! Regular expressions: the one place where the language compiles them, and the filters that use them.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use ::regex::{Captures, Regex, RegexBuilder};

use super::chain::{TEXT_BYTES_MAX, TOO_LONG};
use super::lexer::Argument;
use super::row::{FilterDoc, of_text, perhaps_text, pure, some_text, text};
use crate::base::syntax::SyntaxError;
use crate::model::value::{Kind, Value};

/// Longest expression in characters.
pub const LENGTH_MAX: usize = 1_000;
/// Bytes of a compiled expression, so that `(a{1000}){1000}` is refused at once.
const SIZE_MAX: usize = 4 << 20;

/// Compiles an expression of the language: linear time, Unicode, not anchored, bounded. Offsets of errors are bytes
/// in `pattern`.
///
/// # Errors
/// Longer than 1,000 characters, not an expression of the engine (no look-around, no back-references), or too large.
pub fn compile(pattern: &str) -> Result<Regex, SyntaxError> {
    if pattern.chars().count() > LENGTH_MAX {
        let message = format!("a regular expression has at most {LENGTH_MAX} characters");
        return Err(SyntaxError::new(0, pattern.len(), message));
    }
    if !REMEMBERS.get() {
        return build(pattern);
    }
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known().get(pattern) {
        return Ok(regex.clone());
    }
    let regex = build(pattern)?;
    let mut known = known();
    if known.len() >= KNOWN_MAX {
        known.clear();
    }
    known.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

/// Expressions that are remembered. Thousands of journeys say the same few, and each would take a tenth of a millisecond
/// and some ten kilobytes; more than these are compiled anew.
const KNOWN_MAX: usize = 64;
static KNOWN: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

thread_local! {
    static REMEMBERS: Cell<bool> = const { Cell::new(false) };
}

/// Remembers expressions that this thread compiles meanwhile, for all threads: while files are read. What a run compiles
/// is made of its values, secret ones among them, and is never remembered.
pub fn remembering<T>(work: impl FnOnce() -> T) -> T {
    let before = REMEMBERS.replace(true);
    let done = work();
    REMEMBERS.set(before);
    done
}

fn build(pattern: &str) -> Result<Regex, SyntaxError> {
    RegexBuilder::new(pattern).size_limit(SIZE_MAX).dfa_size_limit(SIZE_MAX).build().map_err(|error| {
        let text = match &error {
            ::regex::Error::CompiledTooBig(_) => "it becomes too large, use smaller repetitions".to_owned(),
            other => other.to_string(),
        };
        let why = text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").trim_end_matches('.');
        let error = SyntaxError::new(0, pattern.len(), format!("the regular expression cannot be used: {why}"));
        if why.contains("look-around") || why.contains("backreference") {
            error.help("look-around and back-references are left out, so that every expression runs in linear time")
        } else {
            error
        }
    })
}

/// The first match: group 1 if the expression has a group, else the whole match.
#[must_use]
pub fn first_match<'t>(regex: &Regex, text: &'t str) -> Option<&'t str> {
    regex.captures(text).and_then(|captures| wanted(&captures))
}

/// What [`first_match`] takes, of every match.
pub fn all_matches<'t>(regex: &Regex, text: &'t str) -> impl Iterator<Item = &'t str> {
    regex.captures_iter(text).filter_map(|captures| wanted(&captures))
}

fn wanted<'t>(captures: &Captures<'t>) -> Option<&'t str> {
    captures.get(usize::from(captures.len() > 1)).map(|found| found.as_str())
}

fn argument(arguments: &[Argument]) -> Result<Regex, SyntaxError> {
    let Some(argument) = arguments.first() else { return compile("") };
    compile(&argument.text).map_err(|error| match error.help {
        Some(help) => argument.error(error.message).help(help),
        None => argument.error(error.message),
    })
}

pub(super) const REGEX: FilterDoc = FilterDoc {
    name: "regex",
    arguments: "RE",
    signature: "T → T",
    about: "Finds the first match of RE: group 1 if the expression has a group, else the whole match; without a match it is missing.",
    example: (r#""order 4711 of 12""#, r"regex 'order (\d+)'", r#""4711""#),
    takes: &[Kind::Text],
    yields: perhaps_text,
    build: |arguments| {
        let regex = argument(arguments)?;
        Ok(pure(move |value| Ok(first_match(&regex, text(&value)?).map(Value::text))))
    },
};

pub(super) const REPLACE_REGEX: FilterDoc = FilterDoc {
    name: "replace-regex",
    arguments: "RE NEW",
    signature: "T → T",
    about: "Replaces every match of RE by NEW, in which `$1` and `$name` stand for groups and `$$` for a dollar sign.",
    example: (r#""2026-11-22""#, r"replace-regex '(\d+)-(\d+)-(\d+)' $3.$2.$1", r#""22.11.2026""#),
    takes: &[Kind::Text],
    yields: some_text,
    build: |arguments| {
        let regex = argument(arguments)?;
        let new = match arguments.get(1) {
            Some(argument) => replacement(argument, &regex)?,
            None => Vec::new(),
        };
        Ok(of_text(move |text| replace(&regex, &new, text).map(Value::text)))
    },
};

enum Piece {
    Literal(String),
    Group(usize),
}

/// Reads NEW and looks up its groups, so that a mistyped one is found at once and never inserts nothing.
fn replacement(argument: &Argument, regex: &Regex) -> Result<Vec<Piece>, SyntaxError> {
    let new = &argument.text;
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(dollar) = new[at..].find('$').map(|found| at + found) {
        pieces.push(Piece::Literal(new[at..dollar].to_owned()));
        let rest = &new[dollar + 1..];
        if rest.starts_with('$') {
            pieces.push(Piece::Literal("$".to_owned()));
            at = dollar + 2;
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..end];
        let group = match name.parse::<usize>() {
            Ok(number) => Some(number).filter(|number| *number < regex.captures_len()),
            Err(_) => regex.capture_names().position(|known| known == Some(name)),
        };
        let Some(group) = group else {
            return Err(argument
                .error_at(dollar, 1 + end, format!("the expression has no group `{name}`"))
                .help("a dollar sign itself is written `$$`"));
        };
        pieces.push(Piece::Group(group));
        at = dollar + 1 + end;
    }
    pieces.push(Piece::Literal(new[at..].to_owned()));
    Ok(pieces)
}

fn replace(regex: &Regex, new: &[Piece], text: &str) -> Result<String, String> {
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for captures in regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        replaced.push_str(&text[copied..whole.start()]);
        copied = whole.end();
        for piece in new {
            match piece {
                Piece::Literal(literal) => replaced.push_str(literal),
                Piece::Group(group) => replaced.push_str(captures.get(*group).map_or("", |found| found.as_str())),
            }
        }
        if replaced.len() > TEXT_BYTES_MAX {
            return Err(TOO_LONG.to_owned());
        }
    }
    replaced.push_str(&text[copied..]);
    Ok(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_files_say_is_remembered() {
        let is_known = |pattern: &str| KNOWN.lock().expect("no panic").contains_key(pattern);
        assert!(compile("of-a-run").is_ok() && !is_known("of-a-run"));
        // Other tests read files beside this one, and may have all of it forgotten at any moment.
        let mut again = (0..100).map(|_| remembering(|| compile("of-a-file")).is_ok() && is_known("of-a-file"));
        assert!(again.any(|known| known));
        assert!(compile("of-another-run").is_ok() && !is_known("of-another-run"));
        assert!(remembering(|| compile("(")).is_err() && !is_known("("));
        remembering(|| (0..3 * KNOWN_MAX).for_each(|number| drop(compile(&format!("x{number}")))));
        assert!(KNOWN.lock().expect("no panic").len() <= KNOWN_MAX);
    }
}
