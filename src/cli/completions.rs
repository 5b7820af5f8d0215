//! `forerunner completions`: what a shell needs to know of the commands, made from the same description as `--help`.

use std::io::Write;

use clap::CommandFactory as _;

use super::arguments::{Arguments, Completions};
use super::exit::Exit;

/// # Errors
/// The output cannot be written.
pub fn run(arguments: &Completions, out: &mut dyn Write) -> std::io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "forerunner", &mut script);
    out.write_all(&script)?;
    Ok(Exit::Ok)
}
