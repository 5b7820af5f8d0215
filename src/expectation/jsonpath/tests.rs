//! What paths find, what they refuse, and that no value in a hole can change what a path means.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Found, JsonPath, JsonPathError};
use crate::base::secret::Label;
use crate::expectation::filter::fixture::{Names, secret_label};
use crate::model::value::Value;

fn select(path: &str, document: &Json, names: &Names) -> Result<Json, JsonPathError> {
    let path = JsonPath::parse(path).unwrap_or_else(|error| panic!("{path}: {}", error.message));
    Ok(match path.select(document, names)?.0 {
        Found::One(node) => node.cloned().unwrap_or_else(|| json!("missing")),
        Found::Many(nodes) => nodes.into_iter().cloned().collect(),
    })
}

#[test]
fn singular_paths_yield_a_node_and_all_others_a_list() {
    let document = json!({"a": [{"id": 1}, {"id": 2}], "b c": null});
    for (path, singular, expected) in [
        ("$.a[0].id", true, json!(1)),
        ("$.a[-1]['id']", true, json!(2)),
        ("$['b c']", true, json!(null)),
        ("$.nothing", true, json!("missing")),
        ("$.a[*].id", false, json!([1, 2])),
        ("$.a[0,1].id", false, json!([1, 2])),
        ("$.a[1:].id", false, json!([2])),
        ("$..id", false, json!([1, 2])),
        ("$.a[?@.id > 1].id", false, json!([2])),
        ("$.a[?@.id > 9]", false, json!([])),
    ] {
        assert_eq!(JsonPath::parse(path).map(|path| path.is_singular()), Ok(singular), "{path}");
        assert_eq!(select(path, &document, &Names::of([])), Ok(expected), "{path}");
    }
}

#[test]
fn holes_stand_for_literals_of_their_kind() {
    let document = json!([{"id": 7}, {"id": "7"}, {"id": true}, {"id": null}, {"id": "x'] || true"}]);
    let names = Names::of([
        ("number", json!(7)),
        ("text", json!("7")),
        ("yes", json!(true)),
        ("nothing", json!(null)),
        ("attack", json!("x'] || true")),
        ("object", json!({"id": 7})),
    ]);
    for (path, expected) in [
        ("$[?@.id == ${number}].id", json!([7])),
        ("$[?@.id == ${ text }].id", json!(["7"])),
        ("$[?${yes} == @.id].id", json!([true])),
        ("$[?@.id == ${nothing}].id", json!([null])),
        ("$[?@.id == ${attack}].id", json!(["x'] || true"])),
        ("$[?@.id == ${object.id}].id", json!([7])),
        ("$[?search(@.id, ${text})].id", json!(["7"])),
    ] {
        assert_eq!(select(path, &document, &names), Ok(expected), "{path}");
    }
    for (path, reason) in [
        ("$[?@.id == ${object}]", "`object` is an object; only text, number, boolean and null can stand in a path"),
        ("$[?@.id == ${nobody}]", "`nobody` has no value"),
        ("$[?@.id == ${object.no}]", "`object` has no member `no`"),
    ] {
        assert_eq!(select(path, &document, &names), Err(JsonPathError::Hole(reason.to_owned())), "{path}");
    }
}

#[test]
fn the_labels_of_holes_are_joined() {
    let names = Names::of([("open", json!(1))]).secret("token", "t");
    for (path, label) in [("$.a", Label::ANYWHERE), ("$[?@==${open}||@==${token}]", secret_label())] {
        let path = JsonPath::parse(path).expect("a path");
        assert_eq!(path.select(&json!([]), &names).map(|(_, found)| found), Ok(label));
    }
}

