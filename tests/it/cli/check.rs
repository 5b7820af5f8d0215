//! `check` as it is typed: what it takes, what it prints, how it ends.

use super::{Desk, repository};

const GOOD: &str =
    "forerunner: 1\njourney: home\nneeds: { hosts: { site: https://www.example.org } }\nsteps:\n  - get: /\n";
const BAD: &str = "forerunner: 1\njourney: home\nneeds: { hosts: { site: https://www.example.org } }\nsteps:\n  - get: /\n    expct: { status: 200 }\n";
const CONFIG: &str = "vantage: desk\nruns:\n  - { file: good.yaml, every: 1m }\n";
const PATTERN: &str = "probes: [\"empty/../g*.yaml\"]\nruns: [{ journey: home, every: 1m }]\n";

const TEN_MISTAKES: &str = r#"forerunner: 1
journey: Book a mentor
needs:
  hosts:
    platform: https://api.platform.example
    mentors: { url: https://api.mentors.example, owener: mentors-partner }
  secrets:
    password: { to: [platfrom] }
  inputs:
    country: { type: string, default: 7 }
steps:
  - step: sign-in
    at: platform
    post: /v1/session
    json: { password: "${pasword}" }
    expect:
      status: { in: 200 }
      $.token: { lenght: { gte: 20 } }
      $.services[?@.kind == 'a': { exists: true }
    keep:
      token: { from: $.token, secret: yes }
  - step: sign-in
    at: mentors
    get: /mentors
    retry: { every: 2, times: 3 }
    expect:
      time: { lt: 800 }
"#;

const BROKEN_CONFIG: &str = r"vantge: desk
runs:
  - file: good.yaml
    every: 1 minute
    inputs: { country: SE }
    secrets: { password: hunter2-and-more }
    allow: { write: true }
  - file: nowhere.yaml
  - journey: hom
    network: { tls-min: 1.1 }
";

fn desk() -> Desk {
    Desk::new()
        .file("good.yaml", GOOD)
        .file("bad.yaml", BAD)
        .file("config.yaml", CONFIG)
        .file("pattern.yaml", PATTERN)
        .file("empty/readme.md", "x\n")
}

#[tokio::test]
async fn the_exit_code_tells_whether_anything_is_wrong() {
    let desk = desk();
    for (files, code, says) in [
        ("good.yaml", 0, "no problems in 1 file; 1 journey checked"),
        ("bad.yaml", 2, "error[unknown-key]"),
        ("nothere.yaml", 2, "there is no such file or directory"),
        ("empty", 2, "there is no journey and no configuration here"),
        ("config.yaml", 0, "no problems in 2 files; 1 journey checked"),
        ("./config.yaml", 0, "no problems in 2 files; 1 journey checked"),
        ("empty/../pattern.yaml", 0, "no problems in 2 files; 1 journey checked"),
        ("good.yaml bad.yaml", 2, "1 error in 1 file; 2 journeys checked"),
        ("good.yaml config.yaml bad.yaml nothere.yaml", 2, "2 errors in 2 files"),
        (".", 2, "1 error in 1 file"),
    ] {
        desk.run(&format!("check {files}")).await.ends_with(code).prints(says);
    }
    desk.run("check").await.ends_with(1).complains("<FILE>...");
    desk.run("chekc good.yaml").await.ends_with(1).complains("check");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_without_a_caret() {
    let ran = desk().run("check nothere.yaml").await;
    ran.ends_with(2).says_nowhere("^").prints(" --> nothere.yaml\n");
}

#[tokio::test]
async fn ten_mistakes_are_told_in_one_go() {
    let ran = Desk::new().file("book.yaml", TEN_MISTAKES).run("check book.yaml").await;
    insta::assert_snapshot!(ran.ends_with(2).out);
}

#[tokio::test]
async fn a_broken_configuration_is_told_in_one_go() {
    let ran = desk().file("config.yaml", BROKEN_CONFIG).run("check config.yaml").await;
    ran.says_nowhere("hunter2");
    insta::assert_snapshot!(ran.ends_with(2).out);
}

#[tokio::test]
async fn a_reader_that_leaves_early_changes_nothing_about_the_answer() {
    for (file, code) in [("good.yaml", 0), ("bad.yaml", 2)] {
        for format in ["human", "json", "github", "sarif"] {
            let desk = desk();
            let mut child = desk.command(&format!("check {file} --format {format}")).spawn().expect("it starts");
            drop(child.stdout.take());
            let ran = super::Ran::of(child.wait_with_output().await.expect("it ends"));
            assert_eq!(ran.ends_with(code).err, "");
        }
    }
}

#[tokio::test]
async fn the_schemas_are_those_of_the_repository() {
    for kind in ["journey", "config"] {
        let kept = std::fs::read_to_string(repository().join(format!("config/schema/{kind}.schema.json")));
        let ran = Desk::new().run(&format!("schema {kind}")).await;
        assert!(ran.ends_with(0).out == kept.expect("a schema"), "{kind}");
    }
    Desk::new().run("schema journeys").await.ends_with(1).complains("a similar value exists: 'journey'");
}

#[tokio::test]
async fn help_and_version_go_to_standard_output() {
    let desk = Desk::new();
    desk.run("--help").await.ends_with(0).prints("Exit codes:");
    desk.run("test --help").await.ends_with(0).prints("--allow <WHAT>");
    desk.run("--version").await.ends_with(0).prints(concat!("forerunner ", env!("CARGO_PKG_VERSION")));
    let ran = desk.run("").await;
    assert_eq!(ran.ends_with(1).out, "");
}
