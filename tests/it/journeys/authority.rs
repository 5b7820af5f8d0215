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

/// The partner's address is known before its peer answers, so that the site can lead to it.
async fn led(location: &str, steps: &str, also: &str) -> (forerunner::model::run::Run, crate::support::http1::Seen) {
    let (partner_at, partner) = crate::support::http1::serve(vec![always(&ok("{}"))]).await;
    let location = location.replace("PARTNER", &format!("http://{partner_at}"));
    let leads = write(&format!(
        "HTTP/1.1 302 X\r\nLocation: {location}\r\n{also}Referrer-Policy: unsafe-url\r\nContent-Length: 0\r\n\r\n"
    ));
    let text = journey(steps).replace("PARTNER", &format!("http://{partner_at}"));
    (walk(&text, BINDING, vec![always(&leads)], vec![]).await.run, partner)
}

#[tokio::test]
async fn a_redirect_does_not_carry_a_secret_to_another_host() {
    use base64::Engine as _;
    let steps =
        "steps: [{ step: a, at: site, get: /, follow: { max: 1, to: [partner] }, headers: { X-Key: '${key}' } }]";
    let bytes: Vec<_> = SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let percent = bytes.concat();
    for form in [
        SECRET.replace(' ', "%20").replace('&', "%26"),
        percent.clone(),
        percent.replace('%', "%25"),
        SECRET.to_uppercase().replace(' ', "+"),
        base64::engine::general_purpose::STANDARD.encode(SECRET),
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("user:{SECRET}")),
        forerunner::model::value::hexadecimal(SECRET.as_bytes()),
    ] {
        for place in ["PARTNER/in?k=", "PARTNER/", "PARTNER/in?a=1&k=x"] {
            let (run, partner) = led(&format!("{place}{form}"), steps, "").await;
            assert_eq!(told(&run), "indeterminate policy\na indeterminate label-refused", "{place}{form}");
            assert_eq!(partner.connections(), 0, "{place}{form}");
            let detail = &run.steps[0].failure.as_ref().expect("a failure").detail;
            assert!(detail.contains("`key`") && detail.contains("`site`") && detail.contains("`partner`"), "{detail}");
        }
    }
}

#[tokio::test]
async fn a_redirect_takes_neither_cookies_nor_the_address_before_it_along() {
    let cookie = "Set-Cookie: s=from-site; Domain=127.0.0.1\r\nSet-Cookie: t=also; Domain=.0.0.1\r\n";
    let steps =
        "steps: [{ step: a, at: site, get: '/private?q=1', follow: { max: 1, to: [partner] }, cookies: { own: x } }]";
    let (run, partner) = led("PARTNER/in#fragment", steps, cookie).await;
    assert_eq!(told(&run), "passed\na passed");
    let seen = partner.requests().join("\n").to_lowercase();
    assert!(seen.starts_with("get /in http") && !seen.contains("referer") && !seen.contains("private"), "{seen}");
    assert!(!seen.contains("own=x"), "{seen}");
}

#[tokio::test]
async fn a_cookie_does_not_carry_a_secret_to_a_host_of_the_same_name() {
    // Both hosts are one name with two ports, which is one place to a cookie.
    let steps =
        "steps: [{ step: a, at: site, get: /, follow: { max: 1, to: [partner] }, headers: { X-Key: '${key}' } }]";
    let cookie = format!("Set-Cookie: s={}\r\n", SECRET.replace(' ', "%20"));
    let (run, partner) = led("PARTNER/in", steps, &cookie).await;
    assert_eq!(told(&run), "indeterminate policy\na indeterminate label-refused");
    assert_eq!(partner.connections(), 0);
}

#[tokio::test]
async fn halves_of_a_secret_that_an_answer_gave_are_not_put_together_for_another_host() {
    let (left, right) = SECRET.split_at(9);
    let body = serde_json::json!({ "left": left, "right": right, "list": [left, right] }).to_string();
    for way in [
        "text: '${left}${right}'",
        "headers: { X-Key: '${left}${right}' }",
        "query: { k: '${left}${right}' }",
        "form: { k: '${left}${right}' }",
        "json: { k: '${left}${right}' }",
        "xml: '<k>${left}${right}</k>'",
        "cookies: { k: '${left}${right}' }",
        "multipart: { k: '${left}${right}' }",
        "text: '${left}${right | base64}${left}${right}'",
        "headers: { X-Key: '${both}' }",
    ] {
        let text = journey(&format!(
            "steps:\n  - {{ step: a, at: site, get: /, headers: {{ X: '${{key}}' }}, keep: {{ left: $.left, right: $.right, both: \"$.list | join ''\" }} }}\n  \
             - {{ step: b, at: partner, post: /, {way} }}"
        ));
        let walked = walk(&text, BINDING, vec![always(&ok(&body))], vec![always(&ok(""))]).await;
        assert_eq!(told(&walked.run), "indeterminate policy\na passed\nb indeterminate label-refused", "{way}");
        assert_eq!(walked.partner.connections(), 0, "{way}");
    }
}

