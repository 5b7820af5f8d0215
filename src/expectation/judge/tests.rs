//! Conditions against values: verdicts, explanations and what can never hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Explanation, Judge, JudgeError, Verdict};
use crate::base::time::Timestamp;
use crate::expectation::condition::{Condition, MATCHER_DOCS, Order, TypeWord};
use crate::expectation::kinds::Kinds;
use crate::expectation::schema::Schema;
use crate::model::value::{Kind, Value};

/// A condition as a journey would write it.
pub(super) fn condition(json: &Json) -> Condition<Json, Arc<Schema>> {
    let Json::Object(entries) = json else { return Condition::Equals(json.clone()) };
    let mut parts: Vec<_> = entries.iter().map(|(name, argument)| matcher(name, argument)).collect();
    if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) }
}

fn matcher(name: &str, argument: &Json) -> Condition<Json, Arc<Schema>> {
    let list = || argument.as_array().expect("a list").iter();
    let boxed = || Box::new(condition(argument));
    let literal = argument.clone();
    let word = |json: &Json| TypeWord::parse(json.as_str().expect("a word")).expect("a type");
    match name {
        "equals" => Condition::Equals(literal),
        "not" => Condition::Not(boxed()),
        "any" => Condition::Any(list().map(condition).collect()),
        "all" => Condition::All(list().map(condition).collect()),
        "lt" => Condition::Compare(Order::Lt, literal),
        "lte" => Condition::Compare(Order::Lte, literal),
        "gt" => Condition::Compare(Order::Gt, literal),
        "gte" => Condition::Compare(Order::Gte, literal),
        "in" => Condition::In(list().cloned().collect()),
        "contains" => Condition::Contains(literal),
        "starts-with" => Condition::StartsWith(literal),
        "ends-with" => Condition::EndsWith(literal),
        "matches" => Condition::Matches(literal),
        "exists" => Condition::Exists(literal == json!(true)),
        "empty" => Condition::Empty(literal == json!(true)),
        "length" => Condition::Length(boxed()),
        "each" => Condition::Each(boxed()),
        "some" => Condition::Some(boxed()),
        "type" if argument.is_array() => Condition::Type(list().map(word).collect()),
        "type" => Condition::Type(vec![word(argument)]),
        "like" => Condition::Like(literal),
        "schema" => {
            Condition::Schema(Arc::new(Schema::compile("inline", argument, &BTreeMap::new()).expect("a schema")))
        }
        other => panic!("no matcher {other}"),
    }
}

fn judge(json: &Json) -> Judge {
    Judge::new(condition(json)).unwrap_or_else(|error| panic!("{json}: {error:?}"))
}

fn parse(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| Value::Json(serde_json::from_str(text).expect("JSON")))
}

#[test]
fn every_documented_matcher_holds_and_fails_as_the_table_says() {
    for row in MATCHER_DOCS {
        let (text, holds, fails) = row.example;
        let judge = judge(&serde_json::from_str(text).expect("JSON"));
        assert!(text.contains(&format!("\"{}\"", row.name)), "{text}");
        assert_eq!(judge.judge(parse(holds).as_ref(), false), Verdict::Holds, "{text} {holds}");
        assert_eq!(judge.judge(parse(fails).as_ref(), false), Verdict::Fails, "{text} {fails}");
        assert!(row.about.ends_with('.'), "{}", row.name);
    }
}

/// `+` holds, `-` fails, `?` is undefined.
#[track_caller]
fn check_value(rows: &[(Json, Option<Value>, char)]) {
    for (condition, value, expected) in rows {
        let verdict = match judge(condition).judge(value.as_ref(), false) {
            Verdict::Holds => '+',
            Verdict::Fails => '-',
            Verdict::Undefined => '?',
        };
        assert_eq!(verdict, *expected, "{condition} {value:?}");
    }
}

#[track_caller]
fn check(rows: &[(Json, Json, char)]) {
    let rows: Vec<_> = rows.iter().map(|(c, v, e)| (c.clone(), Some(Value::Json(v.clone())), *e)).collect();
    check_value(&rows);
}

