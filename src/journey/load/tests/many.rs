//! Many journeys, and any text at all.

use std::fmt::Write as _;
use std::fs;

use proptest::prelude::*;

use super::{HEAD, directory, load, said};

#[test]
fn thousands_of_journeys_are_loaded_in_order() {
    let directory = directory(&[]);
    for folder in 0..10 {
        let path = directory.path().join(format!("f{folder}"));
        fs::create_dir(&path).expect("a folder");
        for file in 0..100 {
            let mut text = String::new();
            for document in ["a", "b"] {
                let id = format!("j{folder}-{file:02}-{document}");
                let head = HEAD.replace("journey: a", &format!("journey: {id}"));
                let _ = write!(text, "---\n{head}steps:\n  - get: /\n    expect: {{ $.a: {{ gte: 1 }} }}\n");
            }
            fs::write(path.join(format!("{file:02}.yaml")), text).expect("a file");
        }
    }
    fs::write(directory.path().join("f3/50x.yaml"), "forerunner: 1\njourney: bad\n").expect("a file");
    let report = load(&[directory.path().to_path_buf()]);
    assert_eq!((report.files, report.documents, report.journeys.len()), (1001, 2001, 2000));
    let ids: Vec<_> = report.journeys.iter().map(|journey| journey.definition.id().to_owned()).collect();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(ids, sorted);
    assert_eq!(said(&report), ["missing-key 1:1 key `needs` is missing", "missing-key 1:1 key `steps` is missing"]);
}

/// Pieces that journeys are made of, in any order and depth.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("forerunner: 1\n".to_owned()),
        Just("journey: a\n".to_owned()),
        Just(
            "needs: { hosts: { h: https://a.example }, inputs: { i: { default: 1 } }, secrets: { s: { to: [h] } } }\n"
                .to_owned()
        ),
        Just("vars: { v: \"${w}\", w: \"${v}\" }\n".to_owned()),
        Just("limits: { loop: 3 }\n".to_owned()),
        Just("steps:\n".to_owned()),
        Just("cleanup:\n".to_owned()),
        Just("  - get: /\n".to_owned()),
        Just("  - use: a\n".to_owned()),
        Just("  - post: /${i}?${s}\n".to_owned()),
        Just("    json: { a: [\"${v}\", ~] }\n".to_owned()),
        Just("    for: { x: [1], max: 9 }\n".to_owned()),
        Just("    expect: { status: { lt: 1s }, $.a: { schema: { $ref: \"#\" } } }\n".to_owned()),
        Just("    keep: { k: $.a | first }\n".to_owned()),
        Just("    file: ../x\n".to_owned()),
        Just("---\n".to_owned()),
        "[ -~\n]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_much(pieces in prop::collection::vec(piece(), 0..16)) {
        let text = pieces.concat();
        let directory = directory(&[("a.yaml", &text)]);
        let report = load(&[directory.path().join("a.yaml")]);
        let errors = report.diagnostics.iter().any(crate::base::diagnostic::Diagnostic::is_error);
        prop_assert!(errors || (report.documents > 0 && report.journeys.len() == report.documents), "{}", text);
    }

    #[test]
    fn a_journey_cut_anywhere_is_loaded_or_refused(at in 0..super::example::FULL.len(), with in "[ -~\n]{0,3}") {
        let text = super::example::FULL;
        let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else { return Ok(()) };
        let directory = directory(&[("a.yaml", &format!("{before}{with}{after}"))]);
        let report = load(&[directory.path().join("a.yaml")]);
        let errors = report.diagnostics.iter().any(crate::base::diagnostic::Diagnostic::is_error);
        prop_assert!(errors || report.journeys.len() == report.documents);
    }
}
