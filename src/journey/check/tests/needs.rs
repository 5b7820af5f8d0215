//! Needs: hosts are declared and named, and nothing is declared without need.

use super::{Row, check};

#[test]
fn needs_say_exactly_what_the_journey_needs() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    ("needs: {}\nsteps: [{ get: / }]", &["no-host 3:1"]),
    ("needs: { hosts: {} }\nsteps: [{ get: / }]", &["no-host 3:10"]),
    (
        r#"
needs: { hosts: { web: https://a.example, api: https://b.example }, secrets: { s: { to: [apis] } } }
steps:
  - get: /
  - { get: /, at: wbe, follow: { max: 2, to: [login] } }
  - { get: /, at: web, headers: { X: "${s}" } }"#,
        &["unknown-host 3:90", "host-choice 5:5", "unknown-host 6:19", "unknown-host 6:47"],
    ),
    (
        r#"
needs:
  hosts: { a: https://a.example, b: https://b.example, c: https://c.example, d: https://d.example }
  inputs: { i: {}, j: {} }
  secrets: { s: { to: [a] }, t: { to: [a] } }
vars: { v: 1, w: "${i}" }
steps:
  - { get: /, at: a, headers: { X: "${s}" }, keep: { k: $.k, l: $.l, m: $.m } }
  - { get: "/${k}", at: b, follow: { max: 1, to: [c] }, keep: { l: $.l } }
outputs: [w, m]"#,
        &["unused-host 4:78", "unused-input 5:20", "unused-secret 6:30", "unused-var 7:9", "unused-keep 9:62"],
    ),
    // What a used journey needs is needed; of one that cannot be read, anything may be.
    (
        r#"
needs: { hosts: { a: https://a.example, b: https://b.example }, secrets: { s: { to: [b] } }, writes: [x] }
steps: [{ use: inner }, { get: /, at: a }]
---
forerunner: 1
journey: inner
needs: { hosts: { b: https://b.example }, secrets: { s: { to: [b] } }, writes: [x] }
steps: [{ post: /, headers: { X: "${s}" } }]"#,
        &[],
    ),
    (
        r"
needs: { hosts: { a: https://a.example, b: https://b.example }, secrets: { s: { to: [b] } }, writes: [x] }
steps: [{ use: elsewhere }, { get: /, at: a }]",
        &[],
    ),
    // A file that is rendered may mention anything.
    (
        r"
needs: { hosts: { a: https://a.example }, inputs: { i: {} }, writes: [x] }
steps: [{ post: /, file: { path: a.json, templates: true } }]
cleanup: [{ delete: / }]",
        &[],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example } }
steps:
  - { step: make, post: "/v1/bookings/${run.id}", json: {} }
  - { request: { method: PURGE, path: / } }
  - { put: / }"#,
        &["missing-writes 5:19"],
    ),
    (
        "needs: { hosts: { a: https://a.example }, writes: [one, two] }\nsteps: [{ get: / }, { head: / }, { options: / }]",
        &["unused-writes 3:52"],
    ),
    (
        "needs: { hosts: { a: https://a.example }, writes: [one] }\nsteps: [{ get: / }, { delete: /x }, { post: / }, { post: / }]",
        &["no-cleanup 4:39"],
    ),
    (
        "needs: { hosts: { a: https://a.example }, mailboxes: [inbox] }\nsteps: [{ get: \"/${inbox.address}/${inbox}\" }]",
        &["not-in-this-version 3:55", "member 4:37"],
    ),
];
