//! A message as plain text: for telephones, for watches, and for whoever reads mail in a terminal.

use std::fmt::Write as _;

use super::facts::Letter;
use crate::base::printable::wrapped;

const COLUMNS: usize = 76;
/// Where values stand.
const INDENT: usize = 20;

pub(super) fn write(letter: &Letter) -> String {
    let mut text = format!("{}\n{}\n", letter.state, letter.title);
    if let Some(said) = &letter.said {
        let _ = write!(text, "\n{}\n", wrapped(said, COLUMNS).join("\n"));
    }
    text.push('\n');
    for row in &letter.rows {
        let lines = wrapped(&row.value, COLUMNS - INDENT);
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 { row.label } else { "" };
            let _ = writeln!(text, "{label:<INDENT$}{line}");
        }
    }
    if !letter.links.is_empty() {
        text.push('\n');
    }
    for (words, link) in &letter.links {
        let _ = writeln!(text, "{words}:\n{link}");
    }
    for block in &letter.blocks {
        let _ = write!(text, "\n{}:\n", block.label);
        for line in block.text.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    let _ = write!(text, "\n-- \n{}\n", letter.foot);
    text
}
