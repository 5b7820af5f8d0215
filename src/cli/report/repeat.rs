//! The spread of journeys that ran several times: per step the fastest, the middle and the slowest.

use std::io;
use std::time::Duration;

use crate::base::duration::short_duration;
use crate::base::printable::{padded, printable_within, width};
use crate::cli::paint::{FAINT, Painted, STRONG};
use crate::model::run::{Outcome, Run, StepState};

const ID_MAX: usize = 40;
const NUMBER: usize = 9;

/// One table per run name, in the order of first appearance.
///
/// # Errors
/// Those of `out`.
pub fn write(runs: &[Run], out: &mut dyn io::Write) -> io::Result<()> {
    let mut names: Vec<&str> = Vec::new();
    for run in runs {
        if !names.contains(&run.name.as_str()) {
            names.push(&run.name);
        }
    }
    for name in names {
        let same: Vec<&Run> = runs.iter().filter(|run| run.name == name).collect();
        table(name, &same, out)?;
    }
    Ok(())
}

fn table(name: &str, runs: &[&Run], out: &mut dyn io::Write) -> io::Result<()> {
    let outcomes: Vec<String> = [Outcome::Passed, Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate]
        .into_iter()
        .map(|outcome| (runs.iter().filter(|run| run.outcome == outcome).count(), outcome.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let name = printable_within(name, ID_MAX);
    writeln!(out, "\n{}, {} runs: {}", Painted(STRONG, &name), runs.len(), outcomes.join(", "))?;

    let rows = rows(runs);
    let column = rows.iter().map(|(id, _)| width(id)).max().unwrap_or(0).max(8);
    let head = format!(
        "{}{:>NUMBER$}{:>NUMBER$}{:>NUMBER$}{:>NUMBER$}",
        padded("step", column),
        "runs",
        "min",
        "median",
        "max"
    );
    writeln!(out, "  {}", Painted(FAINT, &head))?;
    for (id, mut durations) in rows {
        durations.sort_unstable();
        let cell = |duration: Option<Duration>| {
            format!("{:>NUMBER$}", duration.map_or_else(|| "-".to_owned(), short_duration))
        };
        writeln!(
            out,
            "  {}{:>NUMBER$}{}{}{}",
            padded(&id, column),
            durations.len(),
            cell(durations.first().copied()),
            cell(median(&durations)),
            cell(durations.last().copied())
        )?;
    }
    writeln!(out)
}

/// Durations by step in the order of the journey, those of the whole run last. Only steps that
/// did their work count: the time of a broken one would be compared with something else.
fn rows(runs: &[&Run]) -> Vec<(String, Vec<Duration>)> {
    let mut rows: Vec<(String, Vec<Duration>)> = Vec::new();
    for step in runs.iter().flat_map(|run| &run.steps) {
        let id = printable_within(&step.id, ID_MAX);
        let index = rows.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            rows.push((id, Vec::new()));
            rows.len() - 1
        });
        if matches!(step.state, StepState::Passed | StepState::Degraded) {
            rows[index].1.push(step.elapsed);
        }
    }
    let done = |run: &&&Run| matches!(run.outcome, Outcome::Passed | Outcome::Degraded);
    rows.push(("whole run".to_owned(), runs.iter().filter(done).map(|run| run.elapsed).collect()));
    rows
}

/// Of an even number, the mean of the two in the middle.
fn median(sorted: &[Duration]) -> Option<Duration> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(sorted.len() / 2 - 1).map(|lower| (upper + *lower) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let seconds = |all: &[u64]| all.iter().map(|it| Duration::from_secs(*it)).collect::<Vec<_>>();
        for (sorted, expected) in [(&[][..], None), (&[4], Some(4)), (&[1, 3], Some(2)), (&[1, 2, 9], Some(2))] {
            assert_eq!(median(&seconds(sorted)), expected.map(Duration::from_secs), "{sorted:?}");
        }
    }
}
