//! Runs as one JSON document: everything that may be shown, as it is kept.

use std::io;

use serde::Serialize;

use crate::model::run::Run;

/// Grows when a key changes its meaning or goes; new keys do not count.
const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    generator: &'static str,
    runs: &'a [Run],
}

/// # Errors
/// Those of `out`.
pub fn write(runs: &[Run], out: &mut dyn io::Write) -> io::Result<()> {
    let generator = concat!("forerunner ", env!("CARGO_PKG_VERSION"));
    serde_json::to_writer_pretty(&mut *out, &Document { format_version: FORMAT_VERSION, generator, runs })?;
    writeln!(out)
}
