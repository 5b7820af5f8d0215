//! What templates and data render to, what they refuse and where, and what holds for every text.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Data, Escape, Template, UseKind};
use crate::base::secret::Label;
use crate::base::shape::{Reader, Shape as _};
use crate::base::span::Source;
use crate::base::time::Timestamp;
use crate::base::yaml;
use crate::expectation::filter::fixture::{Names, secret_label};
use crate::model::scope::Scope as _;
use crate::model::value::Value;

fn names() -> Names {
    Names::of([
        ("name", json!("Ada")),
        ("n", json!(7)),
        ("half", json!(0.5)),
        ("yes", json!(true)),
        ("nothing", json!(null)),
        ("list", json!([1, "b"])),
        ("service", json!({"id": "s-1", "to": {"city": "Ulm"}})),
        ("tricky", json!("a/b?c=ä&d #${n}")),
        ("link", json!("/next?page=2")),
        ("inbox", json!({"address": "probe@example.org"})),
        ("run.id", json!("01ARZ3NDEKTSV4RRFFQ69G5FAV")),
    ])
    .and("run.start", Value::Time(Timestamp::from_unix_seconds(1_795_334_400).expect("in range")))
    .and("wait", Value::Duration(Duration::from_millis(812)))
    .secret("token", "a&b-c")
    .secret("seed", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
}

fn parse(text: &str) -> Template {
    Template::parse(text).unwrap_or_else(|error| panic!("{text}: {}", error.message))
}

/// The only document of the text, read as data.
fn data(text: &str) -> Data {
    let source = Source::new("t.yaml", text);
    let parsed = yaml::parse(&source);
    let mut reader = Reader::new(source);
    let read = Data::read(&parsed.documents[0], &mut reader);
    assert!(reader.diagnostics.is_empty(), "{text}: {:?}", reader.diagnostics);
    read.expect("data")
}

#[test]
fn texts_are_rendered_with_the_text_form_of_every_value() {
    for (text, expected) in [
        ("", ""),
        ("no template, $5 and {x} and $", "no template, $5 and {x} and $"),
        ("Hello ${name}!", "Hello Ada!"),
        ("${ name | upper | lower }/${n}", "ada/7"),
        ("$${name} $$${name} $name", "${name} $${name} $name"),
        ("${half} ${yes} ${list} ${wait}", "0.5 true [1,\"b\"] 812ms"),
        ("${service.id} ${service.to.city}", "s-1 Ulm"),
        ("${service.to}", "{\"city\":\"Ulm\"}"),
        ("${run.id | lower} ${run.start}", "01arz3ndektsv4rrffq69g5fav 2026-11-22T08:00:00Z"),
        ("${inbox.address}", "probe@example.org"),
        ("${tricky}", "a/b?c=ä&d #${n}"),
        ("${list | jsonpath $[?@ == 'b'] | first}", "b"),
        ("${name | replace A '}'}", "}da"),
        ("${name | sha256 | base64}", "maVjqy9uIelpmPn93Sorq4K3CsAZV5UCuNf8ADL/Yrs="),
    ] {
        let rendered = parse(text).render_text(&names(), Escape::None).map(|made| made.value);
        assert_eq!(rendered, Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn a_single_template_keeps_its_kind_and_all_else_is_text() {
    for (text, expected) in [
        ("${n}", Value::number(7)),
        ("${nothing}", Value::Json(Json::Null)),
        ("${list}", Value::Json(json!([1, "b"]))),
        ("${wait}", Value::Duration(Duration::from_millis(812))),
        ("${n} ", Value::text("7 ")),
        ("x", Value::text("x")),
        ("", Value::text("")),
    ] {
        let made = parse(text).render_value(&names()).map(|made| made.value);
        assert_eq!(made, Ok(expected), "{text}");
    }
}

#[test]
fn a_template_without_a_value_says_whether_the_value_is_missing_or_unusable() {
    for (text, missing, message) in [
        ("${nobody}", true, "`nobody` has no value"),
        ("${service.price}", true, "`service` has no member `price`"),
        ("${name.first}", true, "`name` is text and has no members"),
        ("${run.nothing}", true, "`run.nothing` has no value here"),
        ("${list | nth 5}", true, "`${list | nth 5}` finds nothing"),
        ("a ${nothing}", false, "`${nothing}` is null, which has no text form"),
        ("${name | to-int}", false, "`${name | to-int}`: `to-int`: the text `Ada` is not an integer"),
        ("${uuid}", false, "`uuid` stands only in `vars`"),
    ] {
        let error = parse(text).render_text(&names(), Escape::None).err().expect(text);
        assert_eq!((error.is_missing(), error.to_string().as_str()), (missing, message), "{text}");
    }
}

#[test]
fn inserted_text_is_escaped_for_its_place_and_literal_text_is_not() {
    for (text, escape, expected) in [
        ("<a>${token}</a>", Escape::Xml, "<a>a&amp;b-c</a>"),
        ("^${tricky | regex ^...}.$", Escape::Regex, r"^a/b.$"),
        ("^${half}$", Escape::Regex, r"^0\.5$"),
    ] {
        assert_eq!(parse(text).render_text(&names(), escape).map(|made| made.value), Ok(expected.to_owned()), "{text}");
    }
    for (text, first_raw, expected) in [
        ("/a/${tricky}", false, "/a/a/b%3Fc%3D%C3%A4%26d%20%23%24%7Bn%7D"),
        ("/a?q=${tricky}&r=${n}", false, "/a?q=a%2Fb%3Fc%3D%C3%A4%26d%20%23%24%7Bn%7D&r=7"),
        ("/a/${tricky | url-encode}/x", false, "/a/a%2Fb%3Fc%3D%C3%A4%26d%20%23%24%7Bn%7D/x"),
        ("${link}", true, "/next?page=2"),
        ("${link}&at=${tricky | regex ^...}", true, "/next?page=2&at=a%2Fb"),
        ("${link}", false, "/next%3Fpage%3D2"),
    ] {
        let made = parse(text).render_target(&names(), first_raw).map(|made| made.value);
        assert_eq!(made, Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn labels_of_all_parts_are_joined_and_escaped_secrets_are_told() {
    let scope = names();
    for (text, label) in [
        ("${name}", Label::ANYWHERE),
        ("Bearer ${token}", secret_label()),
        ("${name}-${token}", secret_label()),
        ("${name | hmac sha256 token}", secret_label()),
        ("${list | jsonpath $[?@ == ${token}]}", secret_label()),
    ] {
        let made = parse(text).render_text(&scope, Escape::None).map(|made| made.label);
        assert_eq!(made.map_err(|error| error.to_string()), Ok(label), "{text}");
    }
    assert!(parse("${token}").render_text(&scope, Escape::Xml).is_ok());
    assert!(scope.derived.borrow().iter().any(|told| told == "a&amp;b-c"));
    let made = data("a: [x, '${token}']").render(&scope).map(|made| made.label);
    assert_eq!(made, Ok(secret_label()));
}

#[test]
fn a_text_that_is_no_template_is_refused_at_its_place() {
    for (text, place, message, help) in [
        ("a ${name", "${", "the template `${` is not closed", "$${"),
        ("${}", "${", "a name is missing in this template", "${token}"),
        ("${na me}", "na me", "`na me` is not a name", "${token | upper}"),
        ("${name upper}", "name upper", "`name upper` is not a name", "`name | upper`"),
        ("${name|upper}", "name|upper", "`name|upper` is not a name", "`name | upper`"),
        ("${name |upper}", "|", "a bar needs a blank on both sides", "write `name | upper`"),
        ("${name |}", "|", "a bar needs a blank on both sides", "a filter is missing"),
        ("${name | uper}", "uper", "unknown filter `uper`", "did you mean `upper`?"),
        ("${n + 1}", "n + 1", "`n + 1` is not a name", "no arithmetic"),
        ("${list[0]}", "list[0]", "`list[0]` is not a name", "`list | jsonpath $[0]`"),
        ("${service.to[0].x}", "to[0]", "`to[0]` is not a name", "`service.to | jsonpath $[0].x`"),
        ("${a..b}", ".", "a name is missing beside the point", ""),
        ("${2nd}", "2nd", "`2nd` is not a name", "starts with a letter"),
        ("${a ${b}}", "${", "templates do not nest", "a var"),
        ("${random}", "random", "`random` takes an argument", "random 8"),
        ("${random 65}", "65", "`65` is not a length from 1 to 64", ""),
        ("${random 6..1}", "6..1", "`6..1` is an empty range", ""),
        ("${random 1..x}", "1..x", "`1..x` is not a range of integers", ""),
        ("${fake nmae}", "nmae", "unknown kind of made-up data `nmae`", "company"),
        ("${fake emial}", "emial", "unknown kind of made-up data `emial`", "did you mean `email`?"),
        ("${uuid 4}", "4", "`4` is one argument too many for `uuid`", "behind a bar"),
        ("${totp 'x'}", "'x'", "`'x'` is not the name of a secret", ""),
        ("ä ${x | date %Q}", "%Q", "unknown directive `%Q`", "%Y"),
    ] {
        let error = Template::parse(text).expect_err(text);
        assert_eq!(&text[error.offset..error.offset + error.length], place, "{text}");
        assert!(error.message.starts_with(message), "{text}: {}", error.message);
        assert!(error.help.as_deref().unwrap_or_default().contains(help), "{text}: {:?}", error.help);
    }
}

#[test]
fn uses_name_everything_that_must_have_a_value() {
    let text = "${service.id | hmac sha1 key} ${run.id} ${totp seed} ${ uuid } ${x | jsonpath $[?@==${y.z}]}";
    let template = parse(text);
    let uses: Vec<_> = template.uses().into_iter().map(|used| (used.name, used.kind, &text[used.range])).collect();
    assert_eq!(
        uses,
        [
            ("service", UseKind::Reference, "service.id"),
            ("key", UseKind::Reference, "key"),
            ("run", UseKind::Reference, "run.id"),
            ("totp", UseKind::Totp, "totp seed"),
            ("seed", UseKind::Reference, "seed"),
            ("uuid", UseKind::Generator, "uuid"),
            ("x", UseKind::Reference, "x"),
            ("y", UseKind::Reference, "y.z"),
        ]
    );
    assert_eq!(template.uses()[0].members, ["id"]);
}

#[test]
fn the_names_in_a_target_make_its_default_id() {
    for (text, expected) in [
        ("/", "/"),
        ("/v1/tools/${tool}/runs?x=${y}", "/v1/tools/tool/runs"),
        ("${service.link | upper}", "service"),
        ("https://api.example/v1/${id}?a=b", "/v1/id"),
        ("https://api.example", ""),
    ] {
        assert_eq!(parse(text).with_names(), expected, "{text}");
    }
}

#[test]
fn data_keeps_kinds_and_order_and_renders_templates_at_any_depth() {
    let written = data("z: ${n}\na: [\"${list}\", 1, {k: \"n=${n}\"}]\nt: ${wait}\nplain: '$${n}'\nnone: null\n");
    let rendered = written.render(&names()).map(|made| made.value.to_string());
    let expected = r#"{"z":7,"a":[[1,"b"],1,{"k":"n=7"}],"t":"812ms","plain":"${n}","none":null}"#;
    assert_eq!(rendered, Ok(expected.to_owned()));
    assert_eq!(written.constant(), None);
    assert_eq!(written.templates().len(), 4);
    assert_eq!(data("a: [1, x]").constant(), Some(json!({"a": [1, "x"]})));
    let single = data("${wait}").render_value(&names()).map(|made| made.value);
    assert_eq!(single, Ok(Value::Duration(Duration::from_millis(812))));
    for (text, expected) in [("^${half}$", Some(r"^0\.5$")), ("a.c", Some("a.c")), ("5", Some("5")), ("[a]", None)] {
        let made = data(text).render_pattern(&names()).ok().map(|made| made.value);
        assert_eq!(made.as_deref(), expected, "{text}");
    }
}

#[test]
fn problems_in_a_file_stand_where_they_are_written() {
    let long = format!("a: {}", "x".repeat(65_537));
    for (text, expected) in [
        ("a: hello ${name | uper}", vec![("template", "1:19".to_owned())]),
        ("a: 'x ${b'\nc: [\"${d e}\"]", vec![("template", "1:7".to_owned()), ("template", "2:8".to_owned())]),
        ("\"${k}\": 1", vec![("template-key", "1:1".to_owned())]),
        (&long, vec![("text-size", "1:4".to_owned())]),
    ] {
        let source = Source::new("t.yaml", text);
        let parsed = yaml::parse(&source);
        let mut reader = Reader::new(source);
        assert!(Data::read(&parsed.documents[0], &mut reader).is_none());
        let found: Vec<_> =
            reader.diagnostics.iter().map(|problem| (problem.rule.id, problem.position().to_string())).collect();
        assert_eq!(found, expected, "{text:.40}");
    }
    let source = Source::new("t.yaml", "a: 5");
    let parsed = yaml::parse(&source);
    let yaml::Tree::Map(entries) = &parsed.documents[0].tree else { panic!("a map") };
    let mut reader = Reader::new(source);
    assert_eq!(Template::read(&entries[0].value, &mut reader), None);
    assert_eq!(reader.diagnostics[0].help.as_deref(), Some("write \"5\""));
}

/// What a var of this text evaluates to.
fn var(text: &str, seed: u64, name: &str) -> Value {
    let made = data(&format!("'{text}'")).render_var(&names(), seed, name);
    made.unwrap_or_else(|error| panic!("{text}: {error}")).value
}

fn var_text(text: &str, seed: u64) -> String {
    var(text, seed, "v").as_str().unwrap_or_default().to_owned()
}

#[test]
fn generators_make_what_they_say() {
    assert_eq!(var("${now | date %F}", 1, "v"), Value::text("2026-11-22"));
    assert_eq!(var("${n}", 1, "v"), Value::number(7));
    for seed in 0..200 {
        let uuid = var_text("${uuid}", seed);
        let shape: String = uuid.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert!(&uuid[14..15] == "4" && "89ab".contains(&uuid[19..20]), "{uuid}");
        let text = var_text("${random 64}", seed);
        assert!(text.len() == 64 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{text}");
        let Value::Json(Json::Number(number)) = var("${random -1..1}", seed, "v") else { panic!("a number") };
        assert!((-1..=1).contains(&number.as_i64().expect("an integer")));
        let whole = var(&format!("${{random {}..{}}}", i64::MIN, i64::MAX), seed, "v");
        assert!(whole.to_text().is_some_and(|text| text.parse::<i64>().is_ok()));
        let email = var_text("${fake email}", seed);
        assert!(email.rsplit_once('@').is_some_and(|(_, domain)| domain.starts_with("example.")), "{email}");
        for kind in super::fake::FakeKind::words() {
            let made = var_text(&format!("${{fake {kind}}}"), seed);
            assert!(made.len() > 2 && made.is_ascii() && made == made.trim(), "{kind}: {made}");
        }
    }
    let all: std::collections::BTreeSet<_> = (0..50).map(|seed| var_text("${random 1..3} ", seed)).collect();
    assert_eq!(all.len(), 3, "both ends are drawn");
}

#[test]
fn every_var_draws_from_its_own_stream_and_can_be_replayed() {
    assert_eq!(var_text("${uuid}", 9), var_text("${uuid}", 9));
    assert_ne!(var_text("${uuid}", 9), var_text("${uuid}", 10));
    assert_ne!(var("${uuid}", 9, "a"), var("${uuid}", 9, "b"));
    let pair = var_text("${random 8}-${random 8}", 9);
    assert_ne!(pair[..8], pair[9..]);
    // The streams are part of the format of a replay: they must not change between versions.
    assert_eq!(var_text("${random 12}", 1), "nafe30r8zz25");
}

#[test]
fn a_one_time_password_keeps_the_label_of_its_secret_and_is_made_at_each_use() {
    let totp = data("${totp seed}");
    assert!(totp.is_totp() && data("[\"x ${totp seed}\"]").is_totp() && !data("${seed}").is_totp());
    let scope = names();
    let made = totp.render_var(&scope, 1, "v").expect("a code");
    assert_eq!(made.label, secret_label());
    let code = made.value.as_str().expect("text").to_owned();
    assert!(code.len() == 6 && scope.derived.borrow().contains(&code));
    let error = data("${totp tricky}").render_var(&scope, 1, "v").err().expect("no secret");
    assert_eq!(error.to_string(), "`totp`: `tricky` is not a base32 secret");
    assert!(scope.get("seed").is_some());
}

/// The text as it is written in a definition so that it renders to itself.
fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

proptest! {
    #[test]
    fn a_text_without_templates_renders_to_itself(text in "[^$]{0,30}|[ -#%-~]{0,30}") {
        let template = parse(&text);
        prop_assert_eq!(template.constant(), Some(text.clone()));
        prop_assert_eq!(template.render_text(&names(), Escape::Xml).map(|made| made.value), Ok(text));
    }

    #[test]
    fn an_escaped_text_renders_to_the_text(text in "[$`{}a ]{0,20}") {
        prop_assert_eq!(parse(&escaped(&text)).constant(), Some(text));
    }

    #[test]
    fn what_is_inserted_is_never_read_again(text in "[$`{}|an ]{0,20}") {
        let scope = Names::of([("v", Json::from(text.clone())), ("n", json!(1))]);
        let made = parse("<${v}>").render_text(&scope, Escape::None).map(|made| made.value);
        prop_assert_eq!(made, Ok(format!("<{text}>")));
    }

    #[test]
    fn source_and_template_are_one(text in "[$`{}|'\"\\[\\]()a-c. é]{0,30}") {
        match Template::parse(&text) {
            Ok(template) => {
                prop_assert_eq!(&template.to_source(), &text);
                prop_assert_eq!(Template::parse(&template.to_source()), Ok(template));
            }
            Err(error) => prop_assert!(text.get(error.offset..error.offset + error.length).is_some()),
        }
    }

    #[test]
    fn an_inserted_text_matches_itself_in_a_pattern(text in "\\PC{0,12}") {
        let scope = Names::of([("v", Json::from(text.clone()))]);
        let pattern = parse("^${v}$").render_text(&scope, Escape::Regex).expect("renders").value;
        prop_assert!(regex::Regex::new(&pattern).expect("a pattern").is_match(&text));
    }
}