#[test]
fn equality_is_deep_strict_and_exact() {
    check(&[
        (json!(1), json!(1.0), '+'),
        (json!(0), json!(-0.0), '+'),
        (json!(u64::MAX), json!(18_446_744_073_709_551_616.0), '-'),
        (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992.0), '-'),
        (json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_992.0), '+'),
        (json!(i64::MIN), json!(-9_223_372_036_854_775_808.0), '+'),
        (json!("5"), json!(5), '-'),
        (json!(null), json!(false), '-'),
        (json!("é"), json!("e\u{301}"), '-'),
        (json!([1, 2]), json!([1.0, 2.0]), '+'),
        (json!([1, 2]), json!([2, 1]), '-'),
        (json!({"equals": {"a": 1, "b": [2]}}), json!({"b": [2.0], "a": 1}), '+'),
        (json!({"equals": {"a": 1}}), json!({"a": 1, "b": 2}), '-'),
        (json!({"in": [1, "2"]}), json!("2"), '+'),
        (json!({"in": [1, "2"]}), json!(2), '-'),
        (json!({"like": [{"a": 1}]}), json!([{"a": 1.0, "b": 2}]), '+'),
        (json!({"like": [{"a": 1}]}), json!([{"a": 1}, {"a": 1}]), '-'),
        (json!({"like": 1}), json!("1"), '-'),
    ]);
}

#[test]
fn order_is_defined_for_what_has_one() {
    check(&[
        (json!({"lt": 1.5}), json!(1), '+'),
        (json!({"gt": 9_007_199_254_740_992.0}), json!(9_007_199_254_740_993_u64), '+'),
        (json!({"lt": -0.5}), json!(-1), '+'),
        (json!({"gt": -1.5}), json!(-1), '+'),
        (json!({"lt": 1e300}), json!(u64::MAX), '+'),
        (json!({"gt": -1e300}), json!(i64::MIN), '+'),
        (json!({"gt": "9"}), json!("10"), '?'),
        (json!({"gt": 9}), json!("10"), '?'),
        (json!({"gt": "800ms"}), json!(900), '?'),
        (json!({"gt": "2026-11-22"}), json!("2026-11-22T08:00:00Z"), '?'),
        (json!({"gt": "2026-11-22"}), json!("2026-11-23"), '+'),
        (json!({"lt": "2026-11-22T09:00:00+02:00"}), json!("2026-11-22T06:59:59.9Z"), '+'),
        (json!({"lt": 1}), json!([0]), '?'),
        (json!({"lt": true}), json!(false), '?'),
    ]);
}

#[test]
fn kinds_beyond_json_read_their_arguments_in_their_own_form() {
    let duration = || Some(Value::Duration(Duration::from_millis(1500)));
    let size = || Some(Value::Size(2 << 20));
    let time = || Timestamp::parse_rfc3339("2026-11-22T08:00:00Z").map(Value::Time);
    let bytes = || Some(Value::Bytes(vec![0xde, 0xad]));
    check_value(&[
        (json!("1.5s"), duration(), '+'),
        (json!("1500ms"), duration(), '+'),
        (json!(1500), duration(), '-'),
        (json!({"lt": "2s"}), duration(), '+'),
        (json!({"gt": 0}), duration(), '+'),
        (json!({"lt": 5}), duration(), '?'),
        (json!({"in": ["1s", "1500ms"]}), duration(), '+'),
        (json!("2MiB"), size(), '+'),
        (json!(2_097_152), size(), '+'),
        (json!({"lt": "2.5MB"}), size(), '+'),
        (json!({"lt": 1.5}), size(), '?'),
        (json!("2026-11-22T09:00:00+01:00"), time(), '+'),
        (json!({"lt": "2026-11-22T08:00:01Z"}), time(), '+'),
        (json!({"lt": "2026-11-23"}), time(), '?'),
        (json!("dead"), bytes(), '+'),
        (json!("DEAD"), bytes(), '+'),
        (json!("dea"), bytes(), '-'),
        (json!({"length": 2}), bytes(), '+'),
        (json!({"empty": false}), bytes(), '+'),
        (json!({"type": "string"}), duration(), '?'),
        (json!({"schema": true}), time(), '?'),
        (json!({"length": 2}), size(), '?'),
        (json!({"like": "1.5s"}), duration(), '+'),
        (json!({"contains": "d"}), bytes(), '?'),
    ]);
}

