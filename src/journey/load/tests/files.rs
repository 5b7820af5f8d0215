//! Which files are read, and what is said about those that cannot be.

use std::fs;

use super::{HEAD, check, directory, journey_path, load, said};

fn steps(id: &str) -> String {
    format!("{}steps: [{{ get: / }}]\n", HEAD.replace("journey: a", &format!("journey: {id}")))
}

#[test]
fn a_directory_is_walked_in_order_and_what_is_no_journey_is_passed_over() {
    let (one, two, three) = (steps("one"), steps("two"), steps("three"));
    let directory = directory(&[
        ("b/z.yml", &two),
        ("b/a.yaml", &one),
        ("c.yaml", &three),
        (".hidden/x.yaml", "forerunner: nonsense"),
        (".x.yaml", "forerunner: nonsense"),
        ("config.yaml", "runs: []\n"),
        ("other.yaml", "{ not: [yaml"),
        ("notes.txt", "forerunner: 1"),
    ]);
    let report = load(&[directory.path().to_path_buf()]);
    let ids: Vec<_> = report.journeys.iter().map(|journey| journey.definition.id()).collect();
    assert_eq!((ids, report.files, report.documents), (vec!["three", "one", "two"], 3, 3), "{:?}", said(&report));
    assert!(report.diagnostics.is_empty(), "{:?}", said(&report));
}

#[cfg(unix)]
#[test]
fn links_to_files_are_read_and_links_to_directories_are_not() {
    let directory = directory(&[("real/a.yaml", &steps("a")), ("walked/b.yaml", &steps("b"))]);
    let path = |name: &str| journey_path(&directory, name);
    std::os::unix::fs::symlink(path("real/a.yaml"), path("walked/a.yaml")).expect("a link");
    std::os::unix::fs::symlink(path("walked"), path("walked/again")).expect("a link");
    let report = load(&[path("walked")]);
    let ids: Vec<_> = report.journeys.iter().map(|journey| journey.definition.id()).collect();
    assert_eq!(ids, ["a", "b"]);
}

#[test]
fn a_file_that_is_met_twice_is_loaded_once() {
    let directory = directory(&[("a.yaml", &steps("a"))]);
    let report = load(&[directory.path().to_path_buf(), journey_path(&directory, "a.yaml")]);
    assert_eq!((report.journeys.len(), report.files), (1, 1));
}

#[test]
fn a_file_that_is_named_must_hold_a_journey() {
    for (text, problem) in [
        ("", "no-journey 1:1 there is no journey in this file"),
        ("runs: []\n", "no-journey 1:1 there is no journey in this file"),
        ("a: 1\n---\nb: 2\n", "no-journey 1:1 there is no journey in this file"),
        ("a: [1", "yaml-syntax 1:4 unclosed bracket '['"),
    ] {
        let directory = directory(&[("a.yaml", text)]);
        let report = load(&[journey_path(&directory, "a.yaml")]);
        assert_eq!(said(&report), [problem], "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let directory = directory(&[("a.yaml", ""), ("large.yaml", "")]);
    fs::write(journey_path(&directory, "a.yaml"), b"forerunner: 1\njourney: \xff\n").expect("written");
    let large = format!("forerunner: 1\n# {}\n", "x".repeat(1 << 20));
    fs::write(journey_path(&directory, "large.yaml"), large).expect("written");
    let utf8 = "unreadable 1:1 the file is not UTF-8: the byte at offset 23 belongs to no character";
    let size = "file-size 1:1 the file is larger than 1 MiB";
    assert_eq!(said(&load(&[directory.path().to_path_buf()])), [utf8, size]);
    assert_eq!(said(&load(&[journey_path(&directory, "large.yaml")])), [size]);
    let nothing = "unreadable 1:1 there is no such file or directory";
    assert_eq!(said(&load(&[journey_path(&directory, "nothing.yaml")])), [nothing]);
}

#[test]
fn several_journeys_of_a_file_have_their_own_ids() {
    let (one, two) = (steps("one"), steps("two"));
    let text = format!("---\n{one}---\n---\n{two}");
    check(&[("a.yaml", &text)], &[]);
    let twice = format!("{one}---\n{one}");
    check(&[("a.yaml", &twice)], &["duplicate-id 7:10 journey `one` is already in this file"]);
}

#[test]
fn another_version_of_the_language_is_refused_and_nothing_else_is_said() {
    for (version, problem) in [
        (
            "2",
            "language-version 1:13 it needs a newer forerunner: it is written in version 2 of the language, this one reads 1",
        ),
        ("0", "language-version 1:13 there is no version 0 of the language"),
        (
            "1.5",
            "language-version 1:13 it needs a newer forerunner: it is written in version 1.5 of the language, this one reads 1",
        ),
        ("\"1\"", "kind 1:13 expected a whole number, found text"),
    ] {
        let text = format!("forerunner: {version}\nunknown: key\njourney: a\n");
        let directory = directory(&[("a.yaml", &text)]);
        let said = said(&load(&[journey_path(&directory, "a.yaml")]));
        assert!(said.iter().any(|said| said == problem), "{text}: {said:?}");
        assert!(said.len() == 1 || version.starts_with('"'), "{text}: {said:?}");
    }
}

#[test]
fn the_digest_names_the_bytes_of_every_file_that_is_used() {
    let text = format!("{HEAD}steps: [{{ get: /, file: {{ path: body.txt }} }}]\n");
    let directory = directory(&[("a.yaml", &text), ("body.txt", "one"), ("other.txt", "x")]);
    let path = journey_path(&directory, "a.yaml");
    let digest = || load(std::slice::from_ref(&path)).journeys[0].digest.0.clone();
    let first = digest();
    assert!(first.starts_with("sha256:") && first.len() == 71, "{first}");
    fs::write(journey_path(&directory, "other.txt"), "y").expect("written");
    assert_eq!(digest(), first);
    fs::write(journey_path(&directory, "body.txt"), "two").expect("written");
    assert_ne!(digest(), first);
}
