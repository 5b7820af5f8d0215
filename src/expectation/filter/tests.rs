//! Every filter by the example of its row, at its edges, and against arbitrary values.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::fixture::{Names, secret_label};
use super::lexer::{split, template_end};
use super::{Chain, FILTERS};
use crate::base::secret::Labelled;
use crate::base::syntax::SyntaxError;
use crate::base::time::Timestamp;
use crate::expectation::kinds::Kinds;
use crate::model::scope::Scope as _;
use crate::model::value::{Kind, Value};

fn chain(text: &str) -> Result<Chain, SyntaxError> {
    let whole = format!("x | {text}");
    Chain::parse(&whole, &split(&whole)[1..])
}

fn names() -> Names {
    Names::of([("key", json!("Jefe")), ("wanted", json!(2))])
}

/// The JSON form of what the chain makes of the input: none is missing, errors are their message.
fn apply(input: Value, text: &str) -> Result<Option<Json>, String> {
    let chain = chain(text).unwrap_or_else(|error| panic!("{text}: {}", error.message));
    let made = chain.apply(Some(Labelled::open(input)), &names()).map_err(|error| error.message)?;
    Ok(made.map(|made| made.value.into_json()))
}

#[track_caller]
fn check(input: &Json, text: &str, expected: Json) {
    assert_eq!(apply(Value::Json(input.clone()), text), Ok(Some(expected)), "{input} | {text}");
}

#[test]
fn there_are_31_filters_and_every_example_holds() {
    assert_eq!(FILTERS.len(), 31);
    for row in FILTERS {
        let (input, text, expected) = row.example;
        check(&serde_json::from_str(input).expect(input), text, serde_json::from_str(expected).expect(expected));
        assert!(text.contains(row.name) && row.about.ends_with('.'), "{}", row.name);
    }
}

#[test]
fn filters_at_their_edges() {
    for (input, text, expected) in [
        (json!({"a": 1, "b": 2}), "count", json!(2)),
        (json!("a::b"), "split :: | count", json!(2)),
        (json!(""), "split , | count", json!(1)),
        (json!([]), "join ','", json!("")),
        (json!("a.b"), "replace . '\\\\'", json!("a\\b")),
        (json!("aXbX"), "replace X \"it's\"", json!("ait'sbit's")),
        (json!("a1b22"), r"replace-regex '(?P<n>\d+)' '<$n$$>'", json!("a<1$>b<22$>")),
        (json!("abc"), "regex b", json!("b")),
        (json!("k=v; k2=v2"), "regex [^=;]+=([^;]+) | upper", json!("V")),
        (json!("(12)"), r"regex \((\d+)\) | to-int", json!(12)),
        (json!("+7"), "to-int", json!(7)),
        (json!(3.0), "to-int", json!(3)),
        (json!("18446744073709551615"), "to-int", json!(u64::MAX)),
        (json!("-9223372036854775808"), "to-int", json!(i64::MIN)),
        (json!("7"), "to-float", json!(7)),
        (json!("äöü"), "base64 | base64-decode", json!("äöü")),
        (json!("YQ=="), "base64-decode", json!("a")),
        (json!("a+b%2B%zz%4"), "url-decode", json!("a+b+%zz%4")),
        (json!("&notit; &copy &#0; \u{0}\r<b>&amp;lt;"), "html-decode", json!("¬it; © \u{fffd} \u{0}\r<b>&lt;")),
        (json!("?a=1&b=x+y"), "query b", json!("x y")),
        (json!("a=1&a=2"), "query a", json!("1")),
        (json!(0.5), "plus 1", json!(1.5)),
        (json!(i64::MAX), "plus 1", json!(9_223_372_036_854_775_808_u64)),
        (json!(1), "minus 3", json!(-2)),
        (
            json!("2026-11-22"),
            "to-date | plus 1h30m | date %F-%T-%L-%j-%s-%z-%%",
            json!("2026-11-22-01:30:00-000-326-1795311000-+0000-%"),
        ),
        (json!("2026-11-22T08:00:00.250Z"), "date '%L %A %B'", json!("250 Sunday November")),
        (json!("22.11.2026 09:05"), "to-date '%d.%m.%Y %H:%M'", json!("2026-11-22T09:05:00Z")),
        (json!("2026-326 +0130"), "to-date '%Y-%j %z'", json!("2026-11-21T22:30:00Z")),
        (json!("Sunday, 06-Nov-94 08:49:37 GMT"), "to-date", json!("1994-11-06T08:49:37Z")),
        (json!("Sun Nov  6 08:49:37 1994"), "to-date", json!("1994-11-06T08:49:37Z")),
        (json!(-1.5), "to-date | date '%s %L'", json!("-2 500")),
        (json!("2026-11-22T07:59:59Z"), "days-from-now", json!(-1)),
        (json!("2026-11-23"), "days-from-now", json!(0)),
        (json!("x"), "sha256 | base64", json!("LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=")),
        (json!("what do ya want for nothing?"), "hmac sha1 key", json!("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")),
        (json!("{\"a\":[1,2]}"), "jsonpath $.a[?@==${wanted}]", json!([2])),
        (json!([{"k": "a | b", "id": 3}]), "jsonpath $[?@.k == 'a | b'].id | first", json!(3)),
        (json!({"a": null}), "jsonpath $.a", json!(null)),
    ] {
        check(&input, text, expected);
    }
    for (input, text) in [
        (json!([]), "first"),
        (json!([]), "last | upper"),
        (json!([1]), "nth 1"),
        (json!([1]), "nth -2"),
        (json!("abc"), "regex \\d"),
        (json!("ab"), "regex (x)?b"),
        (json!("https://a.example/"), "query a | to-int"),
        (json!({}), "jsonpath $.a"),
    ] {
        assert_eq!(apply(Value::Json(input), text), Ok(None), "{text}");
    }
}