#[test]
fn a_missing_value_meets_nothing_but_its_absence() {
    check_value(&[
        (json!(null), None, '?'),
        (json!({"not": 1}), None, '?'),
        (json!({"exists": false}), None, '+'),
        (json!({"exists": true}), None, '-'),
        (json!({"not": {"exists": true}}), None, '+'),
        (json!({"any": [{"exists": false}, {"type": "string"}]}), None, '+'),
        (json!({"any": [{"exists": false}, {"type": "string"}]}), Some(Value::text("")), '+'),
        (json!({"any": [{"exists": false}, {"type": "string"}]}), Some(Value::number(1)), '-'),
        (json!({"all": [{"exists": true}, {"gt": 1}]}), None, '-'),
        (json!({"exists": true}), Some(Value::Json(Json::Null)), '+'),
    ]);
    let empty = Some(Value::Json(json!([])));
    for (text, several, one) in [
        (json!({"exists": false}), Verdict::Holds, Verdict::Fails),
        (json!({"not": {"exists": false}}), Verdict::Fails, Verdict::Holds),
        (json!({"length": 0}), Verdict::Holds, Verdict::Holds),
        (json!({"some": {"exists": true}}), Verdict::Fails, Verdict::Fails),
    ] {
        assert_eq!(judge(&text).judge(empty.as_ref(), true), several, "{text}");
        assert_eq!(judge(&text).judge(empty.as_ref(), false), one, "{text}");
    }
    let nested = Some(Value::Json(json!([[]])));
    assert_eq!(judge(&json!({"each": {"exists": true}})).judge(nested.as_ref(), true), Verdict::Holds);
}

#[test]
fn matchers_of_parts() {
    check(&[
        (json!({"contains": "b"}), json!("abc"), '+'),
        (json!({"contains": 1}), json!("1"), '?'),
        (json!({"contains": 1}), json!([1.0]), '+'),
        (json!({"contains": ["a"]}), json!(["a"]), '-'),
        (json!({"contains": "a"}), json!({"a": null}), '+'),
        (json!({"contains": 1}), json!({"1": 1}), '?'),
        (json!({"contains": 1}), json!(1), '?'),
        (json!({"matches": "^b$"}), json!("abc"), '-'),
        (json!({"matches": "b"}), json!(["b"]), '?'),
        (json!({"empty": true}), json!({}), '+'),
        (json!({"empty": true}), json!(0), '?'),
        (json!({"length": {"gt": 1}}), json!("ab"), '+'),
        (json!({"length": {"type": "integer"}}), json!([1]), '+'),
        (json!({"length": 1.0}), json!({"a": 1}), '+'),
        (json!({"each": {"gt": 1}}), json!([2, "x"]), '?'),
        (json!({"each": {"gt": 1}}), json!([0, "x"]), '-'),
        (json!({"each": {"gt": 1}}), json!([]), '+'),
        (json!({"each": 1}), json!({"a": 1}), '?'),
        (json!({"some": {"gt": 1}}), json!(["x", 0]), '?'),
        (json!({"some": {"gt": 1}}), json!(["x", 2]), '+'),
        (json!({"some": 1}), json!([]), '-'),
        (json!({"not": {"each": {"gt": 1}}}), json!(["x"]), '?'),
        (json!({"type": ["integer", "null"]}), json!(null), '+'),
        (json!({"type": "number"}), json!("1"), '-'),
        (json!({"gte": 1, "lte": 3}), json!(3), '+'),
    ]);
}

