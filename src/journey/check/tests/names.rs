//! Names: their form, their namespace, and when they have a value.

use super::{Row, check};

#[test]
fn names_are_declared_once_and_mentioned_where_they_have_a_value() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    (
        r#"
needs: { hosts: { a-1: https://a.example, 2b: https://b.example }, inputs: { "wörd": {}, max: {} } }
steps: [{ get: /, at: a-1, query: { x: "${max}" } }, { get: /, at: 2b }]"#,
        &["name 3:43", "name 3:78", "unused-input 3:78", "reserved-name 3:90"],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example }, inputs: { x: {} }, secrets: { x: { to: [a] } } }
vars: { y: 1 }
steps:
  - get: /${y}
    headers: { X: "${x}" }
    for: { y: [1], max: 1 }
    keep: { x: $.id }
  - get: /
    keep: { z: $.a }
  - get: /${z}
    keep: { z: $.b }"#,
        &["duplicate-name 3:73", "duplicate-name 8:12", "duplicate-name 9:13", "keep-of-secret 9:13"],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example }, inputs: { account: {} }, secrets: { k: { to: [a] } } }
vars: { v: "${accont}-${later}" }
steps:
  - get: /${acount}?q=${ accunt | upper }
    query: { x: "${zzz}", y: "a ${a}", v: "${v}", account: "${account}" }
    headers: { S: "${account | hmac sha256 ke | base64}", T: "${account | hmac sha256 k}" }
    expect: { $.x: "${booking}", "var:nothin": 1, "$.l[?@.id == ${acct}] | first": 1, "status | hmac sha256 kk": 1 }
    keep: { later: $.x }
  - get: /
    for: { booking: "${later}", max: 3 }"#,
        &[
            "unknown-name 4:15",
            "name-too-early 4:25",
            "unknown-name 6:13",
            "unknown-name 6:26",
            "unknown-name 7:20",
            "unknown-name 7:35",
            "unknown-name 8:44",
            "unknown-name 9:23",
            "unknown-name 9:39",
            "unknown-name 9:67",
            "unknown-name 9:109",
        ],
    ),
    (
        r#"
needs: { hosts: { a: { url: https://a.example, headers: { X: "${token}" }, auth: { bearer: "${tokn}" } } } }
steps:
  - step: one
    get: /${token}
    when: { "var:token": { exists: true } }
    query: { own: "${own}" }
    expect: { $.x: "${own}", "var:own": 1 }
    keep: { own: $.own, short: "var:own | trim", early: "var:last | trim", last: $.last, token: $.token }
  - step: two
    get: /
    query: { a: "${short}", b: "${early}", c: "${last}" }
cleanup:
  - get: /${token}"#,
        &[
            "name-too-early 3:65",
            "unknown-name 3:95",
            "name-too-early 6:13",
            "name-too-early 7:18",
            "name-too-early 8:22",
            "name-too-early 10:62",
        ],
    ),
    (
        r#"
needs:
  hosts: { a: https://a.example }
  inputs: { t: { type: string }, o: { type: object } }
  secrets: { s: { to: [a] } }
vars: { v: { a: 1 }, n: 7, l: [1] }
steps:
  - get: /
    query: { a: "${t.x}", b: "${o.x.y}", c: "${v.a}", d: "${n.a}", e: "${l.a}", f: "${run}", g: "${run.id}", h: "${run.ids}" }
    headers: { X: "${s.x}" }
    keep: { h: "header:Location", j: $.j, c: "css-all:a" }
  - get: /${h.x}/${j.x}/${c.x}/${run.start}"#,
        &[
            "member 10:20",
            "member 10:61",
            "member 10:74",
            "member 10:87",
            "member 10:116",
            "member 11:22",
            "member 13:13",
            "member 13:27",
        ],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example }, secrets: { k: { to: [a] } } }
vars: { u: "${uuid}", c: "${totp k}${totp u}" }
steps:
  - get: /${u}/${now}
    headers: { X: "${c}", Y: "${random 8}", Z: "${totp k}" }
    auth: { hmac: { key: "${k}", header: X-S, over: "${request.method} ${request.pth}" } }
  - get: /${request.path}"#,
        &[
            "totp-secret 4:43",
            "generator-place 6:18",
            "generator-place 7:33",
            "generator-place 7:51",
            "request-part 8:74",
            "request-part 9:13",
        ],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example } }
vars: { v: 1 }
steps:
  - use: inner
    keep: { x: "output:number", y: "output:numbr" }
    expect: { "output:other": 1 }
  - get: /${x}/${y}
outputs: [v, x, w, vv]
---
forerunner: 1
journey: inner
needs: { hosts: { a: https://a.example } }
steps: [{ get: /, keep: { number: $.n } }]
outputs: [number]"#,
        &["unknown-output 7:36", "unknown-output 8:15", "unknown-output 10:17", "unknown-output 10:20"],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example }, inputs: { i: {} } }
steps:
  - get: /
    at: ${i}
  - post: /
    at: a
    graphql: { query: "{ x(id: ${i}) }" }"#,
        &["unused-input 3:53", "template-place 6:9", "missing-writes 7:5", "template-place 9:23"],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example }, inputs: { x: {} } }
steps:
  - get: /
    headers:
      A: >
        folded
        ${ xx }
    query: { b: "tab\t${y}" }
    when: { "var:x": 1, "var:zz": 1 }"#,
        &["unknown-name 9:12", "unknown-name 10:25", "unknown-name 11:30"],
    ),
];
