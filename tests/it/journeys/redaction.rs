//! No output of a run holds a secret, whatever the target does with it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use forerunner::cli::report::{ReportFormat, RunFormat, Shown, write, write_report};
use forerunner::model::run::Run;
use forerunner::{curl, har};
use std::time::Duration;

use crate::journeys::{SECRET, walk};
use crate::support::http1::{always, write as answer};

const BINDING: &str = "secrets: { key: 'file:key' }";

/// Everything that can be made of a run.
fn outputs(run: &Run) -> String {
    let runs = std::slice::from_ref(run);
    let mut out = Vec::new();
    let shown = Shown { trace: true, ..Shown::default() };
    for format in [RunFormat::Human, RunFormat::Json, RunFormat::Junit, RunFormat::Tap] {
        write(format, runs, Duration::ZERO, shown, &mut out).expect("written");
    }
    write_report(ReportFormat::Har, runs, Duration::ZERO, &mut out).expect("written");
    let mut text = String::from_utf8(out).expect("text");
    text.push_str(&har::log(runs).to_string());
    for evidence in run.steps.iter().chain(&run.cleanup).flat_map(|step| &step.evidence) {
        text.push_str(&curl::command(evidence));
    }
    text
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |out, byte| {
        if byte.is_ascii_alphanumeric() { out + &char::from(byte).to_string() } else { out + &format!("%{byte:02X}") }
    })
}

/// The forms in which a secret may be found again.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("json");
    vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        percent(secret),
        percent(secret).to_lowercase(),
        secret.replace('&', "&amp;"),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        forerunner::model::value::hexadecimal(secret.as_bytes()),
    ]
}

fn assert_hidden(run: &Run, secrets: &[&str]) {
    let text = outputs(run);
    for form in secrets.iter().flat_map(|secret| forms(secret)).filter(|form| form.len() >= 6) {
        assert!(!text.contains(&form), "`{form}` stands in:\n{}", around(&text, &form));
    }
}

fn around(text: &str, found: &str) -> String {
    let at = text.find(found).unwrap_or(0);
    text.chars().skip(text[..at].chars().count().saturating_sub(200)).take(500).collect()
}

/// One step that sends the secret in every place, answered with this head and body.
async fn echoed(head: &str, body: &str, expect: &str) -> Run {
    let text = format!(
        "forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: SITE }}, secrets: {{ key: {{ to: [site] }} }}, writes: [x] }}\n\
         vars: {{ half: '${{key | regex ^(.{{8}})}}', rest: '${{key | regex (.{{8}})$}}' }}\nsteps:\n  - step: a\n    post: /p/${{key}}\n    \
         query: {{ k: '${{key}}' }}\n    headers: {{ X-Key: '${{key}}', X-Half: '${{half}}', X-Rest: '${{rest}}' }}\n    \
         cookies: {{ c: '${{key}}' }}\n    auth: {{ basic: {{ user: u, password: '${{key}}' }} }}\n    json: {{ k: '${{key}}', h: '${{half}}' }}\n    \
         keep: {{ all: body, part: {{ from: body, secret: true }} }}\n    expect: {{ {expect} }}"
    );
    let written = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
    walk(&text, BINDING, vec![always(&answer(&written))], vec![]).await.run
}

#[tokio::test]
async fn an_answer_that_repeats_the_secret_is_shown_without_it() {
    for form in forms(SECRET) {
        for expect in ["body: nothing", "'header:X-Echo': nothing", "$.a: 1", "status: 201"] {
            let head = format!("Content-Type: text/plain\r\nX-Echo: x{form}y\r\nSet-Cookie: s={}\r\n", percent(&form));
            let run = echoed(&head, &format!("before {form} after"), expect).await;
            assert_hidden(&run, &[SECRET]);
        }
    }
}

#[tokio::test]
async fn a_cut_bares_no_half_of_a_secret() {
    for before in (150..=205).step_by(5) {
        let run = echoed("", &format!("{}{SECRET}", "x".repeat(before)), "body: nothing").await;
        assert_hidden(&run, &[SECRET]);
        let text = outputs(&run);
        assert!(!text.contains(&SECRET[..10]), "cut after {before}: {}", around(&text, &SECRET[..10]));
    }
    for before in [64 * 1024 - 5, 64 * 1024 + 4 * 1024 - 5] {
        let run = echoed("", &format!("{}{SECRET}{}", "x".repeat(before), "y".repeat(9000)), "status: 201").await;
        assert!(!outputs(&run).contains(&SECRET[..10]), "a body cut after {before}");
    }
}

#[tokio::test]
async fn halves_of_a_secret_are_secret_too() {
    let run = echoed("", &format!("{} and {}", &SECRET[..8], &SECRET[SECRET.len() - 8..]), "body: nothing").await;
    assert_hidden(&run, &[SECRET, &SECRET[..8], &SECRET[SECRET.len() - 8..]]);
}

#[tokio::test]
async fn what_an_answer_brings_as_a_secret_is_hidden_from_then_on_and_before() {
    let text = "forerunner: 1\njourney: j\nneeds: { hosts: { site: SITE } }\nsteps:\n  \
                - { step: a, get: /, keep: { t: { from: $.token, secret: true } } }\n  - { step: b, get: '/x/${t}', expect: { status: 404 } }";
    let token = "tok-en/that+is=kept";
    let body = format!("{{\"token\":\"{token}\"}}");
    let written = format!("HTTP/1.1 200 OK\r\nX-Token: {token}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let run = walk(text, "", vec![always(&answer(&written))], vec![]).await.run;
    assert_eq!(run.outcome.word(), "failed");
    assert_hidden(&run, &[token]);
}
