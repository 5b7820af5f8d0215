//! What every run tells of itself: traces, digests, certificates, notices.

use std::collections::HashSet;

use super::{Walk, brief};

#[tokio::test(start_paused = true)]
async fn one_trace_a_run_and_one_span_an_exchange() {
    let yaml = "steps: [{ step: a, get: /, follow: 1 }, { step: b, get: /, retry: { times: 2 } }]\ncleanup: [{ step: u, get: / }]";
    let walked = Walk::new(yaml, &["302 Location:/b", "200", "500", "200", "200"]).go().await;
    assert_eq!(brief(&walked.run), "passed; a passed; b passed x2; ~ u cleaned");
    let parents: Vec<_> = walked.requests.iter().map(|taken| taken.header("traceparent")).collect();
    let parts: Vec<Vec<_>> = parents.iter().map(|parent| parent.split('-').collect()).collect();
    assert!(
        parts.iter().all(|part| part[..2] == ["00", walked.run.trace_id.as_str()] && part[3] == "03"),
        "{parents:?}"
    );
    let spans: HashSet<_> = parts.iter().map(|part| part[2]).collect();
    assert_eq!(spans.len(), walked.requests.len(), "{parents:?}");
    let evidence = walked.run.steps.iter().chain(&walked.run.cleanup).flat_map(|step| &step.evidence);
    let told: Vec<_> = evidence.map(|exchange| exchange.span_id.as_str()).collect();
    assert_eq!(told, parts.iter().map(|part| part[2]).collect::<Vec<_>>());
    let requests: Vec<_> = walked.run.steps.iter().map(|step| step.requests).collect();
    assert_eq!((requests, walked.run.requests()), (vec![2, 2], 5));
}

#[tokio::test(start_paused = true)]
async fn facts_of_the_answer_are_told_also_where_it_fails() {
    let walked = Walk::new("steps: [{ step: a, get: / }]", &["503 busy"]).go().await;
    let step = &walked.run.steps[0];
    assert_eq!((step.status, step.body_bytes, step.http_version.as_deref()), (Some(503), Some(4), Some("HTTP/1.1")));
    assert_eq!((step.remote.as_deref(), step.host.as_deref()), (Some(walked.address.as_str()), Some("site")));
    assert_eq!((walked.run.name.as_str(), walked.run.vantage.as_str()), ("j", "here"));
    let walked = Walk::new("steps: [{ step: a, get: /, retry: { times: 2 } }]", &["503 busy", "cut"]).go().await;
    let step = &walked.run.steps[0];
    assert_eq!(brief(&walked.run), "failed http; a failed answer-cut-short x2");
    assert_eq!(
        (step.status, step.body_bytes, step.misses.len()),
        (None, None, 0),
        "facts are those of the last attempt"
    );
}

#[tokio::test(start_paused = true)]
async fn insecure_runs_say_so_first() {
    let walked = Walk::new("steps: [{ step: a, get: / }]", &["200"]).bound("network: { insecure: true }").go().await;
    assert_eq!(walked.run.notices, ["certificates were not verified: the binding says `insecure: true`"]);
    for binding in [
        "{}",
        "hosts: { site: { insecure: false } }",
        "network: { insecure: true }\nhosts: { site: { insecure: false } }",
    ] {
        let walked = Walk::new("steps: [{ step: a, get: / }]", &["200"]).bound(binding).go().await;
        assert!(walked.run.notices.is_empty(), "{binding}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_enters_another_host_leaves_secrets_behind() {
    let yaml = "
needs: { hosts: { site: http://SITE, other: http://PARTNER }, secrets: { key: { to: [site] } } }
steps: [{ step: a, at: site, get: /, headers: { X-Key: \"${key}\", X-Open: open }, follow: { max: 1, to: [other] } }]
";
    let directory = tempfile::tempdir().expect("a directory");
    let key = super::written(&directory, "key", "open-sesame");
    let binding = format!("secrets: {{ key: \"file:{}\" }}", key.display());
    for (answer, expected) in [
        ("302 Location:PARTNER/x", "failed http; a failed unexpected-status"),
        ("302 Location:http://PARTNER/x", "passed; a passed"),
    ] {
        let walked = Walk::new(yaml, &[answer, "404"]).partner(&["200"]).bound(&binding).go().await;
        assert_eq!(brief(&walked.run), expected, "{answer}");
        assert_eq!(walked.requests[0].header("x-key"), "open-sesame");
        for taken in &walked.partner {
            assert_eq!((taken.line().as_str(), taken.header("x-open").as_str()), ("GET /x", "open"));
            assert!(!taken.text().contains("sesame"), "{}", taken.text());
        }
        assert_eq!(walked.partner.len(), usize::from(expected.starts_with("passed")));
    }
}
