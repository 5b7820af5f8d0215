//! Tables and properties of the text form: what is read, what is refused, and where messages point.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::base::span::Source;

/// The documents as JSON, and `rule line:column` of every problem.
fn read(text: &str) -> (Vec<Json>, Vec<String>) {
    let parsed = parse(&Source::new("t.yaml", text));
    let problems =
        parsed.diagnostics.iter().map(|problem| format!("{} {}", problem.rule.id, problem.position())).collect();
    (parsed.documents.iter().map(Node::to_json).collect(), problems)
}

#[test]
fn values_are_what_json_says_and_the_rest_is_text() {
    for (text, value) in [
        ("a: 1", json!({"a": 1})),
        ("a: -0.5e3", json!({"a": -500.0})),
        ("a: 18446744073709551615", json!({"a": u64::MAX})),
        ("a: -9223372036854775808", json!({"a": i64::MIN})),
        ("a: ~\nb: null\nc:", json!({"a": null, "b": null, "c": null})),
        ("a: true\nb: 'true'", json!({"a": true, "b": "true"})),
        (
            "a: 10.0.0.1\nb: 1.2.3\nc: 007-x\nd: -x\ne: 5m",
            json!({"a": "10.0.0.1", "b": "1.2.3", "c": "007-x", "d": "-x", "e": "5m"}),
        ),
        ("a: $.items[?@.kind == 'x'] | first", json!({"a": "$.items[?@.kind == 'x'] | first"})),
        ("a: [1, \"b\", {c: d}]", json!({"a": [1, "b", {"c": "d"}]})),
        ("a: &x [1]\nb: *x", json!({"a": [1], "b": [1]})),
        ("a: |\n  one\n  two\n", json!({"a": "one\ntwo\n"})),
    ] {
        assert_eq!(read(text), (vec![value], Vec::<String>::new()), "{text}");
    }
}

#[test]
fn what_readers_disagree_about_is_refused_or_pointed_out() {
    for (text, problem) in [
        ("a: 010", "number 1:4"),
        ("a: 0x1F", "number 1:4"),
        ("a: 0o17", "number 1:4"),
        ("a: 1_000", "number 1:4"),
        ("a: +5", "number 1:4"),
        ("a: .5", "number 1:4"),
        ("a: 5.", "number 1:4"),
        ("a: .inf", "number 1:4"),
        ("a: -.INF", "number 1:4"),
        ("a: .nan", "number 1:4"),
        ("a: 12:30", "number 1:4"),
        ("a: 1:30:00", "number 1:4"),
        ("a: 18446744073709551616", "number 1:4"),
        ("a: 1e999", "number 1:4"),
        ("a: no", "ambiguous-word 1:4"),
        ("a: On", "ambiguous-word 1:4"),
        ("a: True", "ambiguous-word 1:4"),
        ("a: 2026-11-22", "ambiguous-word 1:4"),
        ("a: !include x", "yaml-tag 1:4"),
        ("a: !!str 5", "yaml-tag 1:4"),
        ("x: &m {b: 1}\n<<: *m", "merge-key 2:1"),
        ("a: 1\nb: 2\na: 3", "duplicate-key 3:1"),
        ("200: x", "key 1:1"),
        ("[a]: x", "key 1:1"),
        ("a: *nothing", "alias 1:4"),
        ("a: &x [*x]", "alias 1:8"),
        ("%YAML 1.2\n---\na: 1", "yaml-syntax 1:1"),
        ("a: b: c", "yaml-syntax 1:5"),
        ("a: [1, 2", "yaml-syntax 1:4"),
    ] {
        assert_eq!(read(text).1, [problem], "{text}");
    }
}

#[test]
fn all_problems_are_reported_and_the_rest_is_still_read() {
    let (documents, problems) = read("a: 010\nb: no\na: 1\n3: x\nc: 4\n---\nd: 0x1\n");
    assert_eq!(documents, [json!({"a": "010", "b": "no", "c": 4}), json!({"d": "0x1"})]);
    assert_eq!(problems, ["number 1:4", "ambiguous-word 2:4", "duplicate-key 3:1", "key 4:1", "number 7:4"]);
}

#[test]
fn empty_documents_are_skipped() {
    assert_eq!(read("---\n---\na: 1\n---\n# nothing\n").0, [json!({"a": 1})]);
    assert_eq!(read(""), (vec![], vec![]));
}

#[test]
fn bombs_are_refused_before_they_grow() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let alias = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", alias.trim_end_matches(", "));
    }
    assert!(read(&bomb).1[0].starts_with("node-count"), "{:?}", read(&bomb).1);
    for text in ["[".repeat(100_000), "- ".repeat(1000) + "a", "{a: ".repeat(500)] {
        let problems = read(&text).1;
        assert!(problems[0].starts_with("node-count") || problems[0].starts_with("yaml-syntax"), "{problems:?}");
    }
    assert_eq!(read(&"a".repeat((1 << 20) + 1)).1, ["file-size 1:1"]);
}

#[test]
fn a_part_of_a_text_is_pointed_at_where_it_stands() {
    for (text, place) in [("k: héllo", 5), ("k: \"héllo\"", 6), ("k: 'héllo'", 6)] {
        let source = Source::new("t.yaml", text);
        let Tree::Map(entries) = &parse(&source).documents[0].tree else { panic!("a map") };
        let part = entries[0].value.part(1, 2);
        assert_eq!((source.slice(part), source.position(part.start).column), ("é", place), "{text}");
    }
}

#[test]
fn a_block_collection_ends_with_its_last_part() {
    let source = Source::new("t.yaml", "a:\n  - b: c\n    d: e\n\n# comment\nf: g\n");
    let Tree::Map(entries) = &parse(&source).documents[0].tree else { panic!("a map") };
    assert_eq!(source.slice(entries[0].value.span), "- b: c\n    d: e");
}

proptest! {
    #[test]
    fn no_text_panics_and_every_place_is_inside(text in "[ -~\n\t\u{e9}]{0,200}") {
        let source = Source::new("t.yaml", text.clone());
        for problem in parse(&source).diagnostics {
            prop_assert!(problem.span.end as usize <= text.len());
        }
    }

    #[test]
    fn a_second_reader_agrees_on_what_is_accepted(text in "[a-c]: ([0-9.eE+-]{1,6}|true|null|~|'[ab]'|\"x\")") {
        let (documents, problems) = read(&text);
        if problems.is_empty() {
            let second: Json = serde_yaml::from_str(&text).expect("read by a second reader as well");
            prop_assert_eq!(&documents[0], &second);
        }
    }
}
