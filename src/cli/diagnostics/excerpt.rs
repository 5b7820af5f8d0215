//! The lines of a source that hold some spans, made safe to print, with where the carets go.

use std::ops::Range;

use crate::base::printable::{is_hostile, width};
use crate::base::span::{Source, Span};

/// Widest excerpt of a line, in columns: fits [`crate::cli::paint::WIDTH`] beside the line number.
const COLUMNS_MAX: usize = 90;
/// Characters shown before a mark where a long line is cut.
const BEFORE: usize = 40;
/// A tab stands for this many spaces.
const TAB: usize = 4;

/// One line, or the part of a long line around its marks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub line: usize,
    pub text: String,
    pub marks: Vec<Mark>,
}

/// What to underline.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Which of the spans.
    pub span: usize,
    /// Columns before the mark, and columns of the mark; at least one.
    pub before: usize,
    pub columns: usize,
}

/// The rows for these spans in the order of the text. A span over several lines is marked on its
/// first; two spans share a row if it shows both.
pub(super) fn rows(source: &Source, spans: &[Span]) -> Vec<Row> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|index| (spans[*index].start, *index));
    let mut rows: Vec<(Range<usize>, Row)> = Vec::new();
    for index in order {
        let position = source.position(spans[index].start);
        let line: Vec<char> = source.line(position.line).chars().collect();
        let marked = characters(source, spans[index], position.column, line.len());
        let shared = rows.last().is_some_and(|(shown, row)| row.line == position.line && shown.contains(&marked.start));
        if !shared {
            let shown = window(&line, marked.start);
            let (head, tail) = (if shown.start > 0 { "…" } else { "" }, if shown.end < line.len() { "…" } else { "" });
            let text = format!("{head}{}{tail}", visible(&line[shown.clone()]));
            rows.push((shown, Row { line: position.line, text, marks: Vec::new() }));
        }
        if let Some((shown, row)) = rows.last_mut() {
            let cut = usize::from(shown.start > 0);
            let end = marked.end.min(shown.end).max(marked.start);
            row.marks.push(Mark {
                span: index,
                before: cut + width(&visible(&line[shown.start..marked.start])),
                columns: width(&visible(&line[marked.start..end])).max(1),
            });
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The part of a span on its first line, in characters of that line.
fn characters(source: &Source, span: Span, column: usize, line_length: usize) -> Range<usize> {
    let start = (column - 1).min(line_length);
    let inside = source.slice(span).split(['\r', '\n']).next().unwrap_or("").chars().count();
    start..(start + inside).min(line_length)
}

/// The characters to show of a line so that `marked` is among them.
fn window(line: &[char], marked: usize) -> Range<usize> {
    let fits =
        |range: &Range<usize>| range.len() <= COLUMNS_MAX && width(&visible(&line[range.clone()])) <= COLUMNS_MAX;
    let whole = 0..line.len();
    if fits(&whole) {
        return whole;
    }
    let mut shown = marked.saturating_sub(BEFORE)..marked;
    while !fits(&shown) && shown.start < marked {
        shown.start += 1;
    }
    while shown.end < line.len() && fits(&(shown.start..shown.end + 1)) {
        shown.end += 1;
    }
    shown
}

/// Hostile characters by visible ones, so that they can be pointed at.
fn visible(characters: &[char]) -> String {
    let mut text = String::new();
    for character in characters {
        match *character {
            '\t' => text.push_str(&" ".repeat(TAB)),
            '\u{7f}' => text.push('\u{2421}'),
            control if u32::from(control) < 0x20 => {
                text.push(char::from_u32(0x2400 + u32::from(control)).unwrap_or('\u{fffd}'));
            }
            hostile if is_hostile(hostile) => text.push('\u{fffd}'),
            plain => text.push(plain),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The carets under the line, as a person sees them.
    fn check(text: &str, span: (usize, usize), line: usize, shown: &str, carets: &str) {
        let source = Source::new("a.yaml", text);
        let rows = rows(&source, &[Span::new(span.0, span.1)]);
        let drawn = format!("{}{}", " ".repeat(rows[0].marks[0].before), "^".repeat(rows[0].marks[0].columns));
        assert_eq!((rows[0].line, rows[0].text.as_str(), drawn.as_str()), (line, shown, carets), "{text:?}");
    }

    #[test]
    fn carets_stand_under_their_text() {
        check("a: 1\nbb: 22\n", (9, 11), 2, "bb: 22", "    ^^");
        check("\twörld: x\r\n", (1, 7), 1, "    wörld: x", "    ^^^^^");
        check("a: 世界!\n", (6, 9), 1, "a: 世界!", "     ^^");
        check("a: |\n  one\n  two\n", (3, 12), 1, "a: |", "   ^");
        check("end", (3, 3), 1, "end", "   ^");
        check("", (0, 9), 1, "", "^");
        check("a\u{1b}[2J\u{202e}b", (1, 2), 1, "a␛[2J\u{fffd}b", " ^");
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{}MARK{}", "a".repeat(100_000), "b".repeat(1_000));
        let shown = format!("…{}MARK{}…", "a".repeat(BEFORE), "b".repeat(COLUMNS_MAX - BEFORE - 4));
        let carets = format!("{}^^^^", " ".repeat(BEFORE + 1));
        check(&text, (100_000, 100_004), 1, &shown, &carets);
    }

    #[test]
    fn spans_share_a_row_only_where_it_shows_both() {
        let source = Source::new("a.yaml", format!("a: b, c: d\n{}{}", "x ".repeat(200), "y"));
        let spans = [Span::new(6, 7), Span::new(0, 1), Span::new(11, 12), Span::new(411, 412)];
        let marks: Vec<Vec<usize>> =
            rows(&source, &spans).iter().map(|row| row.marks.iter().map(|mark| mark.span).collect()).collect();
        assert_eq!(marks, [vec![1, 0], vec![2], vec![3]]);
    }

    proptest! {
        #[test]
        fn rows_are_printable_and_narrow(text in any::<String>(), from in 0_usize..60, length in 0_usize..60) {
            let source = Source::new("a.yaml", text);
            let rows = rows(&source, &[Span::new(from, from + length), Span::default()]);
            prop_assert_eq!(rows.iter().map(|row| row.marks.len()).sum::<usize>(), 2);
            for row in rows {
                prop_assert!(!row.text.chars().any(is_hostile));
                prop_assert!(width(&row.text) <= COLUMNS_MAX + 2);
                for mark in row.marks {
                    prop_assert!(mark.columns > 0 && mark.before + mark.columns <= COLUMNS_MAX + 2);
                }
            }
        }
    }
}
