//! What the next request of a redirect chain is, by example.

use std::sync::Arc;

use super::*;
use crate::model::authority::{DeclaredHost, PrivateAddresses};
use crate::probe::http::NothingSecret;
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};

const APP: HostIndex = HostIndex(0);
const API: HostIndex = HostIndex(1);

fn authority() -> Authority {
    let host = |name: &str, url: &str| {
        let url = Url::parse(url).expect("a URL");
        let origin = WebOrigin::of(&url).expect("an origin");
        DeclaredHost { name: name.to_owned(), url, origin, owner: None, reuse: true }
    };
    Authority {
        hosts: Arc::new([
            host("app", "https://app.example/"),
            host("api", "https://api.example:8443/v1"),
            host("old", "http://app.example/"),
        ]),
        private_addresses: PrivateAddresses::Refused,
        writes: true,
    }
}

fn leg(method: &Method) -> Leg {
    let header =
        |name: HeaderName, value: &'static str, label| (name, Labelled::new(HeaderValue::from_static(value), label));
    let secret = Label::only([APP]);
    Leg {
        host: APP,
        method: method.clone(),
        url: Labelled::open(Url::parse("https://app.example/a/b?c=d").expect("a URL")),
        headers: vec![
            header(AUTHORIZATION, "Basic eA==", Label::ANYWHERE),
            header(COOKIE, "a=b", Label::ANYWHERE),
            header(HeaderName::from_static("x-key"), "k", secret),
            header(ACCEPT_LANGUAGE, "en", Label::ANYWHERE),
            header(CONTENT_TYPE, "text/plain", Label::ANYWHERE),
        ],
        media_type: Some("text/plain".to_owned()),
        body: Some(Labelled::open(Bytes::from_static(b"x"))),
        also: vec![("c".to_owned(), Labelled::open("v".to_owned()))],
    }
}

fn follow(method: &Method, status: u16, location: &str, to: &[HostIndex]) -> Result<Leg, Failure> {
    let status = StatusCode::from_u16(status).expect("a status");
    let location = HeaderValue::from_bytes(location.as_bytes()).expect("a value");
    leg(method).follow(status, &location, APP, &Follow { max: 5, to: to.to_vec() }, (&authority(), &NothingSecret))
}

#[track_caller]
fn check_method(method: &Method, status: u16, expected: Method, body: bool) {
    let next = follow(method, status, "/next", &[]).unwrap_or_else(|failure| panic!("{}", failure.detail));
    assert_eq!((next.method, next.body.is_some()), (expected, body), "{method} after {status}");
}

#[test]
fn methods_are_rewritten_as_browsers_do() {
    for status in [301, 302] {
        check_method(&Method::POST, status, Method::GET, false);
        check_method(&Method::PUT, status, Method::PUT, true);
        check_method(&Method::HEAD, status, Method::HEAD, true);
    }
    check_method(&Method::PUT, 303, Method::GET, false);
    check_method(&Method::POST, 303, Method::GET, false);
    check_method(&Method::HEAD, 303, Method::HEAD, true);
    for status in [307, 308] {
        check_method(&Method::POST, status, Method::POST, true);
        check_method(&Method::DELETE, status, Method::DELETE, true);
    }
    let next = follow(&Method::POST, 303, "/next", &[]).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert!(next.media_type.is_none() && next.headers.iter().all(|(name, _)| name != CONTENT_TYPE));
}

#[track_caller]
fn check_target(location: &str, expected: Result<(&str, HostIndex), &str>) {
    let found = follow(&Method::GET, 302, location, &[API]);
    match (found, expected) {
        (Ok(next), Ok((url, host))) => assert_eq!((next.url.value.as_str(), next.host), (url, host), "{location}"),
        (Err(failure), Err(part)) => {
            assert_eq!(failure.kind, FailureKind::RedirectElsewhere, "{location}");
            assert!(failure.detail.contains(part), "{location}: {}", failure.detail);
        }
        (Ok(next), Err(_)) => panic!("{location} was followed to {}", next.url.value),
        (Err(failure), Ok(_)) => panic!("{location}: {}", failure.detail),
    }
}

#[test]
fn locations_are_resolved_and_only_declared_places_entered() {
    check_target("/x", Ok(("https://app.example/x", APP)));
    check_target("x?y#z", Ok(("https://app.example/a/x?y", APP)));
    check_target("", Ok(("https://app.example/a/b?c=d", APP)));
    check_target("//api.example:8443/x", Ok(("https://api.example:8443/x", API)));
    check_target("HTTPS://API.example:8443", Ok(("https://api.example:8443/", API)));
    check_target("https://app.example:443/", Ok(("https://app.example/", APP)));
    check_target("http://app.example/", Err("add `old` to `follow.to`"));
    check_target("https://api.example/", Err("https://api.example,"));
    check_target("https://app.example.evil.test/", Err("may not enter"));
    check_target("https://app.example@evil.test/", Err("user information"));
    check_target("https://user@app.example/", Err("user information"));
    check_target("https://:p@app.example/", Err("user information"));
    check_target("javascript:alert(1)", Err("no web address"));
    check_target("file:///etc/passwd", Err("no web address"));
    check_target("https://[::1", Err("no address"));
    check_target("http://\u{ff}\u{fe}:99999/", Err("no address"));
}

#[test]
fn entering_another_host_drops_what_was_meant_for_the_first() {
    let names = |leg: &Leg| leg.headers.iter().map(|(name, _)| name.as_str().to_owned()).collect::<Vec<_>>();
    let next =
        follow(&Method::PUT, 307, "https://api.example:8443/", &[API]).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(names(&next), ["accept-language", "content-type"]);
    assert!(next.also.is_empty());
    let next = follow(&Method::PUT, 307, "/same", &[API]).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(names(&next).len(), 5);
    assert_eq!(next.also.len(), 1);
}

#[test]
fn only_five_statuses_with_a_location_are_redirects() {
    for status in 100..=599 {
        let status = StatusCode::from_u16(status).expect("a status");
        let mut headers = HeaderMap::new();
        assert!(Leg::redirect(status, &headers).is_none());
        headers.insert(LOCATION, HeaderValue::from_static("/"));
        let expected = [301, 302, 303, 307, 308].contains(&status.as_u16());
        assert_eq!(Leg::redirect(status, &headers).is_some(), expected, "{status}");
    }
}

#[test]
fn a_part_that_may_not_go_to_the_host_is_named_but_not_shown() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Leg), part: &str) {
        let mut leg = leg(&Method::POST);
        change(&mut leg);
        let failure = leg.judge(&authority()).expect_err("refused");
        assert_eq!(failure.kind, FailureKind::LabelRefused);
        assert!(failure.detail.contains(part) && failure.detail.contains("`app`"), "{}", failure.detail);
        assert!(!failure.detail.contains("s3cret"), "{}", failure.detail);
    }
    assert!(leg(&Method::POST).judge(&authority()).is_ok());
    check(
        |leg| leg.headers[3].1 = Labelled::new(HeaderValue::from_static("s3cret"), Label::only([API])),
        "header `accept-language`",
    );
    check(|leg| leg.also[0].1 = Labelled::new("s3cret".to_owned(), Label::NOWHERE), "cookie `c`");
    check(|leg| leg.body = Some(Labelled::new(Bytes::from_static(b"s3cret"), Label::only([API]))), "the body");
    check(|leg| leg.url.label = Label::only([API]), "the url");
}
