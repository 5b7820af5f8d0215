//! Every exchange of a step whole, as curl users know it: `*` what happened, `>` what went out, `<` what came back.

use std::io;

use super::tree::INDENT;
use crate::base::duration::short_duration;
use crate::base::printable::printable;
use crate::cli::paint::{FAINT, HINT, PLAIN, Painted, STRONG};
use crate::curl;
use crate::model::evidence::{BodyContent, BodyEvidence, ExchangeEvidence, TlsEvidence};
use crate::model::run::{Run, StepResult, StepState};
use crate::model::timing::Phase;

pub(super) fn write(run: &Run, step: &StepResult, out: &mut dyn io::Write) -> io::Result<()> {
    let mut lines = Lines { out };
    let count = step.evidence.len();
    for (index, exchange) in step.evidence.iter().enumerate() {
        let attempt = if step.attempts > 1 { format!(", attempt {}", exchange.attempt) } else { String::new() };
        let element = step.iterations.map(|_| format!(", element {}", exchange.iteration)).unwrap_or_default();
        lines.line(' ', &format!("exchange {} of {count}{attempt}{element}", index + 1))?;
        connection(exchange, &mut lines)?;
        request(exchange, &mut lines)?;
        answer(exchange, &mut lines)?;
        lines.line('*', &format!("trace {}, span {}", run.trace_id, exchange.span_id))?;
        let failed = matches!(step.state, StepState::Failed | StepState::Degraded);
        if failed && index + 1 == count {
            lines.line('$', &curl::command(exchange))?;
        }
    }
    Ok(())
}

fn connection(exchange: &ExchangeEvidence, lines: &mut Lines<'_>) -> io::Result<()> {
    if !exchange.resolved.is_empty() {
        lines.line('*', &format!("resolved to {}", exchange.resolved.join(", ")))?;
    }
    if let Some(remote) = &exchange.remote {
        let local = exchange.local.as_ref().map(|local| format!(" from {local}")).unwrap_or_default();
        let verb = if exchange.reused { "connection reused, to" } else { "dialled" };
        lines.line('*', &format!("{verb} {remote}{local}"))?;
    }
    exchange.tls.iter().filter(|_| !exchange.reused).try_for_each(|tls| handshake(tls, lines))
}

fn handshake(tls: &TlsEvidence, lines: &mut Lines<'_>) -> io::Result<()> {
    let facts: Vec<&str> =
        [&tls.version, &tls.cipher, &tls.alpn].into_iter().filter_map(|fact| fact.as_deref()).collect();
    let agreed = if facts.is_empty() { "nothing agreed".to_owned() } else { facts.join(", ") };
    let verified = if tls.insecure { ", certificates not verified" } else { "" };
    lines.line('*', &format!("tls: {agreed}{verified}"))?;
    for certificate in &tls.chain {
        lines.line('*', &format!("certificate {}, issued by {}", certificate.subject, certificate.issuer))?;
        if !certificate.names.is_empty() {
            lines.line('*', &format!("  for {}", certificate.names.join(", ")))?;
        }
        let (from, to) = (certificate.not_before.rfc3339_seconds(), certificate.not_after.rfc3339_seconds());
        lines.line('*', &format!("  valid from {from} to {to}"))?;
        lines.line('*', &format!("  sha256 {}", certificate.sha256))?;
    }
    tls.refused.iter().try_for_each(|why| lines.line('*', &format!("certificate refused: {why}")))
}

fn request(exchange: &ExchangeEvidence, lines: &mut Lines<'_>) -> io::Result<()> {
    if exchange.status.is_none() && exchange.timings.get(Phase::Send).is_none() {
        lines.line('*', "it did not come to sending this request")?;
    }
    let version = exchange.http_version.as_deref().unwrap_or_default();
    lines.first('>', &format!("{} {} {version}", exchange.method, exchange.url))?;
    headers('>', &exchange.request_headers, lines)?;
    exchange.request_body.iter().try_for_each(|shown| body('>', shown, lines))
}

fn answer(exchange: &ExchangeEvidence, lines: &mut Lines<'_>) -> io::Result<()> {
    let Some(status) = exchange.status else {
        return lines.line('*', &format!("no answer after {}", short_duration(exchange.total())));
    };
    let reason =
        http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let version = exchange.http_version.as_deref().unwrap_or_default();
    lines.first('<', &format!("{version} {status} {reason}"))?;
    headers('<', &exchange.response_headers, lines)?;
    exchange.response_body.iter().try_for_each(|shown| body('<', shown, lines))
}

fn headers(sign: char, headers: &[(String, String)], lines: &mut Lines<'_>) -> io::Result<()> {
    headers.iter().try_for_each(|(name, value)| lines.line(sign, &format!("{name}: {value}")))
}

fn body(sign: char, body: &BodyEvidence, lines: &mut Lines<'_>) -> io::Result<()> {
    lines.line(sign, "")?;
    match &body.content {
        BodyContent::Text(text) => text.lines().try_for_each(|line| lines.line(sign, line))?,
        BodyContent::Base64(text) => lines.line(sign, &format!("base64 {text}"))?,
        BodyContent::Omitted(why) => lines.line('*', &format!("body of {} bytes left out: {why}", body.size))?,
    }
    if body.cut {
        lines.line('*', &format!("cut here, the body has {} bytes", body.size))?;
    }
    Ok(())
}

/// One line of the trace each: what targets sent is made printable here, in one place.
struct Lines<'a> {
    out: &'a mut dyn io::Write,
}

impl Lines<'_> {
    fn line(&mut self, sign: char, text: &str) -> io::Result<()> {
        self.styled(sign, text, if matches!(sign, '*' | ' ') { FAINT } else { PLAIN })
    }

    /// The line that opens a request or an answer.
    fn first(&mut self, sign: char, text: &str) -> io::Result<()> {
        self.styled(sign, text, STRONG)
    }

    /// A space as the sign stands for a line without one.
    fn styled(&mut self, sign: char, text: &str, style: anstyle::Style) -> io::Result<()> {
        let text = printable(text.trim_end());
        let sign = if sign == ' ' { String::new() } else { format!("{} ", Painted(HINT, &sign.to_string())) };
        writeln!(self.out, "{}", format!("{}{sign}{}", " ".repeat(INDENT), Painted(style, &text)).trim_end())
    }
}
