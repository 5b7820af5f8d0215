//! The page of one run: evidence that people read, and nothing that a target wrote as markup.

use http::StatusCode;
use serde_json::json;

use super::{Answer, Daemon, get};
use crate::model::run::Run;
use crate::model::sample;

async fn page(run: &Run) -> Answer {
    let daemon = Daemon::start().await;
    daemon.history.keep(run);
    get(daemon.address, &format!("/runs/{}", run.id)).await
}

#[tokio::test]
async fn a_failed_run_shows_whose_it_is_and_why() {
    let mut run = sample::failed();
    let step = run.steps.iter_mut().find(|step| !step.evidence.is_empty()).expect("evidence");
    step.evidence = step.evidence.iter().cloned().map(sample::secured).collect();
    let page = page(&run).await;
    assert_eq!(page.status, StatusCode::OK);
    let deciding = run.deciding_step().expect("a step");
    for said in [
        "<span class=\"state failed\">failed</span>".to_owned(),
        "Responsible: <b>".to_owned(),
        run.trace_id.clone(),
        run.definition.to_string(),
        format!("<span class=\"title\">{}</span>", deciding.id),
        "<rect class=\"wait\"".to_owned(),
        "<pre class=\"wrap\">curl ".to_owned(),
        "issued by".to_owned(),
        "1 h 2 min ago".to_owned(),
    ] {
        assert!(page.text().contains(&said), "{said}: {}", page.text());
    }
    for miss in run.steps.iter().flat_map(|step| &step.misses) {
        assert!(page.text().contains(&miss.got) || page.text().contains("&quot;"), "{}", miss.got);
        assert!(page.text().contains(&format!("{}:{}", miss.place.file, miss.place.line)));
    }
    assert!(!page.text().contains("<script") && !page.text().contains(" style=") && !page.text().contains("refresh"));
}

#[tokio::test]
async fn every_kind_of_run_has_a_page() {
    for run in [
        sample::passed(),
        sample::degraded(),
        sample::indeterminate(),
        sample::unusable(),
        sample::refused(),
        sample::looped(),
    ] {
        let page = page(&run).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains(run.outcome.word()), "{}", run.title);
    }
}

#[tokio::test]
async fn what_targets_say_stays_text() {
    let text = format!("</pre></title><script>alert(1)</script>\"' onload=x {}", sample::HOSTILE);
    let run = sample::hostile(&text);
    let page = page(&run).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("&lt;/pre&gt;&lt;/title&gt;&lt;script&gt;"));
    let lower = page.text().to_ascii_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("</pre></title>"));
    for hidden in ['\u{202e}', '\u{1b}', '\u{0}', '\u{9b}'] {
        assert!(!page.text().contains(hidden), "{hidden:?}");
    }
}

#[tokio::test]
async fn runs_that_are_not_there_are_told_in_words() {
    let daemon = Daemon::start().await;
    for id in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", "%3Cscript%3E", "..%2F..%2Fetc%2Fpasswd"] {
        let page = get(daemon.address, &format!("/runs/{id}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{id}");
        assert!(page.text().contains("There is no run") && !page.text().contains("<script"), "{}", page.text());
    }
    *daemon.history.0.lock().expect("unpoisoned") = Err("`history.db` is not a history of <forerunner>".to_owned());
    let page = get(daemon.address, "/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.text().contains("`history.db` is not a history of &lt;forerunner&gt;"));
}

#[tokio::test]
async fn stored_nonsense_makes_a_page_all_the_same() {
    let daemon = Daemon::start().await;
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for stored in [
        json!(null),
        json!([]),
        json!({ "outcome": 5, "steps": "x", "elapsed": -1, "started_at": "never" }),
        json!({ "outcome": "<b>", "steps": [null, { "misses": [1], "evidence": [[]], "timings": { "wait": 1e308 } }] }),
    ] {
        daemon.history.0.lock().expect("unpoisoned").as_mut().expect("readable").insert(id.to_owned(), stored);
        let page = get(daemon.address, &format!("/runs/{id}")).await;
        assert!(page.status == StatusCode::OK && !page.text().contains("<b>"), "{}", page.text());
    }
}

#[tokio::test]
async fn a_page_has_an_end_however_much_evidence_there_is() {
    let mut run = sample::failed();
    let mut step = run.steps.iter().find(|step| !step.evidence.is_empty()).expect("evidence").clone();
    let mut exchange = step.evidence[0].clone();
    exchange.response_body = Some(sample::body("text/html", &"<".repeat(64 * 1024)));
    step.evidence = vec![exchange; 40];
    run.steps = vec![step; 50];
    let page = page(&run).await;
    assert!(page.text().contains("more evidence is not shown"));
    assert!(page.text().contains("20 earlier exchanges are not shown here"));
    assert!(page.body.len() < 3 << 20, "{} bytes", page.body.len());
}
