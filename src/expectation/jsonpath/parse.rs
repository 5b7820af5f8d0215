//! Reads RFC 9535 paths by recursive descent and refuses, with the place, what the bounds of the language exclude.

use std::ops::Range;

use serde_json::Value as Json;

use super::ast::{Segment, Selector, is_singular};
use super::reference::Reference;
use crate::base::syntax::SyntaxError;

/// Longest path in characters.
const LENGTH_MAX: usize = 500;
/// Most descendant segments in a path.
const DESCENDANTS_MAX: usize = 2;
/// Largest index: integers are those that every JSON reader keeps exactly (RFC 9535, 2.1).
const INDEX_MAX: i64 = (1 << 53) - 1;

pub(super) struct Parsed {
    pub(super) segments: Vec<Segment>,
    pub(super) holes: Vec<(Reference, Range<usize>)>,
}

pub(super) fn parse(text: &str) -> Result<Parsed, SyntaxError> {
    if let Some((end, _)) = text.char_indices().nth(LENGTH_MAX) {
        return Err(SyntaxError::new(
            end,
            text.len() - end,
            format!("a JSON path has at most {LENGTH_MAX} characters"),
        ));
    }
    let mut parser = Parser { text, at: 0, in_filter: false, depth: 0, descendants: 0, holes: Vec::new() };
    if !parser.eat("$") {
        return Err(SyntaxError::new(0, text.len().min(1), "a JSON path starts with `$`")
            .help("write for example `$.items[0].id`"));
    }
    let segments = parser.segments()?;
    if parser.at < text.len() {
        return Err(parser.unexpected_behind_path());
    }
    Ok(Parsed { segments, holes: parser.holes })
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) in_filter: bool,
    /// Of parentheses and calls.
    pub(super) depth: usize,
    descendants: usize,
    pub(super) holes: Vec<(Reference, Range<usize>)>,
}

pub(super) type Parse<T> = Result<T, SyntaxError>;

