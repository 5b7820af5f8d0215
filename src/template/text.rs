//! A text with templates: literal pieces and insertions, parsed once, every place kept.

use std::ops::Range;

use super::generator::{Generator, Word};
use crate::base::syntax::SyntaxError;
use crate::expectation::filter::lexer::{TEMPLATE_BYTES_MAX, is_blank, split_in, template_end};
use crate::expectation::filter::{Chain, FILTERS};
use crate::expectation::jsonpath::reference::Reference;

/// A text with templates.
#[derive(Clone, Debug)]
pub struct Template {
    source: String,
    pub(super) pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Escapes resolved; never empty, never two in a row.
    Literal(String),
    Insert(Insert),
}

/// One `${…}`.
#[derive(Clone, Debug)]
pub(super) struct Insert {
    /// In the template's text, braces included.
    pub(super) range: Range<usize>,
    pub(super) head: Head,
    /// Of the head in the template's text.
    head_range: Range<usize>,
    pub(super) filters: Chain,
}

#[derive(Clone, Debug)]
pub(super) enum Head {
    Reference(Reference),
    Generator(Generator),
}

/// One name that a template uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use<'a> {
    /// The first name: `service` of `${service.id}`; `run` of `run.id` and `run.start`; for a generator its word; for
    /// an `hmac` key or a hole of a JSON path that name.
    pub name: &'a str,
    /// The members behind the name.
    pub members: &'a [String],
    pub kind: UseKind,
    /// Bytes in the template's text: of the name with its members, or of the generator with its argument.
    pub range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseKind {
    /// A name with a value.
    Reference,
    /// `now`, `uuid`, `random`, `fake`: only in vars.
    Generator,
    /// `totp NAME`: only in vars; a `Reference` use of NAME is listed beside it.
    Totp,
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Template {
    /// Generators are parsed everywhere; that they stand in vars only is checked by the journey's loader.
    ///
    /// # Errors
    /// An unclosed `${`, an unknown filter, a malformed reference; offsets are bytes in `text`.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while let Some(dollar) = text[at..].find('$').map(|found| at + found) {
            literal.push_str(&text[at..dollar]);
            let rest = &text[dollar..];
            if rest.starts_with("$${") {
                literal.push_str("${");
                at = dollar + 3;
            } else if rest.starts_with("${") {
                let insert = insert(text, dollar)?;
                at = insert.range.end;
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Insert(insert));
            } else {
                literal.push('$');
                at = dollar + 1;
            }
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { source: text.to_owned(), pieces })
    }

    /// The text as written; parses back to the same.
    #[must_use]
    pub fn to_source(&self) -> String {
        self.source.clone()
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The text, if there is no template in it (escapes resolved).
    #[must_use]
    pub fn constant(&self) -> Option<String> {
        match self.pieces.as_slice() {
            [] => Some(String::new()),
            [Piece::Literal(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// Every name it needs, in written order.
    #[must_use]
    pub fn uses(&self) -> Vec<Use<'_>> {
        let mut uses = Vec::new();
        for piece in &self.pieces {
            let Piece::Insert(insert) = piece else { continue };
            let range = insert.head_range.clone();
            match &insert.head {
                Head::Reference(Reference { name, members }) => {
                    uses.push(Use { name, members, kind: UseKind::Reference, range });
                }
                Head::Generator(generator) => {
                    let is_totp = matches!(generator, Generator::Totp(..));
                    let kind = if is_totp { UseKind::Totp } else { UseKind::Generator };
                    uses.push(Use { name: generator.word(), members: &[], kind, range });
                    if let Generator::Totp(name, range) = generator {
                        uses.push(Use { name, members: &[], kind: UseKind::Reference, range: range.clone() });
                    }
                }
            }
            let names = insert.filters.names().into_iter();
            uses.extend(names.map(|(name, range)| Use { name, members: &[], kind: UseKind::Reference, range }));
        }
        uses
    }

    /// Whether it consists of one template and nothing else.
    #[must_use]
    pub fn is_single(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Insert(_)])
    }

    /// Whether a one-time password is made in it.
    pub(super) fn makes_totp(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Insert(Insert { head: Head::Generator(Generator::Totp(..)), .. })))
    }

    /// The path without query (and without the origin of an absolute URL) with each template replaced by the first name
    /// it contains: what default step ids are made of.
    #[must_use]
    pub fn with_names(&self) -> String {
        let mut named = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => match text.split_once('?') {
                    Some((path, _)) => {
                        named.push_str(path);
                        break;
                    }
                    None => named.push_str(text),
                },
                Piece::Insert(Insert { head: Head::Reference(reference), .. }) => named.push_str(&reference.name),
                Piece::Insert(Insert { head: Head::Generator(generator), .. }) => named.push_str(generator.word()),
            }
        }
        match named.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map_or_else(String::new, |(_, path)| format!("/{path}")),
            None => named,
        }
    }
}