#[test]
fn arguments_are_checked_when_a_condition_is_made() {
    for (condition, path, message) in [
        (condition(&json!({"each": {"matches": "("}})), "each.matches", "regular expression"),
        (condition(&json!({"not": {"starts-with": 1}})), "not.starts-with", "a number, not text"),
        (Condition::InList(json!("a")), "in", "text, not a list"),
    ] {
        let error = Judge::new(condition).expect_err(message);
        assert_eq!(error.path, path);
        assert!(error.message.contains(message), "{error:?}");
    }
    let listed = Judge::new(Condition::InList(json!([1, 2]))).expect("a list");
    assert_eq!(listed.judge(Some(&Value::number(2)), false), Verdict::Holds);
}

#[track_caller]
fn explained(condition: &Json, value: Option<&Value>) -> Explanation {
    let judge = judge(condition);
    assert_ne!(judge.judge(value, false), Verdict::Holds, "{condition}");
    judge.explain(value, false)
}

#[test]
fn an_explanation_names_matcher_place_and_what_may_be_meant() {
    let rows: &[(Json, Json, [&str; 5])] = &[
        (json!(201), json!(200), ["equals", "201", "200", "", ""]),
        (json!(5), json!("5"), ["equals", "5", "\"5\"", "", "compare with \"5\" or add `| to-int`"]),
        (json!("5"), json!(5), ["equals", "\"5\"", "5", "", "without quotes"]),
        (json!("Open"), json!("open"), ["equals", "\"Open\"", "\"open\"", "", "| lower"]),
        (json!("a"), json!(" a\n"), ["equals", "\"a\"", "\" a\\n\"", "", "| trim"]),
        (json!(7), json!([7]), ["equals", "7", "[7]", "", "| first"]),
        (json!([200, 204]), json!(200), ["equals", "[200,204]", "200", "", "in: […]"]),
        (json!({"gte": 3, "lt": 5}), json!(5), ["lt", "{ lt: 5 }", "5", "", ""]),
        (json!({"gt": 9}), json!("10"), ["gt", "{ gt: 9 }", "\"10\"", "", "`10` is text here: add `| to-int`"]),
        (json!({"gt": "9"}), json!("10"), ["gt", "{ gt: \"9\" }", "\"10\"", "", "never ordered by the alphabet"]),
        (
            json!({"equals": {"items": [{"p": 1}, {"p": 2}]}}),
            json!({"items": [{"p": 1}, {"p": "2"}]}),
            ["equals", "2", "\"2\"", "$.items[1].p", "| to-int"],
        ),
        (json!({"like": {"a b": {"c": 1}}}), json!({"a b": {}}), ["like", "1", "missing", "$[\"a b\"].c", ""]),
        (json!({"equals": {"a": 1}}), json!({"a": 1, "x": 2}), ["equals", "missing", "2", "$.x", ""]),
        (
            json!({"equals": {"a": [1]}}),
            json!({"a": [1, 2]}),
            ["equals", "a list of 1 element", "a list of 2 elements", "$.a", ""],
        ),
        (
            json!({"each": {"type": "integer"}}),
            json!([1, "x", 2]),
            ["each.type", "{ type: integer }", "\"x\"", "$[1]", ""],
        ),
        (json!({"each": {"like": {"a": 1}}}), json!([{"a": 2}]), ["each.like", "1", "2", "$[0].a", ""]),
        (json!({"some": {"gt": 1}}), json!([0]), ["some", "{ some: { gt: 1 } }", "[0]", "", ""]),
        (json!({"each": 1}), json!("a"), ["each", "{ each: 1 }", "\"a\"", "", "elements of a list"]),
        (json!({"length": {"gte": 3}}), json!("ab"), ["length.gte", "{ gte: 3 }", "2", "", ""]),
        (json!({"length": 3}), json!(3), ["length", "{ length: 3 }", "3", "", "counts in text"]),
        (json!({"not": {"contains": "a"}}), json!("a"), ["not", "{ not: { contains: \"a\" } }", "\"a\"", "", ""]),
        (json!({"any": [1, {"gt": 5}]}), json!(3), ["any", "{ any: [1, { gt: 5 }] }", "3", "", ""]),
        (json!({"contains": ["a"]}), json!(["a"]), ["contains", "{ contains: [\"a\"] }", "[\"a\"]", "", "one element"]),
        (json!({"type": "number"}), json!("1.5"), ["type", "{ type: number }", "\"1.5\"", "", "| to-float"]),
        (
            json!({"schema": {"properties": {"n": {"items": {"minimum": 0}}}}}),
            json!({"n": [1, -1]}),
            ["schema", "valid by the schema: -1 is less than the minimum of 0", "-1", "$.n[1]", ""],
        ),
    ];
    for (condition, value, [matcher, expected, got, difference, hint]) in rows {
        let explained = explained(condition, Some(&Value::Json(value.clone())));
        let shown = [&explained.matcher, &explained.expected, &explained.got].map(String::as_str);
        assert_eq!(shown, [*matcher, *expected, *got], "{condition} {value}");
        assert_eq!(explained.difference.as_deref().unwrap_or_default(), *difference, "{condition} {value}");
        let said = explained.hint.unwrap_or_default();
        assert_eq!(said.is_empty(), hint.is_empty(), "{condition} {value}: {said}");
        assert!(said.contains(hint), "{condition} {value}: {said}");
    }
    let missing = explained(&json!({"not": {"equals": 1}}), None);
    assert_eq!((missing.got.as_str(), missing.matcher.as_str()), ("missing", "not"));
    assert!(missing.hint.expect("a hint").contains("exists: false"));
    let late = explained(&json!({"lt": 800}), Some(&Value::Duration(Duration::from_millis(812))));
    assert_eq!((late.got.as_str(), late.hint.expect("a hint").contains("`800ms`")), ("812ms", true));
}

