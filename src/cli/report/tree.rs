//! A run for people: its verdict, its steps with where their time went, and what broke.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use super::{Shown, bars, failing, trace, verdict};
use crate::base::duration::short_duration;
use crate::base::printable::{padded, printable_within, width, wrapped};
use crate::cli::paint::{FAINT, Painted, STRONG, WARN, WIDTH};
use crate::model::run::{Outcome, Run, StepResult, StepState};

/// Columns of a total, as [`short_duration`] prints it.
const TOTAL: usize = 8;
const STATUS: usize = 3;
const ID_MAX: usize = 30;
/// Narrowest columns, so that the runs of most journeys stand in line with each other.
const ID_MIN: usize = 22;
const WORD_MIN: usize = "degraded".len();
/// Everything below a step stands this far in.
pub(super) const INDENT: usize = 6;
/// Kept values are looked at, not read.
const KEPT_MAX: usize = 60;

/// One run, with an empty line behind it.
///
/// # Errors
/// Those of `out`.
pub fn write(run: &Run, shown: Shown, out: &mut dyn io::Write) -> io::Result<()> {
    let layout = Layout::of(run);
    head(run, shown, out)?;
    for notice in &run.notices {
        for line in wrapped(&printable_within(notice, verdict::TEXT_MAX), WIDTH - 4) {
            writeln!(out, "  {} {line}", Painted(WARN, "!"))?;
        }
    }
    if is_one_line(run, shown) {
        return Ok(());
    }
    if let Some((_, text)) = verdict::whole_run(run) {
        for line in wrapped(&text, WIDTH - 2) {
            writeln!(out, "  {}", Painted(verdict::outcome(run.outcome).1, &line))?;
        }
        failing::write_flag(run.failure.as_ref(), shown, 2, out)?;
    }
    for step in &run.steps {
        write_step(run, step, &layout, shown, out)?;
    }
    if !run.cleanup.is_empty() {
        writeln!(out, "  {}", Painted(STRONG, "clean-up"))?;
    }
    for step in &run.cleanup {
        write_step(run, step, &layout, shown, out)?;
    }
    writeln!(out)
}

