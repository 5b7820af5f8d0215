//! Bounds, forms and limits.

use super::{Row, check, diagnose};

#[test]
fn bounds_forms_and_limits_are_kept() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    ("needs: { hosts: { a: https://a.example } }\nsteps: []", &["empty 4:1"]),
    (
        r#"
title: A title that goes on and on until nobody who reads it on a wall board will remember how it began
owner: an-owner-whose-name-is-longer-than-any-pager-will-ever-show-in-one-line
version: "1.2"
needs: { hosts: { a: https://a.example } }
steps:
  - { step: Sign In, get: /, systems: [crm, "The CRM"] }
  - { step: an-id-that-is-longer-than-what-fits-into-a-dns-label-which-is-sixty-three, get: / }"#,
        &["bound 3:8", "bound 4:8", "version 5:10", "id 8:13", "id 8:45", "id 9:13"],
    ),
    (
        r"
version: 1.2.3-rc.1+build.5
needs: { hosts: { a: https://a.example } }
limits: { time: 0, cleanup: 0, requests: 0, body: 0, steps: 0, loop: 0, every: 900ms, parallel: 0 }
steps:
  - { step: one, get: / }",
        &[
            "limit 5:17",
            "limit 5:29",
            "limit 5:42",
            "limit 5:51",
            "limit 5:61",
            "limit 5:70",
            "limit 5:80",
            "limit 5:97",
        ],
    ),
    (
        r#"
needs: { hosts: { a: https://a.example } }
limits: { requests: 1, steps: 2 }
steps: [{ get: / }, { get: / }, { wait: 1s }, { get: /, when: { "var:run": { exists: true } } }, { use: x }]"#,
        &["limit 4:21", "limit 4:31"],
    ),
];

#[test]
fn numbers_of_things_are_bounded() {
    let names = |count: usize, value: &str| (0..count).map(|n| format!("n{n}: {value}")).collect::<Vec<_>>().join(", ");
    let journey = |needs: &str, rest: &str, steps: &str| {
        format!("forerunner: 1\njourney: j\nneeds: {{ hosts: {{ {needs} }} }}\n{rest}\nsteps: [{steps}]")
    };
    let host = "a: https://a.example";
    let conditions = (0..101).map(|n| format!("$.a{n}: 1")).collect::<Vec<_>>().join(", ");
    for (text, messages) in [
        (journey(&names(21, "https://a.example"), "", "{ get: /, at: n0 }"), vec!["21 hosts are too many"]),
        (journey(host, &format!("vars: {{ {} }}", names(101, "1")), "{ get: / }"), vec!["101 vars are too many"]),
        (
            journey(&format!("{host} }}, inputs: {{ {}", names(51, "{}")), "", "{ get: / }"),
            vec!["51 inputs are too many"],
        ),
        (
            journey(&format!("{host} }}, secrets: {{ {}", names(51, "{ to: [a] }")), "", "{ get: / }"),
            vec!["51 secrets are too many"],
        ),
        (
            journey(host, "limits: { requests: 501, steps: 501 }", &vec!["{ get: / }"; 501].join(", ")),
            vec!["501 steps are too many"],
        ),
        (
            journey(host, "", &vec!["{ get: / }"; 101].join(", ")),
            vec![
                "every run makes at least 101 requests, but the limit is 100",
                "every run makes at least 101 steps, but the limit is 100",
            ],
        ),
        (
            journey(host, "", &format!("{{ get: /, expect: {{ {conditions} }} }}")),
            vec!["step `get-1` has 101 conditions"],
        ),
        (
            journey(
                &format!("{host} }}, writes: [x"),
                "cleanup: [{ get: / }]",
                &format!("{{ post: /, base64: {} }}", "x".repeat(65_537)),
            )
            .replace("[x } }", "[x] }"),
            vec!["this text has 65537 bytes, more than 64 KiB"],
        ),
    ] {
        let found = diagnose(&text);
        let found: Vec<_> =
            found.iter().filter(|problem| problem.is_error()).map(|problem| problem.message.as_str()).collect();
        assert_eq!(found, messages);
    }
}