#[test]
fn quoted_values_are_masked_before_they_are_cut() {
    let long = format!("{}s3cret-and-more", "ä".repeat(190));
    let explained = explained(&json!("x"), Some(&Value::text(&*long)));
    assert_eq!(explained.got.chars().count(), 200);
    assert!(explained.got.ends_with('…') && explained.got.contains("s3c"));
    let masked =
        judge(&json!("x")).explain_masked(Some(&Value::text(long)), false, &|text| text.replace("s3cret", "***"));
    assert!(masked.got.contains("***") && !masked.got.contains("s3c"), "{}", masked.got);
    let huge = Value::text("a".repeat(1 << 20));
    assert_eq!(judge(&json!("x")).explain(Some(&huge), false).got.chars().count(), 200);
}

#[test]
fn conditions_are_described_in_the_words_of_the_format() {
    for (written, described) in [
        (json!(201), "201"),
        (json!("a"), "\"a\""),
        (json!({"equals": {"a": 1}}), "{ equals: {\"a\":1} }"),
        (json!({"gte": 3, "lt": 5}), "{ gte: 3, lt: 5 }"),
        (json!({"all": [{"contains": "a"}, {"contains": "b"}]}), "{ all: [{ contains: \"a\" }, { contains: \"b\" }] }"),
        (json!({"each": {"type": ["integer", "null"]}}), "{ each: { type: [integer, null] } }"),
        (json!({"in": [200, 204]}), "{ in: [200, 204] }"),
        (json!({"matches": "^a"}), "{ matches: \"^a\" }"),
        (json!({"not": {"exists": false}}), "{ not: { exists: false } }"),
    ] {
        assert_eq!(judge(&written).describe(), described);
    }
}

#[track_caller]
fn check_fits(kinds: Kinds, fitting: &[Json], other: &[(Json, &str, &str)]) {
    for json in fitting {
        assert_eq!(judge(json).fits(kinds), Ok(()), "{json}");
    }
    for (json, path, help) in other {
        let JudgeError { path: where_, message, help: advice } = judge(json).fits(kinds).expect_err(&json.to_string());
        assert_eq!(where_, *path, "{json}: {message}");
        let advice = advice.unwrap_or_default();
        assert!(advice.contains(help), "{json}: {message}: {advice}");
    }
}

