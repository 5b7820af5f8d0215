//! One step of a run: its state, where its time went, what did not hold and how the definition says it.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::{class, evidence, exchange, facts_line, list, phases, seconds, text};
use crate::base::duration::short_duration;
use crate::web::html::{Block, Line};

/// Exchanges shown of one step, the last ones: a `for` may have hundreds.
const EXCHANGES_MAX: usize = 20;

/// `decided`: its evidence is open.
pub(super) fn show(out: &mut String, step: &Value, longest: Duration, decided: bool) {
    let state = text(step, "state").unwrap_or_default();
    let id = text(step, "id").unwrap_or_default();
    let title = text(step, "title");
    let _ = write!(
        out,
        "<li class=\"{class}\"><div class=\"head\"><span class=\"state {class}\">{state}</span> \
         <span class=\"title\">{title}</span> {name}{took}</div>",
        class = class(state),
        state = Line(&state.replace('-', " ")),
        title = Line(title.unwrap_or(id)),
        name = title.map(|_| format!("<code class=\"name\">{}</code> ", Line(id))).unwrap_or_default(),
        took = took(seconds(step, "elapsed")),
    );
    facts(out, step);
    phases::bar(out, &step.get("timings").map(evidence::timings).unwrap_or_default(), longest);
    if let Some(failed) = step.get("failure").filter(|failure| !failure.is_null()) {
        failure(out, failed);
    }
    for miss in list(step, "misses") {
        show_miss(out, miss);
    }
    if let Some(note) = text(step, "note") {
        let _ = write!(out, "<p class=\"note\">{}</p>", Line(note));
    }
    kept(out, step);
    let all = list(step, "evidence");
    let left_out = all.len().saturating_sub(EXCHANGES_MAX);
    if left_out > 0 {
        let _ = write!(out, "<p class=\"note\">{left_out} earlier exchanges are not shown here</p>");
    }
    let shown = all.get(left_out..).unwrap_or_default();
    for (index, value) in shown.iter().enumerate() {
        exchange::show(out, &evidence::exchange(value), decided && index + 1 == shown.len());
    }
    out.push_str("</li>\n");
}

/// Nothing for a step that did not run.
fn took(elapsed: Duration) -> String {
    if elapsed.is_zero() { String::new() } else { format!("<span class=\"took\">{}</span>", short_duration(elapsed)) }
}

fn facts(out: &mut String, step: &Value) {
    let mut facts = Vec::new();
    if let Some(action) = text(step, "action") {
        facts.push(format!("<code>{}</code>", Line(action)));
    }
    let named = [("host", "at"), ("owner", "of"), ("remote", "answered by")];
    for (key, word) in named {
        if let Some(value) = text(step, key) {
            facts.push(format!("{word} {}", Line(value)));
        }
    }
    let number = |key: &str| step.get(key).and_then(Value::as_u64);
    if let Some(status) = number("status") {
        let version = text(step, "http_version").map(|version| format!(", {}", Line(version))).unwrap_or_default();
        facts.push(format!("status {status}{version}"));
    }
    if let Some(attempts) = number("attempts").filter(|attempts| *attempts > 1) {
        facts.push(format!("{attempts} attempts"));
    }
    if let [done, all] = list(step, "iterations") {
        facts.push(format!("{} of {} elements", Line(&done.to_string()), Line(&all.to_string())));
    }
    facts_line(out, &facts);
}

pub(super) fn failure(out: &mut String, failure: &Value) {
    let mut words: Vec<String> = Vec::new();
    if let Some(kind) = text(failure, "kind") {
        words.push(Line(&kind.replace('-', " ")).to_string());
    }
    if let Some(phase) = text(failure, "phase") {
        words.push(format!("during {}", Line(phase)));
    }
    match text(failure, "origin") {
        Some("target") => words.push("on the side of the target".to_owned()),
        Some("network") => words.push("between us and the target".to_owned()),
        Some("vantage") => words.push("on our side".to_owned()),
        Some("definition") => words.push("in the definition".to_owned()),
        _ => {}
    }
    let _ = write!(
        out,
        "<div class=\"failure\"><p>{}</p><p class=\"fine\">{}</p></div>",
        Line(text(failure, "detail").unwrap_or("no more is known")),
        words.join(", ")
    );
}

fn show_miss(out: &mut String, miss: &Value) {
    let word = |key: &str| text(miss, key).unwrap_or_default();
    let place = miss.get("place");
    let at = |key: &str| place.and_then(|place| place.get(key)).and_then(Value::as_u64).unwrap_or_default();
    let line = place.and_then(|place| text(place, "text")).unwrap_or_default();
    let file = place.and_then(|place| text(place, "file")).unwrap_or_default();
    let _ = write!(
        out,
        "<div class=\"miss\"><p><span class=\"tag\">{}</span> <code>{}</code> <span class=\"fine\">{}</span></p>",
        Line(word("section")),
        Line(word("selector")),
        Line(word("matcher"))
    );
    if !line.is_empty() {
        let (file, number) = (Line(file), at("line"));
        let _ = write!(
            out,
            "<pre class=\"source\" title=\"{file}:{number}\"><span>{file}:{number}</span>\n{}</pre>",
            Line(line.trim_start())
        );
    }
    let _ = write!(
        out,
        "<dl><dt>expected</dt><dd>{}</dd><dt>got</dt><dd>{}</dd>",
        Line(word("expected")),
        Line(word("got"))
    );
    for (key, name) in [("difference", "difference"), ("hint", "hint")] {
        if let Some(value) = text(miss, key) {
            let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", Line(value));
        }
    }
    out.push_str("</dl></div>");
}

fn kept(out: &mut String, step: &Value) {
    let kept = list(step, "kept");
    if kept.is_empty() {
        return;
    }
    let _ = write!(out, "<details><summary>kept values ({})</summary><pre>", kept.len());
    for pair in kept {
        let word = |index: usize| pair.get(index).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(out, "{} = {}", Line(word(0)), Block(word(1)));
    }
    out.push_str("</pre></details>");
}
