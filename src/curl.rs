//! The one command line that repeats a request by hand: what a vendor is asked to try.

use std::fmt::Write as _;

use crate::base::name::is_name;
use crate::base::printable::is_hostile;
use crate::model::evidence::{BodyContent, BodyEvidence, ExchangeEvidence};

/// Headers that curl writes itself, or that would join the new request to the old trace.
const LEFT_TO_CURL: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "accept-encoding", "traceparent", "tracestate"];

/// Headers that curl adds unless it is told not to.
const ADDED_BY_CURL: [&str; 2] = ["accept", "user-agent"];

/// One line for a POSIX shell (2024) that sends the request again. A masked value, `<name>` in
/// evidence, is the variable `"$NAME"` here; a body that is not part of the evidence is read from a
/// file `request-body`. Redirects were exchanges of their own and are not followed.
#[must_use]
pub fn command(exchange: &ExchangeEvidence) -> String {
    let mut line = String::new();
    let body = exchange.request_body.as_ref().filter(|body| body.size > 0);
    let mut data = None;
    match body.map(|body| (&body.content, body.cut)) {
        Some((BodyContent::Text(text), false)) => {
            let markup = body.is_some_and(|body| is_markup(body, text));
            data = Some(("--data-raw", if markup { literal(text) } else { quoted(text) }));
        }
        Some((BodyContent::Base64(text), false)) => {
            let _ = write!(line, "printf %s {} | base64 -d | ", quoted(text));
            data = Some(("--data-binary", "@-".to_owned()));
        }
        Some(_) => data = Some(("--data-binary", "@request-body".to_owned())),
        None => {}
    }

    line.push_str("curl");
    match (exchange.method.as_str(), data.is_some()) {
        ("GET", false) | ("POST", true) => {}
        ("HEAD", false) => line.push_str(" --head"),
        (method, _) => {
            let _ = write!(line, " --request {}", quoted(method));
        }
    }
    line.push_str(match exchange.http_version.as_deref() {
        // Some answer with the older one; it is never asked with.
        Some("HTTP/1.0" | "HTTP/1.1") => " --http1.1",
        Some("HTTP/2" | "HTTP/2.0") => " --http2",
        _ => "",
    });
    if exchange.tls.as_ref().is_some_and(|tls| tls.insecure) {
        line.push_str(" --insecure");
    }
    headers(exchange, data.is_some(), &mut line);
    if let Some((option, text)) = data {
        let _ = write!(line, " {option} {text}");
    }
    if exchange.url.contains(['[', ']', '{', '}']) {
        line.push_str(" --globoff");
    }
    let _ = write!(line, " --url {}", quoted(&exchange.url));
    line
}

fn headers(exchange: &ExchangeEvidence, has_body: bool, line: &mut String) {
    let sent = |name: &str| exchange.request_headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
    for (name, value) in &exchange.request_headers {
        let name = name.to_ascii_lowercase();
        if LEFT_TO_CURL.contains(&name.as_str()) || name.starts_with([':', '@']) {
            continue;
        }
        // `name;` is how curl sends a header without a value; `name:` takes it away.
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        let _ = write!(line, " --header {}", quoted(&header));
    }
    if sent("accept-encoding") {
        line.push_str(" --compressed");
    }
    let media_type = ["content-type"].into_iter().filter(|_| has_body);
    for name in ADDED_BY_CURL.into_iter().chain(media_type).filter(|name| !sent(name)) {
        let _ = write!(line, " --header '{name}:'");
    }
}

/// In markup every tag looks like a mask, so there none is taken for one.
fn is_markup(body: &BodyEvidence, text: &str) -> bool {
    let media_type = body.media_type.as_deref().unwrap_or_default();
    ["xml", "html"].iter().any(|kind| media_type.contains(kind)) || text.trim_start().starts_with('<')
}

/// One shell word. Masks become variables in double quotes, everything else is quoted so that
/// nothing of it is expanded or reaches the terminal raw.
fn quoted(text: &str) -> String {
    let mut word = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = first_mask(rest) {
        word.push_str(&literal(before));
        let _ = write!(word, "\"${}\"", name.to_ascii_uppercase().replace('-', "_"));
        rest = after;
    }
    word.push_str(&literal(rest));
    if word.is_empty() { "''".to_owned() } else { word }
}

/// What stands before the first `<name>`, the name, and what stands behind it.
fn first_mask(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('<').find_map(|(open, _)| {
        let inside = &text[open + 1..];
        let close = inside.find('>')?;
        is_name(&inside[..close]).then(|| (&text[..open], &inside[..close], &inside[close + 1..]))
    })
}

fn literal(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&b);
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    if !text.chars().any(is_hostile) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = "$'".to_owned();
    for character in text.chars() {
        match character {
            '\n' => word.push_str("\\n"),
            // In a shell that does not know `$'…'` the word must still end where it does here.
            '\'' => word.push_str("\\047"),
            '\\' => word.push_str("\\\\"),
            // Three octal digits, since the length of `\x` differs between shells.
            hostile if is_hostile(hostile) => {
                for byte in hostile.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(word, "\\{byte:03o}");
                }
            }
            plain => word.push(plain),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests;
