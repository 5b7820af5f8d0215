//! Runs as TAP, a step a line: for `prove` and every other harness that counts lines.

use std::fmt::Write as _;
use std::io;

use super::verdict;
use crate::base::duration::format_duration;
use crate::base::printable::{printable, printable_within};
use crate::model::run::{Run, StepResult, StepState};

/// Longest id or name in a description, in columns.
const NAME_MAX: usize = 80;

/// TAP 14 harnesses read version 13 as well, and what is written here is the same in both; but
/// the `prove` of current stable distributions refuses a version above 13.
const VERSION: &str = "TAP version 13";

/// # Errors
/// Those of `out`.
pub fn write(runs: &[Run], out: &mut dyn io::Write) -> io::Result<()> {
    let points: Vec<String> = runs.iter().flat_map(of_run).collect();
    writeln!(out, "{VERSION}")?;
    writeln!(out, "1..{}", points.len())?;
    for (index, point) in points.iter().enumerate() {
        // The number stands behind `ok` or `not ok`, which the point begins with.
        let (verdict, rest) = point.split_once(" - ").unwrap_or((point, ""));
        writeln!(out, "{verdict} {} - {rest}", index + 1)?;
    }
    Ok(())
}

fn of_run(run: &Run) -> Vec<String> {
    let mut points: Vec<String> = run.steps.iter().map(|step| point(run, step, "")).collect();
    points.extend(run.cleanup.iter().map(|step| point(run, step, "clean-up ")));
    if let Some((_, text)) = verdict::whole_run(run) {
        points.push(format!("not ok - {}: whole run{}", name(&run.name), block(run, None, &[text])));
    }
    points
}

fn point(run: &Run, step: &StepResult, part: &str) -> String {
    let verdict = if matches!(step.state, StepState::Failed | StepState::Indeterminate) { "not ok" } else { "ok" };
    let mut point = format!("{verdict} - {}: {part}{}", name(&run.name), name(&step.id));
    match step.state {
        StepState::Skipped | StepState::NotRun | StepState::NotNeeded => {
            let _ = write!(point, " # SKIP {}", escaped(&verdict::skipped(step)));
        }
        // Clean-up never changes the outcome; TODO keeps its failure visible without counting it.
        StepState::Failed | StepState::Indeterminate if !part.is_empty() => {
            point.push_str(" # TODO clean-up does not change the outcome");
        }
        _ => {}
    }
    let details = match step.state {
        StepState::Failed | StepState::Indeterminate | StepState::Degraded => verdict::details(step),
        _ => Vec::new(),
    };
    if step.attempts > 0 {
        point.push_str(&block(run, Some(step), &details));
    }
    point
}

/// The diagnostics block. Its short texts are JSON strings, which YAML reads alike; the details are
/// a literal block, since the YAML of `prove` has no list of quoted texts.
fn block(run: &Run, step: Option<&StepResult>, details: &[String]) -> String {
    let text = |text: &str| serde_json::Value::from(printable(text)).to_string();
    let mut block = "\n  ---".to_owned();
    if let Some(step) = step {
        let _ = write!(block, "\n  outcome: {}", text(step.state.word()));
        let _ = write!(block, "\n  duration_ms: {:.3}", step.elapsed.as_secs_f64() * 1e3);
        if let Some(status) = step.status {
            let _ = write!(block, "\n  status: {status}");
        }
        if step.attempts > 1 {
            let _ = write!(block, "\n  attempts: {}", step.attempts);
        }
        for (phase, duration) in step.timings.iter() {
            let _ = write!(block, "\n  {}: {}", phase.word(), format_duration(duration));
        }
    }
    let _ = write!(block, "\n  trace: {}", text(&run.trace_id));
    if !details.is_empty() {
        block.push_str("\n  details: |");
        for line in details {
            let _ = write!(block, "\n    {}", printable(line));
        }
    }
    block.push_str("\n  ...");
    block
}

fn name(text: &str) -> String {
    escaped(&printable_within(text, NAME_MAX))
}

/// `#` would begin a directive.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}