#[test]
fn a_path_that_is_no_path_or_beyond_a_bound_is_refused_at_its_place() {
    let long = format!("$.{}", "a".repeat(500));
    let deep = format!("$[?{}@.a{}]", "(".repeat(17), ")".repeat(17));
    for (path, place, message, help) in [
        ("items", "i", "a JSON path starts with `$`", "$.items[0].id"),
        ("$.items[0", "[", "the bracket `[` is not closed", ""),
        ("$.items[x]", "x", "expected a quoted name", "['name']"),
        ("$.2nd", "2", "a member name is missing behind `.`", "['2nd name']"),
        ("$.a ", " ", "expected `.`, `[` or the end of the path", "does not end in blanks"),
        ("$[01]", "01", "`01` is not an index", ""),
        ("$[9007199254740992]", "9007199254740992", "`9007199254740992` is out of range", ""),
        ("$['a]", "'", "the quote ' is not closed", ""),
        (r"$['\x']", r"\x", "this escape is not known", r"`\\`"),
        ("$[?@.a = 1]", "=", "`=` is no comparison", "`==`"),
        ("$[?@.a == b]", "b", "`b` is neither a literal nor a call", "'b'"),
        ("$[?!@.a == 1]", "!", "`!` stands before", "!(…)"),
        ("$[?1]", "1", "this value is not compared with anything", "@.id == 7"),
        ("$[?@.* == 1]", "@.*", "this query can name several nodes", "count()"),
        ("$[?lenght(@.a) > 1]", "lenght", "unknown function `lenght`", "did you mean `length`?"),
        ("$[?count(1) > 1]", "1", "`count` takes a query", ""),
        ("$[?match(@.a, '(')]", "'('", "the regular expression: unclosed group", ""),
        ("$[?match(@.a, 'x') == true]", "match(@.a, 'x')", "`match` and `search` are true or false", ""),
        ("$[?(@.a]", "]", "expected `)`, found `]`", ""),
        ("$[?@.a[?@.b]]", "?", "a filter inside a filter is refused", ""),
        ("$[?@.a == $.b]", "$", "an absolute path `$` inside a filter is refused", "${name}"),
        ("$[?@..a]", "..", "a filter has no descendant segment", ""),
        ("$..a..b..c", "..", "a path has at most 2 descendant segments", ""),
        ("$.a.${b}", "$", "a member name is missing", "literal inside a filter"),
        ("$[${b}]", "$", "a template cannot be a member name or an index", "literal inside a filter"),
        ("$.a${b}", "$", "expected `.`, `[` or the end of the path", "literal inside a filter"),
        ("$[?@.a == '${b}']", "'${b}'", "a template in a JSON path is written without quotes", "write ${b}"),
        ("$[?@.a == ${b | lower}]", "${b | lower}", "a template in a JSON path has no filters", "make a var"),
        ("$[?@.a == ${b]", "${", "the template `${` is not closed", ""),
        (&long, "a", "a JSON path has at most 500 characters", ""),
        (&deep, "(", "parentheses are at most 16 deep", ""),
    ] {
        let error = JsonPath::parse(path).expect_err(path);
        let found = &path[error.offset..error.offset + error.length];
        assert!(found.starts_with(place), "{path} points at `{found}`");
        assert!(error.message.starts_with(message), "{path}: {}", error.message);
        assert!(error.help.as_deref().unwrap_or_default().contains(help), "{path}: {:?}", error.help);
    }
}

#[test]
fn what_no_honest_path_needs_ends_in_a_bound_and_not_in_memory_or_time() {
    let mut nested = json!(1);
    for _ in 0..100 {
        nested = json!([nested]);
    }
    let wide: Json = (0..10_001).collect();
    let names = Names::of([]);
    let doubling = format!("${}", "[*,*]".repeat(99));
    let hidden = format!("$[?count(@{}) > 1]", "[*,*]".repeat(95));
    assert_eq!(select(&doubling, &nested, &names), Err(JsonPathError::TooManyNodes));
    assert_eq!(select(&hidden, &nested, &names), Err(JsonPathError::TooMuchWork));
    assert_eq!(select("$[*]", &wide, &names), Err(JsonPathError::TooManyNodes));
    assert_eq!(select("$[1:]", &wide, &names).map(|found| found.as_array().map(Vec::len)), Ok(Some(10_000)));
    // Patterns from the document are compiled once a node, each of them at a price.
    let patterns: Json = (0..10_000).map(|at| json!({"t": "x", "p": format!("{at}.{{200}}")})).collect();
    assert_eq!(select("$[?match(@.t, @.p)]", &patterns, &names), Err(JsonPathError::TooMuchWork));
}

#[test]
fn names_in_holes_stand_with_their_places() {
    let source = "$[?@.a == ${ one.id } || @.b == ${two}]";
    let path = JsonPath::parse(source).expect("a path");
    let found: Vec<_> = path.names().iter().map(|(name, range)| (name.as_str(), &source[range.clone()])).collect();
    assert_eq!(found, [("one", "one.id"), ("two", "two")]);
    assert_eq!(path.source(), source);
}

proptest! {
    #[test]
    fn no_text_in_a_hole_finds_anything_but_its_equal(text in "\\PC{0,8}|['\"\\[\\]()|&@$\\\\]{0,8}", other in "\\PC{0,8}") {
        let names = Names { values: Vec::new(), derived: std::cell::RefCell::default() }.and("v", Value::text(text.clone()));
        let document = json!([text, other, 1, true, null]);
        let expected: Vec<_> = document.as_array().expect("a list").iter().filter(|node| node.as_str() == Some(&text)).cloned().collect();
        prop_assert_eq!(select("$[?@ == ${v}]", &document, &names), Ok(Json::Array(expected)));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\$[$.\\[\\]()?@'\"a-c0-9*:,!=<>&|{} -]{0,30}") {
        if let Err(error) = JsonPath::parse(&text) {
            prop_assert!(text.get(error.offset..error.offset + error.length).is_some());
        }
    }

    #[test]
    fn slices_are_those_of_a_naive_model(length in 0_usize..6, start in -8_i64..8, end in -8_i64..8, step in -3_i64..4) {
        let document: Json = (0..length).collect();
        let count = i64::try_from(length).expect("small");
        let place = |index: i64| if index < 0 { count + index } else { index };
        let mut expected = Vec::new();
        let mut at = if step > 0 { place(start).max(0) } else { place(start).min(count - 1) };
        while step != 0 && (if step > 0 { at < place(end).min(count) } else { at > place(end).max(-1) }) {
            expected.push(json!(at));
            at += step;
        }
        prop_assert_eq!(select(&format!("$[{start}:{end}:{step}]"), &document, &Names::of([])), Ok(Json::Array(expected)));
    }
}
