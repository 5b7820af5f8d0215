//! Requests as the peer saw them: bodies byte by byte, queries, cookies, headers, versions.

use super::{Walk, brief, lines};

#[tokio::test(start_paused = true)]
async fn bodies_arrive_byte_by_byte() {
    let directory = "vars: { t: \"a&b <c>\", n: 5, l: [1, \"x y\"] }\n";
    for (body, media_type, expected) in [
        (
            "json: { a: \"${n}\", b: \"n${n}\", c: \"${l}\", d: null, z: 1.50 }",
            "application/json",
            &br#"{"a":5,"b":"n5","c":[1,"x y"],"d":null,"z":1.5}"#[..],
        ),
        (
            "form: { a: \"${t}\", l: \"${l}\", n: 5 }",
            "application/x-www-form-urlencoded",
            b"a=a%26b+%3Cc%3E&l=1&l=x+y&n=5",
        ),
        ("text: \"${t}\\n$${n}\"", "text/plain; charset=utf-8", b"a&b <c>\n${n}"),
        ("xml: \"<a b='${t}'>${t}</a>\"", "application/xml", b"<a b='a&amp;b &lt;c&gt;'>a&amp;b &lt;c&gt;</a>"),
        ("base64: AAH/gA==", "application/octet-stream", &[0, 1, 255, 128]),
        ("file: fixtures/raw.bin", "application/octet-stream", b"\x00\xff${n}\r\n"),
        ("file: { path: fixtures/t.json, templates: true }", "application/json", b"{\"n\": 5}\n"),
        ("file: { path: fixtures/t.json, type: text/x }", "text/x", b"{\"n\": ${n}}\n"),
        (
            "graphql: { query: \"query q($n: Int) { a }\", variables: { n: \"${n}\" }, operation: q }",
            "application/json",
            br#"{"query":"query q($n: Int) { a }","variables":{"n":5},"operationName":"q"}"#,
        ),
        ("headers: { Content-Type: application/x }, json: []", "application/x", b"[]"),
    ] {
        let yaml = format!("{directory}steps: [{{ step: a, post: /, {body} }}]");
        let walked = Walk::new(&yaml, &["200 {}"])
            .file("fixtures/raw.bin", b"\x00\xff${n}\r\n")
            .file("fixtures/t.json", b"{\"n\": ${n}}\n")
            .go()
            .await;
        assert_eq!(brief(&walked.run), "passed; a passed", "{body}");
        let taken = &walked.requests[0];
        assert_eq!(taken.body(), expected, "{body}: {}", taken.text());
        assert_eq!(taken.headers("content-type"), [media_type], "{body}");
        assert_eq!(taken.header("content-length"), expected.len().to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn multipart_bodies_have_every_part_as_it_is() {
    let yaml = "
vars: { t: \"a b\" }
steps:
  - step: a
    post: /
    multipart:
      plain: \"${t}\"
      data: { json: { t: \"${t}\" } }
      up: { file: fixtures/raw.bin, name: \"x \\\"${t}\\\".bin\", type: image/png }
      many: [one, { text: two, type: text/html }]
";
    let walked = Walk::new(yaml, &["200"]).file("fixtures/raw.bin", b"\x00\r\n\xff").go().await;
    assert_eq!(brief(&walked.run), "passed; a passed");
    let taken = &walked.requests[0];
    let media_type = taken.header("content-type");
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    let part = |head: &str, body: &[u8]| {
        [format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(), body, b"\r\n"].concat()
    };
    let expected = [
        part("name=\"plain\"", b"a b"),
        part("name=\"data\"\r\nContent-Type: application/json", b"{\"t\":\"a b\"}"),
        part("name=\"up\"; filename=\"x %22a b%22.bin\"\r\nContent-Type: image/png", b"\x00\r\n\xff"),
        part("name=\"many\"", b"one"),
        part("name=\"many\"\r\nContent-Type: text/html", b"two"),
        format!("--{boundary}--\r\n").into_bytes(),
    ];
    assert_eq!(String::from_utf8_lossy(taken.body()), String::from_utf8_lossy(&expected.concat()));
    assert_eq!(taken.body(), expected.concat());
}

#[tokio::test(start_paused = true)]
async fn addresses_are_encoded_where_values_are_inserted() {
    for (step, expected) in [
        ("get: \"/a b/${t}\"", "GET /a%20b/x%20%26/y%3F"),
        ("get: \"/${t | url-encode}\"", "GET /x%20%26%2Fy%3F"),
        ("get: \"/p?a=${t}&b=1\"", "GET /p?a=x%20%26%2Fy%3F&b=1"),
        (
            "get: \"/p?a=1\", query: { t: \"${t}\", l: [1, two], none: null, \"ä\": \"${n}\" }",
            "GET /p?a=1&t=x%20%26%2Fy%3F&l=1&l=two&%C3%A4=5",
        ),
        ("get: /p, query: { b: true, f: 1.5, e: \"\" }", "GET /p?b=true&f=1.5&e="),
        ("get: /p, query: { none: null }", "GET /p"),
        ("request: { method: PURGE, path: \"/${n}\" }", "PURGE /5"),
    ] {
        let yaml = format!("vars: {{ t: \"x &/y?\", n: 5 }}\nsteps: [{{ step: a, {step} }}]");
        let walked = Walk::new(&yaml, &["200"]).go().await;
        assert_eq!(brief(&walked.run), "passed; a passed", "{step}");
        assert_eq!(lines(&walked.requests), [expected], "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn paths_are_appended_and_references_resolved() {
    for (kept, expected) in
        [("/x/y?z=1", "GET /x/y?z=1"), ("next", "GET /v1/next"), ("http://SITE/abs", "GET /abs"), ("../up", "GET /up")]
    {
        let yaml = format!(
            "needs: {{ hosts: {{ site: http://SITE/v1/ }}, inputs: {{ u: {{ type: string, default: \"{kept}\" }} }} }}\nsteps: [{{ step: a, get: /items }}, {{ step: b, get: \"${{u}}\" }}]"
        );
        let walked = Walk::new(&yaml, &["200"]).go().await;
        assert_eq!(brief(&walked.run), "passed; a passed; b passed", "{kept}");
        assert_eq!(lines(&walked.requests), ["GET /v1/items", expected], "{kept}");
    }
}

#[tokio::test(start_paused = true)]
async fn cookies_go_back_and_further_ones_are_added() {
    let yaml = "
steps:
  - { step: a, get: / }
  - { step: b, get: /, cookies: { mine: \"a b\" } }
  - { step: c, get: /, cookies: none }
  - { step: d, get: /sub }
";
    let walked = Walk::new(yaml, &["500 Set-Cookie:s=1", "200", "200 Set-Cookie:no=1"]).go().await;
    assert_eq!(brief(&walked.run), "failed http; a failed unexpected-status; b not run; c not run; d not run");
    let walked =
        Walk::new(yaml, &["200 Set-Cookie:s=1 Set-Cookie:p=2;Path=/sub", "200", "200 Set-Cookie:no=1"]).go().await;
    let sent: Vec<_> = walked.requests.iter().map(|taken| taken.header("cookie")).collect();
    assert_eq!(sent, ["", "s=1; mine=a%20b", "", "p=2; s=1"]);
}

#[tokio::test(start_paused = true)]
async fn headers_have_defaults_that_can_be_replaced_or_dropped() {
    let yaml = "
needs: { hosts: { site: { url: http://SITE, headers: { X-Host: h, X-Both: host } } } }
steps:
  - { step: a, get: / }
  - { step: b, get: /, headers: { User-Agent: me, Accept: null, x-both: step, X-Many: [one, two], X-Host: null } }
";
    let walked = Walk::new(yaml, &["200"]).go().await;
    assert_eq!(brief(&walked.run), "passed; a passed; b passed");
    let (first, second) = (&walked.requests[0], &walked.requests[1]);
    assert_eq!(first.headers("user-agent"), ["forerunner/0 (tests)"]);
    assert_eq!((first.header("accept").as_str(), first.header("x-both").as_str()), ("*/*", "host"));
    assert_eq!(first.header("host"), walked.address);
    assert!(first.header("accept-encoding").starts_with("gzip"), "{}", first.text());
    assert_eq!(second.headers("user-agent"), ["me"]);
    assert_eq!((second.headers("accept").len(), second.headers("x-host").len()), (0, 0));
    assert_eq!(
        (second.headers("x-both"), second.headers("x-many")),
        (vec!["step".to_owned()], vec!["one".to_owned(), "two".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_asked_for_is_spoken() {
    for (version, expected) in [("1.0", "GET / HTTP/1.0"), ("1.1", "GET / HTTP/1.1")] {
        let yaml = format!("steps: [{{ step: a, get: /, http: {version} }}]");
        let walked = Walk::new(&yaml, &["200"]).go().await;
        assert_eq!(brief(&walked.run), "passed; a passed");
        let text = walked.requests[0].text();
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(walked.run.steps[0].http_version.as_deref(), Some("HTTP/1.1"));
    }
}
