//! A peer that knows the secret and puts it wherever it can write: no output of the run repeats it, in any form.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use forerunner::cli::report::{ReportFormat, RunFormat, Shown, write, write_report};
use forerunner::model::run::Run;
use forerunner::model::value::hexadecimal;
use forerunner::{curl, har};
use std::fmt::Write as _;
use std::time::Duration;

use crate::journeys::{SECRET, walk};
use crate::support::http1::{Act, always, write as answer};

const BINDING: &str = "secrets: { key: 'file:key' }";

/// Everything that can be made of a run.
pub fn outputs(run: &Run) -> String {
    let runs = std::slice::from_ref(run);
    let mut out = Vec::new();
    let shown = Shown { trace: true, ..Shown::default() };
    for format in [RunFormat::Human, RunFormat::Json, RunFormat::Junit, RunFormat::Tap] {
        write(format, runs, Duration::ZERO, shown, &mut out).expect("written");
    }
    write_report(ReportFormat::Har, runs, Duration::ZERO, &mut out).expect("written");
    let mut text = String::from_utf8(out).expect("text");
    text.push_str(&har::log(runs).to_string());
    text.push_str(&serde_json::to_string(run).expect("JSON"));
    for evidence in run.steps.iter().chain(&run.cleanup).flat_map(|step| &step.evidence) {
        text.push_str(&curl::command(evidence));
    }
    text
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn every(text: &str, form: fn(char) -> String) -> String {
    text.chars().map(form).collect()
}

/// The ways in which a peer may write the secret.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("json");
    let json = &json[1..json.len() - 1];
    let encoded = STANDARD.encode(secret);
    let mut forms = vec![
        secret.to_owned(),
        secret.to_uppercase(),
        secret.to_lowercase(),
        json.to_owned(),
        json.replace('/', "\\/"),
        every(secret, |c| format!("\\u{:04x}", u32::from(c))),
        every(secret, |c| format!("\\u{:04X}", u32::from(c))),
        every(secret, |c| format!("\\x{:02x}", u32::from(c))),
        every(secret, |c| format!("%{:02x}", u32::from(c))),
        percent(secret),
        percent(secret).to_lowercase(),
        percent(secret).replace("%20", "+"),
        percent(&percent(secret)),
        percent(&percent(&percent(secret))),
        every(secret, |c| format!("&#{};", u32::from(c))),
        every(secret, |c| format!("&#x{:X};", u32::from(c))),
        secret.replace('&', "&amp;").replace('/', "&#x2F;").replace(' ', "&#32;"),
        secret.replace('&', "&amp;amp;"),
        every(secret, |c| if c.is_alphanumeric() { c.to_string() } else { format!("\\{c}") }),
        encoded.replace('/', "\\/"),
        percent(&encoded),
        percent(&encoded).to_lowercase().replace(&percent(&encoded).to_lowercase(), &percent(&encoded)),
        URL_SAFE.encode(secret),
        hexadecimal(secret.as_bytes()),
        hexadecimal(secret.as_bytes()).to_uppercase(),
        STANDARD.encode(percent(secret)),
    ];
    for before in ["", "a", "ab"] {
        let longer = format!("{before}{secret}{before}");
        forms.push(STANDARD.encode(&longer));
        forms.push(STANDARD_NO_PAD.encode(&longer));
        forms.push(URL_SAFE_NO_PAD.encode(&longer));
    }
    forms
}

/// What must stand nowhere: the part of a form that the secret alone decides.
fn traces(secret: &str) -> Vec<String> {
    let mut traces = forms(secret);
    traces.retain(|form| form.len() < STANDARD.encode(secret).len() + 4 || form.contains(['%', '\\', '&']));
    for form in &mut traces {
        // In base64 the characters at both ends are also those of what stands beside it.
        if !form.contains(['%', '\\', '&', ' ']) && form.len() > 12 {
            *form = form[4..form.len() - 4].to_owned();
        }
    }
    traces
}

