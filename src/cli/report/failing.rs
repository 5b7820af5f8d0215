//! Why a step did not pass, for people: the failure, whose it is, and every condition that does not hold.

use std::io;

use super::Shown;
use super::tree::INDENT;
use super::verdict::{self, TEXT_MAX};
use crate::base::printable::{printable, printable_within, wrapped};
use crate::cli::paint::{FAINT, HINT, PLAIN, Painted, STRONG, WIDTH};
use crate::model::failure::{Failure, FailureKind};
use crate::model::run::{Miss, Place, Section, StepResult};

/// Columns of the words before the values.
const WORD: usize = 10;

pub(super) fn write(step: &StepResult, shown: Shown, out: &mut dyn io::Write) -> io::Result<()> {
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
        let detail = printable_within(new_in(&failure.detail, &step.misses), TEXT_MAX);
        for line in wrapped(&detail, WIDTH - INDENT).iter().filter(|line| !line.is_empty()) {
            writeln!(out, "{indent}{line}")?;
        }
        write_flag(Some(failure), shown, INDENT, out)?;
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

/// The flag that would have allowed what was refused, where flags were what could have.
pub(super) fn write_flag(
    failure: Option<&Failure>,
    shown: Shown,
    indent: usize,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let flag = match failure.map(|failure| failure.kind) {
        Some(FailureKind::AddressRefused | FailureKind::AddressesRefused) => "--allow private-addresses",
        Some(FailureKind::WriteRefused) => "--allow writes",
        _ => return Ok(()),
    };
    if shown.by_flags {
        let hint = format!("on the command line: `{flag}`");
        writeln!(out, "{}{}", " ".repeat(indent), Painted(HINT, &hint))?;
    }
    Ok(())
}

/// What a failure says beyond the first condition that does not hold, which is shown in full below it.
fn new_in<'a>(detail: &'a str, misses: &[Miss]) -> &'a str {
    let Some(miss) = misses.first() else { return detail };
    let rest = detail.strip_prefix(miss.summary().as_str()).unwrap_or(detail);
    if rest.starts_with(" (and ") { "" } else { rest.trim_start_matches([' ', ',', ';']) }
}

/// File, line and column, and the line itself as it stands there.
fn source(place: &Place, out: &mut dyn io::Write) -> io::Result<()> {
    if place.file.is_empty() {
        return Ok(());
    }
    let indent = " ".repeat(INDENT);
    let file = printable_within(&place.file, TEXT_MAX);
    writeln!(out, "{indent}{} {file}:{}:{}", Painted(FAINT, "-->"), place.line, place.column)?;
    let number = format!("{} |", place.line);
    let room = WIDTH.saturating_sub(INDENT + number.len() + 1);
    let text = printable_within(place.text.trim_end(), room);
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
