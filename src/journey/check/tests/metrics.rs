//! What becomes a metric: objectives, `vary`, labels and ids.

use super::{Row, check};

#[test]
fn what_becomes_a_metric_can_be_told_apart() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    (
        r#"
needs: { hosts: { a: https://a.example }, inputs: { i: {} } }
steps:
  - { step: one, get: "/${i}" }
  - { step: two, use: inner }
  - { step: three, wait: 1s }
cleanup: [{ step: last, get: / }]
slo:
  - { good: passed, target: 99%, over: 23h }
  - { name: x, step: oen, good: available, target: 99%, over: 1d }
  - { name: x, step: last, good: passed, target: 99%, over: 1d }
  - { step: three, good: passed, target: 99%, over: 1d }
  - { good: { time: { lt: 1s }, status: 200, "var:i": 1 }, target: 99%, over: 1d }
  - { step: one, good: { "time.first-byte": { lt: 1s }, status: 200, size: { lt: 1kB }, "$.x": 1, subject: a }, target: 99%, over: 1d }
  - { step: two, good: { time: { lt: "${i}" }, status: 200 }, target: 99%, over: 1d }
  - { name: X Y, good: { time: { schema: { type: string } } }, target: 99%, over: 1d }
---
forerunner: 1
journey: inner
needs: { hosts: { a: https://a.example } }
steps: [{ get: / }]"#,
        &[
            "objective 10:40",
            "objective 11:22",
            "objective 12:13",
            "objective 12:22",
            "objective 13:13",
            "objective-selector 14:33",
            "objective-selector 14:46",
            "template-place 14:46",
            "objective-selector 15:89",
            "not-in-this-version 15:99",
            "template-place 16:38",
            "objective-selector 16:48",
            "id 17:13",
            "condition 17:32",
        ],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example }, inputs: { country: {}, topic: {}, long: {} } }
steps: [{ get: "/${country}/${topic}/${long}" }]
vary:
  - { country: SE }
  - { contry: DK }
  - { country: SE }
  - { country: se }
  - { country: FI, labels: { market: north } }
  - { country: "NO", labels: { market: north } }
  - { topic: a b, country: 1 }
  - { country: a, topic: "b-1" }
  - { long: [1] }
  - { long: [2] }
  - { labels: { a: "1", b: "2", c: "3", d: "4", e: "5", f: "6", g: "7", h: "8", i: "9", j: "10", k: "11" } }
  - { labels: { a-b: "1", a_b: "2" } }"#,
        &[
            "unknown-input 7:7",
            "vary 8:5",
            "metric-collision 9:5",
            "vary 11:5",
            "metric-collision 13:5",
            "vary 15:5",
            "bound 16:5",
            "metric-collision 17:5",
        ],
    ),
    (
        r"
needs: { hosts: { a: https://a.example } }
steps:
  - { step: buy, use: inner }
  - { step: buy-search, get: / }
  - { step: buy-search-deep, use: leaf }
---
forerunner: 1
journey: inner
needs: { hosts: { a: https://a.example } }
steps: [{ step: search, get: / }, { step: other, use: leaf }]
---
forerunner: 1
journey: leaf
needs: { hosts: { a: https://a.example } }
steps: [{ step: x, get: / }]",
        &["metric-collision 5:13"],
    ),
    (
        r"
version: 1.0.0
needs: { hosts: { a: https://a.example } }
steps: [{ step: x, get: / }, { get: / }, { get: /x }]",
        &["unnamed-step 5:32"],
    ),
    (
        r"
needs: { hosts: { a: https://a.example } }
steps: [{ get: /1 }, { get: /2 }, { get: /3 }, { get: /4 }, { get: /5 }, { get: /6 }, { get: /7 }]
slo: [{ good: passed, target: 99%, over: 28d }]",
        &["unnamed-step 4:11"],
    ),
];
