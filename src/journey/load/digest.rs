//! The digest of a journey: one name for exactly these bytes of it and of every file it uses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::model::run::Digest;
use crate::model::value::hexadecimal;

/// Lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The files of a journey by path, each with the digest of its bytes, in the order of the bytes of the paths.
#[derive(Default)]
pub(super) struct Manifest(BTreeMap<String, String>);

impl Manifest {
    /// False if the file was listed before.
    pub(super) fn add(&mut self, path: &str, sha256: &str) -> bool {
        self.0.insert(path.to_owned(), sha256.to_owned()).is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// `sha256:` of the lines `path TAB digest LF`.
    pub(super) fn digest(&self) -> Digest {
        let lines = self.0.iter().fold(String::new(), |mut lines, (path, sha256)| {
            let _ = writeln!(lines, "{path}\t{sha256}");
            lines
        });
        Digest(format!("sha256:{}", sha256(lines.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_sorted_lines() {
        let mut manifest = Manifest::default();
        assert!(manifest.add("journey.yaml", &sha256(b"one")));
        assert!(manifest.add("fixtures/a.json", &sha256(b"two")));
        assert!(!manifest.add("fixtures/a.json", &sha256(b"two")));
        let lines = format!("fixtures/a.json\t{}\njourney.yaml\t{}\n", sha256(b"two"), sha256(b"one"));
        assert_eq!(manifest.digest().0, format!("sha256:{}", sha256(lines.as_bytes())));
        assert_eq!(sha256(b"").len(), 64);
    }
}
