//! Selectors against exchanges: what they find, what is missing, and what is said of mistakes.

use std::time::Duration;

use proptest::prelude::*;

use super::sample::{self, Names, SECRET, answer, exchange_of, hop};
use super::{Family, SELECTORS, Selector};
use crate::base::secret::{Label, Labelled};
use crate::base::syntax::SyntaxError;
use crate::expectation::kinds::Kinds;
use crate::expectation::subject::Subject;
use crate::model::failure::{Failure, FailureKind};
use crate::model::observation::Exchange;
use crate::model::timing::Phase;
use crate::model::value::{Kind, Value};

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

/// What is found as JSON, `missing`, or the message of the error.
fn found(text: &str, subject: &Subject<'_>) -> String {
    match selector(text).select(subject, &Names) {
        Ok(Some(found)) => found.value.into_json().to_string(),
        Ok(None) => "missing".to_owned(),
        Err(error) => error.message,
    }
}

#[track_caller]
fn check(exchange: &Exchange, rows: &[(&str, &str)]) {
    let subject = Subject::of(exchange);
    for (text, expected) in rows {
        assert_eq!(found(text, &subject), *expected, "{text}");
    }
}

fn page(headers: &[(&str, &str)], body: &'static [u8]) -> Exchange {
    exchange_of(vec![hop("http://192.0.2.7/", &[(Phase::Connect, 1), (Phase::Wait, 1)], answer(200, headers, body))])
}

#[test]
fn every_documented_selector_finds_what_the_table_says() {
    let exchange = sample::exchange();
    let outputs = [("token".to_owned(), Labelled::open(Value::text("t-1")))];
    for row in SELECTORS {
        let (text, expected) = row.example;
        let subject = match selector(text).family() {
            Family::Output => Subject::of_outputs(&outputs, Duration::from_secs(1)),
            _ => Subject::of(&exchange),
        };
        assert_eq!(found(text, &subject), expected, "{text}");
        assert!(row.about.ends_with('.'), "{}", row.form);
    }
}

#[test]
fn heads_and_connections() {
    check(
        &sample::exchange(),
        &[
            ("header:Content-Type", "\"application/json\""),
            ("header:X-Absent", "missing"),
            ("cookie:sid.value", "\"a1b2\""),
            ("cookie:sid.secure", "true"),
            ("cookie:sid.http-only", "false"),
            ("cookie:sid.max-age", "missing"),
            ("cookie:other.secure", "missing"),
            ("cert:not-after", "\"2026-12-22T07:59:59Z\""),
            ("cert:names", "[\"shop.example\"]"),
            ("var:user", "{\"id\":7,\"name\":\"Ada\"}"),
            ("var:user.mail", "missing"),
            ("var:absent", "missing"),
            ("output:token", "missing"),
        ],
    );
    let plain = page(&[("set-cookie", "a=1"), ("set-cookie", "b=2")], b"");
    check(
        &plain,
        &[
            ("time.tls", "missing"),
            ("time.dns", "missing"),
            ("time.connect", "\"1ms\""),
            ("cert:subject", "missing"),
            ("redirects", "[]"),
            ("header:set-cookie", "\"a=1\\nb=2\""),
            ("size", "0"),
            ("body", "\"\""),
        ],
    );
    let reused = exchange_of(vec![hop("https://shop.example/", &[(Phase::Wait, 1)], answer(200, &[], ""))]);
    check(&reused, &[("time.tls", "\"0\""), ("time.dns", "\"0\""), ("time.connect", "\"0\"")]);
}

#[test]
fn an_exchange_that_failed_has_a_time_and_nothing_else() {
    let mut exchange = sample::exchange();
    exchange.failure = Some(Failure::new(FailureKind::ReceiveTimeout, "late"));
    check(&exchange, &[("time", "\"812ms\""), ("status", "missing"), ("$.total", "missing"), ("url", "missing")]);
    let nothing = Subject::nothing();
    assert_eq!(found("time", &nothing), "missing");
    assert_eq!(found("css:h1", &nothing), "missing");
    assert_eq!(found("var:user.id", &nothing), "7");
}

#[test]
fn json_paths_find_one_value_or_a_list() {
    check(
        &sample::exchange(),
        &[
            ("$.items[1].price", "7.5"),
            ("$.items[9]", "missing"),
            ("$.items[*].price", "[5,7.5]"),
            ("$.absent[*]", "[]"),
            ("$.items[?@.price > ${price}].name | first", "\"Sencha\""),
        ],
    );
}

#[test]
fn bodies_that_are_not_what_they_are_asked_for_say_so() {
    let html = page(&[("content-type", "text/html; charset=utf-8")], b"<p>busy</p>");
    check(&html, &[("$.a", "the body is not JSON but `text/html`: expected value in line 1, column 1")]);
    check(&page(&[], b" \n"), &[("$.a", "the body is empty, not JSON")]);
    check(&page(&[], b"[1,\n2"), &[("$.a", "the body is not JSON: EOF while parsing a list in line 2, column 1")]);
    check(&page(&[], b"\xff\xfe\xfd"), &[("regex:a", "the body is not text in UTF-16LE")]);
    let binary = page(&[], b"\xff\x00");
    check(
        &binary,
        &[
            ("body", "\"ff00\""),
            ("regex:a", "the body is not text in UTF-8"),
            ("css-all:a", "the body is not text in UTF-8"),
            ("$", "the body is not text in UTF-8"),
        ],
    );
    let deep = exchange_of(vec![hop("http://a.example/", &[], answer(200, &[], "[".repeat(200_000)))]);
    check(&deep, &[("$", "the JSON of the body is deeper than 128 levels, in line 1")]);
}

