//! `retry`, `when`, `for` and `wait`: how often a step is done, and when it no longer is.

use super::{Walk, brief, check, kept, lines};

#[tokio::test(start_paused = true)]
async fn attempts_go_on_until_what_is_expected_holds_or_cannot() {
    check(&[
        ("steps: [{ step: a, get: /, retry: { times: 3 } }]", &["500", "500", "200"], "passed; a passed x3"),
        (
            "steps: [{ step: a, get: /, retry: { times: 2 } }]",
            &["500", "500", "200"],
            "failed http; a failed unexpected-status x2",
        ),
        ("steps: [{ step: a, get: /, retry: { for: 3s } }]", &["500", "500", "500", "200"], "passed; a passed x4"),
        (
            "steps: [{ step: a, get: /, retry: { for: 2900ms } }]",
            &["500", "500", "500", "200"],
            "failed http; a failed unexpected-status x3",
        ),
        (
            "steps: [{ step: a, get: /, retry: { times: 3 }, expect: { $.s: done } }]",
            &["cut", "200 {\"s\": \"busy\"}", "200 {\"s\": \"done\"}"],
            "passed; a passed x3",
        ),
        (
            "steps: [{ step: a, get: /, timeout: 1s, retry: { times: 3 } }]",
            &["silence", "reset", "200"],
            "passed; a passed x3",
        ),
        (
            "steps: [{ step: a, get: /, retry: { times: 3, unless: { $.s: failed } }, expect: { $.s: done } }]",
            &["200 {\"s\": \"busy\"}", "200 {\"s\": \"failed\"}", "200"],
            "failed expectation; a failed expectation-missed x2",
        ),
        (
            "steps: [{ step: a, get: /, retry: { times: 3, unless: { $.s: failed } } }]",
            &["500", "200"],
            "passed; a passed x2",
        ),
        (
            "vars: { w: [] }\nsteps: [{ step: a, get: \"/${w | first}\", retry: { times: 3 } }]",
            &["200"],
            "indeterminate input; a indeterminate value-missing",
        ),
        (
            "limits: { requests: 2 }\nsteps: [{ step: a, get: /, retry: { times: 5 } }]",
            &["500"],
            "indeterminate policy; a indeterminate allowance-used-up x3",
        ),
        (
            "steps: [{ step: a, get: /, retry: { times: 3 }, prefer: { $.n: 2 } }]",
            &["500 {\"n\": 1}", "200 {\"n\": 2}"],
            "passed; a passed x2",
        ),
        (
            "steps: [{ step: a, get: /, retry: { times: 3 }, prefer: { $.n: 1 } }]",
            &["500 {\"n\": 1}", "200 {\"n\": 2}"],
            "degraded expectation; a degraded expectation-missed x2",
        ),
        (
            "limits: { time: 4s }\nsteps: [{ step: a, get: /, retry: { every: 3s, times: 5 } }]",
            &["500"],
            "failed http; a failed unexpected-status x2",
        ),
        (
            "limits: { time: 4s }\nsteps: [{ step: a, get: /, retry: { every: 3s, times: 5 } }]",
            &["500", "silence"],
            "failed timeout; a failed run-timeout x2",
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn pauses_are_as_written_or_as_the_target_asks_if_that_is_longer() {
    for (retry, answers, expected) in [
        ("{ every: 2s, times: 3 }", &["500"][..], &[0, 2, 4][..]),
        ("{ every: 2s, times: 2 }", &["503 Retry-After:5"], &[0, 5]),
        ("{ every: 7s, times: 2 }", &["503 Retry-After:5"], &[0, 7]),
        ("{ every: 1s, times: 2 }", &["503 Retry-After:Sun,_22_Nov_2026_08:00:10_GMT"], &[0, 10]),
        ("{ every: 1s, times: 2 }", &["503 Retry-After:Sun,_22_Nov_2020_08:00:10_GMT"], &[0, 1]),
        ("{ every: 1s, times: 2 }", &["503 Retry-After:soon"], &[0, 1]),
        ("{ every: 1s, times: 2 }", &["503 Retry-After:99999999999999999999"], &[0, 1]),
        ("{ every: 1s, for: 4s }", &["503 Retry-After:5"], &[0]),
        ("{ every: 1s, times: 4 }", &["503 Retry-After:4294967295"], &[0]),
    ] {
        let yaml = format!("steps: [{{ step: a, get: /, retry: {retry} }}]");
        let walked = Walk::new(&yaml, answers).go().await;
        let seconds: Vec<_> = walked.requests.iter().map(|taken| taken.second).collect();
        assert_eq!(seconds, expected, "{retry} {answers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_attempt_overwrites_what_an_earlier_one_kept() {
    let yaml = "steps: [{ step: a, get: /, retry: { times: 3 }, keep: { x: $.x, y: { from: $.y, default: none } } }]";
    let walked = Walk::new(yaml, &["500 {\"x\": 1, \"y\": 1}", "200 {\"x\": 2}"]).go().await;
    assert_eq!(kept(&walked.run.steps[0]), "x=2 y=none");
}

#[tokio::test(start_paused = true)]
async fn a_skipped_step_says_why() {
    let yaml = "vars: { o: 1 }\nsteps: [{ step: a, get: / }, { step: b, get: /b, when: { var:o: { gt: 1 } }, keep: { x: $.x } }]";
    let walked = Walk::new(yaml, &["200"]).go().await;
    assert_eq!(brief(&walked.run), "passed; a passed; b skipped");
    let step = &walked.run.steps[1];
    assert_eq!(step.note.as_deref(), Some("`when` does not hold: `var:o`: expected { gt: 1 }, got 1"));
    assert_eq!((step.requests, kept(step).as_str(), walked.requests.len()), (0, "", 1));
}

#[tokio::test(start_paused = true)]
async fn a_list_is_gone_through_until_one_fails() {
    check(&[
        ("steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2, 3], max: 2 } }]", &["200"], "passed; a passed 2 of 3"),
        ("steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2, 3], max: 5 } }]", &["200", "500", "200"], "failed http; a failed unexpected-status 2 of 3"),
        ("steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2, 3], max: 5 }, retry: { times: 2 } }]", &["200", "500", "200", "200"], "passed; a passed 3 of 3"),
        ("steps: [{ step: a, get: /, keep: { l: $.l } }, { step: b, get: \"/${x}\", for: { x: \"${l}\", max: 20 } }]", &["200 {\"l\": []}"], "passed; a passed; b skipped 0 of 0"),
        ("steps: [{ step: a, get: /, keep: { l: $.l } }, { step: b, get: \"/${x}\", for: { x: \"${l}\", max: 20 } }]", &["200 {\"l\": 5}"], "indeterminate input; a passed; b indeterminate value-unusable"),
        ("steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2, 3], max: 3 }, when: { var:x: { not: 2 } } }]", &["200"], "passed; a passed 3 of 3"),
        ("steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2], max: 3 }, when: { var:x: 3 } }, { step: b, get: / }]", &["200"], "passed; a skipped 2 of 2; b passed"),
        ("steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2], max: 3 }, optional: true }, { step: b, get: / }]", &["500", "200"], "degraded http; a degraded unexpected-status 1 of 2; b passed"),
        ("limits: { steps: 2 }\nsteps: [{ step: a, get: \"/${x}\", for: { x: [1, 2, 3], max: 3 } }]", &["200"], "indeterminate policy; a indeterminate allowance-used-up 3 of 3"),
    ])
    .await;
    let list: Vec<_> = (0..134).map(|number| number.to_string()).collect();
    let yaml = format!("steps: [{{ step: a, get: \"/${{x}}\", for: {{ x: [{}], max: 20 }} }}]", list.join(", "));
    let walked = Walk::new(&yaml, &["200"]).go().await;
    assert_eq!(brief(&walked.run), "passed; a passed 20 of 134");
    assert_eq!(walked.requests.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn what_iterations_keep_is_a_list_behind_the_step() {
    let yaml = "
steps:
  - { step: a, get: \"/${e.id}\", for: { e: [{ id: p }, { id: q }], max: 9 }, keep: { n: $.n }, expect: { $.n: { equals: \"${n}\" } } }
  - { step: b, get: /b, query: { n: \"${n}\" } }
";
    let walked = Walk::new(yaml, &["200 {\"n\": 1}", "200 {\"n\": 2}", "200"]).go().await;
    assert_eq!(brief(&walked.run), "passed; a passed 2 of 2; b passed");
    assert_eq!(kept(&walked.run.steps[0]), "n=[1,2]");
    assert_eq!(lines(&walked.requests), ["GET /p", "GET /q", "GET /b?n=1&n=2"]);
}

#[tokio::test(start_paused = true)]
async fn a_preference_that_an_earlier_iteration_missed_is_told() {
    let yaml = "steps: [{ step: a, get: \"/${x}\", for: { x: [1, 2], max: 9 }, prefer: { $.n: 2 } }]";
    let walked = Walk::new(yaml, &["200 {\"n\": 1}", "200 {\"n\": 2}"]).go().await;
    assert_eq!(brief(&walked.run), "degraded expectation; a degraded expectation-missed 2 of 2");
    let step = &walked.run.steps[0];
    assert_eq!(step.misses.iter().map(|miss| miss.got.as_str()).collect::<Vec<_>>(), ["1"]);
    assert!(step.conditions.iter().any(|condition| condition.slug == "n" && !condition.held), "{:?}", step.conditions);
}

#[tokio::test(start_paused = true)]
async fn waiting_is_waiting_and_nothing_else() {
    let yaml = "steps: [{ step: a, get: / }, { step: w, wait: 3s }, { step: b, get: / }]";
    let walked = Walk::new(yaml, &["200"]).go().await;
    assert_eq!(walked.requests.iter().map(|taken| taken.second).collect::<Vec<_>>(), [0, 3]);
    assert_eq!((walked.run.steps[1].attempts, walked.run.steps[1].requests), (0, 0));
}
