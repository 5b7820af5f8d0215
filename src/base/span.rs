//! Where something stands in a text that a person wrote, so that every message can point at it.

use std::fmt;
use std::sync::Arc;

/// A range of bytes in a [`Source`]; `end` is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: saturate(start), end: saturate(end.max(start)) }
    }

    /// The part of this span that begins `offset` bytes into it and is `length` bytes long, cut to
    /// the span: what a parser of the text inside a plain scalar reports.
    #[must_use]
    pub fn within(self, offset: usize, length: usize) -> Self {
        let start = self.start.saturating_add(saturate(offset)).min(self.end);
        let end = start.saturating_add(saturate(length)).min(self.end);
        Self { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Sources are at most 1 MiB, so `u32` never saturates in practice.
fn saturate(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    pub span: Span,
    pub value: T,
}

impl<T> Spanned<T> {
    pub fn new(span: Span, value: T) -> Self {
        Self { span, value }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { span: self.span, value: change(self.value) }
    }

    pub fn as_ref(&self) -> Spanned<&T> {
        Spanned { span: self.span, value: &self.value }
    }
}

/// A text with the name people know it by: a path, or `<command line>`.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: String,
    line_starts: Vec<u32>,
}

/// Line and column, both from 1; the column counts characters, as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| saturate(at + 1)))
            .collect();
        Arc::new(Self { name: name.into(), text, line_starts })
    }

    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(end - start, |before| before.chars().count()) + 1;
        Position { line, column }
    }

    /// The text of a line (from 1) without its line end; empty beyond the last line.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let Some(start) = line.checked_sub(1).and_then(|index| self.line_starts.get(index)) else { return "" };
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| *next as usize);
        self.text.get(*start as usize..end).unwrap_or("").trim_end_matches(['\r', '\n'])
    }

    /// What stands at `span`; empty where the span is not of this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Where the text of a scalar stands byte for byte, its quotes left out; none where escapes or folding changed it.
    #[must_use]
    pub fn verbatim(&self, scalar: Span, text: &str) -> Option<Span> {
        let written = self.slice(scalar);
        if written == text {
            return Some(scalar);
        }
        let inner = written.strip_prefix(['"', '\''])?.strip_suffix(['"', '\''])?;
        (inner == text).then(|| scalar.within(1, text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("a.yaml", "one\nzwö: x\r\n\nend");
        for (offset, line, column) in [(0, 1, 1), (3, 1, 4), (4, 2, 1), (8, 2, 4), (14, 4, 1), (99, 4, 4)] {
            assert_eq!(source.position(offset), Position { line, column }, "offset {offset}");
        }
        assert_eq!(source.line(2), "zwö: x");
        assert_eq!(source.line(9), "");
    }

    #[test]
    fn the_text_of_a_scalar_is_found_between_its_quotes() {
        let source = Source::new("a.yaml", r#"a "b" 'c' "d\n""#);
        for (span, text, found) in [
            (Span::new(0, 1), "a", Some(Span::new(0, 1))),
            (Span::new(2, 5), "b", Some(Span::new(3, 4))),
            (Span::new(6, 9), "c", Some(Span::new(7, 8))),
            (Span::new(10, 15), "d\n", None),
        ] {
            assert_eq!(source.verbatim(span, text), found, "{text}");
        }
    }

    #[test]
    fn a_part_never_leaves_its_span() {
        assert_eq!(Span::new(10, 14).within(2, 9), Span { start: 12, end: 14 });
        assert_eq!(Span::new(10, 14).within(9, 9), Span { start: 14, end: 14 });
    }
}
