//! `use`: another journey in place, with its own names, its own clean-up and its own blame.

use super::{Walk, brief, check, kept, lines};

const LOGIN: &str = "
forerunner: 1
journey: j
needs: { hosts: { site: { url: http://SITE, owner: us } }, inputs: { who: { type: string, default: me } }, writes: [things] }
steps:
  - { step: in, use: login, inputs: { user: \"${who}\" }, keep: { t: output:token }, expect: { output:token: { type: string } } }
  - { step: b, get: \"/${t}\" }
cleanup: [{ step: out, delete: /out }]
---
forerunner: 1
journey: login
needs: { hosts: { site: http://SITE }, inputs: { user: { type: string } }, writes: [things] }
vars: { greeting: \"hello-${user}\" }
steps:
  - { step: open, post: /session, text: \"${greeting}\", owner: them, keep: { token: $.t } }
cleanup: [{ step: close, delete: \"/session/${token}\" }]
outputs: [token]
";

#[tokio::test(start_paused = true)]
async fn inner_steps_stand_behind_the_outer_one_and_clean_up_last() {
    let walked = Walk::new(LOGIN, &["200 {\"t\": \"k\"}", "200", "204", "204"]).go().await;
    assert_eq!(brief(&walked.run), "passed; in passed; in/open passed; b passed; ~ out cleaned; ~ in/close cleaned");
    assert_eq!(lines(&walked.requests), ["POST /session", "GET /k", "DELETE /out", "DELETE /session/k"]);
    assert_eq!(walked.requests[0].body(), b"hello-me");
    assert_eq!(kept(&walked.run.steps[0]), "t=k");
    let places: Vec<_> = walked.run.steps.iter().map(|step| step.place.line).collect();
    assert_eq!(places, [5, 14, 6]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_inner_step_gives_its_cause_and_owner() {
    let walked = Walk::new(LOGIN, &["503", "204"]).go().await;
    assert_eq!(
        brief(&walked.run),
        "failed http; in failed unexpected-status; in/open failed unexpected-status; b not run; ~ out cleaned; ~ in/close not needed"
    );
    assert_eq!(walked.run.steps[0].owner.as_deref(), Some("them"));
}

#[tokio::test(start_paused = true)]
async fn what_degrades_inside_degrades_outside_with_the_same_cause() {
    let yaml = LOGIN
        .replace("owner: them,", "owner: them, optional: true,")
        .replace("{ step: b, get: \"/${t}\" }", "{ step: b, get: / }");
    let yaml = yaml.replace(", keep: { t: output:token }, expect: { output:token: { type: string } }", "");
    check(&[(
        &yaml,
        &["503 {\"t\": \"k\"}", "200", "204"],
        "degraded http; in degraded unexpected-status; in/open degraded unexpected-status; b passed; ~ out cleaned; ~ in/close cleaned",
    )])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_used_journey_that_does_nothing_is_no_pass() {
    let yaml = "
forerunner: 1
journey: j
needs: { hosts: { site: http://SITE } }
steps: [{ step: in, use: other }]
---
forerunner: 1
journey: other
needs: { hosts: { site: http://SITE } }
vars: { o: 1 }
steps: [{ step: a, get: /, when: { var:o: 2 } }]
";
    check(&[(yaml, &["200"], "indeterminate input nothing-executed; in passed; in/a skipped")]).await;
}

#[tokio::test(start_paused = true)]
async fn secrets_are_handed_over_by_name_and_limits_are_shared() {
    let yaml = "
forerunner: 1
journey: j
needs: { hosts: { site: http://SITE }, secrets: { key: { to: [site] } } }
limits: { requests: 2 }
steps: [{ step: in, use: other }, { step: b, get: /, headers: { X-Key: \"${key}\" } }, { step: c, get: / }]
---
forerunner: 1
journey: other
needs: { hosts: { site: http://SITE }, secrets: { key: { to: [site] } } }
steps: [{ step: a, get: /, headers: { X-Key: \"${key}\" } }]
";
    let directory = tempfile::tempdir().expect("a directory");
    let key = super::written(&directory, "key", "open-sesame\n");
    let binding = format!("secrets: {{ key: \"file:{}\" }}", key.display());
    let walked = Walk::new(yaml, &["200"]).bound(&binding).go().await;
    assert_eq!(
        brief(&walked.run),
        "indeterminate policy; in passed; in/a passed; b passed; c indeterminate allowance-used-up"
    );
    assert_eq!(walked.requests.iter().map(|taken| taken.header("x-key")).collect::<Vec<_>>(), ["open-sesame"; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_step_may_use_a_journey_of_the_same_directory_again_and_again() {
    let other = "forerunner: 1\njourney: other\nneeds: { hosts: { site: http://SITE }, inputs: { n: { type: integer } }, writes: [things] }\nsteps: [{ step: a, post: \"/${n}\", keep: { id: $.id } }]\ncleanup: [{ step: u, delete: \"/${id}\" }]\noutputs: [id]\n";
    let yaml = "steps: [{ step: in, use: other, for: { n: [1, 2], max: 2 }, inputs: { n: \"${n}\" }, keep: { ids: output:id } }, { step: b, get: /, query: { i: \"${ids}\" } }]";
    let walked = Walk::new(yaml, &["200 {\"id\": 7}", "200 {\"id\": 8}", "200", "204"])
        .file("other.yaml", other.as_bytes())
        .go()
        .await;
    assert_eq!(
        brief(&walked.run),
        "passed; in passed 2 of 2; in/a passed; in/a passed; b passed; ~ in/u cleaned; ~ in/u cleaned"
    );
    assert_eq!(lines(&walked.requests), ["POST /1", "POST /2", "GET /?i=7&i=8", "DELETE /8", "DELETE /7"]);
}

#[tokio::test(start_paused = true)]
async fn an_optional_use_only_degrades_also_two_deep() {
    let inner = "
---
forerunner: 1
journey: other
needs: { hosts: { site: http://SITE } }
steps: [{ step: a, get: / }, { step: z, get: / }]
";
    let one = format!(
        "forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: http://SITE }} }}\nsteps: [{{ step: in, use: other, optional: true }}, {{ step: b, get: / }}]{inner}"
    );
    let two = format!(
        "forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: http://SITE }} }}\nsteps: [{{ step: out, use: middle }}, {{ step: b, get: / }}]\n---\nforerunner: 1\njourney: middle\nneeds: {{ hosts: {{ site: http://SITE }} }}\nsteps: [{{ step: in, use: other, optional: true }}]{inner}"
    );
    check(&[
        (&one, &["500", "200"], "degraded http; in degraded unexpected-status; in/a degraded unexpected-status; in/z not run; b passed"),
        (&two, &["500", "200"], "degraded http; out degraded unexpected-status; out/in degraded unexpected-status; out/in/a degraded unexpected-status; out/in/z not run; b passed"),
        (&one, &["stop"], "indeterminate probe; in indeterminate stopped; in/a indeterminate stopped; in/z not run; b not run"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_used_journey_in_the_clean_up_is_clean_up() {
    let yaml = "
forerunner: 1
journey: j
needs: { hosts: { site: http://SITE }, writes: [things] }
steps: [{ step: a, get: / }]
cleanup: [{ step: in, use: other }]
---
forerunner: 1
journey: other
needs: { hosts: { site: http://SITE }, writes: [things] }
steps: [{ step: d, delete: /d }, { step: e, get: / }]
cleanup: [{ step: f, delete: /f }]
";
    check(&[
        (yaml, &["200", "204"], "passed; a passed; ~ in cleaned; ~ in/d cleaned; ~ in/e cleaned; ~ in/f cleaned"),
        (yaml, &["200", "500", "204"], "passed; a passed; ~ in failed unexpected-status; ~ in/d failed unexpected-status; ~ in/e not run; ~ in/f cleaned"),
    ])
    .await;
}
