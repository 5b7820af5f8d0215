//! Text from strangers made safe to print: what a target or a file says must not steer a terminal, a log or a reader.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character could move the cursor, change colours, end a line, hide, or reorder what
/// stands around it. Joiners are left alone, since scripts and emoji need them.
#[must_use]
pub fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The text on one line, every hostile character written as an escape (`\n`, `\u{1b}`).
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) { Cow::Owned(escaped(text.chars())) } else { Cow::Borrowed(text) }
}

/// [`printable`], cut to at most `columns` with `…` at the end. Reads no more of the text than it shows.
#[must_use]
pub fn printable_within(text: &str, columns: usize) -> String {
    let shown = escaped(text.chars().take(columns.saturating_add(1)));
    let more = text.chars().nth(columns.saturating_add(1)).is_some();
    if !more && width(&shown) <= columns { shown } else { cut(&shown, columns) }
}

fn escaped(characters: impl Iterator<Item = char>) -> String {
    characters.fold(String::new(), |mut text, character| {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            hostile if is_hostile(hostile) => {
                let _ = write!(text, "\\u{{{:x}}}", u32::from(hostile));
            }
            plain => text.push(plain),
        }
        text
    })
}

/// The first columns of a text, with `…` as the last of them.
fn cut(text: &str, columns: usize) -> String {
    let mut room = columns.saturating_sub(1);
    let mut kept: String = text
        .chars()
        .take_while(|character| {
            let fits = columns_of(*character) <= room;
            room = room.saturating_sub(columns_of(*character));
            fits
        })
        .collect();
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// Columns that a text takes on a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The text with spaces behind it up to `columns`.
#[must_use]
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The wide and the combining blocks of Unicode Annex 11, to the block: enough for alignment.
fn columns_of(character: char) -> usize {
    match u32::from(character) {
        0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1_f300..=0x1_f64f
        | 0x1_f680..=0x1_f6ff
        | 0x1_f900..=0x1_f9ff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

/// The text in lines of at most `columns`, broken at spaces where there is one near the end.
#[must_use]
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut taken = 0;
    for character in text.chars() {
        if taken + columns_of(character) > columns {
            let rest = match line.rfind(' ') {
                Some(space) if space > 0 && line.len() - space <= columns / 2 => {
                    let rest = line.split_off(space);
                    rest.trim_start_matches(' ').to_owned()
                }
                _ => String::new(),
            };
            lines.push(std::mem::replace(&mut line, rest).trim_end_matches(' ').to_owned());
            taken = width(&line);
        }
        if line.is_empty() && character == ' ' && !lines.is_empty() {
            continue;
        }
        line.push(character);
        taken += columns_of(character);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_steer_a_terminal_becomes_visible() {
        for (text, expected) in [
            ("plain ünïcode 世界 👩‍🚀", "plain ünïcode 世界 👩‍🚀"),
            ("\u{1b}[2J\u{1b}[31mred", "\\u{1b}[2J\\u{1b}[31mred"),
            ("a\r\nb\tc\0", "a\\r\\nb\\tc\\u{0}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("user\u{202e}gnp.exe", "user\\u{202e}gnp.exe"),
            ("\u{2066}x\u{2069}\u{2028}", "\\u{2066}x\\u{2069}\\u{2028}"),
        ] {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn long_text_is_cut_by_columns() {
        for (text, columns, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("世界", 4, "世界"),
            ("世界", 3, "世…"),
            ("\n\n", 3, "\\n…"),
            ("a", 0, ""),
        ] {
            assert_eq!(printable_within(text, columns), expected, "{text:?} in {columns}");
        }
    }

    #[test]
    fn lines_break_at_spaces_where_they_can() {
        assert_eq!(wrapped("one two three", 9), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("a0\u{2000}0", 3), ["a0\u{2000}", "0"]);
    }

    proptest! {
        #[test]
        fn nothing_hostile_survives_and_the_width_holds(text in any::<String>(), columns in 0_usize..40) {
            let shown = printable_within(&text, columns);
            prop_assert!(!shown.chars().any(is_hostile));
            prop_assert!(width(&shown) <= columns);
            prop_assert!(!printable(&text).chars().any(is_hostile));
        }

        #[test]
        fn wrapping_keeps_every_word_and_the_width(text in any::<String>(), columns in 2_usize..40) {
            let lines = wrapped(&text, columns);
            prop_assert!(lines.iter().all(|line| width(line) <= columns));
            let solid = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(solid(&lines.concat()), solid(&text));
        }
    }
}