#[test]
fn values_that_json_lacks() {
    let now = names().now();
    for (input, text, expected) in [
        (Value::Duration(Duration::from_millis(1500)), "plus 500ms | to-string", "2s"),
        (Value::Time(now), "plus 1d | to-string", "2026-11-23T08:00:00Z"),
        (Value::Bytes(vec![0xfb, 0xff]), "base64", "+/8="),
        (Value::Bytes(vec![0xfb, 0xff]), "base64url", "-_8"),
        (Value::Size(12), "to-string", "12"),
        (Value::Bytes(vec![1]), "hmac sha512 key | to-string | regex ^.{8}", "7f29f87e"),
    ] {
        assert_eq!(apply(input, text), Ok(Some(json!(expected))), "{text}");
    }
}

#[test]
fn a_wrong_input_is_an_error_that_names_the_filter() {
    for (input, text, message) in [
        (json!("x"), "count", "`count` takes list or object, not text"),
        (json!(null), "to-string", "`to-string`: null has no text form"),
        (json!("1.0"), "to-int", "`to-int`: the text `1.0` is not an integer"),
        (json!(1.5), "to-int", "`to-int`: the number 1.5 is not an integer"),
        (json!("18446744073709551616"), "to-int", "`to-int`: 18446744073709551616 is out of range"),
        (json!(".5"), "to-float", "`to-float`: the text `.5` is not a number in the JSON form"),
        (json!("{"), "json", "`json`: the text `{` is not JSON: EOF while parsing an object at line 1 column 1"),
        (json!([1, null]), "join -", "`join`: element 1 is null, which cannot be joined"),
        (json!("%ff"), "url-decode", "`url-decode`: the result is not UTF-8 text"),
        (json!("a*"), "base64-decode", "`base64-decode`: the text `a*` is not base64"),
        (json!(1), "plus 5m", "`plus`: `5m` is a duration, but the input is a number"),
        (
            json!("2026-11-22"),
            "to-date | plus 5",
            "`plus`: `5` is a number, but the input needs a duration such as `5s`",
        ),
        (
            json!("22.11."),
            "to-date",
            "`to-date`: the text `22.11.` is not an RFC 3339 time or date and not an HTTP date",
        ),
        (json!("2026-02-30"), "date %F", "`date`: the text `2026-02-30` is not an RFC 3339 time or date"),
        (json!("x"), "hmac sha256 nobody", "`hmac`: the key `nobody` has no value"),
        (json!([1]), "jsonpath $[?@==${nobody}]", "`jsonpath`: `nobody` has no value"),
    ] {
        assert_eq!(apply(Value::Json(input), text), Err(message.to_owned()), "{text}");
    }
    let short = Value::Duration(Duration::from_secs(1));
    assert_eq!(apply(short, "minus 2s"), Err("`minus`: the difference is below zero".to_owned()));
}

