//! `forerunner alert test`: whether people would be told, found out before they have to be.

use std::io::Write;

use super::arguments::{AlertTest, Color};
use super::diagnostics::{self, Checked, DiagnosticFormat};
use super::exit::Exit;
use super::paint::{self, Painted};
use crate::app::clock::SystemClock;
use crate::app::daemon::judge::standards::Installation;
use crate::app::rehearsal::{Rehearsal, rehearse};
use crate::app::vantage;
use crate::base::diagnostic::{Diagnostic, nearest};
use crate::base::printable::printable;
use crate::config;
use crate::config::channels::Channel;
use crate::notify::email::transcript::{Speaker, Spoken};

/// Sends a message through each channel that is asked for, and shows the dialogues.
///
/// # Errors
/// The output cannot be written, or a channel is asked for that does not exist.
pub async fn test(arguments: &AlertTest, color: Color) -> std::io::Result<Exit> {
    let path = arguments.config.clone();
    let configuration = tokio::task::spawn_blocking(move || config::load(&path)).await?;
    if configuration.diagnostics.iter().any(Diagnostic::is_error) {
        let mut err = paint::stderr(color);
        let errors: Vec<_> = configuration.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        diagnostics::write(DiagnosticFormat::Human, &errors, Checked { files: 1, journeys: 0 }, &mut err)?;
        writeln!(err, "nothing was sent")?;
        return Ok(Exit::Invalid);
    }
    let vantage = configuration.vantage.clone().unwrap_or_else(vantage);
    let installation = Installation::of(&configuration, vantage);
    let channels = wanted(&installation, &arguments.channels).map_err(std::io::Error::other)?;
    let mut out = paint::stdout(color);
    let mut refused = 0;
    for channel in channels {
        let fallback = channel.email.fallback.iter().filter(|_| arguments.fallback);
        for recipient in channel.email.to.iter().chain(fallback) {
            writeln!(out, "{}: a test message to {recipient}", Painted(paint::STRONG, &channel.name))?;
            out.flush()?;
            let rehearsal = rehearse(&installation, channel, recipient, &SystemClock).await;
            let rehearsal = rehearsal.map_err(|bad| std::io::Error::other(format!("{}: {}", bad.message, bad.help)))?;
            refused += u32::from(rehearsal.result.is_err());
            show(&rehearsal, &mut out)?;
        }
    }
    Ok(if refused == 0 { Exit::Ok } else { Exit::Failed })
}

/// Those that are named, or all.
fn wanted<'a>(installation: &'a Installation, names: &[String]) -> Result<Vec<&'a Channel>, String> {
    if installation.channels.is_empty() {
        return Err(
            "the configuration has no channels, so nobody would be told; describe one under `channels`".to_owned()
        );
    }
    if names.is_empty() {
        return Ok(installation.channels.iter().collect());
    }
    let find = |name: &String| {
        installation.channel(name).ok_or_else(|| {
            let known = || installation.channels.iter().map(|channel| channel.name.as_str());
            let help = nearest(name, known()).map_or_else(
                || format!("there are: {}", known().collect::<Vec<_>>().join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            format!("there is no channel `{}`; {help}", printable(name))
        })
    };
    names.iter().map(find).collect()
}

fn show(rehearsal: &Rehearsal, out: &mut dyn Write) -> std::io::Result<()> {
    let mut relay = "";
    for line in &rehearsal.lines {
        if line.relay != relay {
            relay = &line.relay;
            writeln!(out, "  through {relay}")?;
        }
        spoken(line, out)?;
    }
    match &rehearsal.result {
        Ok(said) => writeln!(out, "  {}: {}", Painted(paint::GOOD, "accepted"), printable(said)),
        Err(why) => writeln!(out, "  {}: {}", Painted(paint::BAD, "not accepted"), printable(why)),
    }
}

fn spoken(line: &Spoken, out: &mut dyn Write) -> std::io::Result<()> {
    let text = line.to_string();
    let style = if line.speaker == Speaker::Note { paint::FAINT } else { paint::PLAIN };
    writeln!(out, "  {:>7} ms {}", line.after.as_millis(), Painted(style, &text))
}
