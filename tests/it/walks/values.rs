//! Values: where they come from, how they are inserted, and which wins.

use super::{START, Walk, brief, check, kept, lines};

#[tokio::test(start_paused = true)]
async fn values_are_kept_before_anything_is_expected() {
    check(&[
        (
            "steps: [{ step: a, get: /, keep: { start: $.start }, expect: { $.end: { gt: \"${start}\" } } }]",
            &["200 {\"start\": 1, \"end\": 2}"],
            "passed; a passed",
        ),
        (
            "steps: [{ step: a, get: /, keep: { start: $.start }, expect: { var:start: 1 } }]",
            &["200 {\"start\": 1}"],
            "passed; a passed",
        ),
        (
            "steps: [{ step: a, get: /, keep: { start: $.start }, expect: { $.end: { gt: \"${start}\" } } }]",
            &["200 {\"start\": 2, \"end\": 2}"],
            "failed expectation; a failed expectation-missed",
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn kept_values_chain_have_defaults_and_the_latest_wins() {
    let yaml = "
steps:
  - { step: a, get: /, keep: { long: $.t, short: var:long | trim, up: var:short | upper, d: { from: $.none, default: \"<${up}>\" } } }
  - { step: b, get: \"/${short}/${up}\", keep: { short: $.t } }
  - { step: c, get: \"/${short}\" }
";
    let walked = Walk::new(yaml, &["200 {\"t\": \" x \"}", "200 {\"t\": \"y\"}"]).go().await;
    assert_eq!(brief(&walked.run), "passed; a passed; b passed; c passed");
    assert_eq!(kept(&walked.run.steps[0]), "long= x  short=x up=X d=<X>");
    assert_eq!(lines(&walked.requests), ["GET /", "GET /x/X", "GET /y"]);
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_fails_on_foreign_data_is_a_miss() {
    check(&[
        (
            "steps: [{ step: a, get: /, keep: { n: $.n | to-int } }]",
            &["200 {\"n\": \"1.5\"}"],
            "failed expectation; a failed capture-missing",
        ),
        (
            "steps: [{ step: a, get: /, expect: { $.n | to-int: 1 } }]",
            &["200 {\"n\": \"x\"}"],
            "failed expectation; a failed expectation-missed",
        ),
        (
            "steps: [{ step: a, get: /, keep: { n: $.n } }, { step: b, get: \"/${n | to-int}\" }]",
            &["200 {\"n\": \"x\"}"],
            "indeterminate input; a passed; b indeterminate value-unusable",
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_kept_secret_goes_back_and_is_never_shown() {
    let yaml = "steps: [{ step: a, get: /, keep: { token: { from: $.token, secret: true } } }, { step: b, get: /b, auth: { bearer: \"${token}\" } }]";
    let walked = Walk::new(yaml, &["200 {\"token\": \"sesame-sesame\"}", "500 sesame-sesame"]).go().await;
    assert_eq!(walked.requests[1].header("authorization"), "Bearer sesame-sesame");
    assert_eq!(kept(&walked.run.steps[0]), "token=<token>");
    let told = serde_json::to_string(&walked.run).expect("JSON");
    assert!(!told.contains("sesame"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn templates_in_arguments_are_compared_as_values_and_match_literally() {
    let yaml = "
vars: { n: 5, text: a.c, list: [1, 5] }
steps:
  - step: a
    get: /
    keep: { id: $.id }
    expect:
      $.n: { equals: \"${n}\", in: \"${list}\" }
      $.t: { matches: \"^${text}$\" }
      $.all[?@.id == ${id}].s | first: open
";
    let good = "200 {\"n\": 5, \"t\": \"a.c\", \"id\": \"a'b\", \"all\": [{\"id\": \"x\", \"s\": \"shut\"}, {\"id\": \"a'b\", \"s\": \"open\"}]}";
    check(&[
        (yaml, &[good], "passed; a passed"),
        (yaml, &[&good.replace("a.c", "abc")], "failed expectation; a failed expectation-missed"),
        (yaml, &[&good.replace("\"n\": 5", "\"n\": \"5\"")], "failed expectation; a failed expectation-missed"),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn generators_draw_the_same_from_the_same_seed() {
    let yaml = "
vars: { u: \"${uuid}\", r: \"${random 8}\", n: \"${random 1..1000000}\", f: \"${fake email}\", when: \"${now | date %F}\", copy: \"${u}\" }
steps: [{ step: a, post: \"/${u}/${copy}\", json: [\"${r}\", \"${n}\", \"${f}\", \"${when}\", \"${run.id}\", \"${run.start}\"] }]
";
    let mut told = Vec::new();
    for seed in [7, 7, 8] {
        let walked = Walk::new(yaml, &["200"]).seed(seed).go().await;
        assert_eq!(brief(&walked.run), "passed; a passed");
        assert_eq!(walked.run.seed, seed);
        let line = walked.requests[0].line();
        let (first, second) = line.trim_start_matches("POST /").split_once('/').expect("two parts");
        assert_eq!(first, second, "a var is evaluated once");
        let body = String::from_utf8_lossy(walked.requests[0].body()).into_owned();
        assert!(body.contains("\"2026-11-22\"") && body.contains("\"2026-11-22T08:00:00Z\""), "{body}");
        assert!(body.contains(&walked.run.id), "{body}");
        told.push(format!("{line} {body}"));
    }
    assert_eq!(told[0], told[1]);
    assert_ne!(told[0], told[2]);
}

#[tokio::test(start_paused = true)]
async fn a_one_time_password_is_made_at_each_use() {
    let yaml = "
needs: { hosts: { site: http://SITE }, secrets: { seed: { to: [site] } }, writes: [things] }
vars: { code: \"${totp seed}\" }
steps: [{ step: a, post: /, text: \"${code}\" }, { step: w, wait: 1s }, { step: b, post: /, text: \"${code}\" }]
";
    // The key of RFC 6238, appendix B, in base32.
    let directory = tempfile::tempdir().expect("a directory");
    let seed = super::written(&directory, "seed", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n");
    let binding = format!("secrets: {{ seed: \"file:{}\" }}", seed.display());
    let walked = Walk::new(yaml, &["200"]).bound(&binding).clock_step(60).go().await;
    assert_eq!(brief(&walked.run), "passed; a passed; w passed; b passed");
    let codes: Vec<_> =
        walked.requests.iter().map(|taken| String::from_utf8_lossy(taken.body()).into_owned()).collect();
    assert_ne!(codes[0], codes[1]);
    let possible: Vec<_> = (0..40).map(|look| code(START + 60 * look)).collect();
    assert!(codes.iter().all(|code| possible.contains(code)), "{codes:?}");
}

/// RFC 6238 with the key of its appendix B.
fn code(unix_seconds: i64) -> String {
    use hmac::{Hmac, Mac as _};
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"12345678901234567890").expect("a key");
    mac.update(&u64::try_from(unix_seconds / 30).expect("after 1970").to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes(digest[at..at + 4].try_into().expect("four")) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

#[tokio::test(start_paused = true)]
async fn a_key_that_makes_no_password_is_told_as_such() {
    let yaml = "
needs: { hosts: { site: http://SITE }, secrets: { seed: { to: [site] } }, writes: [things] }
vars: { code: \"${totp seed}\" }
steps: [{ step: a, post: /, text: \"${code}\" }]
";
    let directory = tempfile::tempdir().expect("a directory");
    let seed = super::written(&directory, "seed", "not base32: 0189");
    let binding = format!("secrets: {{ seed: \"file:{}\" }}", seed.display());
    let walked = Walk::new(yaml, &["200"]).bound(&binding).go().await;
    assert_eq!(brief(&walked.run), "indeterminate input value-unusable");
    let failure = walked.run.failure.expect("a failure");
    assert!(failure.detail.contains("var `code`") && !failure.detail.contains("0189"), "{}", failure.detail);
}
