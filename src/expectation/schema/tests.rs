//! Schemas of packages: dialects, references, patterns, formats, and what is refused when they are read.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::Schema;

fn package() -> BTreeMap<String, Json> {
    [
        (
            "schemas/item.json",
            json!({ "type": "object", "properties": { "price": { "minimum": 0 }, "next": { "$ref": "#" } } }),
        ),
        ("schemas/deep/list.json", json!({ "items": { "$ref": "../item.json" } })),
        ("with blank.json", json!({ "$defs": { "name": { "type": "string" } } })),
        ("named.json", json!({ "$id": "https://shop.example/named", "const": 1 })),
        ("outside.json", json!({ "$ref": "https://elsewhere.example/x" })),
    ]
    .map(|(path, json)| (path.to_owned(), json))
    .into()
}

fn compile(schema: &Json) -> Result<Schema, String> {
    Schema::compile("schemas/root.json", schema, &package())
}

#[track_caller]
fn check(schema: &Json, rows: &[(Json, Option<&str>)]) {
    let compiled = compile(schema).unwrap_or_else(|error| panic!("{error}"));
    for (value, at) in rows {
        let miss = compiled.check(value).err().map(|miss| miss.at);
        assert_eq!(miss.as_deref(), *at, "{schema} {value}");
        assert_eq!(compiled.is_valid(value), at.is_none());
    }
}

#[track_caller]
fn refused(schema: &Json, part: &str) {
    let error = compile(schema).expect_err(part);
    assert!(error.contains(part), "{error}");
    assert!(error.contains("schemas/root.json"), "{error}");
}

#[test]
fn the_first_miss_is_named_with_its_place() {
    check(
        &json!({ "properties": { "items": { "items": { "$ref": "item.json" } } } }),
        &[
            (json!({ "items": [{ "price": 1 }, {}] }), None),
            (json!({ "items": [{}, {}, { "price": -1 }] }), Some("/items/2/price")),
            (json!({ "items": [{ "next": { "next": { "price": -1 } } }] }), Some("/items/0/next/next/price")),
            (json!({ "items": [7] }), Some("/items/0")),
        ],
    );
    let miss = compile(&json!({ "required": ["id"] })).expect("a schema").check(&json!({})).expect_err("a miss");
    assert_eq!((miss.at.as_str(), miss.message.as_str()), ("", "\"id\" is a required property"));
    check(&json!(true), &[(json!(1), None)]);
    check(&json!(false), &[(json!(1), Some(""))]);
}

#[test]
fn references_stay_in_the_package() {
    check(&json!({ "$ref": "deep/list.json" }), &[(json!([{ "price": -1 }]), Some("/0/price"))]);
    check(&json!({ "$ref": "../with%20blank.json#/$defs/name" }), &[(json!("a"), None), (json!(1), Some(""))]);
    check(&json!({ "$ref": "https://shop.example/named" }), &[(json!(1), None), (json!(2), Some(""))]);
    check(&json!({ "$defs": { "a": { "type": "null" } }, "$ref": "#/$defs/a" }), &[(json!(1), Some(""))]);
    refused(
        &json!({ "$ref": "https://elsewhere.example/x" }),
        "`https://elsewhere.example/x` is no document of the package",
    );
    refused(&json!({ "$ref": "absent.json" }), "`schemas/absent.json` is no document of the package");
    refused(&json!({ "$ref": "file:///etc/passwd" }), "is no document of the package");
    refused(&json!({ "$ref": "../../../etc/passwd" }), "is no document of the package");
    refused(&json!({ "$ref": "../outside.json" }), "elsewhere.example");
    refused(&json!({ "$ref": "#/$defs/absent" }), "absent");
}