#[test]
fn what_can_never_hold_is_known_before_anything_is_sent() {
    check_fits(
        Kinds::of([Kind::Number]),
        &[
            json!(200),
            json!({"in": [200, "x"]}),
            json!({"not": "200"}),
            json!({"any": ["a", 1]}),
            json!({"gt": 1, "lt": 2}),
            json!({"gte": 1, "lte": 1}),
            json!({"type": ["string", "integer"]}),
            json!({"exists": true}),
        ],
        &[
            (json!("800ms"), "equals", ""),
            (json!("200"), "equals", "without quotes"),
            (json!([200, 204]), "equals", "in: […]"),
            (json!({"lt": "800ms"}), "lt", "without unit"),
            (json!({"in": ["a", "b"]}), "in", ""),
            (json!({"length": 3}), "length", "counts"),
            (json!({"matches": "2.."}), "matches", "to-string"),
            (json!({"type": "string"}), "type", ""),
            (json!({"exists": false}), "exists", ""),
            (json!({"not": {"exists": true}}), "not.exists", ""),
            (json!({"any": ["a", {"contains": "b"}]}), "equals", ""),
            (json!({"gt": 5, "lt": 3}), "", ""),
            (json!({"gt": 5, "lte": 5}), "", ""),
            (json!({"equals": 5, "lt": 5}), "", ""),
            (json!({"not": {"not": {"contains": "a"}}}), "not.not.contains", ""),
        ],
    );
    check_fits(
        Kinds::of([Kind::Duration]),
        &[json!({"lt": "800ms"}), json!({"gte": 0}), json!({"gt": "1s", "lt": "1m"}), json!({"not": "0"})],
        &[
            (json!({"lt": 5}), "lt", "`5ms`"),
            (json!(5), "equals", "`5ms`"),
            (json!({"type": "number"}), "type", ""),
            (json!({"gt": "1m", "lt": "59s"}), "", ""),
        ],
    );
    check_fits(
        Kinds::of([Kind::Text]).or_missing(),
        &[
            json!("5"),
            json!({"exists": false}),
            json!({"gt": "2026-11-22"}),
            json!({"any": [{"exists": false}, {"matches": "a"}]}),
        ],
        &[
            (json!(5), "equals", "\"5\" in quotes"),
            (json!({"gt": 5}), "gt", "to-int"),
            (json!({"gt": "5"}), "gt", ""),
            (json!({"each": "a"}), "each", ""),
            (json!({"exists": false, "equals": "a"}), "", ""),
            (json!({"length": {"lt": 0}}), "length", "whole number"),
            (json!({"length": "3"}), "length.equals", "without quotes"),
            (json!({"length": 1.5}), "length", "whole number"),
        ],
    );
    check_fits(
        Kinds::of([Kind::List]),
        &[
            json!([7]),
            json!({"contains": 7}),
            json!({"each": {"gt": 1}}),
            json!({"exists": false}),
            json!({"length": 0}),
        ],
        &[
            (json!(7), "equals", "| first"),
            (json!({"gt": 7}), "gt", "| first"),
            (json!({"each": {"gt": "7"}}), "each.gt", ""),
        ],
    );
    check_fits(
        Kinds::ANY,
        &[
            json!(7),
            json!({"lt": "800ms"}),
            json!({"exists": false}),
            json!({"gt": "1s", "lt": "2s"}),
            json!({"each": 1}),
            json!({"schema": true}),
        ],
        &[
            (json!({"gt": "a"}), "gt", ""),
            (json!({"type": "string", "gt": 5}), "", ""),
            (json!({"length": {"equals": -1}}), "length", ""),
        ],
    );
    check_fits(
        Kinds::of([Kind::Bytes]),
        &[json!("dead"), json!({"length": 32})],
        &[(json!("not hex"), "equals", "hexadecimal"), (json!({"contains": "d"}), "contains", "")],
    );
}
