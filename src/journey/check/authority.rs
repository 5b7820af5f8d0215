//! Writes: who reads `needs` knows whether the journey changes anything.

use super::look::Look;
use super::rules;
use crate::base::diagnostic::Diagnostic;
use crate::journey::definition::Definition;
use crate::journey::definition::http::HttpAction;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let writes = look.form.needs.writes.as_deref().unwrap_or_default();
    let mut changing = look.http().filter(|(_, http)| http.writes());
    let first = changing.next();
    match (first, writes) {
        (Some((view, http)), []) => {
            let more = match changing.count() {
                0 => String::new(),
                1 => ", as does another step".to_owned(),
                more => format!(", as do {more} other steps"),
            };
            let method = http.method.value.as_str().to_ascii_lowercase();
            let message = format!(
                "step `{}` may change something by `{method}`{more}, but `needs` declares no `writes`",
                view.id
            );
            found.push(
                look.problem(&rules::MISSING_WRITES, http.span, message)
                    .help(format!("add `writes: [{}]` to `needs`, in words for people", noun(http))),
            );
        }
        (None, [first, rest @ ..]) => {
            let unknown = look.uses().any(|(_, used)| used.is_none_or(may_write));
            if !unknown {
                let span = rest.last().map_or(first.span, |last| first.span.to(last.span));
                found.push(
                    look.problem(&rules::UNUSED_WRITES, span, "`writes` is declared, but no step changes anything")
                        .help("remove it: the operator then need not allow it"),
                );
            }
        }
        _ => {}
    }
    cleanup(look, found);
}

/// What a creating step leaves behind, where nothing is cleaned up at all.
fn cleanup(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    if look.steps.iter().any(|view| view.cleanup) || look.form.needs.writes.as_ref().is_none_or(Vec::is_empty) {
        return;
    }
    let creates = |http: &HttpAction| http.writes() && http.method.value != http::Method::DELETE;
    if let Some((view, http)) = look.http().find(|(_, http)| creates(http)) {
        let message = format!("nothing undoes what step `{}` creates or changes", view.id);
        found.push(
            look.problem(&rules::NO_CLEANUP, http.span, message)
                .help("add a step to `cleanup` that removes it: it runs after failures too"),
        );
    }
}

/// A used journey has its own `needs`, which must be contained in those of its user.
fn may_write(used: &Definition) -> bool {
    used.form.needs.writes.as_ref().is_some_and(|writes| !writes.is_empty())
}

/// A word for what the request changes: the last part of its path that is written out.
fn noun(http: &HttpAction) -> String {
    let source = http.target.template.value.to_source();
    let path = source.split('?').next().unwrap_or("");
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let plain =
        |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    path.rsplit('/').find(plain).unwrap_or("what it changes").to_owned()
}
