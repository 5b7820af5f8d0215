//! What the command lines say, and that no text breaks out of them.

use proptest::prelude::*;

use super::*;
use crate::base::time::Timestamp;
use crate::model::evidence::BodyEvidence;
use crate::model::timing::Timings;

fn exchange(method: &str, url: &str) -> ExchangeEvidence {
    ExchangeEvidence {
        host: "api".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        method: method.to_owned(),
        url: url.to_owned(),
        http_version: Some("HTTP/2".to_owned()),
        request_headers: [("user-agent", "forerunner/0.1.0"), ("accept", "*/*"), ("traceparent", "00-aa-bb-03")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        request_body: None,
        status: Some(200),
        response_headers: Vec::new(),
        response_body: None,
        remote: None,
        local: None,
        resolved: Vec::new(),
        reused: false,
        timings: Timings::default(),
        tls: None,
        span_id: "bb".to_owned(),
        attempt: 1,
        iteration: 1,
    }
}

fn body(content: BodyContent, cut: bool) -> BodyEvidence {
    BodyEvidence { size: 9, wire_size: Some(9), media_type: None, content, cut }
}

fn check(change: impl FnOnce(&mut ExchangeEvidence), expected: &str) {
    let mut exchange = exchange("GET", "https://api.example/v1?q=a%20b&c=1");
    change(&mut exchange);
    assert_eq!(command(&exchange), expected);
}

const START: &str = "--http2 --header 'user-agent: forerunner/0.1.0' --header 'accept: */*'";
const URL: &str = "--url 'https://api.example/v1?q=a%20b&c=1'";

#[test]
fn a_request_becomes_one_command() {
    check(|_| {}, &format!("curl {START} {URL}"));
    let older = format!("curl {START} {URL}").replace("--http2", "--http1.1");
    check(|it| it.http_version = Some("HTTP/1.0".to_owned()), &older);
    check(|it| it.method = "HEAD".to_owned(), &format!("curl --head {START} {URL}"));
    check(|it| it.method = "DELETE".to_owned(), &format!("curl --request DELETE {START} {URL}"));
    check(
        |it| {
            it.method = "POST".to_owned();
            it.request_headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
            it.request_headers.push(("x-empty".to_owned(), String::new()));
            it.request_body = Some(body(BodyContent::Text("{\"it's\":1}".to_owned()), false));
        },
        &format!(
            r#"curl {START} --header 'content-type: application/json' --header 'x-empty;' --data-raw '{{"it'\''s":1}}' {URL}"#
        ),
    );
    check(
        |it| {
            it.method = "PUT".to_owned();
            it.request_headers.clear();
            it.request_body = Some(body(BodyContent::Base64("AAE=".to_owned()), false));
        },
        &format!(
            "printf %s AAE= | base64 -d | curl --request PUT --http2 --header 'accept:' --header 'user-agent:' \
             --header 'content-type:' --data-binary @- {URL}"
        ),
    );
    check(
        |it| it.request_body = Some(body(BodyContent::Text("cut her".to_owned()), true)),
        &format!("curl --request GET {START} --header 'content-type:' --data-binary @request-body {URL}"),
    );
    check(
        |it| it.url = "https://[2001:db8::1]/{a}".to_owned(),
        &format!("curl {START} --globoff --url 'https://[2001:db8::1]/{{a}}'"),
    );
}

#[test]
fn masked_values_become_variables() {
    check(
        |it| {
            it.request_headers.push(("authorization".to_owned(), "Bearer <token>".to_owned()));
            it.request_headers.push(("x-pair".to_owned(), "<key-id>:<key>".to_owned()));
            it.request_headers.push(("x-none".to_owned(), "1 < 2 <> <a b> <<token>".to_owned()));
            it.url = "https://api.example/?key=<key>".to_owned();
        },
        &format!(
            "curl {START} --header 'authorization: Bearer '\"$TOKEN\" --header 'x-pair: '\"$KEY_ID\":\"$KEY\" \
             --header 'x-none: 1 < 2 <> <a b> <'\"$TOKEN\" --url 'https://api.example/?key='\"$KEY\""
        ),
    );
}

#[test]
fn tags_of_markup_are_no_masks() {
    check(
        |it| {
            it.method = "POST".to_owned();
            it.request_headers.push(("content-type".to_owned(), "text/xml".to_owned()));
            it.request_body = Some(body(BodyContent::Text("<a>1</a>".to_owned()), false));
        },
        &format!("curl {START} --header 'content-type: text/xml' --data-raw '<a>1</a>' {URL}"),
    );
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let word = quoted("a\u{1b}[31m\u{202e}'\\\n$(id)`");
    assert_eq!(word, r"$'a\033[31m\342\200\256\047\\\n$(id)`'");
}

/// Reads one shell word as a POSIX shell would; none if it ends early, expands or holds more than one word.
fn read_word(word: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = word;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix("$'") {
            let mut chars = inside.char_indices();
            loop {
                match chars.next()? {
                    (at, '\'') => {
                        rest = &inside[at + 1..];
                        break;
                    }
                    (_, '\\') => match chars.next()?.1 {
                        'n' => bytes.push(b'\n'),
                        '\\' => bytes.push(b'\\'),
                        first => {
                            let digits: String = [first, chars.next()?.1, chars.next()?.1].iter().collect();
                            bytes.push(u8::from_str_radix(&digits, 8).ok()?);
                        }
                    },
                    (_, plain) => bytes.extend(plain.encode_utf8(&mut [0; 4]).bytes()),
                }
            }
        } else if let Some(inside) = rest.strip_prefix('\'') {
            let end = inside.find('\'')?;
            bytes.extend(inside[..end].bytes());
            rest = &inside[end + 1..];
        } else if let Some(inside) = rest.strip_prefix("\\'") {
            bytes.push(b'\'');
            rest = inside;
        } else if let Some(inside) = rest.strip_prefix('"') {
            let end = inside.find('"')?;
            let name = inside[..end].strip_prefix('$').filter(|name| is_name(name))?;
            bytes.extend(format!("<{name}>").bytes());
            rest = &inside[end + 1..];
        } else {
            let first = rest.bytes().next()?;
            if !first.is_ascii_alphanumeric() && !b"-_./:=@%+,".contains(&first) {
                return None;
            }
            bytes.push(first);
            rest = &rest[1..];
        }
    }
    Some(bytes)
}

proptest! {
    #[test]
    fn a_shell_reads_back_what_was_quoted(text in any::<String>()) {
        let word = quoted(&text);
        prop_assert!(!word.chars().any(is_hostile));
        prop_assert_eq!(read_word(&word), Some(text.into_bytes()));
        // An older shell reads `$'…'` as a dollar sign and a plain quoted text.
        prop_assert!(read_word(&word.replace("$'", "'")).is_some());
    }

    #[test]
    fn the_usual_attacks_stay_one_word(text in "[A'\"\\\\$`(){};&|<>*!~# \n\r\t\u{1b}_]{0,24}") {
        prop_assert_eq!(read_word(&quoted(&text)), Some(text.into_bytes()));
    }
}
