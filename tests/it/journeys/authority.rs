//! A journey reaches what it declares and sends each value where it may go: everything else is refused unsent.

use crate::journeys::{SECRET, bound, refused, told, walk};
use crate::support::http1::{Act, always, ok, write};

const BINDING: &str = "secrets: { key: 'file:key' }";

fn journey(steps: &str) -> String {
    format!(
        "forerunner: 1\njourney: j\nneeds:\n  hosts: {{ site: SITE, partner: PARTNER }}\n  secrets: {{ key: {{ to: [site] }} }}\n  \
         writes: [things]\n{steps}"
    )
}

#[test]
fn a_secret_for_another_host_is_refused_when_the_file_is_read() {
    for way in [
        "headers: { X-Key: '${key}' }",
        "query: { k: '${key}' }",
        "auth: { bearer: '${key}' }",
        "auth: { basic: { user: u, password: '${key}' } }",
        "auth: { hmac: { key: '${key}', header: X-Signature } }",
        "cookies: { k: '${key}' }",
        "json: { a: { b: ['${key}'] } }",
        "form: { k: '${key}' }",
        "text: 'x ${key} y'",
        "xml: '<a>${key}</a>'",
        "headers: { X-Key: '${key | base64}' }",
        "headers: { X-Key: '${key | sha256}' }",
        "headers: { X-Key: '${key | regex ^(.{4})}' }",
        "headers: { X-Key: '${copy}' }",
        "multipart: { k: '${key}' }",
    ] {
        let text =
            journey(&format!("vars: {{ copy: '${{key | upper}}' }}\nsteps:\n  - at: partner\n    post: /\n    {way}"));
        let errors = refused(&text, BINDING);
        assert!(errors.iter().any(|error| error.starts_with("secret-destination")), "{way}: {errors:?}");
    }
    let path = journey("steps: [{ at: partner, get: '/${key}' }]");
    assert!(!refused(&path, BINDING).is_empty());
}

#[tokio::test]
async fn a_secret_that_an_answer_brought_stays_with_the_host_that_sent_it() {
    let text = journey(
        "steps:\n  - { step: a, at: site, get: /, keep: { token: { from: $.token, secret: true } } }\n  \
         - { step: b, at: partner, get: /, headers: { X-Key: '${token}' } }",
    );
    let errors = refused(&text, BINDING);
    assert!(errors.iter().any(|error| error.contains("token")), "{errors:?}");
}

#[tokio::test]
async fn redirects_lead_nowhere_undeclared_and_take_no_secret_along() {
    let to = |location: &str| write(&format!("HTTP/1.1 307 X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"));
    let step = "steps: [{ step: a, at: site, get: /, follow: 3, headers: { X-Key: '${key}' } }]";
    for location in [
        "http://127.0.0.1:9/",
        "//127.0.0.1:9/",
        "https://evil.example/",
        "http://user@127.0.0.1:9/",
        "ftp://127.0.0.1/",
        "http://169.254.169.254/latest",
        "\\\\evil.example\\x",
        "http:///evil.example",
    ] {
        let walked = walk(&journey(step), BINDING, vec![always(&to(location))], vec![always(&ok(""))]).await;
        assert!(
            told(&walked.run).starts_with("failed http\na failed redirect-elsewhere")
                || told(&walked.run).starts_with("failed http\na failed too-many-redirects"),
            "{location}: {}",
            told(&walked.run)
        );
        assert_eq!(walked.partner.connections(), 0, "{location}");
    }
}

#[tokio::test]
async fn what_a_redirect_may_enter_it_enters_without_the_secrets_of_the_first_host() {
    let (partner_at, partner) = crate::support::http1::serve(vec![always(&ok("welcome"))]).await;
    let leads = write(&format!("HTTP/1.1 307 X\r\nLocation: http://{partner_at}/in\r\nContent-Length: 0\r\n\r\n"));
    let text = journey(
        "steps: [{ step: a, at: site, get: /, follow: { max: 1, to: [partner] }, headers: { X-Key: '${key}', X-Open: o }, \
         auth: { bearer: '${key}' }, expect: { body: welcome } }]",
    );
    let text = text.replace("PARTNER", &format!("http://{partner_at}"));
    let walked = walk(&text, BINDING, vec![always(&leads)], vec![]).await;
    assert_eq!(told(&walked.run), "passed\na passed");
    let seen = partner.requests().join("\n").to_lowercase();
    assert!(seen.contains("x-open: o") && !seen.contains("x-key") && !seen.contains("authorization"), "{seen}");
}

#[tokio::test]
async fn a_kept_url_leads_only_to_the_host_of_its_step() {
    let text = journey(
        "steps:\n  - { step: a, at: site, get: /, keep: { next: $.next } }\n  - { step: b, at: site, get: '${next}' }",
    );
    for next in [
        "http://127.0.0.1:9/x",
        "//127.0.0.1:9/x",
        "https://good@evil.example/",
        "HTTP://evil.example/",
        "\\\\evil.example/x",
        "javascript:alert(1)",
        "http://127.0.0.1.evil.example/",
    ] {
        let body = serde_json::json!({ "next": next }).to_string();
        let walked = walk(&text, BINDING, vec![always(&ok(&body))], vec![always(&ok(""))]).await;
        assert_eq!(told(&walked.run), "failed http\na passed\nb failed redirect-elsewhere", "{next}");
        assert_eq!((walked.site.requests().len(), walked.partner.connections()), (1, 0), "{next}");
    }
    for next in ["/x", "x", "?page=2"] {
        let body = serde_json::json!({ "next": next }).to_string();
        let walked = walk(&text, BINDING, vec![always(&ok(&body))], vec![]).await;
        assert_eq!(told(&walked.run), "passed\na passed\nb passed", "{next}");
    }
}

