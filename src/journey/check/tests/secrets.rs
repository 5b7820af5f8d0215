//! Secrets: where they may go, whatever they were made into.

use super::{Row, check};

#[test]
fn a_secret_goes_only_where_it_may() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    // Directly, in every part of a request.
    (
        r#"
needs: { hosts: { a: https://a.example, b: https://b.example }, secrets: { s: { to: [a] } }, writes: [x] }
steps:
  - { get: /, at: a, headers: { X: "${s}" } }
  - post: /${s}
    at: b
    query: { q: ["${s}"] }
    headers: { X: ["1", "${s}"] }
    cookies: { c: "x ${s}" }
    auth: { basic: { user: u, password: "${s}" } }
    json: { deep: [{ er: "${s}" }] }
    expect: { $.echo: { not: { contains: "${s}" } } }
  - { post: /, at: b, auth: { hmac: { key: "${s}", header: X, over: "${s}" } }, form: { f: "${s}" } }
  - { post: /, at: b, multipart: { a: "${s}", b: { text: "${s}" }, c: { json: ["${s}"] } } }
  - { post: /, at: b, text: "${s}", auth: { bearer: "${s}" } }
  - { post: /, at: b, xml: "${s}" }
  - { post: /, at: b, graphql: { query: "{ x }", variables: { v: "${s}" } } }
cleanup: [{ get: /, at: b, headers: { X: "${s}" } }]"#,
        &[
            "secret-destination 6:14",
            "secret-destination 8:21",
            "secret-destination 9:28",
            "secret-destination 10:24",
            "secret-destination 11:44",
            "secret-destination 12:29",
            "secret-destination 14:47",
            "secret-destination 14:72",
            "secret-destination 14:95",
            "secret-destination 15:42",
            "secret-destination 15:61",
            "secret-destination 15:83",
            "secret-destination 16:32",
            "secret-destination 16:56",
            "secret-destination 17:31",
            "secret-destination 18:69",
            "secret-destination 19:45",
        ],
    ),
    // Through vars, filters, kept values, loops and signatures.
    (
        r#"
needs:
  hosts: { a: https://a.example, b: https://b.example }
  inputs: { i: {} }
  secrets: { s: { to: [a] }, t: { to: [b] } }
vars: { second: "${first}!", first: { list: ["x ${s | upper}"] }, both: "${s}${t}", open: "${i}" }
steps:
  - get: /
    at: a
    headers: { S: "${s}", V: "${second}", B: "${both}", O: "${open}" }
    keep: { derived: "var:first | to-string", signed: "$.x | hmac sha256 s", picked: "$.l[?@.id == ${s}].v", plain: $.p }
  - get: /
    at: b
    headers: { T: "${t}", V: "${second}", B: "${both}", P: "${plain}", O: "${open}", H: "${i | hmac sha256 s}" }
    cookies: { d: "${derived}", s: "${signed}", p: "${picked}" }
  - get: /
    at: b
    for: { item: "${picked}", max: 5 }
    headers: { I: "${item}" }"#,
        &[
            "secret-destination 11:49",
            "secret-destination 15:33",
            "secret-destination 15:49",
            "secret-destination 15:108",
            "secret-destination 16:22",
            "secret-destination 16:39",
            "secret-destination 16:55",
            "secret-destination 20:22",
        ],
    ),
    // A kept secret belongs to its sender, unless it is declared.
    (
        r#"
needs:
  hosts: { a: https://a.example, b: https://b.example }
  secrets: { wide: { to: [a, b], kept: true }, gone: { to: [a], kept: true }, alien: { to: [b], kept: true } }
steps:
  - { get: /, at: a, keep: { token: { from: $.t, secret: true }, wide: $.w, alien: $.x } }
  - { get: /, at: b, headers: { T: "${token}", W: "${wide}", A: "${alien}" } }
  - { get: /, at: a, headers: { T: "${token}", W: "${wide}" } }
  - { get: /, at: a, follow: { max: 1, to: [b] }, keep: { token: { from: $.t, secret: true }, alien: $.x } }
  - { get: /, at: b, headers: { T: "${token}" } }"#,
        &["kept-without-keep 5:48", "kept-source 7:77", "secret-destination 8:39"],
    ),
    // The value of a use step keeps the label that it has in the used journey.
    (
        r#"
needs: { hosts: { b: https://b.example, a: https://a.example } }
steps:
  - { use: inner, keep: { token: "output:token", id: "output:id", mine: { from: "output:id", secret: true } } }
  - { get: /, at: a, headers: { T: "${token}", I: "${id}" } }
  - { get: /, at: b, headers: { T: "${token}", I: "${id}", M: "${mine}" } }
---
forerunner: 1
journey: inner
needs: { hosts: { a: https://a.example } }
steps: [{ get: /, keep: { token: { from: $.t, secret: true }, id: $.id } }]
outputs: [token, id]"#,
        &["secret-sender 5:67", "secret-destination 7:39"],
    ),
    // Defaults of a host go with every step that does not override them.
    (
        r#"
needs:
  hosts:
    a: { url: https://a.example, auth: { bearer: "${s}" }, headers: { X-Key: "${s}", X-Sec: "${t}" } }
    b: { url: http://b.example, headers: { X-Key: "${t}" } }
  secrets: { s: { to: [b] }, t: { to: [a] } }
steps:
  - { get: /, at: a, auth: none, headers: { x-key: null } }
  - { get: /, at: b, headers: { X-Key: "${s}" } }
  - { get: /, at: a, headers: { X-Key: "1" } }"#,
        &["secret-destination 5:53", "secret-over-http 7:24"],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example }, secrets: { s: { to: [a] }, n: { to: [] } } }
vars: { v: "x${s}" }
steps:
  - get: /${s}/${v | sha256}
    query: { k: "${v}", signature: "${run.id | hmac sha256 s}" }
    headers: { N: "${n}" }"#,
        &["empty 3:70", "secret-in-url 6:13", "secret-in-url 6:18", "secret-in-url 7:20"],
    ),
];
