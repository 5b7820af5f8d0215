//! Sends the seeds of every fuzz target through the target, so that what once broke it stays mended everywhere.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// Runs one target over its folder of seeds.
fn check(target: &str, run: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder can be read").path())
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 5, "{target} has {} seeds", seeds.len());
    for seed in seeds {
        println!("{}", seed.display());
        run(&std::fs::read(&seed).expect("a seed can be read"));
    }
}

#[test]
fn journey_seeds_are_read_to_their_end() {
    check("journey", targets::journey);
}

#[test]
fn template_seeds_are_taken_or_refused() {
    check("template", targets::template);
}

#[test]
fn selector_seeds_are_taken_or_refused() {
    check("selector", targets::selector);
}

#[test]
fn cookie_seeds_are_taken_apart() {
    check("cookie", targets::cookie);
}

#[test]
fn header_seeds_are_taken_apart() {
    check("header", targets::header);
}

#[test]
fn every_target_has_its_seeds_and_its_test() {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(top.join(folder)).expect("the folder is there");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("a folder can be read").file_name().to_string_lossy().replace(".rs", ""))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("targets"), names("seeds"));
    for name in names("targets") {
        assert!(include_str!("seeds.rs").contains(&format!("check(\"{name}\", targets::{name})")), "{name}");
    }
}
