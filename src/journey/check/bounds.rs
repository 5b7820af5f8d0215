//! Bounds on numbers and lengths, and the forms of ids and versions.

use super::look::{Look, entries};
use super::rules;
use crate::base::diagnostic::{Diagnostic, Rule};
use crate::base::name::{ID_LENGTH_MAX, is_id, slug};
use crate::base::span::{Span, Spanned};
use crate::journey::definition::body::{Body, Query};
use crate::journey::definition::rules as definition_rules;

/// A journey is read by people before it is run: these are far above what one of them can keep in mind.
pub(super) const STEPS_MAX: usize = 500;
pub(super) const VARS_MAX: usize = 100;
const CONDITIONS_MAX: usize = 100;
/// A label is a set of hosts in one machine word.
pub(super) const HOSTS_MAX: usize = 20;
const INPUTS_MAX: usize = 50;
const SECRETS_MAX: usize = 50;
/// Of a text that is written out, in bytes; larger bodies belong into a file.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// In characters.
const TITLE_LENGTH_MAX: usize = 80;
const OWNER_LENGTH_MAX: usize = 64;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    counts(look, found);
    forms(look, found);
    texts(look, found);
}

fn counts(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let mut at_most = |max: usize, count: usize, what: &str, span: Option<Span>| {
        if count > max
            && let Some(span) = span
        {
            let message = format!("{count} {what} are too many");
            found.push(look.problem(&rules::BOUND, span, message).help(format!("a journey has at most {max} {what}")));
        }
    };
    let nth = |names: Vec<Span>, max: usize| names.get(max).copied();
    let spans = |names: &mut dyn Iterator<Item = Span>| names.collect::<Vec<_>>();
    let needs = &look.form.needs;
    let hosts = spans(&mut look.hosts().iter().map(|(name, _)| name.span));
    at_most(HOSTS_MAX, hosts.len(), "hosts", nth(hosts, HOSTS_MAX));
    let inputs = spans(&mut entries(needs.inputs.as_ref()).iter().map(|(name, _)| name.span));
    at_most(INPUTS_MAX, inputs.len(), "inputs", nth(inputs, INPUTS_MAX));
    let secrets = spans(&mut look.secrets().iter().map(|(name, _)| name.span));
    at_most(SECRETS_MAX, secrets.len(), "secrets", nth(secrets, SECRETS_MAX));
    let vars = spans(&mut look.vars().iter().map(|(name, _)| name.span));
    at_most(VARS_MAX, vars.len(), "vars", nth(vars, VARS_MAX));
    let steps = spans(&mut look.steps.iter().map(super::look::StepView::span));
    at_most(STEPS_MAX, steps.len(), "steps", nth(steps, STEPS_MAX));
    for view in &look.steps {
        let step = view.step;
        let unless = step.retry.iter().filter_map(|retry| retry.unless.as_ref());
        let all = step.when.iter().chain(unless).chain(&step.expect).chain(&step.prefer);
        let spans: Vec<_> = all.flat_map(|conditions| &conditions.0).map(|condition| condition.key.span).collect();
        if let Some(span) = spans.get(CONDITIONS_MAX) {
            let message = format!("step `{}` has {} conditions", view.id, spans.len());
            let help = format!("a step has at most {CONDITIONS_MAX}; `like` and `schema` say much in one");
            found.push(look.problem(&rules::BOUND, *span, message).help(help));
        }
    }
    if look.form.steps.is_empty() {
        let span = look.key(look.form.span, "steps");
        found.push(
            look.problem(&definition_rules::EMPTY, span, "a journey has at least one step")
                .help("for example `- get: /`"),
        );
    }
}

fn forms(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let form = look.form;
    let mut id = |id: &Spanned<String>, what: &str| {
        if !is_id(&id.value) {
            found.push(not_an_id(look, &rules::ID, id, what));
        }
    };
    id(&form.journey, "a journey");
    for step in look.definition.all_steps() {
        step.id.iter().for_each(|written| id(written, "a step"));
        step.systems.iter().for_each(|written| id(written, "a system"));
    }
    form.slo.iter().flatten().filter_map(|slo| slo.name.as_ref()).for_each(|written| id(written, "an objective"));

    let titles = form.title.iter().chain(look.steps.iter().filter_map(|view| view.step.title.as_ref()));
    let help = "shorten it: it stands on boards and in subjects of mails";
    titles.for_each(|title| found.extend(length(look, title, TITLE_LENGTH_MAX, "a title", help)));
    let hosts = look.hosts().iter().filter_map(|(_, host)| host.0.owner.as_ref());
    let steps = look.steps.iter().filter_map(|view| view.step.owner.as_ref());
    let help = "name the party that repairs it; who that is stands in the configuration";
    let owners = form.owner.iter().chain(hosts).chain(steps);
    owners.for_each(|owner| found.extend(length(look, owner, OWNER_LENGTH_MAX, "an owner", help)));

    if let Some(version) = form.version.as_ref().filter(|version| !is_version(&version.value)) {
        let message = format!("`{}` is not a version", version.value);
        found.push(
            look.problem(&rules::VERSION, version.span, message).help("write MAJOR.MINOR.PATCH, for example `1.0.0`"),
        );
    }
}

pub(super) fn not_an_id(look: &Look<'_>, rule: &'static Rule, id: &Spanned<String>, what: &str) -> Diagnostic {
    if id.value.len() > ID_LENGTH_MAX {
        let message = format!("the id of {what} has {} bytes", id.value.len());
        return look.problem(rule, id.span, message).help(format!("ids are at most {ID_LENGTH_MAX} long"));
    }
    let message = format!("`{}` cannot be the id of {what}", id.value);
    let help = format!("ids are of `a-z`, `0-9` and `-`: write for example `{}`", slug(&id.value));
    look.problem(rule, id.span, message).help(help)
}

fn length(look: &Look<'_>, text: &Spanned<String>, max: usize, what: &str, help: &str) -> Option<Diagnostic> {
    let length = text.value.chars().count();
    let message = format!("{what} has at most {max} characters, and this has {length}");
    (length > max).then(|| look.problem(&rules::BOUND, text.span, message).help(help))
}

/// Three decimal numbers without leading zeros, perhaps with a pre-release and build part (semver.org, version 2.0.0).
fn is_version(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let number = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| {
            pre.split('.').all(|part| word(part) && (number(part) || !part.bytes().all(|b| b.is_ascii_digit())))
        })
        && build.is_none_or(|build| build.split('.').all(word))
}

/// Texts that hold no templates; those that may are measured where they are read.
fn texts(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    for (_, http) in look.http() {
        let text = match &http.body {
            Some(Body::Base64(text)) => text,
            Some(Body::GraphQl(graphql)) => match &graphql.query {
                Query::Text(text) => text,
                Query::File(_) => continue,
            },
            _ => continue,
        };
        if text.value.len() > TEXT_BYTES_MAX {
            let message = format!("this text has {} bytes, more than 64 KiB", text.value.len());
            found.push(
                look.problem(&rules::BOUND, text.span, message)
                    .help("put it in a file of the package and name the file"),
            );
        }
    }
}