fn assert_hidden(run: &Run, why: &str) {
    let text = outputs(run);
    let lower = text.to_lowercase();
    for trace in traces(SECRET) {
        let at = lower.find(&trace.to_lowercase());
        let around = at.map(|at| {
            let near: String = lower.chars().skip(lower[..at].chars().count().saturating_sub(200)).take(500).collect();
            near
        });
        assert!(around.is_none(), "{why}: `{trace}` stands in:\n{}", around.unwrap_or_default());
    }
}

/// One step that sends the secret in every place, and what the peer writes back; then a step with what was kept.
async fn told(raw: Vec<u8>, expect: &str) -> Run {
    let text = format!(
        "forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: SITE, partner: PARTNER }}, secrets: {{ key: {{ to: [site] }} }}, writes: [x] }}\n\
         steps:\n  - step: a\n    at: site\n    post: /p/${{key}}\n    query: {{ k: '${{key}}' }}\n    headers: {{ X-Key: '${{key}}' }}\n    \
         cookies: {{ c: '${{key}}' }}\n    auth: {{ bearer: '${{key}}' }}\n    json: {{ k: '${{key}}' }}\n    follow: {{ max: 3, to: [partner] }}\n    \
         keep: {{ all: body, type: 'header:content-type', away: {{ from: 'header:location', default: '' }} }}\n    expect: {{ {expect} }}\n  \
         - {{ step: b, at: site, get: /, headers: {{ X-Type: '${{type}}' }} }}"
    );
    walk(&text, BINDING, vec![always(&Act::Write(raw))], vec![]).await.run
}

fn whole(head: &str, body: &[u8]) -> Vec<u8> {
    let mut raw = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    raw.extend_from_slice(body);
    raw
}

#[tokio::test]
async fn a_peer_that_repeats_the_secret_everywhere_finds_it_nowhere() {
    let token: String = SECRET.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let forms = forms(SECRET);
    let all = forms.join(" ");
    let mut fields = String::new();
    for (number, form) in forms.iter().enumerate() {
        let _ = write!(fields, "X-{number}-{token}: {form}\r\nSet-Cookie: {form}={form}; Path=/{form}\r\n");
    }
    let head = format!(
        "HTTP/1.1 203 Fine {all}\r\nContent-Type: text/{all}; charset={all}\r\n{fields}WWW-Authenticate: Basic realm=\"{all}\"\r\n\
         ETag: \"{all}\"\r\nLink: <{all}>\r\nRetry-After: {all}\r\nVia: {all}\r\nServer: {all}\r\n"
    );
    for expect in ["body: nothing", "'header:content-type': nothing", "status: 201", "$.a: 1", "'css:p': x"] {
        let run = told(whole(&head, format!("<p>{all}</p>").as_bytes()), expect).await;
        assert_eq!(run.steps[0].status, Some(203));
        assert_hidden(&run, expect);
    }
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: X-{token}\r\n\r\n\
         4;{all}=\"{all}\"\r\nbody\r\n0\r\nX-{token}: {all}\r\n\r\n"
    );
    assert_hidden(&told(chunked.into_bytes(), "status: 204").await, "chunked");
    for form in ["plain", "in base64"].into_iter().zip([SECRET.to_owned(), STANDARD.encode(SECRET)]) {
        let problem = serde_json::json!({ "type": form.1, "title": form.1, "detail": all, "instance": all });
        let head = format!("HTTP/1.1 500 {all}\r\nContent-Type: application/problem+json; x={all}\r\n");
        assert_hidden(&told(whole(&head, problem.to_string().as_bytes()), "status: 200").await, form.0);
    }
}

