//! What `check` and `test` write for machines, and into which hands.

use std::process::Stdio;

use serde_json::Value as Json;

use super::well_formed::elements;
use super::{Desk, Ran, journey, test};
use crate::support::http1::{self, always, ok, write};

const HELLO: &str = "  - { step: hello, get: / }\n";
const GOODBYE: &str = "  - { step: hello, get: /, expect: { body: \"<bye> & \\\"so\\\" on\" } }\n  - get: /never\n";

/// One journey that passes, one that fails, one that is refused.
async fn desk() -> Desk {
    let (site, _) = http1::serve(vec![always(&ok("hello"))]).await;
    let refused = "  - get: /\n  - post: /\n".to_owned();
    Desk::new()
        .file("a.yaml", &journey("passes", site, HELLO))
        .file("b.yaml", &journey("fails", site, GOODBYE))
        .file("c.yaml", &super::needing("is-refused", site, "  writes: [thing]\n", &refused))
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn the_exit_code_tells_the_worst_and_a_failure_wins() {
    let desk = desk().await.file("bad.yaml", "forerunner: 1\n");
    for (files, code, summary) in [
        ("a.yaml", 0, ": 1 passed\n"),
        ("b.yaml", 4, ": 1 failed\n"),
        ("c.yaml", 3, ": 1 indeterminate\n"),
        ("a.yaml c.yaml", 3, ": 1 passed, 1 indeterminate\n"),
        ("a.yaml b.yaml c.yaml", 4, ": 1 passed, 1 failed, 1 indeterminate\n"),
    ] {
        let ran = desk.run(&test(files)).await;
        ran.ends_with(code).prints(summary);
        let runs = files.split(' ').count();
        let last = ran.out.lines().last().expect("a summary");
        assert!(last.starts_with(&format!("{runs} run{} in ", if runs == 1 { "" } else { "s" })), "{last}");
    }
    // Of several files one is invalid: nothing runs, not even the good ones.
    let ran = desk.run(&test("a.yaml bad.yaml")).await;
    assert_eq!(ran.ends_with(2).complains("nothing was run").out, "");
    desk.run(&test("nothere.yaml")).await.ends_with(2).complains("there is no such file or directory");
}

#[tokio::test]
async fn runs_are_read_by_machines() {
    let desk = desk().await;
    let line = test("a.yaml b.yaml c.yaml");

    let document = json(&desk.run(&format!("{line} --format json")).await.ends_with(4).out);
    let outcomes: Vec<&str> =
        document["runs"].as_array().expect("runs").iter().map(|run| run["outcome"].as_str().expect("a word")).collect();
    assert_eq!((document["format_version"].as_u64(), outcomes), (Some(1), vec!["passed", "failed", "indeterminate"]));

    let found = elements(&desk.run(&format!("{line} --format junit")).await.ends_with(4).out);
    let count = |name: &str| found.iter().filter(|found| *found == name).count();
    assert_eq!((count("testsuites"), count("testsuite"), count("testcase")), (1, 3, 5));
    assert_eq!((count("failure"), count("error"), count("skipped")), (1, 1, 1));

    let tap = desk.run(&format!("{line} --format tap")).await.ends_with(4).out.clone();
    let mut lines = tap.lines();
    assert_eq!((lines.next(), lines.next()), (Some("TAP version 13"), Some("1..5")));
    let results: Vec<&str> =
        tap.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).collect();
    for (index, result) in results.iter().enumerate() {
        assert!(result.split("ok ").nth(1).is_some_and(|rest| rest.starts_with(&format!("{} - ", index + 1))), "{tap}");
    }
    assert_eq!(results.len(), 5);
}

#[tokio::test]
async fn reports_are_written_beside_what_people_read() {
    let desk = desk().await;
    let reports = "--report junit=r.xml --report tap=r.tap --report json=r.json --report har=r.har";
    desk.run(&test(&format!("a.yaml b.yaml {reports}"))).await.ends_with(4).prints("✗ failed  fails");
    assert!(elements(&desk.read("r.xml")).len() > 5);
    assert!(desk.read("r.tap").starts_with("TAP version 13\n1..3\n"));
    assert_eq!(json(&desk.read("r.json"))["runs"].as_array().map(Vec::len), Some(2));
    let har = json(&desk.read("r.har"));
    assert_eq!(
        (har["log"]["version"].as_str(), har["log"]["entries"].as_array().map(Vec::len)),
        (Some("1.2"), Some(2))
    );
}

