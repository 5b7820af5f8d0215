//! Tells a journey from a configuration by its keys, since both are YAML and live in the same directories.

use crate::base::yaml::{Node, Tree};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Has the key `forerunner`.
    Journey,
    /// Has the key `runs`.
    Config,
    Unknown,
}

/// What the root of a document says it is.
#[must_use]
pub fn kind_of(root: &Node) -> FileKind {
    let Tree::Map(entries) = &root.tree else { return FileKind::Unknown };
    let has = |key: &str| entries.iter().any(|entry| entry.key.value == key);
    if has("forerunner") {
        FileKind::Journey
    } else if has("runs") {
        FileKind::Config
    } else {
        FileKind::Unknown
    }
}

/// What a text seems to be where it cannot be read as YAML: by keys at the start of a line.
pub(super) fn looks_like_journey(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"forerunner:") || line.starts_with(b"{ forerunner:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Source;
    use crate::base::yaml::parse;

    #[test]
    fn files_are_told_apart_by_their_keys() {
        for (text, kind) in [
            ("forerunner: 1\njourney: a", FileKind::Journey),
            ("forerunner: 1\nruns: []", FileKind::Journey),
            ("listen: x\nruns: []", FileKind::Config),
            ("a: 1", FileKind::Unknown),
            ("- forerunner", FileKind::Unknown),
        ] {
            assert_eq!(kind_of(&parse(&Source::new("t", text)).documents[0]), kind, "{text}");
        }
    }
}
