//! One request and its answer, as evidence that a vendor can read, and the line that repeats it.

use std::fmt::Write as _;

use super::PAGE_BYTES_MAX;
use crate::base::duration::short_duration;
use crate::curl;
use crate::model::evidence::{BodyContent, BodyEvidence, ExchangeEvidence, TlsEvidence};
use crate::web::html::{Block, Line};
use crate::web::journeys::clock;

/// Characters of a body on the page; the history keeps more.
const BODY_CHARS_MAX: usize = 8 * 1024;

pub(super) fn show(out: &mut String, exchange: &ExchangeEvidence, open: bool) {
    if out.len() > PAGE_BYTES_MAX {
        out.push_str("<p class=\"note\">more evidence is not shown: the page would be too long</p>");
        return;
    }
    let status = exchange.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let _ = write!(
        out,
        "<details{}><summary><code>{} {}</code> → {status}, {}</summary>",
        if open { " open" } else { "" },
        Line(&exchange.method),
        Line(&exchange.url),
        short_duration(exchange.timings.total)
    );
    connection(out, exchange);
    part(out, "Request", &exchange.request_headers, exchange.request_body.as_ref());
    if exchange.status.is_some() {
        part(out, "Answer", &exchange.response_headers, exchange.response_body.as_ref());
    }
    if let Some(tls) = &exchange.tls {
        certificates(out, tls);
    }
    let _ = write!(out, "<h4>Repeat it</h4><pre class=\"wrap\">{}</pre></details>", Block(&curl::command(exchange)));
}

fn connection(out: &mut String, exchange: &ExchangeEvidence) {
    let mut facts = Vec::new();
    if let Some(remote) = &exchange.remote {
        facts.push(format!(
            "{} {}",
            if exchange.reused { "on the open connection to" } else { "connected to" },
            Line(remote)
        ));
    }
    if !exchange.resolved.is_empty() {
        facts.push(format!("name resolved to {}", Line(&exchange.resolved.join(", "))));
    }
    if let Some(version) = &exchange.http_version {
        facts.push(Line(version).to_string());
    }
    if exchange.attempt > 1 {
        facts.push(format!("attempt {}", exchange.attempt));
    }
    facts.push(format!("span <code>{}</code>", Line(&exchange.span_id)));
    super::facts_line(out, &facts);
}

fn part(out: &mut String, heading: &str, headers: &[(String, String)], body: Option<&BodyEvidence>) {
    let _ = write!(out, "<h4>{heading}</h4>");
    if !headers.is_empty() {
        out.push_str("<pre class=\"wrap\">");
        for (name, value) in headers {
            let _ = writeln!(out, "<b>{}:</b> {}", Line(name), Line(value));
        }
        out.push_str("</pre>");
    }
    let Some(body) = body.filter(|body| body.size > 0) else { return };
    let media_type = body.media_type.as_deref().unwrap_or("unknown type");
    let (text, whole) = match &body.content {
        BodyContent::Text(text) | BodyContent::Base64(text) => (text.as_str(), !body.cut),
        BodyContent::Omitted(why) => {
            let _ =
                write!(out, "<p class=\"fine\">body of {} bytes, {}: {}</p>", body.size, Line(media_type), Line(why));
            return;
        }
    };
    let shown: String = text.chars().take(BODY_CHARS_MAX).collect();
    let cut = if whole && shown.len() == text.len() { "" } else { ", the beginning" };
    let coded = if matches!(body.content, BodyContent::Base64(_)) { ", in base64" } else { "" };
    let _ = write!(
        out,
        "<p class=\"fine\">body of {} bytes, {}{coded}{cut}</p><pre class=\"wrap\">{}</pre>",
        body.size,
        Line(media_type),
        Block(&shown)
    );
}

fn certificates(out: &mut String, tls: &TlsEvidence) {
    out.push_str("<h4>Encryption</h4>");
    let known = [&tls.version, &tls.cipher, &tls.alpn].into_iter().flatten();
    let words: Vec<String> = known.map(|word| Line(word).to_string()).collect();
    let _ = write!(out, "<p>{}</p>", words.join(", "));
    if let Some(why) = &tls.refused {
        let _ = write!(out, "<p class=\"failed-text\">certificate refused: {}</p>", Line(why));
    }
    if tls.insecure {
        out.push_str("<p class=\"failed-text\">certificates are not verified for this host</p>");
    }
    for (index, certificate) in tls.chain.iter().enumerate() {
        let _ = write!(
            out,
            "<dl class=\"facts-list small\"><dt>{}</dt><dd>{}</dd><dt>issued by</dt><dd>{}</dd>\
             <dt>valid</dt><dd>{} to {}</dd>",
            if index == 0 { "certificate" } else { "above it" },
            Line(&certificate.subject),
            Line(&certificate.issuer),
            clock(certificate.not_before),
            clock(certificate.not_after)
        );
        if !certificate.names.is_empty() {
            let _ = write!(out, "<dt>names</dt><dd>{}</dd>", Line(&certificate.names.join(", ")));
        }
        let _ = write!(out, "<dt>SHA-256</dt><dd><code>{}</code></dd></dl>", Line(&certificate.sha256));
    }
}
