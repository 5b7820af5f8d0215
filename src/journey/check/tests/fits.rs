//! What fits where: selectors, keys and times.

use super::{Row, check};

#[test]
fn selectors_keys_and_times_fit_their_place() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    (
        r#"
needs: { hosts: { a: https://a.example, p: http://p.example } }
steps:
  - get: /
    at: a
    when: { status: 200, time: { lt: 1s }, "var:x": 1, "output:x": 1 }
    expect: { time: { lt: 1s }, "time.tls": { lt: 1s }, "cert:days-left": { gt: 7 }, "output:x": 1, "var:x": 1, subject: a, "xpath://a": b }
    keep: { x: "output:y" }
  - use: inner
    expect: { time: { lt: 9s }, status: 200, "var:x": 1, "$.y": 1 }
    keep: { z: "header:X", y: "var:x" }
  - get: /${y}${z}
    at: p
    expect: { "cert:subject": x, "time.tls": { lt: 1s }, time.connect: { lt: 1s } }
  - get: /
    at: p
    follow: { max: 1, to: [a] }
    retry: { times: 2, unless: { "output:x": 1 } }
    expect: { "cert:subject": x }
---
forerunner: 1
journey: inner
needs: { hosts: { a: https://a.example } }
steps: [{ get: / }]"#,
        &[
            "selector-place 7:13",
            "selector-place 7:26",
            "name-too-early 7:49",
            "selector-place 7:56",
            "selector-place 8:86",
            "not-in-this-version 8:113",
            "not-in-this-version 8:125",
            "selector-place 9:16",
            "selector-place 11:33",
            "selector-place 11:58",
            "selector-place 12:16",
            "selector-place 15:15",
            "selector-place 15:34",
            "selector-place 19:34",
        ],
    ),
    (
        r"
needs: { hosts: { a: { url: https://a.example, headers: { Idempotency-Key: x } }, b: https://b.example }, writes: [x] }
steps:
  - { get: /, at: a, json: {} }
  - { post: /, at: a, json: {}, retry: { times: 2 } }
  - { post: /, at: b, headers: { idempotency-key: x }, retry: { times: 2 } }
  - step: again
    put: /
    at: b
    retry: { times: 2 }
cleanup:
  - { get: /, at: b, retry: { times: 2 } }
  - get: /
    at: b
    optional: true
    prefer: { time: { lt: 1s } }",
        &["get-body 5:22", "retried-write 11:5", "cleanup-key 16:5", "cleanup-key 17:5"],
    ),
    (
        r"
needs: { hosts: { a: https://a.example } }
limits: { time: 2m, cleanup: 20s }
steps:
  - wait: 3m
  - wait: 6m
  - { get: /, timeout: 2m, retry: { for: 121s } }
cleanup:
  - { get: /, timeout: 21s }
  - { wait: 1m }",
        &["beyond-time 6:11", "long-wait 7:11", "beyond-time 8:42", "beyond-time 10:24", "beyond-time 11:13"],
    ),
    (
        "needs: { hosts: { a: https://a.example } }\nsteps: [{ get: /, timeout: 61s, contract: non }, { get: /, contract: none }]",
        &["beyond-time 4:28", "word 4:43"],
    ),
];
