//! Problems as SARIF 2.1.0, for code scanning services and editors.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use serde_json::{Value as Json, json};

use crate::base::diagnostic::{Diagnostic, Rule, Severity};
use crate::base::span::Span;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn write(diagnostics: &[&Diagnostic], out: &mut dyn io::Write) -> io::Result<()> {
    let rules: BTreeMap<&str, &Rule> = diagnostics.iter().map(|it| (it.rule.id, it.rule)).collect();
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, id)| (*id, index)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "forerunner",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|rule| entry(rule)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": diagnostics.iter().map(|it| result(it, index.get(it.rule.id))).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn entry(rule: &Rule) -> Json {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.about },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(diagnostic: &Diagnostic, rule_index: Option<&usize>) -> Json {
    let help = diagnostic.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let related: Vec<Json> = diagnostic
        .related
        .iter()
        .enumerate()
        .map(|(id, related)| {
            let mut location = location(diagnostic, related.span);
            location["id"] = json!(id);
            location["message"] = json!({ "text": related.note });
            location
        })
        .collect();
    json!({
        "ruleId": diagnostic.rule.id,
        "ruleIndex": rule_index,
        "level": level(diagnostic.rule.severity),
        "message": { "text": format!("{}{help}", diagnostic.message) },
        "locations": [location(diagnostic, diagnostic.span)],
        "relatedLocations": related,
    })
}

fn location(diagnostic: &Diagnostic, span: Span) -> Json {
    let (start, end) = (diagnostic.source.position(span.start), diagnostic.source.position(span.end));
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&diagnostic.source.name) },
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        },
    } })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A path as a URI reference, relative as it was given.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            plain if plain.is_ascii_alphanumeric() => uri.push(char::from(plain)),
            b'\\' => uri.push('/'),
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}