#[test]
fn a_chain_that_cannot_be_used_is_refused_when_it_is_read() {
    for (text, place, message, help) in [
        ("frist", "frist", "unknown filter `frist`", "did you mean `first`?"),
        (
            "lower|upper",
            "lower|upper",
            "unknown filter `lower|upper`",
            "a bar needs a blank on both sides: `lower | upper`",
        ),
        ("nth", "nth", "`nth` takes one argument, not 0", "write `nth N`"),
        ("split a b", "b", "`split` takes one argument, not 2", "write `split SEP`"),
        ("nth one", "one", "`one` is not a position", "write an integer"),
        ("split ''", "''", "the separator is empty", ""),
        ("regex (?=a)", "(?=a)", "the regular expression cannot be used: look-around", "linear time"),
        (
            "regex 'a{1000}{1000}{1000}'",
            "'a{1000}{1000}{1000}'",
            "the regular expression cannot be used: it becomes too large",
            "",
        ),
        ("replace-regex (a) 'x$2'", "$2", "the expression has no group `2`", "`$$`"),
        ("date '%Y %Q'", "%Q", "unknown directive `%Q`", "%Y %m"),
        ("to-date %T", "%T", "this format names no day", "%F"),
        ("plus many", "many", "`many` is neither a duration nor a number", "plus 90m"),
        ("hmac md5 key", "md5", "unknown algorithm `md5`", "sha1"),
        ("hmac sha256 'the key'", "'the key'", "the key is the name of a value", "needs.secrets"),
        ("jsonpath '$.a b'", " b", "expected `.`", ""),
        ("jsonpath $[?@.a[?@.b]]", "?", "a filter inside a filter", "one member"),
        ("split 'a", "'a", "the quote ' is not closed", ""),
        ("split 'a'b", "b", "a blank is missing", ""),
        ("split |", "|", "`|` starts no argument", "quotes"),
    ] {
        let error = chain(text).expect_err(text);
        let whole = format!("x | {text}");
        let found = &whole[error.offset..error.offset + error.length];
        assert!(found == place || place.starts_with(' ') && error.length <= 1, "{text}: points at `{found}`");
        assert!(error.message.starts_with(message), "{text}: {}", error.message);
        assert!(error.help.unwrap_or_default().contains(help), "{text}");
    }
}

#[test]
fn chains_are_cut_at_bars_between_blanks_outside_quotes_and_groups() {
    for (text, parts) in [
        ("status", &["status"][..]),
        ("$.a | first | to-int ", &["$.a", "first", "to-int"]),
        ("regex:a|b", &["regex:a|b"]),
        ("regex:a[ | ]b | lower", &["regex:a[ | ]b", "lower"]),
        ("$[?@.a == 'x | y'] | count", &["$[?@.a == 'x | y']", "count"]),
        ("$[?(@.a || @.b) | 1]", &["$[?(@.a || @.b) | 1]"]),
        ("body | split ' | ' | first", &["body", "split ' | '", "first"]),
        ("regex:it's | replace 's' x", &["regex:it's", "replace 's' x"]),
        (r"regex:\[(.*) | trim", &[r"regex:\[(.*)", "trim"]),
        ("regex:[(] | trim", &["regex:[(]", "trim"]),
        ("css:a) | trim", &["css:a)", "trim"]),
        ("a |\tb", &["a", "b"]),
        ("a | | b", &["a", "", "b"]),
        ("a |b", &["a |b"]),
        ("", &[""]),
    ] {
        let found: Vec<_> = split(text).into_iter().map(|part| &text[part]).collect();
        assert_eq!(found, parts, "{text}");
    }
}

#[test]
fn a_template_ends_at_the_first_brace_outside_quotes_and_groups() {
    for (text, inside) in [
        ("a} b", Some("a")),
        ("a | split '}'} b", Some("a | split '}'")),
        ("a | jsonpath $[?@.k=='}']} b}", Some("a | jsonpath $[?@.k=='}']")),
        ("a | jsonpath $[?@.k==${x}]} b", Some("a | jsonpath $[?@.k==${x}]")),
        (r"a | regex \(x} (y)", Some(r"a | regex \(x")),
        ("a | split (} b", Some("a | split (")),
        ("a | split '} b", Some("a | split '")),
        ("a", None),
    ] {
        assert_eq!(template_end(text, 0).map(|end| &text[..end]), inside, "{text}");
    }
}

#[test]
fn kinds_flow_through_a_chain() {
    for (text, input, expected) in [
        ("first", Kinds::of([Kind::List]), Ok(Kinds::json().or_missing())),
        ("to-int", Kinds::of([Kind::Text]), Ok(Kinds::of([Kind::Number]))),
        ("regex a | sha256", Kinds::ANY, Ok(Kinds::of([Kind::Bytes]).or_missing())),
        ("plus 1", Kinds::of([Kind::Number, Kind::Text]), Ok(Kinds::of([Kind::Number]))),
        ("sha256 | upper", Kinds::of([Kind::Text]), Err("`upper` takes text, not bytes")),
        ("count", Kinds::of([Kind::Number]).or_missing(), Err("`count` takes list or object, not number")),
    ] {
        let found = chain(text).expect(text).kinds(input);
        assert_eq!(found.map_err(|error| error.message), expected.map_err(str::to_owned), "{text}");
    }
}

