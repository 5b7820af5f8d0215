//! Where a secret is held. Its value is never written in a file of ours, so a value here is a mistake.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::rules;
use crate::base::shape::{Reader, Schemas, Shape};
use crate::base::yaml::Node;
use crate::journey::resolved::SecretSource;

/// `env:NAME` or `file:PATH`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretText {
    Environment(String),
    File(String),
}

impl SecretText {
    /// None if it is neither form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("env", name) if !name.is_empty() && !name.contains(['=', '\0']) => {
                Some(Self::Environment(name.to_owned()))
            }
            ("file", path) if !path.is_empty() => Some(Self::File(path.to_owned())),
            _ => None,
        }
    }

    /// With a relative path read from `directory`.
    #[must_use]
    pub fn source(&self, directory: &Path) -> SecretSource {
        match self {
            Self::Environment(name) => SecretSource::Environment(name.clone()),
            Self::File(path) => SecretSource::File(directory.join(PathBuf::from(path))),
        }
    }
}

impl Shape for SecretText {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = node.as_text().and_then(|text| Self::parse(&text.text));
        if read.is_none() {
            // What stands here may be the secret itself, so the message does not repeat it.
            reader.report(&rules::SECRET_SOURCE, node.span, "this is not a place where a secret is held").help =
                Some("write `env:NAME` or `file:PATH`; the value itself never stands in a file".to_owned());
        }
        read
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "type": "string", "pattern": "^(env|file):.+" })
    }
}

/// Larger files are not read: no key or certificate is that long, and a device never ends.
const HELD_BYTES_MAX: u64 = 1 << 20;

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?.take(HELD_BYTES_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > HELD_BYTES_MAX {
        return Err(std::io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

/// The text held at a source, one line end at its end removed.
///
/// # Errors
/// It cannot be read, with the reason; never with any of it.
pub fn held_at(source: &SecretSource) -> Result<String, String> {
    let mut text = match source {
        SecretSource::Environment(name) => std::env::var(name).map_err(|error| match error {
            std::env::VarError::NotPresent => format!("the environment has no `{name}`"),
            std::env::VarError::NotUnicode(_) => format!("`{name}` in the environment is not UTF-8 text"),
        })?,
        SecretSource::File(path) => read(path).map_err(|error| format!("`{}`: {error}", path.display()))?,
    };
    // One line feed at the end is the editor's, not the secret's.
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
