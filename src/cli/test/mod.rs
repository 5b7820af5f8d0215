//! `forerunner test`: runs journeys once and shows what happened.

mod binding;
mod choice;

use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::arguments::{Color, ReportFile, Test};
use super::diagnostics::{self, Checked, DiagnosticFormat};
use super::exit::Exit;
use super::progress::Progress;
use super::report::{self, RunFormat, Shown, tree};
use super::{paint, report::repeat};
use crate::app::clock::SystemClock;
use crate::app::trial::{Event, Trial};
use crate::app::{user_agent, vantage};
use crate::base::diagnostic::Diagnostic;
use crate::journey::execute::EvidencePolicy;
use crate::model::run::Run;
use choice::{Chosen, Refused};

/// Chooses, binds and runs; what is printed where depends on the arguments.
///
/// # Errors
/// An output cannot be written, or the machine has no source of chance.
pub async fn run(arguments: &Test, color: Color) -> std::io::Result<Exit> {
    let chosen = match choice::choose(arguments) {
        Ok(chosen) => chosen,
        Err(Refused::Usage(message)) => {
            writeln!(paint::stderr(color), "error: {message}")?;
            return Ok(Exit::Usage);
        }
        Err(Refused::Invalid(diagnostics, checked)) => return invalid(&diagnostics, checked, color),
    };
    let files = open_reports(&arguments.reports)?;
    let started = Instant::now();
    let runs = walk(arguments, chosen, color).await?;
    let elapsed = started.elapsed();
    let shown = shown(arguments);
    let mut out = paint::stdout(color);
    let written = match arguments.format {
        // The runs were printed as they ended.
        RunFormat::Human => {
            let spread = if shown.repeated { repeat::write(&runs, &mut out) } else { Ok(()) };
            spread.and_then(|()| tree::write_summary(&runs, elapsed, &mut out))
        }
        format => report::write(format, &runs, elapsed, shown, &mut out),
    };
    paint::quietly(written)?;
    for (file, opened) in files {
        write_report(file, opened, &runs, elapsed)?;
    }
    Ok(Exit::of_runs(&runs))
}

fn shown(arguments: &Test) -> Shown {
    Shown { trace: arguments.trace, repeated: arguments.repeat.get() > 1, by_flags: arguments.config.is_none() }
}

/// Problems go to standard error: standard output is data.
fn invalid(diagnostics: &[Diagnostic], checked: Checked, color: Color) -> std::io::Result<Exit> {
    let mut err = paint::stderr(color);
    diagnostics::write(DiagnosticFormat::Human, diagnostics, checked, &mut err)?;
    writeln!(err, "nothing was run")?;
    Ok(Exit::Invalid)
}

async fn walk(arguments: &Test, chosen: Chosen, color: Color) -> std::io::Result<Vec<Run>> {
    let stop = CancellationToken::new();
    let interrupt = tokio::spawn(stop_when_interrupted(stop.clone(), color));
    let total = chosen.journeys.len() * arguments.repeat.get() as usize;
    let progress = Arc::new(Mutex::new(Progress::stderr(total)));
    let shown = shown(arguments);
    let human = arguments.format == RunFormat::Human;
    let watched = Arc::clone(&progress);
    let watch = move |event: Event<'_>| {
        let mut progress = watched.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Step { run, step } => progress.step(run, step),
            Event::Ended(run) => {
                progress.run_done();
                progress.clear();
                if human {
                    // A reader that went away ends the printing, not the runs.
                    let _ = tree::write(run, shown, &mut paint::stdout(color));
                }
            }
        }
    };
    let wants_evidence = arguments.trace || !arguments.reports.is_empty() || !human;
    let trial = Trial {
        clock: Arc::new(SystemClock),
        vantage: chosen.vantage.unwrap_or_else(vantage),
        user_agent: user_agent(chosen.contact.as_deref()),
        jobs: arguments.jobs.get(),
        evidence: if wants_evidence { EvidencePolicy::Always } else { EvidencePolicy::WhenNotPassed },
        stop,
    };
    let runs = trial.run(&chosen.journeys, arguments.repeat.get(), Arc::new(watch)).await;
    interrupt.abort();
    progress.lock().unwrap_or_else(PoisonError::into_inner).clear();
    runs.map_err(|error| std::io::Error::other(format!("the machine has no source of chance: {error}")))
}

/// The first interrupt asks the runs to clean up and end; the second ends everything at once.
async fn stop_when_interrupted(stop: CancellationToken, color: Color) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    stop.cancel();
    let _ = writeln!(paint::stderr(color), "\nstopping: clean-ups still run; interrupt again to end at once");
    if tokio::signal::ctrl_c().await.is_ok() {
        super::leave_at_once();
    }
}

fn write_report(
    file: &ReportFile,
    mut opened: File,
    runs: &[Run],
    elapsed: std::time::Duration,
) -> std::io::Result<()> {
    let mut text = Vec::new();
    report::write_report(file.format, runs, elapsed, &mut text)?;
    opened.write_all(&text).map_err(|error| unwritable(file, &error))
}

/// Before anything is sent: a run whose report cannot be kept would be in vain.
fn open_reports(reports: &[ReportFile]) -> std::io::Result<Vec<(&ReportFile, File)>> {
    let mut opened = Vec::new();
    for file in reports {
        opened.push((file, File::create(&file.path).map_err(|error| unwritable(file, &error))?));
    }
    Ok(opened)
}

fn unwritable(file: &ReportFile, error: &std::io::Error) -> std::io::Error {
    // Never taken for a reader of standard output that went away.
    std::io::Error::other(format!("`{}` cannot be written: {error}", file.path.display()))
}