#[tokio::test]
async fn a_secret_that_an_answer_repeats_does_not_travel_on() {
    let text = journey(
        "steps:\n  - { step: a, at: site, post: /, json: { k: '${key}' }, keep: { echo: body } }\n  \
         - { step: b, at: partner, post: /, text: 'x ${echo}' }",
    );
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, SECRET);
    for echo in [
        SECRET.to_owned(),
        format!("you said {SECRET}!"),
        format!("ab{encoded}"),
        SECRET.replace(' ', "%20").replace('&', "%26"),
    ] {
        let walked = walk(&text, BINDING, vec![always(&ok(&echo))], vec![always(&ok(""))]).await;
        assert_eq!(told(&walked.run), "indeterminate policy\na passed\nb indeterminate label-refused", "{echo}");
        assert_eq!(walked.partner.connections(), 0, "{echo}");
    }
    let walked = walk(&text, BINDING, vec![always(&ok("nothing of the kind"))], vec![always(&ok(""))]).await;
    assert_eq!(told(&walked.run), "passed\na passed\nb passed");
}

#[tokio::test]
async fn a_value_cannot_end_a_header_or_leave_its_place_in_a_path() {
    let text = journey(
        "steps:\n  - { step: a, at: site, get: /, keep: { v: $.v } }\n  - { step: b, at: site, get: '/p/${v}/end', headers: { X: '${v}' } }",
    );
    for value in ["a\r\nX-Evil: 1", "a\nb", "a\0b"] {
        let body = serde_json::json!({ "v": value }).to_string();
        let walked = walk(&text, BINDING, vec![always(&ok(&body))], vec![]).await;
        assert_eq!(told(&walked.run), "indeterminate input\na passed\nb indeterminate value-unusable", "{value:?}");
        assert_eq!(walked.site.requests().len(), 1);
    }
    let body = serde_json::json!({ "v": "x?y#z%2e" }).to_string();
    let walked = walk(&text, BINDING, vec![always(&ok(&body))], vec![]).await;
    assert!(
        walked.site.requests()[1].starts_with("GET /p/x%3Fy%23z%252e/end HTTP/1.1\r\n"),
        "{}",
        walked.site.requests()[1]
    );
}

#[tokio::test]
async fn addresses_that_nobody_allowed_are_refused_however_they_are_written() {
    for (url, kind) in [
        ("http://127.0.0.1:9", "address-refused"),
        ("http://2130706433:9", "address-refused"),
        ("http://0x7f.1:9", "address-refused"),
        ("http://0177.0.0.1:9", "address-refused"),
        ("http://[::1]:9", "address-refused"),
        ("http://[::ffff:127.0.0.1]:9", "address-refused"),
        ("http://10.1.2.3", "address-refused"),
        ("http://localhost:9", "addresses-refused"),
    ] {
        let text = format!(
            "forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: \"{url}\" }} }}\nsteps: [{{ step: a, get: / }}]"
        );
        let journey = bound(&text, "allow: { writes: true }").expect("a journey");
        let run = crate::journeys::run(&journey, tokio_util::sync::CancellationToken::new()).await;
        let failure = run.steps[0].failure.as_ref().expect("a failure");
        assert_eq!(failure.kind.word(), kind, "{url}: {}", failure.detail);
        assert!(failure.detail.contains("allow"), "{}", failure.detail);
    }
    let text = "forerunner: 1\njourney: j\nneeds: { hosts: { site: \"http://169.254.169.254\" } }\nsteps: [{ step: a, get: / }]";
    let journey = bound(text, "allow: { private-addresses: true }").expect("a journey");
    let run = crate::journeys::run(&journey, tokio_util::sync::CancellationToken::new()).await;
    assert_eq!(told(&run), "indeterminate policy\na indeterminate address-refused");
}

#[tokio::test]
async fn what_writes_is_refused_unless_the_binding_allows_it() {
    let (address, seen) = crate::support::http1::serve(vec![always(&ok(""))]).await;
    let text = format!(
        "forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: \"http://{address}\" }}, writes: [x] }}\n\
         steps: [{{ step: a, get: / }}, {{ step: b, post: / }}]\ncleanup: [{{ step: c, delete: / }}]"
    );
    let journey = bound(&text, "allow: { private-addresses: true }").expect("a journey");
    let run = crate::journeys::run(&journey, tokio_util::sync::CancellationToken::new()).await;
    assert_eq!(told(&run), "indeterminate policy\na passed\nb indeterminate write-refused\n--\nc failed write-refused");
    assert_eq!(seen.requests().len(), 1);
}

#[tokio::test]
async fn a_secret_reaches_the_host_it_is_for() {
    let text = journey(
        "steps: [{ step: a, at: site, post: /, headers: { X-Key: '${key}' }, json: { k: '${key}' }, auth: { bearer: '${key}' } }]",
    );
    let walked = walk(&text, BINDING, vec![always(&ok(""))], vec![]).await;
    assert_eq!(told(&walked.run), "passed\na passed");
    let seen = walked.site.requests().join("\n");
    assert_eq!(seen.matches(SECRET).count(), 3, "{seen}");
    let _ = Act::Silence;
}