impl<'t> Parser<'t> {
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// An error at the next character.
    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.at, self.peek().map_or(0, char::len_utf8), message)
    }

    /// An error about everything since `start`.
    pub(super) fn error_since(&self, start: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(start, self.at - start, message)
    }

    /// `found` what stands next, for messages.
    pub(super) fn found(&self) -> String {
        self.peek().map_or_else(|| "the end of the path".to_owned(), |next| format!("`{next}`"))
    }

    /// Segments up to the first thing that is none; blanks before that are left.
    pub(super) fn segments(&mut self) -> Parse<Vec<Segment>> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.blanks();
            if let Some(segment) = self.segment()? {
                segments.push(segment);
            } else {
                self.at = before;
                return Ok(segments);
            }
        }
    }

    fn segment(&mut self) -> Parse<Option<Segment>> {
        let start = self.at;
        if self.eat("..") {
            if self.in_filter {
                return Err(self
                    .error_since(start, "a filter has no descendant segment `..`")
                    .help("name the members on the way, as in `@.a.b`"));
            }
            self.descendants += 1;
            if self.descendants > DESCENDANTS_MAX {
                let message = format!("a path has at most {DESCENDANTS_MAX} descendant segments `..`");
                return Err(self.error_since(start, message));
            }
            let selectors = if self.peek() == Some('[') { self.brackets()? } else { vec![self.shorthand("..")?] };
            return Ok(Some(Segment { descends: true, selectors }));
        }
        if self.eat(".") {
            return Ok(Some(Segment { descends: false, selectors: vec![self.shorthand(".")?] }));
        }
        if self.peek() == Some('[') {
            return Ok(Some(Segment { descends: false, selectors: self.brackets()? }));
        }
        Ok(None)
    }

    /// `name` or `*` behind a point.
    fn shorthand(&mut self, behind: &str) -> Parse<Selector> {
        if self.eat("*") {
            return Ok(Selector::Wildcard);
        }
        let first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        let rest = self.rest();
        if !rest.starts_with(first) {
            let error = self.error(format!("a member name is missing behind `{behind}`, found {}", self.found()));
            return Err(if rest.starts_with("${") {
                templates_only_in_filters(error)
            } else {
                error.help("other names are written in brackets and quotes, as in `$['2nd name']`")
            });
        }
        let end = rest.find(|c: char| !first(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
        self.at += end;
        Ok(Selector::Name(rest[..end].to_owned()))
    }

    fn brackets(&mut self) -> Parse<Vec<Selector>> {
        let start = self.at;
        self.at += 1;
        let mut selectors = Vec::new();
        loop {
            self.blanks();
            selectors.push(self.selector()?);
            self.blanks();
            if self.eat("]") {
                return Ok(selectors);
            }
            if self.at == self.text.len() {
                return Err(SyntaxError::new(start, 1, "the bracket `[` is not closed"));
            }
            if !self.eat(",") {
                return Err(self.error(format!("expected `,` or `]`, found {}", self.found())));
            }
        }
    }

    fn selector(&mut self) -> Parse<Selector> {
        match self.peek() {
            Some('*') => {
                self.at += 1;
                Ok(Selector::Wildcard)
            }
            Some('\'' | '"') => self.string().map(Selector::Name),
            Some('?') => self.filter(),
            Some('0'..='9' | '-' | ':') => self.index_or_slice(),
            Some('$') if self.rest().starts_with("${") => {
                Err(templates_only_in_filters(self.error("a template cannot be a member name or an index")))
            }
            _ => Err(self
                .error(format!("expected a quoted name, an index, a slice, `*` or `?`, found {}", self.found()))
                .help("names in brackets are quoted, as in `$['name']`")),
        }
    }

    fn filter(&mut self) -> Parse<Selector> {
        if self.in_filter {
            return Err(self
                .error("a filter inside a filter is refused, because its cost has no bound")
                .help("keep the inner list with a step of its own, or test one member of it, as in `@.list[0].id`"));
        }
        self.at += 1;
        self.in_filter = true;
        self.blanks();
        let test = self.logical();
        self.in_filter = false;
        test.map(Selector::Filter)
    }

    fn index_or_slice(&mut self) -> Parse<Selector> {
        let start = self.optional_integer()?;
        let before_blanks = self.at;
        self.blanks();
        if !self.eat(":") {
            self.at = before_blanks;
            return start.map(Selector::Index).ok_or_else(|| self.error("expected an index or a slice"));
        }
        self.blanks();
        let end = self.optional_integer()?;
        self.blanks();
        let step = if self.eat(":") {
            self.blanks();
            self.optional_integer()?
        } else {
            None
        };
        Ok(Selector::Slice { start, end, step: step.unwrap_or(1) })
    }

    fn optional_integer(&mut self) -> Parse<Option<i64>> {
        let start = self.at;
        self.eat("-");
        let digits = self.digits();
        if digits.is_empty() {
            return if self.at == start { Ok(None) } else { Err(self.error("digits are missing behind `-`")) };
        }
        let text = &self.text[start..self.at];
        if digits.len() > 1 && digits.starts_with('0') || text == "-0" {
            return Err(self.error_since(start, format!("`{text}` is not an index: no leading zeros, no `-0`")));
        }
        match text.parse::<i64>() {
            Ok(number) if number.abs() <= INDEX_MAX => Ok(Some(number)),
            _ => Err(self.error_since(start, format!("`{text}` is out of range"))),
        }
    }

    pub(super) fn digits(&mut self) -> &'t str {
        let rest = self.rest();
        let digits = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
        self.at += digits.len();
        digits
    }

    /// A quoted string with the escapes of RFC 9535, 2.3.1.1.
    pub(super) fn string(&mut self) -> Parse<String> {
        let start = self.at;
        let quote = self.peek().unwrap_or('"');
        self.at += 1;
        let mut value = String::new();
        loop {
            let Some(next) = self.peek() else {
                return Err(SyntaxError::new(start, 1, format!("the quote {quote} is not closed")));
            };
            let at = self.at;
            self.at += next.len_utf8();
            match next {
                _ if next == quote => return Ok(value),
                '\\' => {
                    let escaped = self.escape(quote).ok_or_else(|| {
                        SyntaxError::new(at, 2.min(self.text.len() - at), "this escape is not known in JSON")
                            .help("a backslash is written as `\\\\`")
                    })?;
                    value.push(escaped);
                }
                '\0'..='\x1f' => return Err(SyntaxError::new(at, 1, "control characters are written as `\\u00XX`")),
                _ => value.push(next),
            }
        }
    }

    fn escape(&mut self, quote: char) -> Option<char> {
        let kind = self.peek()?;
        self.at += kind.len_utf8();
        Some(match kind {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '/' | '\\' => kind,
            'u' => {
                let high = self.hexadecimal()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high);
                }
                let low = if self.eat("\\u") { self.hexadecimal()? } else { return None };
                if !(0xdc00..0xe000).contains(&low) {
                    return None;
                }
                return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            _ if kind == quote => kind,
            _ => return None,
        })
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// `${name}`, where a literal may stand.
    pub(super) fn hole(&mut self) -> Parse<usize> {
        let start = self.at;
        let Some(length) = self.rest().find('}') else {
            return Err(SyntaxError::new(start, 2, "the template `${` is not closed").help("write `}` behind the name"));
        };
        let inner = &self.rest()[2..length];
        let name = inner.trim_matches([' ', '\t']);
        if name.contains('|') {
            return Err(SyntaxError::new(start, length + 1, "a template in a JSON path has no filters")
                .help("make a var of the filtered value and write its name here"));
        }
        let offset = start + 2 + (inner.len() - inner.trim_start_matches([' ', '\t']).len());
        let reference = Reference::parse(name, offset)?;
        self.at = start + length + 1;
        self.holes.push((reference, offset..offset + name.len()));
        Ok(self.holes.len() - 1)
    }

    fn unexpected_behind_path(&self) -> SyntaxError {
        let error = self.error(format!("expected `.`, `[` or the end of the path, found {}", self.found()));
        if self.rest().starts_with("${") {
            return templates_only_in_filters(error);
        }
        if self.rest().trim().is_empty() { error.help("a path does not end in blanks") } else { error }
    }
}

fn templates_only_in_filters(error: SyntaxError) -> SyntaxError {
    error.help("a template stands for a literal inside a filter, as in `$.items[?@.id == ${id}]`")
}

/// Whether a comparison or call can use these segments as one value.
pub(super) fn singular(parser: &Parser<'_>, start: usize, segments: Vec<Segment>) -> Parse<Vec<Segment>> {
    if is_singular(&segments) {
        Ok(segments)
    } else {
        Err(parser
            .error_since(start, "this query can name several nodes, so it has no one value")
            .help("compare one member, as in `@.list[0].id`, or wrap the query in `count()` or `value()`"))
    }
}

/// A literal number in the JSON form.
pub(super) fn number(text: &str) -> Option<Json> {
    if text == "-0" {
        return Some(Json::from(0));
    }
    text.parse::<serde_json::Number>().ok().map(Json::Number)
}
