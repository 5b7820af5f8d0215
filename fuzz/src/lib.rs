//! What every fuzz target does with its bytes. The seeds go through the same functions in `cargo test`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use forerunner::base::secret::{HostIndex, Labelled};
use forerunner::base::shape::{Reader, Shape};
use forerunner::base::span::Source;
use forerunner::base::time::Timestamp;
use forerunner::base::yaml::{self, Node, Text, Tree};
use forerunner::expectation::selector::Selector;
use forerunner::expectation::subject::Subject;
use forerunner::journey::definition::JourneyForm;
use forerunner::model::observation::{Answer, Exchange, Hop, SentRequest};
use forerunner::model::scope::Nothing;
use forerunner::model::timing::Timings;
use forerunner::template::{Escape, Template};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};

const NOBODY: Nothing = Nothing { now: Timestamp::UNIX_EPOCH };

/// A journey file: whatever it says, it is read to its end, and every problem has a place in it.
pub fn journey(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let source = Source::new("fuzz.yaml", text);
    let parsed = yaml::parse(&source);
    let mut reader = Reader::new(source);
    for document in &parsed.documents {
        stands_in(document, text);
        let _ = JourneyForm::read(document, &mut reader);
    }
    for problem in parsed.diagnostics.iter().chain(&reader.diagnostics) {
        assert!(text.get(problem.span.range()).is_some(), "{} stands outside of the file", problem.message);
        assert!(!problem.message.is_empty());
    }
}

/// Every node knows a whole piece of the file, and text that claims to stand there as it is does so.
fn stands_in(node: &Node, text: &str) {
    assert!(text.get(node.span.range()).is_some(), "{} stands outside of the file", node.describe());
    match &node.tree {
        Tree::List(nodes) => nodes.iter().for_each(|node| stands_in(node, text)),
        Tree::Map(entries) => {
            for entry in entries {
                assert!(text.get(entry.key.span.range()).is_some(), "`{}` stands outside", entry.key.value);
                stands_in(&entry.value, text);
            }
        }
        Tree::Text(Text { text: own, verbatim: Some(span), .. }) => {
            assert_eq!(text.get(span.range()), Some(own.as_str()));
        }
        _ => {}
    }
}

/// A text with templates: what is taken is written back as it was, and can be rendered or refused.
pub fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Template::parse(text) {
        Ok(template) => {
            assert_eq!(template.to_source(), text, "a template is written as it was read");
            for used in template.uses() {
                assert!(text.get(used.range.clone()).is_some(), "`{}` stands outside of the text", used.name);
            }
            for escape in [Escape::None, Escape::Xml, Escape::Regex] {
                let _ = template.render_text(&NOBODY, escape);
            }
            let _ = template.render_value(&NOBODY);
            let _ = template.render_target(&NOBODY, true);
        }
        Err(error) => assert!(error.offset + error.length <= text.len() + 1, "{error} stands outside of the text"),
    }
}

/// A selector: what is taken keeps its text and finds something or nothing in an answer, but always ends.
pub fn selector(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Selector::parse(text) {
        Ok(selector) => {
            assert_eq!(selector.text(), text);
            let _ = selector.kinds();
            let exchange = exchange(HeaderMap::new(), br#"{"items": [{"id": 7, "kind": "a"}], "next": null}"#);
            let _ = selector.select(&Subject::of(&exchange), &NOBODY);
        }
        Err(error) => assert!(error.offset + error.length <= text.len() + 1, "{error} stands outside of the text"),
    }
}

/// Lines of `Set-Cookie`.
pub fn cookie(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let headers: HeaderMap = lines.take(32).map(|line| (http::header::SET_COOKIE, line)).collect();
    select(
        &exchange(headers, b""),
        &[
            "cookie:id",
            "cookie:id.value",
            "cookie:id.domain",
            "cookie:id.path",
            "cookie:id.expires",
            "cookie:id.max-age",
            "cookie:id.secure",
            "cookie:id.http-only",
            "cookie:id.same-site",
            "header:Set-Cookie",
        ],
    );
}

/// Lines of `Name: value`.
pub fn header(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
    });
    let headers: HeaderMap = lines.take(64).collect();
    select(
        &exchange(headers, "{\"name\": \"Zoë\"}".as_bytes()),
        &[
            "header:Content-Type",
            "header:Location | query id",
            "header:Date | to-date",
            "header:Retry-After | to-int",
            "header:Link | split ', ' | first",
            "header:X-Data | base64-decode | json",
            "header:X-Data | url-decode | html-decode",
            "header:Set-Cookie",
            "body",
            "$.name",
            "css:title",
        ],
    );
}

fn select(exchange: &Exchange, selectors: &[&str]) {
    let subject = Subject::of(exchange);
    for text in selectors {
        let selector = Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let _ = selector.select(&subject, &NOBODY);
    }
}

/// An exchange with one answer.
fn exchange(headers: HeaderMap, body: &'static [u8]) -> Exchange {
    let url = url::Url::parse("https://www.example.org/list").expect("a URL");
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let hop = Hop {
        host: HostIndex(0),
        request: SentRequest {
            method: Method::GET,
            url: Labelled::open(url),
            version: Some(Version::HTTP_11),
            headers: Vec::new(),
            body: None,
            span_id: "0".repeat(16),
        },
        started_at: Timestamp::UNIX_EPOCH,
        timings: Timings::default(),
        reused: false,
        resolved: vec![address],
        remote: Some(SocketAddr::new(address, 443)),
        local: None,
        tls: None,
        answer: Some(Answer {
            status: StatusCode::OK,
            version: Version::HTTP_11,
            headers,
            body: Bytes::from_static(body),
            wire_size: 0,
        }),
    };
    Exchange { started_at: Timestamp::UNIX_EPOCH, elapsed: Duration::ZERO, hops: vec![hop], failure: None }
}
