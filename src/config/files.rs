//! Which files a configuration is made of, for whoever watches them for changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::form::ConfigForm;
use super::glob;
use crate::base::shape::{Reader, Shape as _};
use crate::base::yaml;
use crate::journey::load;

/// Files of one directory that are looked at: a package has at most 200.
const DIRECTORY_FILES_MAX: usize = 1_000;
/// Directories below that of a journey: contracts, fixtures and what is in them.
const DEPTH_MAX: usize = 3;

/// The configuration file, the journeys it names, and everything beside them that a package may hold; sorted. What
/// cannot be read now is left out.
#[must_use]
pub fn files(path: &Path) -> Vec<PathBuf> {
    let mut found = BTreeSet::from([path.to_owned()]);
    let directory = path.parent().unwrap_or_else(|| Path::new(""));
    let mut journeys = BTreeSet::new();
    if let Ok(source) = load::read_source(path) {
        let parsed = yaml::parse_own(&source);
        let mut reader = Reader::new(Arc::clone(&source));
        if let Some(form) = parsed.documents.first().and_then(|document| ConfigForm::read(document, &mut reader)) {
            for pattern in form.probes.iter().flatten() {
                journeys.extend(glob::find(directory, &pattern.value).unwrap_or_default());
            }
            journeys.extend(form.runs.iter().filter_map(|run| Some(directory.join(&run.file.as_ref()?.value))));
        }
    }
    let directories: BTreeSet<_> = journeys.iter().filter_map(|journey| journey.parent()).map(Path::to_owned).collect();
    for directory in directories {
        below(&directory, 0, &mut found);
    }
    found.extend(journeys);
    found.into_iter().collect()
}

fn below(directory: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten().take(DIRECTORY_FILES_MAX) {
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < DEPTH_MAX => below(&entry.path(), depth + 1, found),
            Ok(kind) if kind.is_file() || kind.is_symlink() => {
                found.insert(entry.path());
            }
            _ => {}
        }
    }
}
