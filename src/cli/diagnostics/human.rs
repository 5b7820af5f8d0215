//! Problems for people: the message, the source line with carets, what else matters, and what to do.

use std::borrow::Cow;
use std::io;

use super::excerpt::{Row, rows};
use super::{Checked, counted};
use crate::base::diagnostic::{Diagnostic, Severity};
use crate::base::printable::{printable_within, wrapped};
use crate::base::span::{Source, Span};
use crate::cli::paint::{BAD, FAINT, HINT, Painted, STRONG, WARN, WIDTH};
use crate::journey::binding::rules::SECRET_SOURCE;

/// Longest message, note or help, in columns: some quote what stands in the file.
const MESSAGE_MAX: usize = 600;

pub(super) fn write(diagnostics: &[&Diagnostic], checked: Checked, out: &mut dyn io::Write) -> io::Result<()> {
    let secrets: Vec<&Diagnostic> =
        diagnostics.iter().copied().filter(|problem| problem.rule.id == SECRET_SOURCE.id).collect();
    for diagnostic in diagnostics {
        problem(&masked(diagnostic, &secrets), out)?;
        writeln!(out)?;
    }
    writeln!(out, "{}", summary(diagnostics, checked))
}

fn problem(diagnostic: &Diagnostic, out: &mut dyn io::Write) -> io::Result<()> {
    let (style, word) = match diagnostic.rule.severity {
        Severity::Error => (BAD, "error"),
        Severity::Warning => (WARN.bold(), "warning"),
    };
    let head = format!("{word}[{}]", diagnostic.rule.id);
    let message = printable_within(&diagnostic.message, MESSAGE_MAX);
    for (index, line) in wrapped(&format!("{head}: {message}"), WIDTH).iter().enumerate() {
        match line.strip_prefix(&head).filter(|_| index == 0) {
            Some(rest) => writeln!(out, "{}{}", Painted(style, &head), Painted(STRONG, rest))?,
            None => writeln!(out, "    {}", Painted(STRONG, line))?,
        }
    }

    let spans: Vec<Span> =
        std::iter::once(diagnostic.span).chain(diagnostic.related.iter().map(|related| related.span)).collect();
    let name = printable_within(&diagnostic.source.name, MESSAGE_MAX);
    if diagnostic.source.text.is_empty() {
        // The file as a whole, or something that is missing: there is no line to show.
        writeln!(out, " {} {name}", Painted(FAINT, "-->"))?;
        return help(diagnostic, 1, out);
    }
    let rows = rows(&diagnostic.source, &spans);
    let gutter = rows.iter().map(|row| row.line.to_string().len()).max().unwrap_or(1);
    let margin = " ".repeat(gutter);
    writeln!(out, "{margin}{} {name}:{}", Painted(FAINT, "-->"), diagnostic.position())?;
    writeln!(out, "{margin} {}", Painted(FAINT, "|"))?;
    let mut previous = None;
    for row in &rows {
        if previous.is_some_and(|line| line + 1 < row.line) {
            writeln!(out, "{}", Painted(FAINT, "..."))?;
        }
        previous = Some(row.line);
        source_line(diagnostic, row, gutter, style, out)?;
    }
    help(diagnostic, gutter, out)
}

fn help(diagnostic: &Diagnostic, gutter: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let margin = " ".repeat(gutter);
    if let Some(help) = &diagnostic.help {
        let indent = gutter + "  = help: ".len() - 1;
        let help = printable_within(help, MESSAGE_MAX);
        for (index, line) in wrapped(&help, WIDTH - indent).iter().enumerate() {
            if index == 0 {
                writeln!(out, "{margin} {} {}: {line}", Painted(FAINT, "="), Painted(HINT, "help"))?;
            } else {
                writeln!(out, "{}{line}", " ".repeat(indent))?;
            }
        }
    }
    Ok(())
}

/// Where a place was asked for, the secret itself may stand: no excerpt repeats it. Every character of it becomes one
/// of ours, so that carets stay where they belong.
fn masked<'a>(diagnostic: &'a Diagnostic, secrets: &[&Diagnostic]) -> Cow<'a, Diagnostic> {
    let spans: Vec<Span> = secrets
        .iter()
        .filter(|secret| secret.source.name == diagnostic.source.name)
        .map(|secret| secret.span)
        .collect();
    if spans.is_empty() {
        return Cow::Borrowed(diagnostic);
    }
    let mut bytes = diagnostic.source.text.clone().into_bytes();
    for span in spans {
        for byte in bytes.get_mut(span.range()).into_iter().flatten().filter(|byte| **byte != b'\n') {
            *byte = b'*';
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let source = Source::new(diagnostic.source.name.clone(), text);
    Cow::Owned(Diagnostic { source, ..diagnostic.clone() })
}

fn source_line(
    diagnostic: &Diagnostic,
    row: &Row,
    gutter: usize,
    style: anstyle::Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let number = format!("{:>gutter$} |", row.line);
    let line = format!("{} {}", Painted(FAINT, &number), row.text);
    writeln!(out, "{}", line.trim_end())?;
    let margin = " ".repeat(gutter);
    for mark in &row.marks {
        // The first span is the problem itself, the others are the related places.
        let related = mark.span.checked_sub(1).and_then(|index| diagnostic.related.get(index));
        let (style, sign) = if related.is_some() { (HINT, "-") } else { (style, "^") };
        let note = related.map(|related| printable_within(&related.note, MESSAGE_MAX)).unwrap_or_default();
        let carets = sign.repeat(mark.columns);
        let line = format!(
            "{margin} {} {}{} {}",
            Painted(FAINT, "|"),
            " ".repeat(mark.before),
            Painted(style, &carets),
            Painted(style, &note)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn summary(diagnostics: &[&Diagnostic], checked: Checked) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let parts: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| counted(number, noun))
        .collect();
    let mut files: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.source.name.as_str()).collect();
    files.dedup();
    let (what, files) =
        if parts.is_empty() { ("no problems".to_owned(), checked.files) } else { (parts.join(", "), files.len()) };
    format!("{what} in {}; {} checked", counted(files, "file"), counted(checked.journeys, "journey"))
}
