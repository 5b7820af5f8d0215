//! How a described map is read: every problem at once, with its place; and how it describes itself.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::base::yaml::parse;

shape! {
    /// A thing.
    pub struct Thing {
        /// What it is called.
        name: required Spanned<String>,
        /// How long it takes.
        time_max: optional Duration as "time-max",
        /// Whether it counts.
        counts: default(true) bool,
        /// Its colour.
        colour: optional Colour,
        /// More of them.
        parts: optional Vec<Thing>,
    }
}

words! {
    /// A colour.
    pub enum Colour {
        /// Red.
        Red = "red",
        /// Green.
        Green = "green",
    }
}

fn read(text: &str) -> (Option<Thing>, Vec<String>) {
    let source = Source::new("t.yaml", text);
    let parsed = parse(&source);
    let mut reader = Reader::new(Arc::clone(&source));
    let thing = Thing::read(&parsed.documents[0], &mut reader);
    let problems = reader.diagnostics.iter().map(|problem| {
        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}: {}{help}", problem.position(), problem.message)
    });
    (thing, problems.collect())
}

#[test]
fn a_map_is_read_with_its_defaults() {
    let (thing, problems) = read("name: a\ntime-max: 800ms\ncolour: green\nparts: [{name: b}]");
    let thing = thing.expect("read");
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(thing.name.value, "a");
    assert_eq!(thing.time_max, Some(Duration::from_millis(800)));
    assert_eq!(thing.colour.map(Colour::word), Some("green"));
    assert_eq!(thing.span.start, 0);
    assert_eq!(thing.parts.map(|parts| (parts.len(), parts[0].counts)), Some((1, true)));
}

#[test]
fn all_problems_of_a_map_are_found_in_one_go() {
    let (thing, problems) = read("nam: a\ntime-max: 5\ncounts: yes\ncolour: gren\nparts:\n  - name: 7\n  - 3\n");
    assert!(thing.is_none());
    assert_eq!(
        problems,
        [
            "1:1: unknown key `nam` (did you mean `name`?)",
            "1:1: key `name` is missing",
            "2:11: `5` is not a duration (write the unit, for example `5ms` or `5s`)",
            "3:9: expected `true` or `false`, found text",
            "4:9: unknown word `gren` (did you mean `green`?)",
            "6:11: expected text, found a number (write \"7\")",
            "7:5: expected a map, found a number",
        ]
    );
}

#[test]
fn a_map_describes_itself_for_editors() {
    let schema = Schemas::document::<Thing>("Things");
    let thing = &schema["definitions"]["Thing"];
    assert_eq!(thing["required"], json!(["name"]));
    assert_eq!(thing["additionalProperties"], json!(false));
    assert_eq!(thing["properties"]["name"], json!({"type": "string", "description": "What it is called."}));
    assert_eq!(thing["properties"]["parts"]["items"], json!({"$ref": "#/definitions/Thing"}));
    assert_eq!(thing["properties"]["colour"]["enum"], json!(["red", "green"]));
}
