//! Patterns of paths: `*` and `?` within one name, `**` for any number of directories.

use std::path::{Path, PathBuf};

/// Directories that a `**` descends at the most; a link back to the root would never end otherwise.
const DEPTH_MAX: usize = 16;

/// The files under `directory` that fit the pattern, sorted.
///
/// # Errors
/// A directory that cannot be read.
pub(super) fn find(directory: &Path, pattern: &str) -> std::io::Result<Vec<PathBuf>> {
    let (start, pattern) = match pattern.strip_prefix('/') {
        Some(rest) => (PathBuf::from("/"), rest),
        None => (directory.to_owned(), pattern),
    };
    let parts: Vec<_> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let mut found = Vec::new();
    walk(&start, &parts, 0, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(place: &Path, parts: &[&str], depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let Some((first, rest)) = parts.split_first() else {
        if place.is_file() {
            found.push(place.to_owned());
        }
        return Ok(());
    };
    if *first == "**" {
        walk(place, rest, depth, found)?;
        if depth < DEPTH_MAX {
            for entry in entries(place)?.into_iter().filter(|entry| entry.is_dir() && !entry.is_symlink()) {
                walk(&entry, parts, depth + 1, found)?;
            }
        }
        return Ok(());
    }
    if !first.contains(['*', '?']) {
        let next = place.join(first);
        return if next.exists() { walk(&next, rest, depth, found) } else { Ok(()) };
    }
    for entry in entries(place)? {
        let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if fits(first, &name) && (first.starts_with('.') || !name.starts_with('.')) {
            walk(&entry, rest, depth, found)?;
        }
    }
    Ok(())
}

fn entries(place: &Path) -> std::io::Result<Vec<PathBuf>> {
    // The directory of a file that was named without one.
    let here = if place.as_os_str().is_empty() { Path::new(".") } else { place };
    if !here.is_dir() {
        return Ok(Vec::new());
    }
    std::fs::read_dir(here)?.map(|entry| entry.map(|entry| place.join(entry.file_name()))).collect()
}

/// Whether a name fits a pattern of `*` and `?`. Linear in practice: only the last `*` is ever gone back to.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<_>, Vec<_>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name, mut star) = (0, 0, None);
    while in_name < name.len() {
        if at < pattern.len() && pattern[at] == '*' {
            star = Some((at, in_name));
            at += 1;
        } else if at < pattern.len() && (pattern[at] == '?' || pattern[at] == name[in_name]) {
            at += 1;
            in_name += 1;
        } else if let Some((star_at, matched)) = star {
            at = star_at + 1;
            in_name = matched + 1;
            star = Some((star_at, matched + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        for (pattern, name, expected) in [
            ("*.yaml", "home.yaml", true),
            ("*.yaml", "home.yml", false),
            ("h?me.*", "home.yaml", true),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbx", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_found_below_a_directory() {
        let directory = tempfile::tempdir().expect("a directory");
        for path in ["a.yaml", "p/b.yaml", "p/q/c.yaml", "p/q/d.txt", "p/.hidden.yaml"] {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        for (pattern, expected) in [
            ("**/*.yaml", vec!["a.yaml", "p/b.yaml", "p/q/c.yaml"]),
            ("p/*.yaml", vec!["p/b.yaml"]),
            ("./p/q/?.*", vec!["p/q/c.yaml", "p/q/d.txt"]),
            ("nothing/*.yaml", vec![]),
            ("a.yaml", vec!["a.yaml"]),
        ] {
            let found = find(directory.path(), pattern).expect("read");
            let expected: Vec<_> = expected.into_iter().map(|path| directory.path().join(path)).collect();
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
