//! The second look shortly after a failed run: it reads, and changes nothing.

use forerunner::journey::execute::Look;
use tokio_util::sync::CancellationToken;

use crate::journeys::{allowed, bound, look, placed, told};
use crate::support::http1::{always, ok, serve};

/// What a second look at these steps sends, and how it ends.
async fn check(steps: &str, asked: &[&str], expected: &str) {
    let (site_at, site) = serve(vec![always(&ok("{}"))]).await;
    let text = format!("forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: SITE }}, writes: [things] }}\n{steps}");
    let journey = bound(&placed(&text, site_at, site_at), &allowed("")).expect("a journey that can run");
    let run = look(&journey, Look::Second, CancellationToken::new()).await;
    let sent: Vec<_> = site.requests().iter().map(|request| request.lines().next().unwrap_or("").to_owned()).collect();
    let lines: Vec<_> = asked.iter().map(|line| format!("{line} HTTP/1.1")).collect();
    assert_eq!(sent, lines, "{steps}");
    assert_eq!(told(&run), expected, "{steps}");
    assert!(run.recheck);
}

#[tokio::test]
async fn only_what_comes_before_the_first_change_is_done_again() {
    check(
        "steps:\n- { step: read, get: / }\n- { step: again, get: /b }",
        &["GET /", "GET /b"],
        "passed\nread passed\nagain passed",
    )
    .await;
    check(
        "steps:\n- { step: read, get: / }\n- { step: book, post: /b }\n- { step: more, get: /c }\ncleanup:\n\
         - { step: undo, delete: /b }",
        &["GET /"],
        "passed\nread passed",
    )
    .await;
    // Nothing is left to look at, which says nothing of the target.
    check("steps: [{ step: book, post: /b }]", &[], "indeterminate input").await;
}
