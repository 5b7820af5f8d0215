//! What is said twice in order to be packed: versions, and what of the repository goes into a build.

use regex::Regex;

use crate::repository::{FILES, exists};

fn text(name: &str) -> &'static str {
    FILES.iter().find(|(path, _)| path == name).map_or_else(|| panic!("no {name}"), |(_, text)| text.as_str())
}

/// What stands in the only group of a pattern.
fn found(name: &str, pattern: &str) -> &'static str {
    let pattern = Regex::new(pattern).expect("a pattern");
    let found = pattern.captures(text(name)).unwrap_or_else(|| panic!("{name} has nothing like {pattern}"));
    found.get(1).map_or("", |found| found.as_str())
}

#[test]
fn the_image_is_built_by_our_compiler_and_bears_our_version() {
    assert_eq!(found("Dockerfile", r"library/rust:([0-9.]+)-"), found("Cargo.toml", r#"rust-version = "([0-9.]+)""#));
    assert_eq!(found("Dockerfile", r"ARG VERSION=(\S+)"), env!("CARGO_PKG_VERSION"));
    assert_eq!(found("config/kubernetes/kustomization.yaml", r"newTag: (\S+)"), env!("CARGO_PKG_VERSION"));
}

#[test]
fn what_the_image_is_built_from_reaches_the_build() {
    let let_through: Vec<_> = text(".dockerignore").lines().filter_map(|line| line.strip_prefix('!')).collect();
    let copied: Vec<_> = text("Dockerfile")
        .lines()
        .filter_map(|line| line.strip_prefix("COPY ").filter(|line| !line.starts_with("--")))
        .flat_map(|line| line.split(' ').take(line.split(' ').count() - 1))
        .collect();
    assert!(copied.len() > 5, "{copied:?}");
    for path in &let_through {
        assert!(exists(path) && copied.contains(path), "{path} is let through for nothing");
    }
    for path in copied {
        assert!(let_through.contains(&path), "{path} is kept away from the build");
    }
    // What is compiled in stands in what is copied.
    let inside = Regex::new(r#"include_(?:str|bytes)!\("([^"]+)"\)"#).expect("a pattern");
    let mut outside_src = 0;
    for (path, text) in FILES.iter().filter(|(path, _)| path.starts_with("src/")) {
        for included in inside.captures_iter(text).map(|found| found[1].to_owned()) {
            let mut at: Vec<_> = path.split('/').collect();
            at.pop();
            for part in included.split('/') {
                if part == ".." {
                    at.pop();
                } else {
                    at.push(part);
                }
            }
            assert!(let_through.contains(&at[0]), "{path} includes {included}, which is kept away from the build");
            outside_src += usize::from(at[0] != "src");
        }
    }
    assert!(outside_src > 0, "journeys and configuration are compiled in");
}

#[cfg(unix)]
#[test]
fn cargo_has_what_it_needs_of_what_reaches_the_build() {
    let build = tempfile::tempdir().expect("a directory");
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in text(".dockerignore").lines().filter_map(|line| line.strip_prefix('!')) {
        std::os::unix::fs::symlink(repository.join(path), build.path().join(path)).expect("linked");
    }
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--no-deps", "--format-version", "1"]).current_dir(build.path());
    let output = cargo.output().expect("started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_flags_of_the_static_program_are_the_same_everywhere() {
    let flags = r"(-C target-feature=\+crt-static[^']*)'";
    assert_eq!(found("Dockerfile", flags), found("scripts/static", flags));
}