#[test]
fn text_is_decoded_by_mark_charset_or_as_utf_8() {
    check(&page(&[], "\u{feff}[\"ü\"]".as_bytes()), &[("body", "\"[\\\"ü\\\"]\""), ("$[0]", "\"ü\"")]);
    check(&page(&[("content-type", "text/plain; x=y; Charset=\"ISO-8859-1\"")], b"\xfc"), &[("body", "\"ü\"")]);
    check(&page(&[("content-type", "text/plain; charset=nonsense")], "ü".as_bytes()), &[("body", "\"ü\"")]);
    check(&page(&[("content-type", "text/plain; charset=utf-8")], b"\xff\xfea\x00"), &[("body", "\"a\"")]);
}

#[test]
fn html_and_regular_expressions() {
    let body = b"<ul><li class='a b'>one <b>bold</b>er\n</li><li data-at='x@y'>two</li></ul><i hidden>a|b</i>";
    check(
        &page(&[], body),
        &[
            ("css:li", "\"one bolder\""),
            ("css:p", "missing"),
            ("css-all:p", "[]"),
            ("css:li.a@class", "\"a b\""),
            ("css:li[data-at='x@y']", "\"two\""),
            ("css:li[data-at='x@y']@data-AT", "\"x@y\""),
            ("css:li@data-at", "missing"),
            ("css-all:li@data-at", "[\"x@y\"]"),
            ("css:li:has(b)", "\"one bolder\""),
            ("css:li:nth-child(2)", "\"two\""),
            ("regex:a|b", "\"a\""),
            ("regex:t(w)(o)", "\"w\""),
            ("regex:absent", "missing"),
            ("regex-all:<li", "[\"<li\",\"<li\"]"),
            ("regex-all:nothing", "[]"),
        ],
    );
    let many = exchange_of(vec![hop("http://a.example/", &[], answer(200, &[], "a".repeat(10_001)))]);
    check(&many, &[("regex-all:a", "it finds more than 10000 values")]);
}

#[test]
fn a_page_cannot_make_a_search_endless() {
    let siblings = exchange_of(vec![hop("http://a.example/", &[], answer(200, &[], "<i></i>".repeat(20_000)))]);
    let too_many = "the CSS selector would look at too many elements of this document";
    check(
        &siblings,
        &[("css:i ~ x", too_many), ("css:i:has(~ x)", too_many), ("css:i + x", "missing"), ("css:p i b", "missing")],
    );
    let deep = |levels: usize| {
        let body = format!("{}{}", "<div>".repeat(levels), "a".repeat(100_000));
        exchange_of(vec![hop("http://a.example/", &[], answer(200, &[], body))])
    };
    check(&deep(500), &[("css:div:has(b)", "missing"), ("css-all:div", "it finds too much text")]);
    check(&deep(600), &[("css:div", "the HTML of the body is deeper than 512 levels")]);
    check(&deep(50_000), &[("css:div", "the HTML of the body leaves too many elements open to be parsed")]);
    let nested = format!("css:{}a{}", ":is(".repeat(198), ")".repeat(198));
    let _ = Selector::parse(&nested);
    refused("css:a:has(b:has(c))", "a:has(b:has(c))", "not a CSS selector", "");
}

#[test]
fn labels_of_names_and_of_our_own_url_are_kept() {
    let mut exchange = sample::exchange();
    exchange.hops[1].request.url.label = Label::only([SECRET]);
    let subject = Subject::of(&exchange);
    for (text, secret) in [
        ("var:token", true),
        ("var:user", false),
        ("url", true),
        ("redirects", true),
        ("body", false),
        ("$.items[?@.name == ${token}]", true),
        ("sha256 | hmac sha256 token", true),
    ] {
        let found = selector(text).select(&subject, &Names).expect("it can be selected").expect("it is there");
        assert_eq!(found.label.is_secret(), secret, "{text}");
    }
}

