//! Tables of configurations and what is found in them, and the runs of those that are good.

use super::load;
use crate::base::diagnostic::Diagnostic;

const HOME: &str = "forerunner: 1\njourney: home\nowner: us\nneeds: { hosts: { site: https://www.example.org }, inputs: { a: { type: string, default: x } } }\nvars: { v: \"${a}\" }\nsteps: [{ get: \"/${v}\" }]\n";
const OTHER: &str = "forerunner: 1\njourney: other\nneeds: { hosts: { site: https://www.example.org }, inputs: { b: { type: string, default: y } } }\nvars: { v: \"${b}\" }\nsteps: [{ get: \"/${v}\" }]\n";

/// Files `p/home.yaml`, `p/other.yaml`, `p/sub/home.yaml` (again `home`) and `both.yaml` (home and other); what is
/// found as `rule line:column message`, or the names of the runs.
fn outcome(text: &str) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(directory.path().join("p/sub")).expect("made");
    for (path, content) in [
        ("p/home.yaml", HOME.to_owned()),
        ("p/other.yaml", OTHER.to_owned()),
        ("p/sub/home.yaml", HOME.to_owned()),
        ("both.yaml", format!("{HOME}---\n{OTHER}")),
        ("long.yaml", format!("{HOME}limits: {{ time: 1m }}\n")),
        ("forerunner.yaml", text.to_owned()),
    ] {
        std::fs::write(directory.path().join(path), content).expect("written");
    }
    let configuration = load(&directory.path().join("forerunner.yaml"));
    let told = |problem: &Diagnostic| {
        let place = directory.path().display().to_string() + "/";
        format!("{} {} {}", problem.rule.id, problem.position(), problem.message).replace(&place, "")
    };
    let ours = configuration.diagnostics.iter().filter(|problem| problem.source.name.ends_with("forerunner.yaml"));
    let found: Vec<_> = ours.map(told).collect();
    if found.is_empty() { configuration.runs.iter().map(|run| run.journey.name.clone()).collect() } else { found }
}

fn check(rows: &[(&str, &[&str])]) {
    for (text, expected) in rows {
        assert_eq!(outcome(text), *expected, "{text}");
    }
}

#[test]
fn entries_become_runs() {
    check(&[
        ("runs: [{ file: p/home.yaml }]", &["home"]),
        ("runs: [{ file: ./p/../p/home.yaml, name: mine }]", &["mine"]),
        ("runs: [{ file: both.yaml }]", &["home", "other"]),
        (
            "runs: [{ file: p/home.yaml, demand: 400/d, value: 12.50 GBP, runbook: https://wiki.example.org/home, labels: { unit: sales } }]",
            &["home"],
        ),
        ("runs: [{ file: both.yaml, journey: other }]", &["other"]),
        ("runs: [{ file: both.yaml, inputs: { a: z } }]", &["home", "other"]),
        ("probes: [\"p/*.yaml\"]\nruns: [{ journey: other }, { journey: home, name: second }]", &["other", "second"]),
        (
            "runs: [{ file: p/home.yaml, each: [{ a: One }, { a: two, labels: { size: b c } }] }]",
            &["home-one", "home-b-c"],
        ),
        ("runs: [{ file: p/home.yaml, each: [{ labels: {} }] }]", &["home"]),
        ("parties: { us: { name: We } }\nruns: [{ file: p/home.yaml }]", &["home"]),
        (
            "vantage: here\ncontact: us@example.org\ndefaults: { every: 1m, limits: { time: 2m } }\nruns: [{ file: p/home.yaml, alert: none }]",
            &["home"],
        ),
        ("limits: { run-time: 30s }\ndefaults: { limits: { time: 2m } }\nruns: [{ file: long.yaml }]", &["home"]),
        ("routes: {}\ntrust: {}\nruns: []", &[]),
    ]);
}

