//! `forerunner man`: the manual as `man` shows it, made from the same description as `--help`.

use std::io::Write;

use clap::CommandFactory as _;

use super::arguments::{Arguments, Man};
use super::exit::Exit;
use crate::base::printable::printable;

/// # Errors
/// There is no such command, or the output cannot be written.
pub fn run(arguments: &Man, out: &mut dyn Write) -> std::io::Result<Exit> {
    let mut command = Arguments::command();
    command.build();
    let mut page = &command;
    for name in &arguments.command {
        page = page.find_subcommand(name).ok_or_else(|| {
            let known: Vec<_> = page.get_subcommands().map(clap::Command::get_name).collect();
            std::io::Error::other(format!("there is no command `{}`; there are: {}", printable(name), known.join(", ")))
        })?;
    }
    let title = page.get_display_name().unwrap_or_else(|| page.get_name()).to_uppercase();
    clap_mangen::Man::new(page.clone())
        .title(title)
        // Without a date the field behind it would move into its place.
        .date(" ")
        .source(concat!("forerunner ", env!("CARGO_PKG_VERSION")))
        .manual("forerunner")
        .render(out)?;
    Ok(Exit::Ok)
}
