//! Why a step did not pass, for people: the failure, whose it is, and every condition that does not hold.

use std::io;

use super::tree::INDENT;
use super::verdict::{self, TEXT_MAX};
use crate::base::printable::{printable, printable_within, wrapped};
use crate::cli::paint::{FAINT, HINT, PLAIN, Painted, STRONG, WIDTH};
use crate::model::run::{Place, Section, StepResult};

/// Columns of the words before the values.
const WORD: usize = 10;

pub(super) fn write(step: &StepResult, out: &mut dyn io::Write) -> io::Result<()> {
    let indent = " ".repeat(INDENT);
    let (_, style) = verdict::state(step.state);
    let title = step.title.as_ref().map(|title| format!("{title}: ")).unwrap_or_default();
    let host = step.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
    let action = printable_within(&format!("{title}{}{host}", step.action), TEXT_MAX);
    for line in wrapped(&action, WIDTH - INDENT) {
        writeln!(out, "{indent}{}", Painted(FAINT, &line))?;
    }
    if let Some(failure) = &step.failure {
        let owner = verdict::blamed(step).map(|owner| format!("; owner {owner}")).unwrap_or_default();
        let verdict = format!("{}{owner}", verdict::where_it_broke(failure));
        for line in wrapped(&verdict, WIDTH - INDENT) {
            writeln!(out, "{indent}{}", Painted(style, &line))?;
        }
        for line in wrapped(&printable_within(&failure.detail, TEXT_MAX), WIDTH - INDENT) {
            writeln!(out, "{indent}{line}")?;
        }
    }
    if step.misses.is_empty() {
        source(&step.place, out)?;
    }
    for miss in &step.misses {
        writeln!(out)?;
        source(&miss.place, out)?;
        let section = match miss.section {
            Section::Implied => "implied",
            other => other.word(),
        };
        let condition = [miss.selector.as_str(), miss.matcher.as_str()].join(" ");
        value(section, &condition, STRONG, out)?;
        value("expected", &miss.expected, PLAIN, out)?;
        value("got", &miss.got, style, out)?;
        if let Some(difference) = &miss.difference {
            value("differs", difference, PLAIN, out)?;
        }
        if let Some(hint) = &miss.hint {
            value("hint", hint, HINT, out)?;
        }
    }
    Ok(())
}

/// File, line and column, and the line itself without its indentation.
fn source(place: &Place, out: &mut dyn io::Write) -> io::Result<()> {
    if place.file.is_empty() {
        return Ok(());
    }
    let indent = " ".repeat(INDENT);
    let file = printable_within(&place.file, TEXT_MAX);
    writeln!(out, "{indent}{} {file}:{}:{}", Painted(FAINT, "-->"), place.line, place.column)?;
    let number = format!("{} |", place.line);
    let room = WIDTH.saturating_sub(INDENT + number.len() + 1);
    let text = printable_within(place.text.trim(), room);
    writeln!(out, "{indent}{} {text}", Painted(FAINT, &number))
}

/// A word and its value; long values go on below themselves.
fn value(word: &str, value: &str, style: anstyle::Style, out: &mut dyn io::Write) -> io::Result<()> {
    let value = printable(value.trim());
    let lines = wrapped(&printable_within(&value, TEXT_MAX), WIDTH - INDENT - WORD);
    for (index, line) in lines.iter().enumerate() {
        let word = if index == 0 { word } else { "" };
        let word = format!("{word:<WORD$}");
        writeln!(out, "{}{}{}", " ".repeat(INDENT), Painted(FAINT, &word), Painted(style, line))?;
    }
    Ok(())
}