/// The last line: how many ran, how they ended, and the time of the whole command. An outcome that none had is not
/// worth a word.
///
/// # Errors
/// Those of `out`.
pub fn write_summary(runs: &[Run], elapsed: Duration, out: &mut dyn io::Write) -> io::Result<()> {
    let outcomes = [Outcome::Passed, Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate];
    let counts: Vec<String> = outcomes
        .into_iter()
        .map(|outcome| (outcome, runs.iter().filter(|run| run.outcome == outcome).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| {
            Painted(verdict::outcome(outcome).1, &format!("{count} {}", outcome.word())).to_string()
        })
        .collect();
    let colon = if counts.is_empty() { "" } else { ": " };
    let noun = if runs.len() == 1 { "run" } else { "runs" };
    writeln!(out, "{} {noun} in {}{colon}{}", runs.len(), short_duration(elapsed), counts.join(", "))
}

/// Widths of the columns of one run, so that its steps stand in line.
struct Layout {
    word: usize,
    id: usize,
    bar: usize,
    slowest: Duration,
}

impl Layout {
    fn of(run: &Run) -> Self {
        let steps = || run.steps.iter().chain(&run.cleanup);
        let word = steps().map(|step| step.state.word().len()).max().unwrap_or(0).max(WORD_MIN);
        let id = steps().map(|step| width(&printable_within(&step.id, ID_MAX))).max().unwrap_or(0).max(ID_MIN);
        let bar = WIDTH.saturating_sub(2 + 2 + word + 2 + id + 2 + STATUS + 2 + TOTAL);
        let slowest = steps().map(|step| step.timings.total).max().unwrap_or_default();
        Self { word, id, bar, slowest }
    }
}

/// Of many runs of the same journey, those that passed are told by the table behind them.
fn is_one_line(run: &Run, shown: Shown) -> bool {
    shown.repeated && run.outcome == Outcome::Passed && !shown.trace
}

fn head(run: &Run, shown: Shown, out: &mut dyn io::Write) -> io::Result<()> {
    let (mark, style) = verdict::outcome(run.outcome);
    let verdict = format!("{mark} {}", run.outcome.word());
    let room = WIDTH.saturating_sub(width(&verdict) + 2 + TOTAL);
    let title = padded(&printable_within(&run.title, room), room);
    let total = format!("{:>TOTAL$}", short_duration(run.elapsed));
    writeln!(out, "{}  {}{}", Painted(style, &verdict), Painted(STRONG, &title), Painted(STRONG, &total))?;
    if is_one_line(run, shown) {
        return Ok(());
    }
    let seed = if run.outcome == Outcome::Passed { String::new() } else { format!(", seed {}", run.seed) };
    let about = format!(
        "{} from {}, trace {}{seed}",
        printable_within(&run.name, ID_MAX),
        printable_within(&run.vantage, ID_MAX),
        printable_within(&run.trace_id, 32)
    );
    writeln!(out, "  {}", Painted(FAINT, &about))
}

fn write_step(run: &Run, step: &StepResult, layout: &Layout, shown: Shown, out: &mut dyn io::Write) -> io::Result<()> {
    let (mark, style) = verdict::state(step.state);
    let verdict = padded(&format!("{mark} {}", step.state.word()), layout.word + 2);
    let id = padded(&printable_within(&step.id, ID_MAX), layout.id);
    let start = format!("  {}  {id}", Painted(style, &verdict));
    if is_unsent(step) && step.failure.is_none() {
        let room = WIDTH.saturating_sub(2 + 2 + layout.word + 2 + layout.id + 2);
        let why = printable_within(step.note.as_deref().unwrap_or_default(), room);
        return writeln!(out, "{}", format!("{start}  {}", Painted(FAINT, &why)).trim_end());
    }

    let status = step.status.map_or_else(|| " ".repeat(STATUS), |status| format!("{status:>STATUS$}"));
    let bar = bars::bar(&step.timings, layout.slowest, layout.bar);
    let total = if is_unsent(step) { String::new() } else { format!("{:>TOTAL$}", short_duration(step.elapsed)) };
    writeln!(out, "{}", format!("{start}  {status}  {bar}{total}").trim_end())?;

    let indent = " ".repeat(INDENT);
    for line in with_reuse(bars::numbers(&step.timings, WIDTH - INDENT), step) {
        writeln!(out, "{indent}{line}")?;
    }
    let facts = facts(step);
    if !facts.is_empty() {
        for line in wrapped(&facts, WIDTH - INDENT) {
            writeln!(out, "{indent}{}", Painted(FAINT, &line))?;
        }
    }
    if matches!(step.state, StepState::Failed | StepState::Indeterminate | StepState::Degraded) {
        failing::write(step, shown, out)?;
    }
    if shown.trace {
        trace::write(run, step, out)?;
    }
    Ok(())
}

/// Whether there is nothing to measure: the step did not come to an exchange.
fn is_unsent(step: &StepResult) -> bool {
    step.timings.total.is_zero() && step.evidence.is_empty() && step.status.is_none() && step.elapsed.is_zero()
}

/// Says why the first phases are missing, if there is room for it.
fn with_reuse(mut lines: Vec<String>, step: &StepResult) -> Vec<String> {
    const REUSED: &str = "connection reused";
    if step.evidence.last().is_some_and(|exchange| exchange.reused)
        && let Some(line) = lines.last_mut()
        && width(&anstream::adapter::strip_str(line).to_string()) + 2 + REUSED.len() <= WIDTH - INDENT
    {
        let _ = write!(line, "  {}", Painted(FAINT, REUSED));
    }
    lines
}

fn facts(step: &StepResult) -> String {
    let mut facts = Vec::new();
    if let Some((worked_on, all)) = step.iterations {
        facts.push(format!("{worked_on} of {all} elements"));
    }
    if step.attempts > 1 {
        facts.push(format!("{} attempts", step.attempts));
    }
    let expected = step.iterations.map_or(step.attempts, |(worked_on, _)| worked_on.max(step.attempts));
    if step.requests > expected.max(1) {
        facts.push(format!("{} requests", step.requests));
    }
    facts.extend(step.note.as_ref().map(|note| printable_within(note, verdict::TEXT_MAX)));
    if !step.kept.is_empty() {
        let kept: Vec<String> = step
            .kept
            .iter()
            .map(|(name, value)| {
                format!("{} = {}", printable_within(name, KEPT_MAX), printable_within(value, KEPT_MAX))
            })
            .collect();
        facts.push(format!("kept {}", kept.join(", ")));
    }
    facts.join("; ")
}
