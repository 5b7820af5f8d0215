//! `forerunner incidents`: what is wrong, or was, while the daemon runs or without it.

use std::io::Write;

use super::arguments::{Incidents, ListFormat};
use super::exit::Exit;
use super::paint::{self, Painted};
use super::runs::directory;
use crate::base::duration::short_duration;
use crate::base::printable::{padded, printable, printable_within};
use crate::history::ledger::reader::{IncidentFilter, IncidentStory, LedgerReader};
use crate::history::reader::ReadError;
use crate::model::incident::{Incident, State};

/// # Errors
/// The answer cannot be written, or the ledger cannot be read.
pub fn run(arguments: &Incidents, out: &mut dyn Write) -> std::io::Result<Exit> {
    let reader = LedgerReader::new(&directory(arguments.storage.as_ref(), arguments.config.as_ref())?);
    if let Some(id) = &arguments.id {
        let story = reader.incident(id).map_err(std::io::Error::other)?;
        let Some(story) = story else {
            return Err(std::io::Error::other(format!("there is no incident `{id}`, or it is no longer kept")));
        };
        match arguments.format {
            ListFormat::Json => json(&story, out)?,
            ListFormat::Simple => show(&story, out)?,
        }
        return Ok(Exit::Ok);
    }
    let filter = IncidentFilter {
        open: arguments.open,
        name: arguments.name.clone(),
        owner: arguments.owner.clone(),
        severity: arguments.severity.map(Into::into),
        limit: arguments.limit,
        ..IncidentFilter::default()
    };
    let incidents = match reader.incidents(&filter) {
        // A daemon that never ran has no incidents, which is worth saying plainly.
        Err(ReadError::Missing(path)) => return Err(std::io::Error::other(ReadError::Missing(path))),
        read => read.map_err(std::io::Error::other)?,
    };
    match arguments.format {
        ListFormat::Json => json(&incidents, out)?,
        ListFormat::Simple => list(&incidents, out)?,
    }
    Ok(Exit::Ok)
}

fn json(value: &impl serde::Serialize, out: &mut dyn Write) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

fn list(incidents: &[Incident], out: &mut dyn Write) -> std::io::Result<()> {
    if incidents.is_empty() {
        return writeln!(out, "no incidents");
    }
    for incident in incidents {
        write!(
            out,
            "{}  {}  {}  {}",
            incident.id,
            incident.opened_at.unwrap_or(incident.suspected_at).rfc3339_seconds(),
            Painted(style(incident.state), &padded(incident.state.word(), 10)),
            printable_within(&incident.title, 100),
        )?;
        if !incident.blame.said.is_empty() {
            write!(out, ": {}", printable_within(&incident.blame.said, 100))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// One incident: what, where, whose, then its timeline and who was told.
fn show(story: &IncidentStory, out: &mut dyn Write) -> std::io::Result<()> {
    let incident = &story.incident;
    writeln!(out, "{} {}", Painted(style(incident.state), incident.state.word()), printable(&incident.title))?;
    writeln!(out, "  incident {}, {} of {}", incident.id, incident.severity.word(), printable(&incident.key.name))?;
    let begun = incident.opened_at.unwrap_or(incident.suspected_at);
    write!(out, "  since {}", begun.rfc3339_seconds())?;
    if let Some(ended) = incident.ended_at.filter(|_| incident.state.is_ended()) {
        let nanos = u64::try_from(ended.unix_nanos() - begun.unix_nanos()).unwrap_or_default();
        write!(out, " until {} ({})", ended.rfc3339_seconds(), short_duration(std::time::Duration::from_nanos(nanos)))?;
    }
    writeln!(out)?;
    let blame = &incident.blame;
    if let Some(owner) = &blame.owner {
        writeln!(out, "  responsible: {}", printable(owner))?;
    }
    if let Some(step) = &blame.step {
        let phase = blame.phase.map(|phase| format!(", in phase {}", phase.word())).unwrap_or_default();
        writeln!(out, "  step: {}{phase}", printable(step))?;
    }
    if !blame.said.is_empty() {
        writeln!(out, "  {}", printable(&blame.said))?;
    }
    for (words, run) in [("shown by run", &incident.last_bad), ("last good run before:", &incident.last_good)] {
        if let Some(run) = run {
            writeln!(out, "  {words} {} at {}", printable(&run.id), run.at.rfc3339_seconds())?;
        }
    }
    writeln!(out, "timeline:")?;
    for change in story.turns() {
        let (at, event) = (change.at.rfc3339_seconds(), change.event.word());
        match change.notice {
            Some(notice) => {
                writeln!(out, "  {at}  {}  told as {} {}", padded(event, 11), notice.word(), change.incident.seq)?;
            }
            None => writeln!(out, "  {at}  {event}")?,
        }
    }
    if !story.notes.is_empty() {
        writeln!(out, "told:")?;
    }
    for note in &story.notes {
        write!(
            out,
            "  {}  {} {} to {}: {}",
            note.queued_at.rfc3339_seconds(),
            note.kind,
            note.seq,
            printable(&note.recipient),
            note.state
        )?;
        if !note.said.is_empty() {
            write!(out, " ({})", printable_within(&note.said, 100))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn style(state: State) -> anstyle::Style {
    match state {
        State::Firing => paint::BAD,
        State::Suspect | State::Recovering => paint::WARN,
        State::Refuted | State::Resolved | State::Withdrawn => paint::GOOD,
    }
}