#[test]
fn five_dialects_are_known() {
    for (dialect, value) in [
        ("https://json-schema.org/draft/2020-12/schema", json!([1, "a"])),
        ("https://json-schema.org/draft/2019-09/schema", json!([1, "a"])),
        ("http://json-schema.org/draft-07/schema#", json!([1, "a"])),
        ("http://json-schema.org/draft-06/schema#", json!([1, "a"])),
        ("http://json-schema.org/draft-04/schema", json!([1, "a"])),
    ] {
        check(&json!({ "$schema": dialect, "type": "array", "maxItems": 2 }), &[(value, None), (json!(1), Some(""))]);
    }
    // `items` as a list says something else in older drafts.
    check(
        &json!({ "$schema": "http://json-schema.org/draft-07/schema#", "items": [{ "type": "null" }] }),
        &[(json!([1]), Some("/0"))],
    );
    check(&json!({ "prefixItems": [{ "type": "null" }] }), &[(json!([1]), Some("/0"))]);
    refused(&json!({ "$schema": "http://json-schema.org/draft-03/schema#" }), "dialect");
    refused(&json!({ "$schema": "https://elsewhere.example/meta" }), "dialect");
    refused(&json!({ "type": "text" }), "/type");
    refused(&json!({ "minimum": "1" }), "/minimum");
}

#[test]
fn formats_count_and_patterns_are_linear() {
    check(
        &json!({ "format": "date" }),
        &[(json!("2026-02-30"), Some("")), (json!("2026-02-28"), None), (json!(1), None)],
    );
    check(&json!({ "format": "email" }), &[(json!("a"), Some(""))]);
    check(&json!({ "format": "of-our-own" }), &[(json!("a"), None)]);
    check(&json!({ "pattern": "^\\d+$" }), &[(json!("12"), None), (json!("1x"), Some(""))]);
    refused(&json!({ "properties": { "a": { "pattern": "^(?=a)b" } } }), "^(?=a)b");
    refused(&json!({ "patternProperties": { "(a)\\1": {} } }), "(a)\\1");
    refused(&json!({ "pattern": "(" }), "(");
    refused(&json!({ "pattern": "(\\p{L}{1000}){100}" }), "bounded");
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } }, "$ref": "#/$defs/a" }),
    ] {
        check(&schema, &[(json!({ "a": [1] }), None)]);
    }
}

#[test]
fn a_short_schema_cannot_ask_for_endless_work() {
    let too_much = "the schema takes too much work on this value";
    for (applicator, of_object, of_number) in
        [("allOf", too_much, "1 is not of type \"object\""), ("anyOf", "", too_much), ("oneOf", too_much, too_much)]
    {
        let mut steps = serde_json::Map::new();
        for level in 0..40 {
            let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
            steps.insert(format!("d{level}"), json!({ applicator: [next, next] }));
        }
        steps.insert("d40".to_owned(), json!({ "type": "object" }));
        let compiled = compile(&json!({ "$defs": steps, "items": { "$ref": "#/$defs/d0" } })).expect("a schema");
        for (value, expected) in [(json!([{}]), of_object), (json!([1]), of_number)] {
            let said = compiled.check(&value).err().map(|miss| miss.message).unwrap_or_default();
            assert_eq!(said, expected, "{applicator} {value}");
        }
    }
    // Known to be wrong at once, but to say where takes a walk through all of it.
    let mut steps = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
        steps.insert(format!("d{level}"), json!({ "allOf": [next, next] }));
    }
    steps.insert("d40".to_owned(), json!({ "type": "object" }));
    let first_wrong = json!({ "$defs": steps, "anyOf": [{ "allOf": [false, { "$ref": "#/$defs/d0" }] }] });
    let miss = compile(&first_wrong).expect("a schema").check(&json!({})).expect_err("a miss");
    assert!(miss.message.contains("too much work to say where") || miss.message.contains("not valid"), "{miss:?}");
    let named = json!({ "properties": { "default": { "type": "null" } }, "items": { "$ref": "#/properties/default" } });
    check(&named, &[(json!([1]), Some("/0"))]);
    refused(&json!({ "default": { "a": true }, "$ref": "#/default/a" }), "leads into data");
    refused(&json!({ "default": { "a": true }, "$ref": "#/def%61ult/a" }), "leads into data");
    check(&json!({ "const": { "a": 1 } }), &[(json!({ "a": 1 }), None)]);
    check(&json!({ "components": { "x": { "type": "null" } }, "$ref": "#/components/x" }), &[(json!(1), Some(""))]);
}
