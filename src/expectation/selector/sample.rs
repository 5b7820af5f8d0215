//! One exchange with something for every selector to find: a redirect, TLS, cookies, JSON with HTML inside.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version};
use serde_json::json;

use crate::base::secret::{HostIndex, Label, Labelled};
use crate::base::time::Timestamp;
use crate::model::observation::{Answer, Certificate, Exchange, Hop, SentRequest, TlsFacts};
use crate::model::scope::Scope;
use crate::model::timing::{Phase, Timings};
use crate::model::value::Value;

pub(super) const BODY: &str = r#"{"total": 2, "items": [{"name": "Oolong", "price": 5}, {"name": "Sencha", "price": 7.5}],
"page": "<h1 class=title> Tea   room </h1><b>fresh</b> <b>green</b><a rel=next href=/tea/2>more</a>"}"#;

pub(super) fn moment(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a date-time")
}

pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let body = body.into();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a header name");
        map.append(name, value.parse().expect("a header value"));
    }
    let status = StatusCode::from_u16(status).expect("a status");
    Answer { status, version: Version::HTTP_2, headers: map, wire_size: body.len() as u64, body }
}

pub(super) fn hop(url: &str, phases: &[(Phase, u64)], answer: Answer) -> Hop {
    let mut timings = Timings::default();
    for (phase, millis) in phases {
        timings.add(*phase, Duration::from_millis(*millis));
    }
    Hop {
        host: HostIndex(0),
        request: SentRequest {
            method: Method::GET,
            url: Labelled::open(url.parse().expect("a URL")),
            version: None,
            headers: Vec::new(),
            body: None,
            span_id: String::new(),
        },
        started_at: moment("2026-11-22T08:00:00Z"),
        reused: phases.iter().all(|(phase, _)| *phase >= Phase::Send),
        timings,
        resolved: Vec::new(),
        remote: Some("192.0.2.7:443".parse().expect("an address")),
        local: None,
        tls: None,
        answer: Some(answer),
    }
}

pub(super) fn exchange_of(hops: Vec<Hop>) -> Exchange {
    Exchange { started_at: moment("2026-11-22T08:00:00Z"), elapsed: Duration::from_millis(812), hops, failure: None }
}

pub(super) fn exchange() -> Exchange {
    let first_phases = [(Phase::Resolve, 3), (Phase::Connect, 20), (Phase::Tls, 41), (Phase::Wait, 200)];
    let first = hop("https://shop.example/", &first_phases, answer(302, &[("location", "/tea")], ""));
    let cookie = "sid=a1b2; Path=/; Expires=Tue, 22 Dec 2026 08:00:00 GMT; Secure";
    let headers =
        [("content-type", "application/json"), ("vary", "Accept"), ("vary", "Cookie"), ("set-cookie", cookie)];
    let mut last = hop("https://shop.example/tea", &[(Phase::Wait, 300)], answer(200, &headers, BODY));
    last.tls = Some(TlsFacts {
        version: Some("TLSv1.3"),
        cipher: None,
        alpn: None,
        chain: vec![Certificate {
            subject: "CN=shop.example".to_owned(),
            issuer: "CN=Example CA".to_owned(),
            serial: "01:02".to_owned(),
            not_before: moment("2026-09-22T08:00:00Z"),
            not_after: moment("2026-12-22T07:59:59Z"),
            names: vec!["shop.example".to_owned()],
            sha256: "00".repeat(32),
            pem: String::new(),
        }],
        refused: None,
        insecure: false,
    });
    exchange_of(vec![first, last])
}

/// Names with values: an object, and a secret for host 1.
pub(super) struct Names;

pub(super) const SECRET: HostIndex = HostIndex(1);

impl Scope for Names {
    fn get(&self, name: &str) -> Option<Labelled<Value>> {
        match name {
            "user" => Some(Labelled::open(Value::Json(json!({ "id": 7, "name": "Ada" })))),
            "price" => Some(Labelled::open(Value::Json(json!(6)))),
            "token" => Some(Labelled::new(Value::text("s3cret"), Label::only([SECRET]))),
            _ => None,
        }
    }

    fn now(&self) -> Timestamp {
        moment("2026-11-22T08:00:00Z")
    }

    fn derived(&self, _: &Labelled<Value>) {}
}
