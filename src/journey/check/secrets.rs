//! Secrets: each goes only where it may, and each has one source.

use super::hosts::list;
use super::labels::{Origin, OriginKind, senders};
use super::look::{Look, StepView};
use super::mention::{Mention, Part, Place};
use super::rules;
use super::scope::What;
use crate::base::diagnostic::Diagnostic;
use crate::base::secret::HostIndex;
use crate::journey::definition::needs::SecretNeed;
use crate::journey::definition::rules as definition_rules;
use crate::journey::definition::step::Action;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    declared(look, found);
    kept(look, found);
    for mention in &look.mentions {
        for place in look.places(mention) {
            if let Some(problem) = sent(look, mention, place) {
                found.push(problem);
                break;
            }
        }
    }
}

fn declared(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    for (name, secret) in look.secrets() {
        if secret.to.is_empty() {
            found.push(
                look.problem(&definition_rules::EMPTY, name.span, format!("secret `{}` may go nowhere", name.value))
                    .help("`to` lists the hosts that may see it"),
            );
        }
        for to in &secret.to {
            let plain = look.hosts().iter().find(|(host, _)| host.value == to.value);
            if plain.is_some_and(|(_, host)| host.0.url.value.starts_with("http://")) {
                let message = format!("secret `{}` goes to host `{}` without TLS", name.value, to.value);
                found.push(
                    look.problem(&rules::SECRET_OVER_HTTP, to.span, message)
                        .help("use an `https` URL, so that nobody on the way can read it"),
                );
            }
        }
        if secret.kept && !look.scope.is_kept(&name.value) {
            let message = format!("no step keeps `{}`, which is declared with `kept: true`", name.value);
            found.push(
                look.problem(&rules::KEPT_WITHOUT_KEEP, name.span, message)
                    .help(format!("add `keep: {{ {}: … }}` to the step that receives it", name.value)),
            );
        }
    }
}

fn kept(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    for declaration in &look.scope.declarations {
        let What::Kept { step, keep, .. } = declaration.what else { continue };
        let (name, view) = (declaration.name, &look.steps[step]);
        match look.secrets().iter().find(|(secret, _)| secret.value == name.value) {
            Some((first, secret)) if !secret.kept => found.push(
                look.problem(
                    &rules::KEEP_OF_SECRET,
                    name.span,
                    format!("`{}` is a secret that the binding gives, so a step cannot keep it", name.value),
                )
                .help("choose another name, or declare the secret with `kept: true`")
                .related(first.span, "declared here"),
            ),
            Some((first, secret)) => found.extend(source(look, view, step, name.span, &first.value, secret)),
            None if keep.secret && matches!(view.step.action, Action::Use(_)) => {
                let message = format!(
                    "`secret: true` says that only its sender may see `{}`, but a `use` step has none",
                    name.value
                );
                found.push(
                    look.problem(&rules::SECRET_SENDER, name.span, message)
                        .help("leave it out: outputs keep the labels they have in the used journey"),
                );
            }
            None => {}
        }
    }
}

/// A kept secret whose `to` lacks every host that it can come from.
fn source(
    look: &Look<'_>,
    view: &StepView<'_>,
    step: usize,
    span: crate::base::span::Span,
    name: &str,
    secret: &SecretNeed,
) -> Option<Diagnostic> {
    let host = look.host_name(view.host?);
    let senders = senders(look, step);
    let included = |to: &str| {
        let index = look.hosts().iter().position(|(host, _)| host.value == to);
        index.and_then(|index| u8::try_from(index).ok()).is_some_and(|index| senders.allows(HostIndex(index)))
    };
    if secret.to.is_empty() || secret.to.iter().any(|to| included(&to.value)) {
        return None;
    }
    let to = secret.to.iter().map(|to| to.value.as_str());
    let message = format!("`{name}` comes from host `{host}`, which its `to` does not include");
    Some(
        look.problem(&rules::KEPT_SOURCE, span, message)
            .help(format!(
                "write `to: [{}]` in `needs.secrets.{name}`",
                to.clone().chain([host]).collect::<Vec<_>>().join(", ")
            ))
            .related(secret.to[0].span, format!("it may go to {} only", list(to))),
    )
}

fn sent(look: &Look<'_>, mention: &Mention<'_>, place: Place) -> Option<Diagnostic> {
    let (view, host) = look.sent_to(place)?;
    let origins = look.labels.of(look, mention.name, place);
    if let Some(origin) = origins.iter().find(|origin| !origin.label.allows(host)) {
        return Some(refused(look, mention, view, host, origin));
    }
    let Place::Step { part: Part::Target | Part::Query, .. } = place else { return None };
    let origin = origins.first().filter(|_| mention.inserted)?;
    let message = if origin.name == mention.name {
        format!("secret `{}` becomes part of a URL", mention.name)
    } else {
        format!("`{}`, which is made of secret `{}`, becomes part of a URL", mention.name, origin.name)
    };
    Some(
        look.problem(&rules::SECRET_IN_URL, mention.span, message)
            .help("servers and proxies log URLs: send it in a header or the body if the host allows it"),
    )
}

fn refused(
    look: &Look<'_>,
    mention: &Mention<'_>,
    view: &StepView<'_>,
    host: HostIndex,
    origin: &Origin<'_>,
) -> Diagnostic {
    let (name, secret, host) = (mention.name, origin.name, look.host_name(host));
    let allowed: Vec<_> = (0..)
        .zip(look.hosts())
        .filter(|(index, _)| origin.label.allows(HostIndex(*index)))
        .map(|(_, (name, _))| name.value.as_str())
        .collect();
    let to = allowed.iter().copied().chain([host]).collect::<Vec<_>>().join(", ");
    let only =
        if allowed.is_empty() { "no host".to_owned() } else { format!("{} only", list(allowed.iter().copied())) };
    let subject = if name == secret {
        format!("secret `{secret}`")
    } else {
        format!("`{name}` is made of secret `{secret}`, which")
    };
    let message = format!("{subject} may not be sent to host `{host}`");
    let (help, note) = match origin.kind {
        OriginKind::Declared => (
            format!("leave it out here, or write `to: [{to}]` in `needs.secrets.{secret}`"),
            format!("it may go to {only}"),
        ),
        OriginKind::Sender => (
            format!("to send it there, declare it in `needs.secrets`: `{secret}: {{ to: [{to}], kept: true }}`"),
            format!("it was kept with `secret: true`, so it may go back to {only}"),
        ),
        OriginKind::Output => {
            ("it keeps the `to` that it has in the used journey".to_owned(), format!("it may go to {only}"))
        }
    };
    let mut problem =
        look.problem(&rules::SECRET_DESTINATION, mention.span, message).help(help).related(origin.span, note);
    if matches!(mention.place, Place::Host { .. }) {
        problem = problem.related(view.span(), "this step would send it");
    }
    problem
}