/// The template that starts at `start` with `${`.
fn insert(text: &str, start: usize) -> Result<Insert, SyntaxError> {
    let Some(end) = template_end(text, start + 2) else {
        let long = text.len() - start > TEMPLATE_BYTES_MAX;
        let within = if long { format!(" within {TEMPLATE_BYTES_MAX} bytes") } else { String::new() };
        return Err(SyntaxError::new(start, 2, format!("the template `${{` is not closed{within}"))
            .help("write `}` behind it; the two characters themselves are written `$${`"));
    };
    let parts = split_in(text, start + 2..end);
    let (first, filters) = match parts.split_first() {
        Some((first, filters)) => (first.clone(), filters),
        None => (start + 2..end, [].as_slice()),
    };
    let head = head(text, first.clone())?;
    let filters = Chain::parse(text, filters)?;
    Ok(Insert { range: start..end + 1, head, head_range: first, filters })
}

fn head(text: &str, range: Range<usize>) -> Result<Head, SyntaxError> {
    let written = &text[range.clone()];
    let words = words(written, range.start);
    let Some((first, arguments)) = words.split_first() else {
        return Err(SyntaxError::new(range.start.saturating_sub(2), 2, "a name is missing in this template")
            .help("write for example `${token}`; the two characters themselves are written `$${`"));
    };
    if Generator::is_word(first.0) {
        return Generator::parse(*first, arguments).map(Head::Generator);
    }
    if let Some(inner) = written.find("${") {
        return Err(SyntaxError::new(range.start + inner, 2, "templates do not nest")
            .help("make a var of the inner one and write its name"));
    }
    if arguments.is_empty() {
        return Reference::parse(written, range.start)
            .map(Head::Reference)
            .map_err(|error| closer_help(written, error));
    }
    Err(not_one_name(written, range.start, &words))
}

fn words(text: &str, offset: usize) -> Vec<Word<'_>> {
    text.split(|c: char| c.is_ascii() && u8::try_from(c).is_ok_and(is_blank))
        .filter(|word| !word.is_empty())
        .map(|word| (word, offset + (word.as_ptr().addr() - text.as_ptr().addr())))
        .collect()
}

fn is_filter(word: &str) -> bool {
    FILTERS.iter().any(|row| row.name == word)
}

/// A bar that touches what stands beside it.
fn closer_help(written: &str, error: SyntaxError) -> SyntaxError {
    match written.split_once('|') {
        Some((name, filter)) => error.help(format!("a bar needs a blank on both sides: `{name} | {filter}`")),
        None => error,
    }
}

fn not_one_name(written: &str, offset: usize, words: &[Word<'_>]) -> SyntaxError {
    let error = SyntaxError::new(offset, written.len(), format!("`{written}` is not a name"));
    if let Some((name, rest)) = written.split_once('|') {
        let (name, rest) = (name.trim(), rest.trim());
        let (place, message) = (offset + written.find('|').unwrap_or(0), "a bar needs a blank on both sides");
        let help = if rest.is_empty() {
            "a filter is missing behind the bar".to_owned()
        } else {
            format!("write `{name} | {rest}`")
        };
        return SyntaxError::new(place, 1, message).help(help);
    }
    match words {
        [(name, _), (second, _), ..] if is_filter(second) => {
            error.help(format!("a filter stands behind a bar: `{name} | {}`", written[name.len()..].trim()))
        }
        [_, ("+" | "-" | "*" | "/", _), ..] => {
            error.help("there is no arithmetic; ` | plus 1` and ` | minus 1` shift numbers and times")
        }
        _ => error.help("a template is a name and filters, as in `${token | upper}`"),
    }
}