/// Of the forms those that differ most.
fn some_forms() -> [String; 5] {
    [SECRET.to_owned(), SECRET.to_uppercase(), percent(SECRET), STANDARD.encode(SECRET), hexadecimal(SECRET.as_bytes())]
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_protocol_with_the_secret_is_told_without_it() {
    for form in some_forms() {
        for raw in [
            format!("{form}\r\n\r\n"),
            format!("HTTP/{form} 200 OK\r\n\r\n"),
            format!("HTTP/1.1 {form}\r\n\r\n"),
            format!("HTTP/1.1 200 OK\r\n{form}\r\n\r\n"),
            format!("HTTP/1.1 200 OK\r\nContent-Length: {form}\r\n\r\n"),
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {form}\r\n\r\n"),
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: {form}\r\nContent-Length: 4\r\n\r\nbody"),
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{form}\r\n"),
        ] {
            assert_hidden(&told(raw.clone().into_bytes(), "status: 200").await, &raw);
        }
    }
}

#[tokio::test]
async fn a_redirect_that_repeats_the_secret_is_told_without_it() {
    for form in some_forms() {
        for place in [
            format!("/{form}"),
            format!("http://127.0.0.1:9/{form}"),
            format!("http://{form}/"),
            format!("http://{form}.example/"),
            format!("{form}://x"),
            format!("http://u:{form}@127.0.0.1:9/"),
            format!("http://[{form}]/"),
            format!("http://127.0.0.1:{form}/"),
            format!("{}{form}", "x".repeat(190)),
            format!("http://[{}{form}", "x".repeat(185)),
        ] {
            for follow in [", follow: 1", ""] {
                let text = format!(
                    "forerunner: 1\njourney: j\nneeds: {{ hosts: {{ site: SITE }}, secrets: {{ key: {{ to: [site] }} }} }}\n\
                     steps: [{{ step: a, get: /, headers: {{ X-Key: '${{key}}' }}{follow} }}]"
                );
                let raw = format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
                let run = walk(&text, BINDING, vec![always(&answer(&raw))], vec![]).await.run;
                assert_hidden(&run, &place);
            }
        }
    }
}

/// A text cut before it was masked ends with half a secret, in which nothing is found.
#[tokio::test]
async fn no_message_is_cut_before_it_is_masked() {
    for before in (40..=210).step_by(10) {
        for expect in ["'body | to-int': 1", "'body | json | count': 1", "'body | base64-decode': x"] {
            let run =
                told(whole("HTTP/1.1 200 OK\r\n", format!("{}{SECRET}", "x".repeat(before)).as_bytes()), expect).await;
            let text = outputs(&run);
            assert!(
                !text.contains(&SECRET[..6]),
                "{expect} after {before}: {}",
                run.steps[0].misses.first().map_or("", |miss| &miss.got)
            );
        }
    }
}

#[tokio::test]
async fn a_body_in_another_character_set_hides_no_secret() {
    let wide: Vec<u8> = format!("said {SECRET}!").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let narrow = [b"na\xefve said ".as_slice(), SECRET.as_bytes()].concat();
    for (body, media_type) in [
        (wide.clone(), "text/plain; charset=utf-16le"),
        ([b"\xff\xfe".as_slice(), &wide].concat(), "text/plain"),
        (wide.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect(), "text/plain; charset=utf-16be"),
        (narrow.clone(), "text/plain; charset=iso-8859-1"),
        (narrow, "application/octet-stream"),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n");
        for expect in ["body: nothing", "status: 201"] {
            let run = told(whole(&head, &body), expect).await;
            assert_hidden(&run, media_type);
            let bare = outputs(&run).replace("\\u0000", "").replace('\0', "").replace("\\u{0}", "");
            assert!(!bare.contains("s3cr3t"), "{media_type}: {bare}");
        }
    }
}

#[tokio::test]
async fn a_secret_too_short_to_be_searched_for_is_not_shown_in_an_address() {
    let text = "forerunner: 1\njourney: j\nneeds: { hosts: { site: SITE }, secrets: { key: { to: [site] } } }\n\
                vars: { pin: '${key | regex ^(.{3})}' }\n\
                steps: [{ step: a, get: '/pin/${pin}/end?p=${pin}', expect: { status: 201 } }]";
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let run = walk(text, BINDING, vec![always(&answer(ok))], vec![]).await.run;
    let shown = outputs(&run);
    assert!(!shown.contains("/pin/s3c") && !shown.contains("p=s3c"), "{}", run.steps[0].evidence[0].url);
}
