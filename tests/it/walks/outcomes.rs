//! How runs end: outcomes, causes and their precedence, and what is told about them.

use super::{Walk, brief, check, lines};

const HOME: &str = "steps: [{ step: a, get: / }, { step: b, get: /b }]";

#[tokio::test(start_paused = true)]
async fn what_a_target_does_decides_the_cause() {
    check(&[
        (HOME, &["200"], "passed; a passed; b passed"),
        (HOME, &["200", "500"], "failed http; a passed; b failed unexpected-status"),
        (HOME, &["301 Location:/b"], "failed http; a failed unexpected-status; b not run"),
        (HOME, &["cut"], "failed http; a failed answer-cut-short; b not run"),
        (HOME, &["reset"], "failed http; a failed answer-cut-short; b not run"),
        (
            HOME,
            &["raw HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
            "failed http; a failed answer-cut-short; b not run",
        ),
        (HOME, &["raw nonsense\r\n\r\n"], "failed http; a failed malformed-answer; b not run"),
        (HOME, &["silence"], "failed timeout; a failed wait-timeout; b not run"),
        (
            HOME,
            &["raw HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"],
            "failed http; a failed body-undecodable; b not run",
        ),
        ("limits: { body: 4 }\nsteps: [{ step: a, get: / }]", &["200 12345"], "failed http; a failed body-too-large"),
        ("limits: { body: 4 }\nsteps: [{ step: a, get: / }]", &["200 1234"], "passed; a passed"),
        ("steps: [{ step: a, get: /, follow: 1 }]", &["302 Location:/b"], "failed http; a failed too-many-redirects"),
        (
            "steps: [{ step: a, get: /, follow: 1 }]",
            &["302 Location:http://127.0.0.1:1/"],
            "failed http; a failed redirect-elsewhere",
        ),
        ("steps: [{ step: a, get: /, follow: 2 }]", &["302 Location:/b", "302 Location:/c", "200"], "passed; a passed"),
        (
            "steps: [{ step: a, get: /, expect: { $.a: 1 } }]",
            &["200 {\"a\": 2}"],
            "failed expectation; a failed expectation-missed",
        ),
        ("steps: [{ step: a, get: /, keep: { x: $.a } }]", &["200 {}"], "failed expectation; a failed capture-missing"),
        (
            "steps: [{ step: a, get: /, keep: { x: header:Location } }, { step: b, get: \"${x}\" }]",
            &["200 Location:http://127.0.0.1:1/x"],
            "failed http; a passed; b failed redirect-elsewhere",
        ),
        (
            "needs: { hosts: { site: http://127.0.0.1:1 } }\nsteps: [{ step: a, get: / }]",
            &[],
            "failed connect; a failed connection-refused",
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_cause_in_the_table_wins_and_all_misses_are_told() {
    let yaml = "steps: [{ step: a, get: /, keep: { x: $.x }, expect: { $.a: 1, $.b: 2, status: 200 } }]";
    let walked = Walk::new(yaml, &["404 {\"a\": 2}"]).go().await;
    assert_eq!(brief(&walked.run), "failed http; a failed unexpected-status");
    let told: Vec<_> = walked.run.steps[0]
        .misses
        .iter()
        .map(|miss| format!("{} {}: {} / {}", miss.section.word(), miss.selector, miss.expected, miss.got))
        .collect();
    assert_eq!(
        told,
        [
            "expect status: 200 / 404",
            "keep $.x: a value for `x` / nothing was found",
            "expect $.a: 1 / 2",
            "expect $.b: 2 / missing",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_than_twenty_misses_are_told() {
    let conditions: Vec<_> = (0..30).map(|number| format!("$.m{number}: 1")).collect();
    let yaml = format!("steps: [{{ step: a, get: /, expect: {{ {} }} }}]", conditions.join(", "));
    let walked = Walk::new(&yaml, &["500 {}"]).go().await;
    let step = &walked.run.steps[0];
    assert_eq!((step.misses.len(), step.misses[0].selector.as_str()), (20, "status"));
    let failure = step.failure.as_ref().expect("a failure");
    assert!(failure.detail.starts_with("`status`: expected"), "{}", failure.detail);
}

#[tokio::test(start_paused = true)]
async fn messages_say_what_the_answer_says_of_itself() {
    for (yaml, answer, expected) in [
        (
            "steps: [{ step: a, get: / }]",
            "302 Location:/login",
            "it redirects to `/login`, which `follow: 1` would follow",
        ),
        (
            "steps: [{ step: a, get: / }]",
            "404 Content-Type:application/problem+json {\"type\": \"https://e.example/gone\", \"title\": \"Gone\", \"status\": 404, \"instance\": \"/x\", \"detail\": \"private\"}",
            "; the target says: type `https://e.example/gone`, title `Gone`, status `404`, instance `/x`",
        ),
        ("steps: [{ step: a, get: /, retry: { times: 3 } }]", "500", "; after 3 attempts"),
    ] {
        let walked = Walk::new(yaml, &[answer]).go().await;
        let failure = walked.run.steps[0].failure.as_ref().expect("a failure");
        assert!(failure.detail.contains(expected), "{}", failure.detail);
        assert!(!failure.detail.contains("private"), "{}", failure.detail);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_ours_is_nobody_s_failure() {
    check(&[
        (
            "steps: [{ step: a, get: /, keep: { x: { from: $.x, default: null } } }, { step: b, get: \"/${x}\" }]",
            &["200 {}"],
            "indeterminate input; a passed; b indeterminate value-unusable",
        ),
        ("vars: { w: [] }\nsteps: [{ step: a, get: \"/${w | first}\" }]", &["200"], "indeterminate input; a indeterminate value-missing"),
        ("vars: { v: \"${w | first}\", w: [] }\nsteps: [{ step: a, get: \"/${v}\" }]", &["200"], "indeterminate input value-missing"),
        (
            "vars: { o: 1 }\nsteps: [{ step: a, get: /, when: { var:o: 2 }, keep: { x: $.x } }, { step: b, get: \"/${x}\" }]",
            &["200 {}"],
            "indeterminate input; a skipped; b indeterminate value-missing",
        ),
        (
            "vars: { h: \"a\\nb\" }\nsteps: [{ step: a, get: /, headers: { X-A: \"${h}\" } }]",
            &["200"],
            "indeterminate input; a indeterminate value-unusable",
        ),
        ("limits: { requests: 2 }\nsteps: [{ step: a, get: /, retry: { times: 2 } }, { step: b, get: / }]", &["500", "200"], "indeterminate policy; a passed x2; b indeterminate allowance-used-up"),
        ("limits: { steps: 2 }\nsteps: [{ step: a, get: \"/${x}\", for: { x: [1, 2], max: 2 } }, { step: b, get: / }]", &["200"], "indeterminate policy; a passed 2 of 2; b indeterminate allowance-used-up"),
        ("vars: { o: 1 }\nsteps: [{ step: a, get: /, when: { var:o: 2 } }]", &["200"], "indeterminate input nothing-executed; a skipped"),
        ("steps: [{ step: a, get: /, for: { x: [], max: 3 } }]", &["200"], "indeterminate input nothing-executed; a skipped 0 of 0"),
        ("needs: { inputs: { o: { default: 1 } }, hosts: { site: http://SITE } }\nsteps: [{ step: a, get: \"/${x}\", for: { x: \"${o}\", max: 3 } }]", &["200"], "indeterminate input; a indeterminate value-unusable"),
        ("needs: { inputs: { u: { type: string, default: \"http://127.0.0.1:1/\" } }, hosts: { site: http://SITE } }\nsteps: [{ step: a, get: \"${u}\" }]", &["200"], "indeterminate policy; a indeterminate origin-refused"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_the_binding_does_not_allow_is_not_sent() {
    for (binding, yaml, expected) in [
        (
            "allow: { private-addresses: true }",
            "steps: [{ step: a, post: / }]",
            "indeterminate policy; a indeterminate write-refused",
        ),
        (
            "allow: { writes: true }",
            "steps: [{ step: a, post: / }]",
            "indeterminate policy; a indeterminate address-refused",
        ),
        (
            "allow: { private-addresses: [10.0.0.0/8] }",
            "steps: [{ step: a, get: / }]",
            "indeterminate policy; a indeterminate address-refused",
        ),
        ("allow: { private-addresses: [127.0.0.0/8] }", "steps: [{ step: a, get: / }]", "passed; a passed"),
    ] {
        let yaml = yaml.to_owned();
        let walked = Walk::new(&yaml, &["200"]).bound(binding).go().await;
        assert_eq!(brief(&walked.run), expected, "{binding}");
        assert_eq!(walked.requests.len(), usize::from(expected.starts_with("passed")));
    }
}

#[tokio::test(start_paused = true)]
async fn preferences_and_optional_steps_degrade() {
    check(&[
        ("steps: [{ step: a, get: /, prefer: { $.a: 1 } }, { step: b, get: / }]", &["200 {}"], "degraded expectation; a degraded expectation-missed; b passed"),
        ("steps: [{ step: a, get: /, expect: { $.b: 1 }, prefer: { $.a: 1 } }]", &["200 {}"], "failed expectation; a failed expectation-missed"),
        ("steps: [{ step: a, get: /, prefer: { status: 201 } }]", &["200"], "degraded http; a degraded unexpected-status"),
        ("steps: [{ step: a, get: /, optional: true }, { step: b, get: / }]", &["500", "200"], "degraded http; a degraded unexpected-status; b passed"),
        (
            "steps: [{ step: a, get: /, optional: true, keep: { x: $.x } }, { step: b, get: \"/${x}\", keep: { y: $.y } }, { step: c, get: \"/${y}\" }, { step: d, get: / }]",
            &["200 {}", "200"],
            "degraded expectation; a degraded capture-missing; b not run; c not run; d passed",
        ),
        ("steps: [{ step: a, get: /, optional: true }, { step: b, get: /, expect: { $.a: 1 } }]", &["500", "200 {}"], "failed expectation; a degraded unexpected-status; b failed expectation-missed"),
        ("vars: { w: [] }\nsteps: [{ step: a, get: \"/${w | first}\", optional: true }, { step: b, get: / }]", &["200"], "indeterminate input; a indeterminate value-missing; b not run"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn limits_of_time_fail_and_requests_that_hang_are_cut_by_them() {
    check(&[
        (
            "limits: { time: 3s }\nsteps: [{ step: a, get: / }, { step: b, get: / }]",
            &["200", "silence"],
            "failed timeout; a passed; b failed run-timeout",
        ),
        (
            "limits: { time: 30s }\nsteps: [{ step: a, get: /, timeout: 2s }]",
            &["silence"],
            "failed timeout; a failed wait-timeout",
        ),
        (
            "limits: { time: 3s }\nsteps: [{ step: a, get: / }, { step: w, wait: 2s }, { step: b, get: / }]",
            &["200"],
            "passed; a passed; w passed; b passed",
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_is_indeterminate_and_cleans_up() {
    let yaml =
        "steps: [{ step: a, get: / }, { step: b, get: /b }, { step: c, get: /c }]\ncleanup: [{ step: u, delete: /u }]";
    let walked = Walk::new(yaml, &["200", "stop", "204"]).go().await;
    assert_eq!(brief(&walked.run), "indeterminate probe; a passed; b indeterminate stopped; c not run; ~ u cleaned");
    assert_eq!(lines(&walked.requests), ["GET /", "GET /b", "DELETE /u"]);
    let walked = Walk::new(yaml, &["204"]).stopped().go().await;
    assert_eq!(brief(&walked.run), "indeterminate probe; a indeterminate stopped; b not run; c not run; ~ u cleaned");
}