#[tokio::test]
async fn an_echoed_secret_may_go_where_the_secret_itself_may() {
    let text = "forerunner: 1\njourney: j\nneeds:\n  hosts: { site: SITE, partner: PARTNER }\n  secrets: { key: { to: [site, partner] } }\n  \
                writes: [things]\nsteps:\n  - { step: a, at: site, get: /, headers: { X: '${key}' }, keep: { echo: body } }\n  \
                - { step: b, at: partner, post: /, text: 'x ${echo}' }";
    let walked = walk(text, BINDING, vec![always(&ok(SECRET))], vec![always(&ok(""))]).await;
    assert_eq!(told(&walked.run), "passed\na passed\nb passed");
}

#[tokio::test]
async fn a_multipart_boundary_is_not_to_be_guessed() {
    // The second request is made of what the first made the target say, and each boundary is another.
    let text = journey(
        "steps:\n  - { step: a, at: site, post: /, multipart: { k: x }, keep: { v: $.v } }\n  \
         - { step: b, at: site, post: /, multipart: { k: '${v}' } }\n  - { step: c, at: site, post: /, multipart: { k: '${run.id}' } }",
    );
    let (address, seen) = crate::support::http1::serve(vec![always(&ok(r#"{"v":"x"}"#))]).await;
    let text = text.replace("SITE", &format!("http://{address}"));
    let walked = walk(&text, BINDING, vec![], vec![]).await;
    assert_eq!(told(&walked.run), "passed\na passed\nb passed\nc passed");
    let boundary = |request: &str| {
        let line =
            request.lines().find(|line| line.to_lowercase().starts_with("content-type:")).expect("a type").to_owned();
        line.split_once("boundary=").expect("a boundary").1.to_owned()
    };
    let boundaries: Vec<_> = seen.requests().iter().map(|request| boundary(request)).collect();
    assert!(boundaries.iter().all(|boundary| !boundary.contains(&walked.run.id)), "{boundaries:?} {}", walked.run.id);
    assert!(boundaries[0] != boundaries[1] && boundaries[1] != boundaries[2], "{boundaries:?}");
}

#[tokio::test]
async fn an_override_of_addresses_opens_no_address_that_is_closed() {
    for (address, allow, kind) in [
        ("127.0.0.1", "", "address-refused"),
        ("10.0.0.1", "", "address-refused"),
        ("169.254.169.254", "", "address-refused"),
        ("169.254.169.254", "private-addresses: true", "address-refused"),
        ("fd00:ec2::254", "private-addresses: true", "address-refused"),
        ("100.100.100.200", "private-addresses: true", "address-refused"),
        ("::ffff:169.254.169.254", "private-addresses: true", "address-refused"),
        ("10.0.0.1", "private-addresses: ['192.168.0.0/16']", "address-refused"),
    ] {
        let text = "forerunner: 1\njourney: j\nneeds: { hosts: { site: \"http://shop.example\" } }\nsteps: [{ step: a, get: / }]";
        for binding in [
            format!("network: {{ resolve: {{ 'shop.example:80': '{address}' }} }}\nallow: {{ {allow} }}"),
            format!(
                "hosts: {{ site: {{ url: 'http://shop.example', resolve: {{ 'shop.example:80': '{address}' }} }} }}\nallow: {{ {allow} }}"
            ),
        ] {
            let journey = match bound(text, &binding) {
                Ok(journey) => journey,
                Err(errors) => panic!("{binding}: {errors:?}"),
            };
            let run = crate::journeys::run(&journey, tokio_util::sync::CancellationToken::new()).await;
            let failure = run.steps[0].failure.as_ref().expect("a failure");
            let word = failure.kind.word();
            assert!(word == kind || word == "addresses-refused", "{binding}: {word} {}", failure.detail);
            assert_eq!(run.steps[0].remote, None, "{binding}");
        }
    }
}

#[tokio::test]
async fn redirects_across_hosts_and_loops_over_kept_lists_stay_within_the_allowance() {
    let (partner_at, partner) = crate::support::http1::serve(vec![always(&ok("{}"))]).await;
    let leads = write(&format!("HTTP/1.1 307 X\r\nLocation: http://{partner_at}/in\r\nContent-Length: 0\r\n\r\n"));
    let text = journey(
        "limits: { requests: 5 }\nvars: { all: [1, 2, 3, 4, 5, 6, 7, 8] }\nsteps:\n  \
         - { step: a, at: site, get: '/${i}', for: { i: '${all}', max: 8 }, follow: { max: 1, to: [partner] } }",
    );
    let text = text.replace("PARTNER", &format!("http://{partner_at}"));
    let walked = walk(&text, BINDING, vec![always(&leads)], vec![]).await;
    assert_eq!(told(&walked.run), "indeterminate policy\na indeterminate allowance-used-up 3/8");
    assert_eq!(walked.site.requests().len() + partner.requests().len(), 5);

    let list = serde_json::json!({ "list": (0..1000).collect::<Vec<_>>() }).to_string();
    let text = journey(
        "limits: { requests: 4 }\nsteps:\n  - { step: a, at: site, get: /, keep: { list: $.list } }\n  \
         - { step: b, at: partner, get: '/${i}', for: { i: '${list}', max: 50 } }",
    );
    let walked = walk(&text, BINDING, vec![always(&ok(&list))], vec![always(&ok(""))]).await;
    assert_eq!(told(&walked.run), "indeterminate policy\na passed\nb indeterminate allowance-used-up 4/1000");
    assert_eq!((walked.site.requests().len(), walked.partner.requests().len()), (1, 3));
}