#[test]
fn a_selector_knows_its_parts() {
    let text = "  $.items[?@.id == ${price}] | first | hmac sha256 token ";
    let selector = selector(text);
    assert_eq!(selector.text(), text);
    assert_eq!(selector.source_text(), "$.items[?@.id == ${price}]");
    let names: Vec<_> = selector.names().into_iter().map(|(name, range)| (name, &text[range])).collect();
    assert_eq!(names, [("price", "price"), ("token", "token")]);
    let var = Selector::parse(" var:user.id | to-string").expect("a selector");
    assert_eq!(var.names(), [("user", 5..9)]);
    assert_eq!(Selector::parse("output:token").expect("a selector").output(), Some("token"));
    for (text, family, empty_is_missing) in [
        ("status", Family::Http, false),
        ("time", Family::Time, false),
        ("time.tls", Family::Http, false),
        ("var:x", Family::Var, false),
        ("output:x", Family::Output, false),
        ("$.a", Family::Http, false),
        ("$.a[*]", Family::Http, true),
        ("$.a[*] | first", Family::Http, false),
        ("css-all:a", Family::Http, true),
        ("regex-all:a|b", Family::Http, true),
        ("xpath://a", Family::Later, false),
        ("time.max", Family::Later, false),
        ("subject", Family::Later, false),
    ] {
        let selector = Selector::parse(text).expect(text);
        assert_eq!((selector.family(), selector.empty_is_missing()), (family, empty_is_missing), "{text}");
    }
    assert!(Selector::parse("status | to-string").expect("a selector").is_status());
}

#[test]
fn kinds_are_known_before_anything_is_sent() {
    for (text, kinds) in [
        ("status", Kinds::of([Kind::Number])),
        ("cookie:a.expires", Kinds::of([Kind::Time]).or_missing()),
        ("cookie:a.b", Kinds::of([Kind::Text]).or_missing()),
        ("body", Kinds::of([Kind::Text, Kind::Bytes])),
        ("$.a", Kinds::json().or_missing()),
        ("$.a[*]", Kinds::of([Kind::List])),
        ("cert:days-left", Kinds::of([Kind::Number]).or_missing()),
        ("var:x", Kinds::ANY),
    ] {
        assert_eq!(selector(text).kinds(), Ok(kinds), "{text}");
    }
    assert!(selector("status | first").kinds().is_err());
}

#[track_caller]
fn refused(text: &str, part: &str, message: &str, help: &str) {
    let SyntaxError { offset, length, message: said, help: advice } = Selector::parse(text).expect_err(text);
    assert_eq!(text.get(offset..offset + length), Some(part), "{text}: {said}");
    assert!(said.contains(message), "{text}: {said}");
    assert!(advice.as_deref().unwrap_or_default().contains(help), "{text}: {advice:?}");
}

#[test]
fn mistakes_are_answered_with_what_was_meant() {
    for (text, help) in [
        ("Status", "did you mean `status`?"),
        ("statsu", "did you mean `status`?"),
        ("status_code", "did you mean `status`?"),
        ("body.user.id", "write `$.user.id`"),
        ("body[0].id", "write `$[0].id`"),
        ("json:$.id", "write `$.id`"),
        ("jsonpath $.id", "write `$.id`"),
        ("header.Content-Type", "write `header:Content-Type`"),
        ("headers['X-Id']", "write `header:X-Id`"),
        ("cookies.sid", "write `cookie:sid`"),
        ("heeder:X", "did you mean `header:X`?"),
        ("vars.user", "write `var:user`"),
        ("latency", "did you mean `time`?"),
        ("time.ttfb", ""),
        ("banana", "has a prefix"),
        ("a:b", "the prefixes are"),
    ] {
        refused(text, text, "unknown selector", help);
    }
    refused("", "", "a selector is missing", "status");
    refused("  | first", "  | first", "a selector is missing", "status");
    refused("header:a b", "a b", "not the name of a header", "");
    refused("cookie:a b.path", "a b.path", "not the name of a cookie", "");
    refused("css:", "", "a CSS selector is missing", "");
    refused("css:a@", "@", "not the name of an attribute", "");
    refused("css:a:hover", "a:hover", "not a CSS selector", ":nth-child");
    refused("css:a >", "a >", "not a CSS selector", "");
    refused("regex:a(?=b)", "a(?=b)", "look-around", "linear time");
    refused("regex:", "", "missing", "");
    refused("cert:expiry", "expiry", "no fact of a certificate", "days-left");
    refused("cert:notafter", "notafter", "no fact of a certificate", "`not-after`");
    refused("var:a..b", "", "not a name", "");
    refused("output:a.b", "a.b", "not a name", "");
    refused("header:${name}", "${name}", "no template", "JSON path");
    refused("status | replace a ${b}", "${b}", "no template", "");
    refused("${x}", "${x}", "no template", "");
}

#[test]
fn selectors_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Selector>();
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = Selector::parse(&text);
    }

    #[test]
    fn no_text_behind_a_prefix_panics(prefix in "(status|time|header:|cookie:|css:|css-all:|regex:|cert:|var:|output:|\\$|body\\.| )",
        text in "[a-z$.@\\[\\]()'\"|{}:?*\\\\ ä0-9-]{0,40}") {
        let whole = format!("{prefix}{text}");
        match Selector::parse(&whole) {
            Ok(selector) => {
                prop_assert!(whole.contains(selector.source_text()));
                for (name, range) in selector.names() {
                    prop_assert_eq!(whole.get(range), Some(name));
                }
                let exchange = sample::exchange();
                let _ = selector.select(&Subject::of(&exchange), &Names);
            }
            Err(error) => prop_assert!(whole.get(error.offset..error.offset + error.length).is_some(), "{:?}", error),
        }
    }
}
