//! The parts of HAR that tools trip over: timings, pages, order, and what every entry must have.

use super::*;
use crate::model::sample;

fn entries(runs: &[Run]) -> Vec<Json> {
    log(runs)["log"]["entries"].as_array().expect("entries").clone()
}

#[test]
fn the_handshake_is_inside_connect_and_counted_once() {
    let entry = &entries(&[sample::passed()])[0];
    assert_eq!(
        entry["timings"],
        json!({ "blocked": -1, "dns": 31.2, "connect": 60.4, "ssl": 42.0, "send": 0.04, "wait": 281.0, "receive": 38.2 })
    );
    assert_eq!(entry["time"], json!(410.84));
    assert_eq!(entry["_phases"]["unaccounted"], json!(0.26));
}

#[test]
fn phases_of_a_kept_connection_are_absent() {
    let entry = &entries(&[sample::passed()])[1];
    for field in ["dns", "connect", "ssl"] {
        assert_eq!(entry["timings"][field], json!(-1), "{field}");
    }
    assert_eq!(entry["_reused"], json!(true));
    assert_eq!(
        entry["request"]["queryString"],
        json!([{ "name": "page", "value": "1" }, { "name": "q", "value": "a b" }])
    );
}

#[test]
fn an_exchange_without_an_answer_has_status_0_and_its_cause() {
    let entry = &entries(&[sample::refused()])[0];
    assert_eq!(entry["response"]["status"], json!(0));
    assert_eq!(entry["_cause"], json!("connect"));
    assert_eq!(entry["_failure"]["kind"], json!("connection-refused"));
    assert_eq!(entry["timings"]["wait"], json!(0.0));
    assert_eq!(entry["_phases"].get("wait"), None);
}

#[test]
fn hops_and_attempts_are_entries_of_their_own_in_order() {
    let runs = [sample::failed(), sample::looped()];
    let har = log(&runs);
    let pages: Vec<&str> =
        har["log"]["pages"].as_array().expect("pages").iter().filter_map(|p| p["id"].as_str()).collect();
    let entries = entries(&runs);
    assert_eq!(entries.len(), runs.iter().flat_map(|run| &run.steps).map(|step| step.evidence.len()).sum::<usize>());
    let starts: Vec<&str> = entries.iter().filter_map(|entry| entry["startedDateTime"].as_str()).collect();
    assert!(starts.is_sorted());
    assert!(entries.iter().all(|entry| pages.contains(&entry["pageref"].as_str().expect("page"))));
    let redirect = entries.iter().find(|entry| entry["response"]["status"] == json!(301)).expect("a redirect");
    assert_eq!(redirect["response"]["redirectURL"], json!("/new"));
}

#[test]
fn every_entry_has_what_har_1_2_requires() {
    let runs = [sample::passed(), sample::degraded(), sample::refused(), sample::hostile(sample::HOSTILE)];
    for entry in entries(&runs) {
        for field in ["startedDateTime", "time", "request", "response", "cache", "timings"] {
            assert!(entry.get(field).is_some(), "{field}");
        }
        for (part, fields) in [
            (
                "request",
                &["method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"][..],
            ),
            (
                "response",
                &[
                    "status",
                    "statusText",
                    "httpVersion",
                    "cookies",
                    "headers",
                    "content",
                    "redirectURL",
                    "headersSize",
                    "bodySize",
                ],
            ),
        ] {
            for field in fields {
                assert!(entry[part].get(field).is_some(), "{part}.{field}");
            }
        }
        assert!(entry["response"]["content"]["mimeType"].is_string());
        assert!(entry["request"].get("postData").is_none_or(|data| data["text"].is_string()));
    }
}

#[test]
fn cookies_are_listed_where_their_names_are_known() {
    let headers = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    for (name, value, expected) in [
        ("cookie", "a=1; b=2", json!([{ "name": "a", "value": "1" }, { "name": "b", "value": "2" }])),
        ("set-cookie", "sid=<sid>; Path=/; HttpOnly", json!([{ "name": "sid", "value": "<sid>" }])),
        ("set-cookie", "<set-cookie>", json!([])),
    ] {
        assert_eq!(Json::Array(cookies(&headers(name, value), name)), expected, "{value}");
    }
}
