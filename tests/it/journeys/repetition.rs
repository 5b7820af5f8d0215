//! What happens again, or not at all: `retry`, `for`, `when`, `use`, limits, and being asked to stop.

use tokio_util::sync::CancellationToken;

use crate::journeys::{bound, run, told, walk};
use crate::support::http1::{Act, always, ok, serve, write};

fn state(state: &str) -> Act {
    ok(&format!("{{\"state\":\"{state}\"}}"))
}

/// Paused time passes at once, so that pauses cost nothing.
async fn check(steps: &str, answers: &[Act], expected: &str) {
    let text = format!("forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: SITE }}, writes: [things] }}\n{steps}");
    let script: Vec<Act> = answers.iter().flat_map(|answer| [Act::Read, answer.clone()]).collect();
    let walked = walk(&text, "", vec![script], vec![]).await;
    assert_eq!(told(&walked.run), expected, "{steps}");
}

#[tokio::test]
async fn a_step_is_repeated_until_it_holds_or_no_longer_can() {
    let poll = |retry: &str| {
        format!("steps: [{{ step: a, get: /, retry: {{ every: 1ms, {retry} }}, expect: {{ $.state: done }} }}]")
    };
    check(&poll("times: 5"), &[state("busy"), state("busy"), state("done")], "passed\na passed x3").await;
    check(
        &poll("times: 2"),
        &[state("busy"), state("busy")],
        "failed expectation\na failed expectation-missed x2\n  $.state: \"done\" / \"busy\"",
    )
    .await;
    check(
        &poll("times: 5, unless: { $.state: lost }"),
        &[state("busy"), state("lost")],
        "failed expectation\na failed expectation-missed x2\n  $.state: \"done\" / \"lost\"",
    )
    .await;
}

#[tokio::test]
async fn a_pause_that_the_target_asks_for_beyond_the_limit_ends_the_step() {
    let later = write("HTTP/1.1 503 X\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n");
    check(
        "steps: [{ step: a, get: /, retry: { every: 1ms, for: 10s } }]",
        &[later],
        "failed http\na failed unexpected-status\n  status: 200 to 299 / 503",
    )
    .await;
}

#[tokio::test]
async fn a_step_goes_through_a_list_and_keeps_a_list() {
    let text = "forerunner: 1\njourney: j\nneeds: { hosts: { site: SITE } }\nvars: { ids: [1, 2, 3] }\nsteps:\n  \
                - step: each\n    for: { id: '${ids}', max: 2 }\n    get: /items/${id}\n    keep: { name: $.name }\n  \
                - step: all\n    get: /names\n    query: { n: '${name}' }\n    when: { var:name: { length: 2 } }";
    let walked = walk(text, "", vec![always(&ok(r#"{"name":"x y"}"#))], vec![]).await;
    assert_eq!(told(&walked.run), "passed\neach passed 2/3\nall passed");
    let asked: Vec<_> =
        walked.site.requests().iter().map(|request| request.lines().next().unwrap_or("").to_owned()).collect();
    assert_eq!(asked, ["GET /items/1 HTTP/1.1", "GET /items/2 HTTP/1.1", "GET /names?n=x%20y&n=x%20y HTTP/1.1"]);
    let empty = text.replace("[1, 2, 3]", "[]");
    let walked = walk(&empty, "", vec![always(&ok("{}"))], vec![]).await;
    assert_eq!(walked.run.steps[0].state.word(), "skipped");
}

#[tokio::test]
async fn a_used_journey_runs_in_place_and_cleans_up_last() {
    let text = "forerunner: 1\njourney: outer\nneeds: { hosts: { site: SITE }, writes: [session] }\nsteps:\n  \
                - step: enter\n    use: login\n    inputs: { who: ann }\n    keep: { token: output:token }\n  \
                - step: look\n    get: /${token}\ncleanup: [{ step: own, get: /own }]\n---\n\
                forerunner: 1\njourney: login\nneeds: { hosts: { site: SITE }, inputs: { who: { type: string } }, writes: [session] }\n\
                steps: [{ step: sign-in, post: '/login/${who}', keep: { token: $.t } }]\noutputs: [token]\n\
                cleanup: [{ step: sign-out, delete: '/login/${token}' }]";
    let walked = walk(text, "journey: outer", vec![always(&ok(r#"{"t":"abc"}"#))], vec![]).await;
    assert_eq!(
        told(&walked.run),
        "passed\nenter passed\nenter/sign-in passed\nlook passed\n--\nown cleaned\nenter/sign-out cleaned"
    );
    let asked: Vec<_> =
        walked.site.requests().iter().map(|request| request.lines().next().unwrap_or("").to_owned()).collect();
    assert_eq!(
        asked,
        ["POST /login/ann HTTP/1.1", "GET /abc HTTP/1.1", "GET /own HTTP/1.1", "DELETE /login/abc HTTP/1.1"]
    );
}

#[tokio::test]
async fn allowances_end_the_steps_and_clean_ups_have_their_own() {
    check(
        "limits: { requests: 2 }\nsteps: [{ step: a, get: / }, { step: b, get: / }, { step: c, get: /, when: { 'var:x': 1 } }]\nvars: { x: 1 }\n\
         cleanup: [{ step: d, get: / }]",
        &[ok(""), ok(""), ok("")],
        "indeterminate policy\na passed\nb passed\nc indeterminate allowance-used-up\n--\nd cleaned",
    )
    .await;
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_is_nobodys_failure_and_still_cleans_up() {
    let (address, seen) = serve(vec![always(&ok("{\"id\":1}"))]).await;
    let text = format!(
        "forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: \"http://{address}\" }}, writes: [things] }}\nsteps:\n  \
         - {{ step: a, post: /, keep: {{ id: $.id }} }}\n  - {{ step: b, wait: 5m }}\n  - {{ step: c, get: / }}\n\
         cleanup: [{{ step: d, delete: '/${{id}}' }}]"
    );
    let text = text.replace("limits:", "").replace("journey: j\n", "journey: j\nlimits: { time: 10m }\n");
    let journey = bound(&text, "allow: { private-addresses: true, writes: true }").expect("a journey");
    let stop = CancellationToken::new();
    let asked = stop.clone();
    let walked = async { run(&journey, stop).await };
    let ask = async {
        while seen.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        asked.cancel();
    };
    let (run, ()) = tokio::join!(walked, ask);
    assert_eq!(run.outcome.word(), "indeterminate", "{}", told(&run));
    // Stopped before or after the first answer: what it made is undone, or there is nothing to undo.
    assert!(matches!(run.cleanup[0].state.word(), "cleaned" | "not needed"), "{}", told(&run));
}
