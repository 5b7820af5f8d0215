//! `cleanup`: always runs, each step on its own, and never changes the outcome.

use super::{Walk, brief, check, lines};

const UNDO: &str = "
steps:
  - { step: a, post: /, keep: { id: $.id }, expect: { $.ok: true } }
  - { step: b, get: / }
cleanup:
  - { step: u, delete: \"/${id}\" }
  - { step: v, delete: /all }
";

#[tokio::test(start_paused = true)]
async fn it_runs_whatever_happened() {
    check(&[
        (UNDO, &["200 {\"id\": 1, \"ok\": true}", "200", "204", "204"], "passed; a passed; b passed; ~ u cleaned; ~ v cleaned"),
        (UNDO, &["200 {\"id\": 1}", "204"], "failed expectation; a failed expectation-missed; b not run; ~ u cleaned; ~ v cleaned"),
        (UNDO, &["500 {\"id\": 1}", "204"], "failed http; a failed unexpected-status; b not run; ~ u cleaned; ~ v cleaned"),
        (UNDO, &["cut", "204"], "failed http; a failed answer-cut-short; b not run; ~ u not needed; ~ v cleaned"),
        (UNDO, &["200 {\"id\": 1, \"ok\": true}", "200", "500", "204"], "passed; a passed; b passed; ~ u failed unexpected-status; ~ v cleaned"),
        (UNDO, &["200 {\"id\": 1, \"ok\": true}", "200", "cut", "204"], "passed; a passed; b passed; ~ u failed answer-cut-short; ~ v cleaned"),
        (&format!("limits: {{ requests: 2 }}{UNDO}"), &["200 {\"id\": 1, \"ok\": true}", "200", "204", "204"], "passed; a passed; b passed; ~ u cleaned; ~ v cleaned"),
        (&format!("limits: {{ requests: 2 }}{}", UNDO.replace("get: /", "get: /, retry: { times: 3 }")), &["200 {\"id\": 1, \"ok\": true}", "500", "500", "204"], "indeterminate policy; a passed; b indeterminate allowance-used-up x2; ~ u failed unexpected-status; ~ v cleaned"),
        (&format!("limits: {{ time: 3s }}{UNDO}"), &["200 {\"id\": 1, \"ok\": true}", "silence", "204"], "failed timeout; a passed; b failed run-timeout; ~ u cleaned; ~ v cleaned"),
        (&format!("limits: {{ cleanup: 3s }}{UNDO}"), &["200 {\"id\": 1, \"ok\": true}", "200", "silence"], "passed; a passed; b passed; ~ u failed run-timeout; ~ v failed run-timeout"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_step_does_not_keep_it_from_running() {
    let walked =
        Walk::new("steps: [{ step: a, get: / }, { step: b, post: / }]\ncleanup: [{ step: u, get: /u }]", &["200"])
            .bound("allow: { private-addresses: true }")
            .go()
            .await;
    assert_eq!(brief(&walked.run), "indeterminate policy; a passed; b indeterminate write-refused; ~ u cleaned");
    assert_eq!(lines(&walked.requests), ["GET /", "GET /u"]);
}

#[tokio::test(start_paused = true)]
async fn it_may_retry_choose_and_go_through_lists() {
    check(&[
        ("steps: [{ step: a, get: / }]\ncleanup: [{ step: u, delete: /, retry: { times: 2 } }]", &["200", "500", "204"], "passed; a passed; ~ u cleaned x2"),
        ("vars: { o: 1 }\nsteps: [{ step: a, get: / }]\ncleanup: [{ step: u, delete: /, when: { var:o: 2 } }]", &["200"], "passed; a passed; ~ u not needed"),
        ("steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2], max: 2 }, keep: { id: $.id } }]\ncleanup: [{ step: u, delete: \"/${i}\", for: { i: \"${id}\", max: 9 } }]", &["200 {\"id\": 1}", "200 {\"id\": 2}", "204"], "passed; a passed 2 of 2; ~ u cleaned 2 of 2"),
        ("steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2], max: 2 }, keep: { id: $.id } }]\ncleanup: [{ step: u, delete: \"/${i}\", for: { i: \"${id}\", max: 9 } }]", &["200 {\"id\": 1}", "500", "204"], "failed http; a failed unexpected-status 2 of 2; ~ u cleaned 1 of 1"),
        ("steps: [{ step: a, get: / }]\ncleanup: [{ step: w, wait: 1s }, { step: u, get: /u }]", &["200"], "passed; a passed; ~ w cleaned; ~ u cleaned"),
    ])
    .await;
}
