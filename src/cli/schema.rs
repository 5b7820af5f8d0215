//! `forerunner schema`: what editors complete and check journey and configuration files with.

use std::io::Write;

use serde_json::Value as Json;

use super::arguments::{Schema, SchemaKind};
use super::exit::Exit;
use crate::base::shape::Schemas;
use crate::config::form::ConfigForm;
use crate::journey::definition::JourneyForm;

/// # Errors
/// The answer cannot be written.
pub fn run(arguments: &Schema, out: &mut dyn Write) -> std::io::Result<Exit> {
    out.write_all(text(arguments.kind).as_bytes())?;
    Ok(Exit::Ok)
}

/// The schema as it is printed and as it is kept under `config/schema/`.
#[must_use]
pub fn text(kind: SchemaKind) -> String {
    let schema: Json = match kind {
        SchemaKind::Journey => Schemas::document::<JourneyForm>("forerunner journey"),
        SchemaKind::Config => Schemas::document::<ConfigForm>("forerunner configuration"),
    };
    format!("{schema:#}\n")
}
