//! What a run comes to: outcomes, causes, misses, clean-up, values that are kept.

use crate::journeys::{told, walk};
use crate::support::http1::{Act, always, ok, write};

fn json(status: u16, body: &str) -> Act {
    write(&format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// The steps of a journey at one host, answered in order; what the run comes to.
async fn check(steps: &str, answers: &[Act], expected: &str) {
    let text = format!("forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: SITE }}, writes: [things] }}\n{steps}");
    let script: Vec<Act> = answers.iter().flat_map(|answer| [Act::Read, answer.clone()]).collect();
    let walked = walk(&text, "", vec![script], vec![]).await;
    assert_eq!(
        told(&walked.run),
        expected,
        "{steps}\n{:#?}",
        walked.run.steps.iter().map(|step| &step.failure).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_run_passes_degrades_or_fails() {
    check("steps: [{ get: / }]", &[ok("hi")], "passed\nget-home passed").await;
    check(
        "steps: [{ step: a, get: /, prefer: { body: lo } }]",
        &[ok("hi")],
        "degraded expectation\na degraded expectation-missed\n  body: \"lo\" / \"hi\"",
    )
    .await;
    check(
        "steps: [{ step: a, get: / }, { step: b, get: / }]",
        &[json(503, "{}")],
        "failed http\na failed unexpected-status\n  status: 200 to 299 / 503\nb not run",
    )
    .await;
    check("steps: [{ step: a, get: /, when: { 'var:x': 1 } }]\nvars: { x: 2 }", &[], "indeterminate input\na skipped")
        .await;
}

#[tokio::test]
async fn all_misses_are_told_and_the_status_comes_first() {
    check(
        "steps:\n  - step: a\n    get: /\n    expect:\n      $.state: done\n      $.n: { gte: 3 }\n      $.gone: { not: { equals: 1 } }\n      status: 201",
        &[json(200, r#"{"state":"busy","n":1}"#)],
        "failed http\na failed unexpected-status\n  status: 201 / 200\n  $.state: \"done\" / \"busy\"\n  $.n: { gte: 3 } / 1\n  \
         $.gone: { not: 1 } / missing",
    )
    .await;
}

#[tokio::test]
async fn a_value_that_cannot_be_kept_fails_the_step_and_what_was_found_serves_the_clean_up() {
    check(
        "steps:\n  - step: book\n    post: /bookings\n    expect: { status: 201, $.ok: true }\n    keep: { id: $.id, ref: $.ref }\n\
         cleanup:\n  - step: cancel\n    delete: /bookings/${id}\n  - step: undo\n    delete: /refs/${ref}",
        &[json(201, r#"{"ok":true,"id":7}"#), json(200, "{}")],
        "failed expectation\nbook failed capture-missing\n  $.ref: a value for `ref` / nothing was found\n--\ncancel cleaned\nundo not needed",
    )
    .await;
}

#[tokio::test]
async fn a_clean_up_that_fails_changes_nothing_about_the_run() {
    check(
        "steps: [{ step: a, post: /, keep: { id: $.id } }]\ncleanup: [{ step: b, delete: '/${id}' }, { step: c, get: / }]",
        &[json(200, r#"{"id":1}"#), json(500, "{}"), ok("fine")],
        "passed\na passed\n--\nb failed unexpected-status\n  status: 200 to 299 / 500\nc cleaned",
    )
    .await;
}

#[tokio::test]
async fn an_optional_step_only_degrades_and_what_needs_its_value_is_left_out() {
    check(
        "steps:\n  - { step: a, get: /, optional: true, keep: { x: $.x } }\n  - { step: b, get: '/${x}' }\n  - { step: c, get: / }",
        &[json(500, "{}"), ok("")],
        "degraded http\na degraded unexpected-status\n  status: 200 to 299 / 500\n  $.x: a value for `x` / nothing was found\nb not run\nc passed",
    )
    .await;
}

#[tokio::test]
async fn conditions_see_what_the_same_answer_brought() {
    check(
        "steps:\n  - step: a\n    get: /\n    keep: { start: $.start, word: $.word }\n    expect:\n      $.end: { gt: '${start}' }\n      \
         $.text: { matches: '^${word}$' }\n      $.list[?@.id == ${start}].name: [one]\n      var:word: a.c",
        &[json(200, r#"{"start":1,"end":2,"word":"a.c","text":"a.c","list":[{"id":1,"name":"one"},{"id":2,"name":"two"}]}"#)],
        "passed\na passed",
    )
    .await;
    check(
        "steps: [{ step: a, get: /, keep: { word: $.word }, expect: { $.text: { matches: '^${word}$' } } }]",
        &[json(200, r#"{"word":"a.c","text":"abc"}"#)],
        "failed expectation\na failed expectation-missed\n  $.text: { matches: \"^a\\\\.c$\" } / \"abc\"",
    )
    .await;
}

#[tokio::test]
async fn a_problem_document_and_a_redirect_explain_a_missed_status() {
    let problem = r#"{"type":"https://e.example/full","title":"No seats","status":409,"detail":"long"}"#;
    let answer = write(&format!(
        "HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\r\n{problem}",
        problem.len()
    ));
    let redirect = write("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n");
    for (answer, part) in [
        (answer, "type `https://e.example/full`, title `No seats`, status `409`"),
        (redirect, "it redirects to `/login`, which `follow: 1` would follow"),
    ] {
        let text = "forerunner: 1\njourney: j\nneeds: { hosts: { site: SITE } }\nsteps: [{ get: / }]";
        let walked = walk(text, "", vec![always(&answer)], vec![]).await;
        let detail = &walked.run.steps[0].failure.as_ref().expect("a failure").detail;
        assert!(detail.contains(part), "{detail}");
    }
}

#[tokio::test]
async fn phases_and_the_rest_are_the_total_of_every_exchange() {
    let text = "forerunner: 1\njourney: j\nneeds: { hosts: { site: SITE } }\nsteps: [{ step: a, get: / }, { step: b, get: / }]";
    let run = walk(text, "", vec![always(&ok("hi"))], vec![]).await.run;
    let traces: Vec<_> = run.steps.iter().flat_map(|step| &step.evidence).collect();
    assert_eq!(traces.len(), 2);
    for evidence in &traces {
        let phases: std::time::Duration = evidence.timings.iter().map(|(_, time)| time).sum();
        assert_eq!(phases + evidence.timings.unaccounted(), evidence.timings.total);
    }
    assert!(traces[1].reused && !traces[0].reused);
    let parent = |index: usize| {
        let header = traces[index].request_headers.iter().find(|(name, _)| name == "traceparent");
        header.expect("a parent").1.clone()
    };
    assert!(
        parent(0).starts_with(&format!("00-{}-", run.trace_id)) && parent(0) != parent(1),
        "{} {}",
        parent(0),
        parent(1)
    );
}
