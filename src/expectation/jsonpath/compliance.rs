//! The public JSONPath compliance suite, where it is present: every case equal, but for those that our bounds refuse.

use serde_json::Value as Json;

use super::{Found, JsonPath};
use crate::base::time::Timestamp;
use crate::model::scope::Nothing;

/// Valid cases that are refused when they are read, each with the bound. The list is exact both ways.
const REFUSED: &[(&str, &str)] = &[
    ("filter, absolute existence, without segments", ABSOLUTE),
    ("filter, absolute existence, with segments", ABSOLUTE),
    ("filter, absolute, equals self", ABSOLUTE),
    ("filter, nested", NESTED),
    ("filter, equals, special nothing", ABSOLUTE),
    ("functions, count, count function", DESCENDANT),
    ("functions, length, arg is a function expression", ABSOLUTE),
    ("functions, match, regex from the document", ABSOLUTE),
    ("functions, match, arg is a function expression", ABSOLUTE),
    ("functions, search, regex from the document", ABSOLUTE),
    ("functions, search, arg is a function expression", ABSOLUTE),
    ("whitespace, functions, spaces in an absolute singular selector", ABSOLUTE),
    ("whitespace, functions, newlines in an absolute singular selector", ABSOLUTE),
    ("whitespace, functions, tabs in an absolute singular selector", ABSOLUTE),
    ("whitespace, functions, returns in an absolute singular selector", ABSOLUTE),
];

const ABSOLUTE: &str = "an absolute path `$` inside a filter is refused, because its cost has no bound";
const NESTED: &str = "a filter inside a filter is refused, because its cost has no bound";
const DESCENDANT: &str = "a filter has no descendant segment `..`";

#[test]
fn every_case_of_the_compliance_suite_holds_or_is_refused_by_a_named_bound() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/suites/jsonpath-compliance.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let suite: Json = serde_json::from_str(&text).expect("the suite is JSON");
    let scope = Nothing { now: Timestamp::UNIX_EPOCH };
    let mut wrong = Vec::new();
    let mut refused = Vec::new();
    for case in suite["tests"].as_array().expect("a list of cases") {
        let name = case["name"].as_str().expect("a name");
        let selector = case["selector"].as_str().expect("a selector");
        let invalid = case["invalid_selector"] == Json::Bool(true);
        let path = match JsonPath::parse(selector) {
            Ok(_) if invalid => {
                wrong.push(format!("{name}: `{selector}` should be refused"));
                continue;
            }
            Ok(path) => path,
            Err(_) if invalid => continue,
            Err(error) => {
                refused.push((name.to_owned(), error.message));
                continue;
            }
        };
        let found = match path.select(&case["document"], &scope) {
            Ok((Found::One(node), _)) => node.into_iter().cloned().collect(),
            Ok((Found::Many(nodes), _)) => nodes.into_iter().cloned().collect::<Vec<_>>(),
            Err(error) => panic!("{name}: {error:?}"),
        };
        let found = Json::Array(found);
        let right = if case["results"].is_null() {
            case["result"] == found
        } else {
            case["results"].as_array().expect("alternatives").contains(&found)
        };
        if !right {
            wrong.push(format!("{name}: `{selector}` found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed: Vec<_> = REFUSED.iter().map(|(name, bound)| ((*name).to_owned(), (*bound).to_owned())).collect();
    assert_eq!(refused, listed, "the list of refused cases is not exact");
}
