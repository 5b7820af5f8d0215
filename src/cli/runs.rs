//! `forerunner runs`: what history holds, while the daemon runs or without it.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::arguments::{ListFormat, Runs};
use super::exit::Exit;
use super::paint::{self, Painted};
use crate::base::duration::short_duration;
use crate::base::printable::{padded, printable, printable_within};
use crate::config;
use crate::history::list::{Filter, RunLine};
use crate::history::reader::Reader;
use crate::model::run::Outcome;

/// # Errors
/// The answer cannot be written, or history cannot be read.
pub fn run(arguments: &Runs, out: &mut dyn Write) -> std::io::Result<Exit> {
    let reader = Reader::new(&directory(arguments.storage.as_ref(), arguments.config.as_ref())?);
    if let Some(id) = &arguments.id {
        return show(&reader, id, arguments.format, out);
    }
    let filter = Filter {
        name: arguments.name.clone(),
        journey: arguments.journey.clone(),
        outcome: arguments.outcome,
        since: None,
        until: None,
        before: arguments.before.clone(),
        limit: arguments.limit,
    };
    let lines = reader.list(&filter).map_err(std::io::Error::other)?;
    match arguments.format {
        ListFormat::Json => serde_json::to_writer_pretty(&mut *out, &lines)?,
        ListFormat::Simple => list(&lines, out)?,
    }
    if arguments.format == ListFormat::Json {
        writeln!(out)?;
    }
    Ok(Exit::Ok)
}

/// Where the stores are: said outright, or as the configuration has it.
pub(super) fn directory(storage: Option<&PathBuf>, config: Option<&PathBuf>) -> std::io::Result<PathBuf> {
    match (storage, config) {
        (Some(path), _) => Ok(path.clone()),
        (None, Some(config)) => config::load(config)
            .settings
            .map(|settings| settings.storage.path)
            .ok_or_else(|| std::io::Error::other(format!("`{}` cannot be read; `check` says why", config.display()))),
        (None, None) => Ok(Path::new("data").to_owned()),
    }
}

fn list(lines: &[RunLine], out: &mut dyn Write) -> std::io::Result<()> {
    if lines.is_empty() {
        return writeln!(out, "no runs");
    }
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or(0).min(40);
    for line in lines {
        let style = match line.outcome {
            Outcome::Passed => paint::GOOD,
            Outcome::Degraded => paint::WARN,
            Outcome::Failed => paint::BAD,
            Outcome::Indeterminate => paint::UNSURE,
        };
        write!(
            out,
            "{}  {}  {}  {}  {:>8}",
            line.id,
            line.started_at.rfc3339_seconds(),
            Painted(style, &padded(line.outcome.word(), 13)),
            padded(&printable_within(&line.name, width), width),
            short_duration(line.elapsed)
        )?;
        if let Some(step) = &line.step {
            write!(out, "  {}", printable(step))?;
        }
        if let Some(party) = &line.responsible {
            write!(out, " ({})", printable(party))?;
        }
        if let Some(said) = &line.said {
            write!(out, ": {}", printable_within(said, 100))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn show(reader: &Reader, id: &str, format: ListFormat, out: &mut dyn Write) -> std::io::Result<Exit> {
    let Some(run) = reader.show(id).map_err(std::io::Error::other)? else {
        return Err(std::io::Error::other(format!("there is no run `{id}`, or it is no longer kept")));
    };
    match format {
        ListFormat::Json => writeln!(out, "{run:#}")?,
        ListFormat::Simple => summary(&run, out)?,
    }
    Ok(Exit::Ok)
}

/// The run in the words of the list, step by step, with what was expected and got.
fn summary(run: &Json, out: &mut dyn Write) -> std::io::Result<()> {
    let text = |value: &Json| printable(value.as_str().unwrap_or_default()).into_owned();
    let millis = |value: &Json| value.as_f64().map_or_else(String::new, |seconds| format!("{:.1}ms", seconds * 1e3));
    writeln!(out, "{} {} ({})", text(&run["outcome"]), text(&run["title"]), text(&run["name"]))?;
    writeln!(out, "  run {}, trace {}", text(&run["id"]), text(&run["trace_id"]))?;
    writeln!(
        out,
        "  started {}, took {}, from {}",
        text(&run["started_at"]),
        millis(&run["elapsed"]),
        text(&run["vantage"])
    )?;
    writeln!(out, "  definition {}", text(&run["definition"]))?;
    for (heading, key) in [("steps", "steps"), ("clean-up", "cleanup")] {
        let steps = run[key].as_array().map_or(&[][..], Vec::as_slice);
        if steps.is_empty() {
            continue;
        }
        writeln!(out, "{heading}:")?;
        for step in steps {
            write!(
                out,
                "  {}  {}  {}",
                padded(&text(&step["state"]), 13),
                text(&step["id"]),
                millis(&step["timings"]["total"])
            )?;
            if let Some(status) = step["status"].as_u64() {
                write!(out, "  {status}")?;
            }
            if step["owner"].is_string() {
                write!(out, "  ({})", text(&step["owner"]))?;
            }
            writeln!(out)?;
            if step["failure"].is_object() {
                writeln!(out, "      {}: {}", text(&step["failure"]["kind"]), text(&step["failure"]["detail"]))?;
            }
            for miss in step["misses"].as_array().into_iter().flatten() {
                writeln!(
                    out,
                    "      {} expected {}, got {}",
                    text(&miss["selector"]),
                    text(&miss["expected"]),
                    text(&miss["got"])
                )?;
            }
        }
    }
    writeln!(out, "the evidence is in `--format json`")
}
