//! Cookies by example: what is set at one URL, and what goes to another.

use super::*;

const NOW: i64 = 1_795_334_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW + seconds).expect("in range")
}

fn place(url: &str) -> (WebOrigin, String) {
    let url = url::Url::parse(url).expect("a URL");
    (WebOrigin::of(&url).expect("an origin"), url.path().to_owned())
}

fn jar(set_at: &str, lines: &[&str]) -> Jar {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(SET_COOKIE, http::HeaderValue::from_bytes(line.as_bytes()).expect("a header value"));
    }
    let mut jar = Jar::default();
    let (origin, path) = place(set_at);
    jar.take(&headers, &origin, &path, at(0));
    jar
}

fn sent(jar: &Jar, url: &str, seconds: i64) -> String {
    let (origin, path) = place(url);
    let pairs = jar.give(&origin, &path, at(seconds));
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

/// Sets `lines` at `set_at` and expects `expected` to be sent to `url` a minute later.
fn check(set_at: &str, lines: &[&str], url: &str, expected: &str) {
    assert_eq!(sent(&jar(set_at, lines), url, 60), expected, "{lines:?} from {set_at} to {url}");
}

#[test]
fn a_cookie_goes_back_to_the_host_that_set_it_and_nowhere_else() {
    let lines = ["a=1; Domain=example.com"];
    check("https://app.example.com/", &lines, "https://app.example.com/x", "a=1");
    check("https://app.example.com/", &lines, "https://app.example.com:8443/", "a=1");
    for url in ["https://example.com/", "https://api.example.com/", "https://x.app.example.com/", "https://evil.test/"]
    {
        check("https://app.example.com/", &lines, url, "");
    }
    check("https://app.example.com/", &["a=1; Domain=evil.test"], "https://evil.test/", "");
}

#[test]
fn path_and_secure_are_heeded() {
    check("https://h/a/b/c", &["x=1"], "https://h/a/b/", "x=1");
    check("https://h/a/b/c", &["x=1"], "https://h/a/b", "x=1");
    check("https://h/a/b/c", &["x=1"], "https://h/a/bc", "");
    check("https://h/a/b/c", &["x=1; Path=/"], "https://h/", "x=1");
    check("https://h/a/b/c", &["x=1; Path=relative"], "https://h/", "");
    check("https://h/", &["x=1; Secure"], "http://h/", "");
    check("http://h/", &["x=1; Secure"], "https://h/", "x=1");
    check("https://h/", &["s=short; Path=/", "l=long; Path=/a"], "https://h/a", "l=long; s=short");
}

#[test]
fn expiry_follows_the_clock_that_is_passed_in() {
    check("https://h/", &["x=1; Max-Age=61"], "https://h/", "x=1");
    check("https://h/", &["x=1; Max-Age=60"], "https://h/", "");
    check("https://h/", &["x=1; Max-Age=99999999999999999999999"], "https://h/", "x=1");
    check("https://h/", &["x=1; Max-Age=-1"], "https://h/", "");
    check("https://h/", &["x=1; Max-Age=soon"], "https://h/", "x=1");
    check("https://h/", &["x=1; Expires=Sun, 22 Nov 2026 08:00:30 GMT"], "https://h/", "");
    check("https://h/", &["x=1; Expires=Sun, 22 Nov 2026 08:02:00 GMT"], "https://h/", "x=1");
    check("https://h/", &["x=1; Max-Age=90; Expires=Sun, 22 Nov 2020 08:02:00 GMT"], "https://h/", "x=1");
    check("https://h/", &["x=1", "x=2"], "https://h/", "x=2");
    check("https://h/", &["x=1", "x=; Max-Age=0"], "https://h/", "");
}

#[test]
fn what_is_no_cookie_is_ignored() {
    for line in ["", "x", "=1", " =1", "; Path=/", "x=\u{1}"] {
        if http::HeaderValue::from_bytes(line.as_bytes()).is_ok() {
            check("https://h/", &[line], "https://h/", "");
        }
    }
    check("https://h/", &["x= a b ; Path=/", "e="], "https://h/", "x=a b; e=");
    check("https://h/", &[&format!("x={}", "y".repeat(COOKIE_BYTES_MAX))], "https://h/", "");
}

#[test]
fn the_jar_is_bounded_and_drops_the_oldest() {
    let lines: Vec<String> = (0..PER_HOST_MAX + 5).map(|n| format!("c{n}=1")).collect();
    let mut jar = jar("https://h/", &lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(jar.cookies.len(), PER_HOST_MAX);
    assert!(!sent(&jar, "https://h/", 0).contains("c4=") && sent(&jar, "https://h/", 0).contains("c5="));
    for host in 0..20 {
        let mut headers = HeaderMap::new();
        for n in 0..PER_HOST_MAX {
            headers.append(SET_COOKIE, format!("c{n}=1").parse().expect("a value"));
        }
        let (origin, path) = place(&format!("https://h{host}/"));
        jar.take(&headers, &origin, &path, at(0));
    }
    assert_eq!(jar.cookies.len(), TOTAL_MAX);
}
