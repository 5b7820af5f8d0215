//! `forerunner alert catch`: a mail server for whoever tries alerts out. It shows what comes, and delivers nothing.

use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use super::arguments::{AlertCatch, Color};
use super::exit::Exit;
use super::paint::{self, Painted};
use crate::app::catcher::letter::Letter;
use crate::app::catcher::{Catcher, Caught};
use crate::base::printable::printable;

/// Takes mails until it is interrupted, or as many as are asked for.
///
/// # Errors
/// The output or a file cannot be written, or signals cannot be listened to.
pub async fn run(arguments: &AlertCatch, color: Color) -> std::io::Result<Exit> {
    if let Some(directory) = &arguments.save {
        std::fs::create_dir_all(directory).map_err(|error| naming(directory, &error))?;
    }
    let opened = Catcher::open(arguments.listen.0).await;
    let (catcher, mut mails) = opened.map_err(|error| {
        let address = arguments.listen.0;
        std::io::Error::other(format!("{address} cannot be listened at: {error}; --listen takes another address"))
    })?;
    let mut out = paint::stdout(color);
    writeln!(out, "takes mail for anybody at {}, and delivers none; Ctrl-C ends it", catcher.address)?;
    let most = arguments.mails.map_or(usize::MAX, NonZeroUsize::get);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut taken = Ok(());
    for number in 1..=most {
        let mail = tokio::select! {
            mail = mails.recv() => mail,
            ended = tokio::signal::ctrl_c() => ended.map(|()| None)?,
            _ = terminate.recv() => None,
        };
        let Some(mail) = mail else { break };
        taken = take(mail, number, arguments.save.as_deref(), &mut out);
        if taken.is_err() {
            break;
        }
    }
    // Whoever comes from here on is refused, and asks again later.
    drop(mails);
    catcher.close().await;
    taken.map(|()| Exit::Ok)
}

/// What cannot be kept is not taken: its sender is told so when this fails.
fn take(mail: Caught, number: usize, directory: Option<&Path>, out: &mut dyn Write) -> std::io::Result<()> {
    let saved = directory.map(|directory| save(&mail, directory)).transpose()?;
    show(&mail.letter, number, saved.as_deref(), out)?;
    mail.keep(number);
    Ok(())
}

fn show(letter: &Letter, number: usize, saved: Option<&Path>, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "\n{} to {}", Painted(paint::STRONG, &format!("mail {number}")), printable(&letter.to))?;
    writeln!(out, "  {}", Painted(paint::STRONG, &printable(&letter.subject)))?;
    for line in letter.text.trim_end().lines() {
        writeln!(out, "{}", format!("  {}", printable(line)).trim_end())?;
    }
    if let Some(path) = saved {
        writeln!(out, "  {}", Painted(paint::FAINT, &format!("saved as {}", printable(&path.display().to_string()))))?;
    }
    out.flush()
}

/// Under the first number that is free. What people would rather open: the page, if there is one.
fn save(mail: &Caught, directory: &Path) -> std::io::Result<PathBuf> {
    let mut numbers = 1..;
    let (stem, mut file) = loop {
        let stem = directory.join(format!("mail-{}", numbers.next().unwrap_or(u32::MAX)));
        match File::create_new(stem.with_extension("eml")) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            created => break (stem, created.map_err(|error| naming(directory, &error))?),
        }
    };
    file.write_all(&mail.message).map_err(|error| naming(directory, &error))?;
    if mail.letter.html.is_empty() {
        return Ok(stem.with_extension("eml"));
    }
    let page = stem.with_extension("html");
    std::fs::write(&page, &mail.letter.html).map_err(|error| naming(&page, &error))?;
    Ok(page)
}

fn naming(path: &Path, error: &std::io::Error) -> std::io::Error {
    std::io::Error::other(format!("`{}` cannot be written: {error}", printable(&path.display().to_string())))
}