#[test]
fn every_mistake_is_told_at_its_place() {
    check(&[
        ("", &["binding 1:1 the file holds no configuration"]),
        ("runs: []\n---\nruns: []\n", &["binding 3:1 a configuration is one document, this is a second one"]),
        (HOME, &["binding 1:1 this is a journey, not a configuration"]),
        ("runs: [{ name: x }]", &["binding 1:8 an entry names a `journey`, a `file`, or both"]),
        ("runs: [{ file: none.yaml }]", &["binding 1:16 there is no file `none.yaml`"]),
        ("probes: [\"x/*.yaml\"]\nruns: []", &["binding 1:10 no file fits `x/*.yaml`"]),
        (
            "probes: [p/other.yaml]\nruns: [{ journey: othre }]",
            &["binding 2:19 there is no journey `othre` among `probes`, or it has problems"],
        ),
        (
            "runs: [{ file: both.yaml, journey: third }]",
            &["binding 1:36 there is no journey `third` in `both.yaml`, or it has problems"],
        ),
        (
            "probes: [\"p/**/*.yaml\"]\nruns: [{ journey: home }]",
            &["binding 2:19 journey `home` stands in several files: `p/home.yaml`, `p/sub/home.yaml`"],
        ),
        (
            "runs: [{ file: both.yaml, name: x }]",
            &["run-name 1:33 `name` stands for one journey, and the file holds several"],
        ),
        ("runs: [{ file: p/home.yaml }, { file: p/sub/home.yaml }]", &["run-name 1:31 two runs are called `home`"]),
        (
            "runs: [{ file: p/home.yaml, version: ^1.0 }]",
            &[
                "pin 1:38 `version` does not go with `file`",
                "pin 1:38 version `^1.0` is wanted, the definition has none",
            ],
        ),
        (
            "runs: [{ file: both.yaml, inputs: { c: z } }]",
            &["binding 1:37 no journey of `both.yaml` declares input `c`"],
        ),
        ("runs: [{ file: p/home.yaml, each: [{ b: z }] }]", &["binding 1:38 journey `home` declares no input `b`"]),
        (
            "runs: [{ file: p/home.yaml, demand: 400, value: 12, runbook: wiki }]",
            &[
                "binding 1:37 this does not say how often users do it",
                "binding 1:49 this is not an amount with its currency",
                "binding 1:62 `wiki` is not the URL of a page",
            ],
        ),
        (
            "runs: [{ file: p/home.yaml, labels: { a: x, b: x, c: x, d: x, e: x, f: x, g: x, h: x, i: x, j k: x, l: x } }]",
            &[
                "binding 1:39 an entry has at most 10 labels, those of `each` included; these are 11",
                "binding 1:93 `j k` cannot be the name of a label",
            ],
        ),
        ("runs: [{ file: p/home.yaml, each: [] }]", &["run-name 1:8 `each` is empty, so nothing would run"]),
        (
            "runs: [{ file: both.yaml, network: { ca: none.pem } }]",
            &["network 1:42 `ca` cannot be read: No such file or directory (os error 2)"],
        ),
        (
            "limits: { run-time: 30s }\nruns: [{ file: long.yaml }]",
            &["ceiling 2:8 journey `home` asks `time: 1m`, allowed is 30s"],
        ),
        (
            "defaults: { every: 5s }\nruns: [{ file: p/home.yaml }, { file: p/other.yaml, every: 1m }]",
            &["ceiling 1:20 `every: 5s` is more often than journey `home` accepts"],
        ),
        (
            "runs: [{ file: p/home.yaml, every: 5s }]",
            &["ceiling 1:36 `every: 5s` is more often than journey `home` accepts"],
        ),
        ("runs: [{ file: p/home.yaml, alert: [pager] }]", &["channel 1:37 there is no channel `pager`"]),
        (
            "defaults: { alert: [pager] }\nruns: [{ file: p/home.yaml }, { file: p/other.yaml }]",
            &["channel 1:21 there is no channel `pager`"],
        ),
        ("routes: { a: b }\nruns: []", &["not-in-this-version 1:9 `routes` comes with a later version of forerunner"]),
        (
            "parties: { them: {} }\nruns: [{ file: p/home.yaml }]",
            &["unknown-party 1:12 owner `us` has no entry in `parties`"],
        ),
    ]);
    let long = "x".repeat(60);
    let text = format!("runs: [{{ file: p/home.yaml, each: [{{ a: {long} }}] }}]");
    assert_eq!(outcome(&text), [format!("run-name 1:36 `home-{long}` is too long for the name of a run")]);
}

#[test]
fn a_channel_is_usable_or_every_reason_why_not_is_told() {
    let email = |rest: &str| {
        format!(
            "channels: {{ ops: {{ email: {{ from: a@example.org, to: [b@example.org], {rest} }} }} }}\n\
             defaults: {{ alert: [ops] }}\nruns: [{{ file: p/home.yaml }}]"
        )
    };
    let sound = "relays: [{ host: smtp.example.org, user: u, password: env:P }, { host: 127.0.0.1, tls: none }]";
    for (rest, expected) in [
        (sound, &["home"][..]),
        ("relays: []", &["channel 1:13 channel `ops` has no relay"]),
        (
            "relays: [{ host: \"smtp.example.org/x\" }]",
            &["channel 1:88 `smtp.example.org/x` is not the name of a mail server"],
        ),
        ("relays: [{ host: localhost, port: 70000 }]", &["channel 1:105 `70000` is no port"]),
        ("relays: [{ host: localhost, user: u }]", &["channel 1:105 `user` without `password`"]),
        ("relays: [{ host: localhost, password: file:p }]", &["channel 1:109 `password` without `user`"]),
        (
            "relays: [{ host: localhost, tls: none, user: u, password: env:P }]",
            &["channel 1:116 a password would be sent unencrypted with `tls: none`"],
        ),
        (
            "relays: [{ host: smtp.example.org, tls: none }]",
            &["unencrypted 1:88 mail to this relay is not encrypted on its way"],
        ),
        ("fallback: [nobody], relays: [{ host: localhost }]", &["channel 1:82 `nobody` is not a mail address"]),
        (
            "fallback: [ü@example.org], relays: [{ host: localhost }]",
            &["channel 1:82 `ü@example.org` has letters that not every relay accepts in an address"],
        ),
        (
            "fallback: [c@example.org, C@example.org], relays: [{ host: localhost }]",
            &["channel 1:97 `C@example.org` stands twice in `fallback`"],
        ),
    ] {
        assert_eq!(outcome(&email(rest)), expected, "{rest}");
    }
    check(&[(
        "channels: { ops: { email: { from: a@example.org, to: [b@example.org], relays: [{ host: localhost }] } } }\n\
         runs: [{ file: p/home.yaml }, { file: p/other.yaml, alert: none }]",
        &["nobody-told 2:8 nobody is told of incidents of this entry"],
    )]);
}

#[test]
fn an_installation_of_ten_thousand_entries_is_one_file() {
    use std::fmt::Write as _;
    let mut text = "runs:\n".to_owned();
    for number in 0..10_000 {
        let _ = writeln!(text, "  - {{ file: p/home.yaml, name: r{number}, every: 1m }}");
    }
    assert_eq!(outcome(&text).len(), 10_000);
}
