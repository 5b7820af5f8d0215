//! Problems as GitHub workflow commands, which become annotations beside the changed lines.

use std::io;

use crate::base::diagnostic::{Diagnostic, Severity};
use crate::base::printable::is_hostile;

pub(super) fn write(diagnostics: &[&Diagnostic], out: &mut dyn io::Write) -> io::Result<()> {
    for diagnostic in diagnostics {
        let (start, end) = (diagnostic.position(), diagnostic.source.position(diagnostic.span.end));
        let command = match diagnostic.rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(out, "::{command} file={},line={}", property(&diagnostic.source.name), start.line)?;
        write!(out, ",endLine={},col={}", end.line, start.column)?;
        // GitHub refuses an end column where the lines differ.
        if end.line == start.line && end.column > start.column {
            write!(out, ",endColumn={}", end.column - 1)?;
        }
        let help = diagnostic.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        let text = data(&format!("{}{help}", diagnostic.message));
        writeln!(out, ",title={}::{text}", property(diagnostic.rule.id))?;
    }
    Ok(())
}

/// The text behind `::`. Line ends are kept for the reader, other control characters are not.
fn data(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '%' => escaped.push_str("%25"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            hostile if is_hostile(hostile) => escaped.push('\u{fffd}'),
            plain => escaped.push(plain),
        }
    }
    escaped
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
