//! Hosts: every step knows which one it goes to, and every host that is named is declared.

use super::look::Look;
use super::rules;
use crate::base::diagnostic::{Diagnostic, nearest};
use crate::base::span::Spanned;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    if look.hosts().is_empty() {
        let needs = look.form.needs.span;
        let span =
            if look.form.needs.hosts.is_some() { look.key(needs, "hosts") } else { look.key(look.form.span, "needs") };
        found.push(
            look.problem(&rules::NO_HOST, span, "no host is declared, so nothing can be reached")
                .help("for example `hosts: { site: https://www.example.org }`"),
        );
        return;
    }
    for (view, http) in look.http() {
        match &view.step.at {
            Some(at) => known(look, at, "step", found),
            None if view.host.is_none() => found.push(choice(look, view.id, http.span)),
            None => {}
        }
        for to in http.follow.iter().flat_map(|follow| &follow.to) {
            known(look, to, "redirect", found);
        }
    }
    for (_, secret) in look.secrets() {
        for to in &secret.to {
            known(look, to, "secret", found);
        }
    }
}

fn known(look: &Look<'_>, host: &Spanned<String>, what: &str, found: &mut Vec<Diagnostic>) {
    let names = || look.hosts().iter().map(|(name, _)| name.value.as_str());
    if names().any(|name| name == host.value) {
        return;
    }
    if host.value.contains("${") {
        let message = format!("which host a {what} may go to is written out, without templates");
        let help = format!("declared hosts: {}", list(names()));
        found.push(look.problem(&rules::TEMPLATE_PLACE, host.span, message).help(help));
        return;
    }
    let help = nearest(&host.value, names()).map_or_else(
        || format!("declared hosts: {}; declare it in `needs.hosts` if the journey may reach it", list(names())),
        |meant| format!("did you mean `{meant}`?"),
    );
    found.push(
        look.problem(&rules::UNKNOWN_HOST, host.span, format!("host `{}` is not declared", host.value)).help(help),
    );
}

fn choice(look: &Look<'_>, id: &str, span: crate::base::span::Span) -> Diagnostic {
    let names = list(look.hosts().iter().map(|(name, _)| name.value.as_str()));
    look.problem(&rules::HOST_CHOICE, span, format!("step `{id}` does not say which host it goes to"))
        .help(format!("add `at:` with one of {names}"))
}

/// The names in backticks.
pub(super) fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
