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
    clap_mangen::Man::new(page.clone()).render(out)?;
    Ok(Exit::Ok)
}
