//! Redirect chains over real connections: how far, where to, and what goes along.

use std::sync::atomic::{AtomicU32, Ordering};

use forerunner::base::secret::{HostIndex, Label, Labelled};
use forerunner::model::failure::FailureKind as Kind;
use forerunner::probe::http::{CookieUse, Follow};
use http::Method;

use super::{FIRST, Run, SECOND, answer, body, check_failure, header, text};
use crate::support::http1::{Act, Seen, always, ok, serve, write};

fn redirect(status: u16, location: &str) -> Act {
    write(&format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
}

fn follow(max: u8, to: &[HostIndex]) -> Follow {
    Follow { max, to: to.to_vec() }
}

#[tokio::test]
async fn a_redirect_is_an_answer_unless_it_is_followed() {
    let (address, seen) =
        serve(vec![vec![Act::Read, redirect(302, "/next"), Act::Read, redirect(302, "/next"), Act::Read, ok("there")]])
            .await;
    let mut run = Run::at(address);
    assert_eq!(answer(&run.fetch("/").await).status, 302);
    let mut request = run.get("/start?x#y");
    request.follow = follow(1, &[]);
    let exchange = run.send(&request).await;
    assert_eq!(text(&exchange), "there");
    let urls: Vec<&str> = exchange.hops.iter().map(|hop| hop.request.url.value.path()).collect();
    assert_eq!(urls, ["/start", "/next"]);
    assert_eq!(seen.connections(), 1);
    assert_eq!(run.requests.load(Ordering::Relaxed), 97);
}

#[tokio::test]
async fn a_loop_ends_at_the_limit() {
    let (address, seen) = serve(vec![always(&redirect(301, "/again"))]).await;
    let mut run = Run::at(address);
    let mut request = run.get("/again");
    request.follow = follow(20, &[]);
    let exchange = run.send(&request).await;
    check_failure(&exchange, Kind::TooManyRedirects);
    assert_eq!((exchange.hops.len(), seen.requests().len()), (21, 21));
    assert!(exchange.failure.is_some_and(|failure| failure.phase.is_some()));
}

#[tokio::test]
async fn a_chain_uses_up_the_allowance() {
    let (address, _) = serve(vec![always(&redirect(301, "/again"))]).await;
    let mut run = Run::at(address);
    run.requests = AtomicU32::new(3);
    let mut request = run.get("/");
    request.follow = follow(20, &[]);
    let exchange = run.send(&request).await;
    check_failure(&exchange, Kind::AllowanceUsedUp);
    assert_eq!(exchange.hops.len(), 3);
}

/// Two hosts, the first redirecting to the second with this status.
async fn pair(status: u16) -> (Run, Seen, Seen) {
    let (second, second_seen) = serve(vec![vec![Act::Read, ok("second")]]).await;
    // The same machine under two names, so that cookies of one are not for the other.
    let second = format!("http://localhost:{}/", second.port());
    let location = format!("{second}x");
    let set =
        format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nSet-Cookie: jar=1\r\nContent-Length: 0\r\n\r\n");
    let (first, first_seen) = serve(vec![vec![Act::Read, write(&set)]]).await;
    let run = Run::against(&[format!("http://{first}/"), second]);
    (run, first_seen, second_seen)
}

#[tokio::test]
async fn another_host_is_entered_only_if_the_step_says_so() {
    let (mut run, _, second) = pair(302).await;
    let mut request = run.get("/");
    request.follow = follow(5, &[]);
    let exchange = run.send(&request).await;
    check_failure(&exchange, Kind::RedirectElsewhere);
    assert_eq!(exchange.hops.len(), 1);
    assert!(exchange.hops[0].answer.is_some(), "the redirect itself is evidence");
    assert_eq!(second.connections(), 0);

    let (mut run, _, second) = pair(302).await;
    let mut request = run.get("/");
    request.follow = follow(5, &[SECOND]);
    let exchange = run.send(&request).await;
    assert_eq!(text(&exchange), "second");
    assert_eq!(exchange.hops[1].host, SECOND);
    assert_eq!(second.requests().len(), 1);
}

#[tokio::test]
async fn what_was_meant_for_the_first_host_does_not_reach_the_second() {
    let (mut run, first, second) = pair(307).await;
    let mut request = run.request(FIRST, Method::POST, "/");
    request.headers = vec![
        header("authorization", "Bearer t0ken", Label::ANYWHERE),
        header("x-key", "s3cret", Label::only([FIRST])),
        header("x-open", "open", Label::ANYWHERE),
    ];
    request.cookies = CookieUse::Jar { also: vec![("mine".to_owned(), Labelled::open("c00kie".to_owned()))] };
    request.body = Some(body("the body"));
    request.follow = follow(5, &[SECOND]);
    let exchange = run.send(&request).await;
    assert_eq!(text(&exchange), "second");
    let (first, second) = (first.requests().remove(0), second.requests().remove(0));
    for part in ["t0ken", "s3cret", "c00kie"] {
        assert!(first.contains(part) && !second.contains(part), "{part}: {second}");
    }
    assert!(!second.contains("Cookie"), "{second}");
    assert!(
        second.starts_with("POST /x ") && second.contains("X-Open: open") && second.ends_with("the body"),
        "{second}"
    );
}

#[tokio::test]
async fn a_body_for_the_first_host_alone_is_not_repeated_to_the_second() {
    let (mut run, _, second) = pair(308).await;
    let mut request = run.request(FIRST, Method::POST, "/");
    request.body = Some(Labelled::new("s3cret".into(), Label::only([FIRST])));
    request.follow = follow(5, &[SECOND]);
    let exchange = run.send(&request).await;
    check_failure(&exchange, Kind::LabelRefused);
    assert_eq!((exchange.hops.len(), second.connections()), (1, 0));
}

#[tokio::test]
async fn the_cookies_of_a_redirect_are_sent_to_its_target() {
    let set = "HTTP/1.1 303 See Other\r\nLocation: /in\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 0\r\n\r\n";
    let (address, seen) = serve(vec![vec![Act::Read, write(set), Act::Read, ok("in")]]).await;
    let mut run = Run::at(address);
    let mut request = run.request(FIRST, Method::POST, "/login");
    request.body = Some(body("user=u"));
    request.media_type = Some("application/x-www-form-urlencoded".to_owned());
    request.follow = follow(1, &[]);
    let exchange = run.send(&request).await;
    assert_eq!(text(&exchange), "in");
    let second = seen.requests().remove(1);
    assert!(second.starts_with("GET /in ") && second.contains("Cookie: session=1"), "{second}");
    assert!(!second.contains("Content-"), "{second}");
}