#[test]
fn labels_stay_are_joined_with_the_key_and_what_was_made_is_told() {
    let names = names().secret("token", "abc-def");
    let chain = chain("hmac sha256 token").expect("a chain");
    let made = chain.apply(Some(Labelled::open(Value::text("m"))), &names).expect("applies").expect("present");
    assert_eq!(made.label, secret_label());
    let token = names.get("token");
    let first = Chain::parse("x | split - | first", &[4..11, 14..19]).expect("a chain");
    let made = first.apply(token.clone(), &names).expect("applies").expect("present");
    assert_eq!((made.value, made.label), (Value::text("abc"), secret_label()));
    assert_eq!(names.derived.borrow().last().map(String::as_str), Some("abc"));
    let to_int = self::chain("to-int").expect("a chain");
    let error = to_int.apply(token, &names).err().expect("an error");
    assert!(!error.message.contains("abc"), "{}", error.message);
}

#[test]
fn names_in_arguments_are_known_with_their_places() {
    let text = "x | jsonpath '$[?@.a==${wanted.id}]' | hmac sha256 key";
    let chain = Chain::parse(text, &split(text)[1..]).expect("a chain");
    let found: Vec<_> = chain.names().into_iter().map(|(name, range)| (name, &text[range])).collect();
    assert_eq!(found, [("wanted", "wanted.id"), ("key", "key")]);
    assert_eq!(chain.last(), Some("hmac"));
    assert_eq!(format!("x{}", chain.to_source()), text);
}

#[test]
fn no_filter_makes_a_text_that_could_exhaust_the_machine() {
    let long = "a".repeat(1 << 20);
    let new = "b".repeat(200);
    for text in [format!("replace a {new}"), format!("replace-regex a {new}"), format!("split a | join {new}")] {
        let error = apply(Value::text(long.clone()), &text).expect_err("too long");
        assert!(error.contains("64 MiB"), "{error}");
    }
}

pub(crate) fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "\\PC{0,12}".prop_map(Json::from),
        "[0-9:TZ%+&;=?/.-]{0,24}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::vec(("[a-c]", inner), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => any_json().prop_map(Value::Json),
        1 => (-60_000_000_000_i64..250_000_000_000).prop_filter_map("in range", Timestamp::from_unix_seconds).prop_map(Value::Time),
        1 => any::<u64>().prop_map(|nanos| Value::Duration(Duration::from_nanos(nanos))),
        1 => any::<u64>().prop_map(Value::Size),
        1 => prop::collection::vec(any::<u8>(), 0..9).prop_map(Value::Bytes),
    ]
}

proptest! {
    #[test]
    fn no_value_makes_a_filter_panic_and_kinds_are_as_promised(value in any_value(), index in 0..FILTERS.len()) {
        let (_, text, _) = FILTERS[index].example;
        let chain = chain(text).expect(text);
        let kind = value.kind();
        let promised = chain.kinds(Kinds::of([kind]));
        match chain.apply(Some(Labelled::open(value)), &names()) {
            Ok(Some(made)) => prop_assert!(promised.is_ok_and(|kinds| kinds.contains(made.value.kind()))),
            Ok(None) => prop_assert!(promised.is_ok_and(Kinds::may_be_missing)),
            Err(_) => {}
        }
    }

    #[test]
    fn no_text_makes_the_lexer_panic_and_parts_stand_in_order(text in "[ |'\"\\\\\\[\\]()}a-c$?@é\t]{0,40}") {
        let parts = split(&text);
        let _ = Chain::parse(&text, &parts);
        let _ = template_end(&text, 0);
        prop_assert!(parts.windows(2).all(|pair| pair[0].end < pair[1].start));
        prop_assert!(parts.iter().all(|part| text.get(part.clone()).is_some()));
    }

    #[test]
    fn what_a_chain_prints_reads_back_equal(text in "(first|nth -1|split ' \\| '|jsonpath \\$\\[\\?@=='\\)'\\]|replace '\\\\'' \"b\"){1}") {
        let once = chain(&text).expect("a chain");
        let printed = format!("y{}", once.to_source());
        prop_assert_eq!(Chain::parse(&printed, &split(&printed)[1..]).expect("a chain"), once);
    }

    #[test]
    fn every_text_survives_its_encodings(text in "\\PC*") {
        for there_and_back in ["base64 | base64-decode", "base64url | base64-decode", "url-encode | url-decode"] {
            prop_assert_eq!(apply(Value::text(text.clone()), there_and_back), Ok(Some(Json::from(text.clone()))));
        }
    }

    #[test]
    fn a_time_that_was_written_is_read_back(seconds in -60_000_000_000_i64..250_000_000_000) {
        let time = Timestamp::from_unix_seconds(seconds).expect("in range");
        for format in ["'%F %T'", "%s", "'%Y-%j %T.%L %z'", "'%A %d %B %Y %H:%M:%S'", "'%a %b %d %T %Y'"] {
            let back = apply(Value::Time(time), &format!("date {format} | to-date {format}"));
            prop_assert_eq!(back, Ok(Some(Json::from(time.rfc3339_seconds()))), "{}", format);
        }
    }
}
