//! Problems as one JSON document, for programs. Its keys are stable.

use std::io;

use serde_json::{Value as Json, json};

use super::Checked;
use crate::base::diagnostic::{Diagnostic, Severity};
use crate::base::span::Span;

/// Grows when a key changes its meaning or goes; new keys do not count.
const FORMAT_VERSION: u32 = 1;

pub(super) fn write(diagnostics: &[&Diagnostic], checked: Checked, out: &mut dyn io::Write) -> io::Result<()> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let document = json!({
        "format_version": FORMAT_VERSION,
        "files": checked.files,
        "journeys": checked.journeys,
        "errors": errors,
        "warnings": diagnostics.len() - errors,
        "diagnostics": diagnostics.iter().map(|diagnostic| entry(diagnostic)).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn entry(diagnostic: &Diagnostic) -> Json {
    let mut entry = place(diagnostic, diagnostic.span);
    entry["rule"] = json!(diagnostic.rule.id);
    entry["severity"] = json!(severity(diagnostic.rule.severity));
    entry["message"] = json!(diagnostic.message);
    entry["help"] = json!(diagnostic.help);
    entry["related"] = diagnostic
        .related
        .iter()
        .map(|related| {
            let mut entry = place(diagnostic, related.span);
            entry["note"] = json!(related.note);
            entry
        })
        .collect();
    entry
}

/// Lines and columns from 1, columns in characters; the end is exclusive.
fn place(diagnostic: &Diagnostic, span: Span) -> Json {
    let (start, end) = (diagnostic.source.position(span.start), diagnostic.source.position(span.end));
    json!({
        "file": diagnostic.source.name,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