#[tokio::test]
async fn a_report_that_cannot_be_kept_is_told_before_anything_runs() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let desk = Desk::new().file("a.yaml", &journey("home", site, HELLO));
    let ran = desk.run(&test("a.yaml --report junit=no/such/place.xml")).await;
    assert_eq!(ran.ends_with(1).complains("`no/such/place.xml` cannot be written").out, "");
    assert_eq!(seen.connections(), 0);
    for report in ["junit", "junit=", "pdf=x"] {
        desk.run(&test(&format!("a.yaml --report {report}"))).await.ends_with(1).complains("junit, tap, json and har");
    }
}

#[tokio::test]
async fn an_output_that_takes_nothing_is_told() {
    let desk = desk().await;
    for line in [test("a.yaml"), test("a.yaml --format json"), "check a.yaml".to_owned(), "schema config".to_owned()] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is always full");
        let child = desk.command(&line).stdout(Stdio::from(full)).spawn().expect("it starts");
        let ran = Ran::of(child.wait_with_output().await.expect("it ends"));
        ran.ends_with(1).complains("error: ").complains("No space left on device");
    }
}

#[tokio::test]
async fn a_reader_that_leaves_early_ends_the_printing_and_not_the_runs() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let desk = Desk::new().file("a.yaml", &journey("home", site, HELLO));
    for format in ["human", "json", "junit", "tap"] {
        let line = test(&format!("a.yaml --repeat 2 --format {format} --report json=r.json"));
        let mut child = desk.command(&line).spawn().expect("it starts");
        drop(child.stdout.take());
        let ran = Ran::of(child.wait_with_output().await.expect("it ends"));
        assert_eq!(ran.ends_with(0).err, "");
        assert_eq!(json(&desk.read("r.json"))["runs"].as_array().map(Vec::len), Some(2), "{format}");
    }
    assert_eq!(seen.requests().len(), 8);
}

#[tokio::test]
async fn problems_are_read_by_machines() {
    let desk = Desk::new().file("bad.yaml", "forerunner: 1\njourney: Bad\nneeds: {}\nsteps: []\nextra: 1\n");
    let document = json(&desk.run("check bad.yaml --format json").await.ends_with(2).out);
    let problems = document["diagnostics"].as_array().expect("a list");
    assert!(problems.len() >= 3 && document["errors"].as_u64() == u64::try_from(problems.len()).ok());
    assert!(problems.iter().all(|problem| problem["file"] == "bad.yaml" && problem["line"].is_u64()));

    let github = desk.run("check bad.yaml --format github").await.ends_with(2).out.clone();
    assert!(github.lines().all(|line| line.starts_with("::error file=bad.yaml,line=")), "{github}");
    assert_eq!(github.lines().count(), problems.len());

    let sarif = json(&desk.run("check bad.yaml --format sarif").await.ends_with(2).out);
    assert_eq!(sarif["version"], "2.1.0");
    assert!(sarif["$schema"].as_str().is_some_and(|schema| schema.contains("sarif")));
    let run = &sarif["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "forerunner");
    let rules: Vec<&Json> = driver["rules"].as_array().expect("rules").iter().map(|rule| &rule["id"]).collect();
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), problems.len());
    for result in results {
        assert!(rules.contains(&&result["ruleId"]) && result["level"] == "error", "{result}");
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "bad.yaml");
        assert!(place["region"]["startLine"].as_u64() >= Some(1) && place["region"]["startColumn"].as_u64() >= Some(1));
    }
}

#[tokio::test]
async fn colour_is_for_terminals_unless_asked_for() {
    let (site, _) = http1::serve(vec![always(&write("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"))]).await;
    let desk = Desk::new().file("a.yaml", &journey("home", site, HELLO)).file("bad.yaml", "forerunner: 1\n");
    let check = |ran: Ran, colour: bool| assert_eq!(ran.out.contains('\u{1b}') || ran.err.contains('\u{1b}'), colour);
    for line in [test("a.yaml"), "check bad.yaml".to_owned(), test("bad.yaml")] {
        check(desk.run(&line).await, false);
        check(desk.run(&format!("{line} --color always")).await, true);
        check(desk.run(&format!("--color never {line}")).await, false);
    }
    let forced = Desk::new().file("bad.yaml", "forerunner: 1\n").variable("CLICOLOR_FORCE", "1");
    check(forced.run("check bad.yaml").await, true);
    check(forced.run("check bad.yaml --color never").await, false);
    let none = Desk::new().file("bad.yaml", "forerunner: 1\n").variable("NO_COLOR", "1");
    check(none.run("check bad.yaml").await, false);
    // What programs read has no colour in any case.
    check(desk.run(&test("a.yaml --format json --color always")).await, false);
}
