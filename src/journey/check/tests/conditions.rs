//! Conditions and steps: what holds for the wrong reason or never, what is never executed.

use super::{Row, check};

#[test]
fn conditions_can_fail_and_hold_and_steps_can_be_reached() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    (
        r#"
needs: { hosts: { a: https://a.example } }
steps:
  - get: /
    expect:
      $.a: { each: { type: string } }
      $.b: { each: { type: string }, length: { gte: 1 } }
      $.c: { each: { type: string }, empty: false }
      $.d: { all: [{ length: 3 }, { each: { gt: 1 } }] }
      $.e[*].id: { each: { type: integer } }
      $.e: { length: { gt: 0 } }
      $.f[*].id: { each: { type: integer }, exists: true }
      $.g: { each: { type: integer }, exists: true }
      $.h[*].id: { each: { type: integer } }
      $.h | count: { gte: 2 }
      $.i: { each: { type: integer }, some: { gt: 3 } }
      $.j: { each: { type: integer } }
      $.j[0].x: 1
      $.k: { not: { each: { type: integer } } }
      $.l: { each: { type: integer }, length: { gte: 0 } }
      $.m: { each: { type: integer }, not: { length: 0 } }
    retry: { times: 2, unless: { $.states: { each: failed } } }
    prefer: { "css-all:a@href": { each: { starts-with: https } } }"#,
        &["unguarded-each 7:7", "unguarded-each 14:7", "unguarded-each 23:34", "unguarded-each 24:15"],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example } }
steps:
  - get: /
    expect:
      $.a: { contains: [1, 2] }
      $.b: { any: [{ contains: ["${run.id}"] }, { not: { contains: x } }] }
      $.c: { contains: "[1]" }
      $.d:
        contains:
          - 1"#,
        &["contains-list 7:24", "contains-list 8:32", "contains-list 12:11"],
    ),
    (
        r"
needs: { hosts: { a: https://a.example } }
steps:
  - get: /
    expect:
      $.a: { exists: false, type: string }
      $.b: { any: [{ exists: false }, { type: string }] }
      $.c: { exists: false, any: [{ exists: false }, { type: string }] }
      $.d: { exists: false, not: { exists: true } }
      $.e: { exists: false, not: { type: string } }
      $.f[*]: { exists: false, length: 0 }
      $.g: { all: [{ exists: false }, { exists: true }] }
      $.h: { exists: false }",
        &["never-holds 7:12", "never-holds 11:12", "never-holds 13:12"],
    ),
    (
        r"
needs: { hosts: { a: https://a.example } }
steps:
  - { get: /, prefer: { status: 200 } }
  - { get: /, prefer: { status: 200 }, expect: { status: { in: [200, 404] } } }
  - { get: /, expect: { status: 404 } }",
        &["preferred-status 5:25"],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example }, inputs: { i: {} }, secrets: { s: { to: [a] } } }
vars: { none: [], one: [1], text: abc, mode: fast }
steps:
  - { get: /, for: { x: [1], max: 1 } }
  - { get: /, for: { y: [], max: 3 } }
  - { get: /, for: { z: "${none}", max: 3 } }
  - { get: /, for: { w: "${one}", max: 3 } }
  - { get: /, for: { v: "${text}", max: 3 } }
  - { get: /, for: { u: "${s}", max: 3 }, headers: { S: "${s}", I: "${i}" }, keep: { h: "header:X", l: "$.l[*]", j: $.j } }
  - { get: /, for: { t: "${h}", max: 3 } }
  - { get: /, keep: { h2: "header:X", l2: "$.l[*]", j2: $.j } }
  - { get: /, for: { t1: "${h2}", max: 3 } }
  - { get: /, for: { t2: "${l2}", max: 3 } }
  - { get: /, for: { t3: "${j2}", max: 3 } }
  - { get: /, for: { t4: "${h2 | split ,}", max: 3 } }
  - { get: /, for: { t5: 7, max: 3 } }
  - { get: /, when: { "var:mode": slow, "var:l": { exists: true }, "var:j": 1 } }
  - { get: /, when: { "var:mode": { in: [fast, slow] } } }
  - { get: /, when: { "var:i": { exists: false } } }
  - { get: /, when: { "var:h": { exists: false } } }
  - { get: /, when: { "var:mode | upper": slow } }"#,
        &[
            "unreachable-step 7:25",
            "unreachable-step 8:25",
            "not-a-list 10:25",
            "not-a-list 11:25",
            "not-a-list 14:26",
            "not-a-list 18:26",
            "unreachable-step 19:23",
            "unreachable-step 21:23",
        ],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example } }
steps:
  - { get: /, optional: true, keep: { a: $.a } }
  - { get: "/${a}", keep: { b: $.b } }
  - { wait: 1s }
  - { get: /, expect: { "var:b": 1 } }
cleanup:
  - { get: /, when: { "var:a": { exists: true } } }"#,
        &["optional-needed 5:15"],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example } }
steps:
  - { get: /, keep: { a: $.a } }
  - { get: /, optional: true, keep: { a: $.a, c: $.c } }
  - { get: "/${a}" }
  - { get: /, optional: true, keep: { d: $.d } }
  - { get: "/${d}" }
  - { get: /, when: { "var:c": 1 } }"#,
        &[],
    ),
];
