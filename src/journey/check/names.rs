//! Names: well formed, each declared once, and mentioned only where they can have a value.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::look::Look;
use super::mention::{HostPart, Mention, Part, Place};
use super::rules;
use super::scope::{Declaration, Standing, What};
use crate::base::diagnostic::{Diagnostic, nearest};
use crate::base::name::{NAME_LENGTH_MAX, RESERVED, is_name};
use crate::base::span::Spanned;
use crate::model::value::Kind;
use crate::template::UseKind;

const RUN_PARTS: [&str; 2] = ["id", "start"];
const REQUEST_PARTS: [&str; 4] = ["method", "path", "body", "time"];

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    declarations(look, found);
    for (index, mention) in look.mentions.iter().enumerate() {
        found.extend(mentioned(look, mention));
        if mention.kind == UseKind::Totp {
            found.extend(look.mentions.get(index + 1).and_then(|name| totp(look, name)));
        }
    }
}

fn declarations(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    for (name, _) in look.hosts() {
        found.extend(form(look, name, "a host"));
    }
    let mut first: HashMap<&str, &Declaration<'_>> = HashMap::new();
    for declaration in &look.scope.declarations {
        let name = declaration.name;
        let known = first.get(name.value.as_str()).copied();
        if !known.is_some_and(|known| known.is_kept() && declaration.is_kept()) {
            found.extend(form(look, name, declaration.phrase()));
        }
        let Some(known) = known else {
            first.insert(&name.value, declaration);
            continue;
        };
        if !known.admits(declaration) {
            let message = format!("`{}` is already the name of {}", name.value, known.phrase());
            found.push(
                look.problem(&rules::DUPLICATE_NAME, name.span, message)
                    .help("inputs, secrets, vars, kept values, loop items and mailboxes share their names: choose another")
                    .related(known.name.span, "declared here"),
            );
        }
    }
}

fn form(look: &Look<'_>, name: &Spanned<String>, word: &str) -> Option<Diagnostic> {
    if RESERVED.contains(&name.value.as_str()) {
        let message = format!("`{}` cannot be the name of {word}: the language uses the word itself", name.value);
        let help = format!("choose another, such as `{}_value`", name.value);
        return Some(look.problem(&rules::RESERVED_NAME, name.span, message).help(help));
    }
    if is_name(&name.value) {
        return None;
    }
    let (message, help) = if name.value.len() > NAME_LENGTH_MAX {
        (format!("the name of {word} has {} bytes", name.value.len()), "names are at most 64 long")
    } else {
        let message = format!("`{}` cannot be the name of {word}", name.value);
        (message, "names are letters, digits, `_` and `-`, and start with a letter or `_`")
    };
    Some(look.problem(&rules::NAME, name.span, message).help(help))
}

impl Declaration<'_> {
    fn is_kept(&self) -> bool {
        matches!(self.what, What::Kept { .. })
    }

    /// Whether a second declaration of the same name is in order.
    fn admits(&self, second: &Declaration<'_>) -> bool {
        match self.what {
            // That a step may not fill a secret of the binding is said with the secrets.
            What::Secret(_) | What::Kept { .. } => second.is_kept(),
            _ => false,
        }
    }

    pub fn phrase(&self) -> &'static str {
        match self.what {
            What::Input(_) => "an input",
            What::Secret(_) => "a secret",
            What::Var(_) => "a var",
            What::Mailbox => "a mailbox",
            What::Item(_) => "a loop item",
            What::Kept { .. } => "a kept value",
        }
    }
}

fn mentioned(look: &Look<'_>, mention: &Mention<'_>) -> Option<Diagnostic> {
    if mention.kind != UseKind::Reference {
        if matches!(mention.place, Place::Var(_)) {
            return None;
        }
        let message = format!("`{}` makes a new value, which only vars do", mention.name);
        let written = look.definition.source.slice(mention.span);
        let help = format!("add `vars: {{ made: \"${{{written}}}\" }}`, and write `${{made}}` here");
        return Some(look.problem(&rules::GENERATOR, mention.span, message).help(help));
    }
    match mention.name {
        "run" => return run_part(look, mention),
        "request" => return request_part(look, mention),
        _ => {}
    }
    let places = look.places(mention);
    if places.is_empty() {
        // A default of a host that no step sends: what can be said is whether the name exists at all.
        let end = Place::Step { step: look.steps.len(), part: Part::When };
        return standing(look, mention, end);
    }
    places.into_iter().find_map(|place| standing(look, mention, place))
}

/// The name that stands behind `totp`.
fn totp(look: &Look<'_>, name: &Mention<'_>) -> Option<Diagnostic> {
    let Standing::Here(declaration) = look.scope.standing(name.name, name.place) else { return None };
    if matches!(declaration.what, What::Secret(_)) {
        return None;
    }
    let message = format!("`totp` takes the name of a secret, and `{}` is {}", name.name, declaration.phrase());
    let problem = look.problem(&rules::TOTP_SECRET, name.span, message).related(declaration.name.span, "declared here");
    Some(problem.help("the seed of one-time passwords is worth as much as they are: declare it in `needs.secrets`"))
}

fn standing(look: &Look<'_>, mention: &Mention<'_>, place: Place) -> Option<Diagnostic> {
    let name = mention.name;
    match look.scope.standing(name, place) {
        Standing::Here(declaration) => member(look, mention, declaration),
        Standing::Later(declaration) => Some(too_early(look, mention, place, declaration)),
        Standing::Elsewhere(declaration) => {
            let What::Item(step) = declaration.what else { return None };
            let id = look.steps.get(step).map_or("", |view| view.id);
            let message = format!("`{name}` is the loop item of step `{id}` and unknown outside it");
            let problem = look.problem(&rules::UNKNOWN_NAME, mention.span, message);
            Some(problem.related(declaration.name.span, "it exists in this step only"))
        }
        Standing::Unknown => {
            let problem = look.problem(&rules::UNKNOWN_NAME, mention.span, format!("nothing provides `{name}`"));
            Some(problem.help(match nearest(name, look.scope.names().chain(["run"])) {
                _ if look.hosts().iter().any(|(host, _)| host.value == name) => {
                    format!("`{name}` is a host, which is no value: hosts are named by `at`")
                }
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    "declare it in `needs.inputs`, `needs.secrets` or `vars`, or keep it in an earlier step".to_owned()
                }
            }))
        }
    }
}

fn too_early(look: &Look<'_>, mention: &Mention<'_>, place: Place, kept: &Declaration<'_>) -> Diagnostic {
    let name = mention.name;
    let What::Kept { step: keeper, .. } = kept.what else {
        return look.problem(&rules::NAME_TOO_EARLY, mention.span, format!("`{name}` has no value yet"));
    };
    let id = look.steps.get(keeper).map_or("", |view| view.id);
    let (message, help) = match place {
        Place::Var(_) => (
            format!("vars are made before the first step, and `{name}` is kept by step `{id}`"),
            "use the kept value directly, or derive another in a `keep`",
        ),
        Place::Step { step, .. } if step == keeper => (
            format!("`{name}` has no value here: the step keeps it after its answer"),
            "keep it in an earlier step, or give it in `vars`",
        ),
        _ => (
            format!("`{name}` has no value here: only the later step `{id}` keeps it"),
            "move that step before this one",
        ),
    };
    let mut problem = look.problem(&rules::NAME_TOO_EARLY, mention.span, message).help(help);
    problem = problem.related(kept.name.span, "kept here");
    if let (Place::Host { .. }, Place::Step { step, .. }) = (mention.place, place)
        && let Some(view) = look.steps.get(step)
    {
        problem = problem.related(view.span(), "this step would send it");
    }
    problem
}

fn run_part(look: &Look<'_>, mention: &Mention<'_>) -> Option<Diagnostic> {
    if mention.in_selector || matches!(mention.members, [part] if RUN_PARTS.contains(&part.as_str())) {
        return None;
    }
    let message = match mention.members {
        [] => "`run` is no value of its own".to_owned(),
        members => format!("`run` has no `{}`", members.join(".")),
    };
    Some(look.problem(&rules::MEMBER, mention.span, message).help("write `${run.id}` or `${run.start}`"))
}

fn request_part(look: &Look<'_>, mention: &Mention<'_>) -> Option<Diagnostic> {
    let signed =
        matches!(mention.place, Place::Step { part: Part::Signed, .. } | Place::Host { part: HostPart::Signed, .. });
    if !signed {
        let message = "the request is not made yet: its parts are known only to the text that is signed";
        return Some(
            look.problem(&rules::REQUEST_PART, mention.span, message).help("use them in `over` of `auth: { hmac: … }`"),
        );
    }
    if matches!(mention.members, [part] if REQUEST_PARTS.contains(&part.as_str())) {
        return None;
    }
    let part = mention.members.join(".");
    let help = match nearest(&part, REQUEST_PARTS) {
        Some(meant) => format!("did you mean `request.{meant}`?"),
        None => format!("it has {}", REQUEST_PARTS.map(|part| format!("`request.{part}`")).join(", ")),
    };
    Some(look.problem(&rules::REQUEST_PART, mention.span, format!("a request has no `{part}`")).help(help))
}

/// A member of a value that is known to have none.
fn member(look: &Look<'_>, mention: &Mention<'_>, declaration: &Declaration<'_>) -> Option<Diagnostic> {
    let name = mention.name;
    let (message, help) = match (&declaration.what, mention.members) {
        (What::Mailbox, [one]) if one == "address" => return None,
        (What::Mailbox, _) => {
            (format!("of mailbox `{name}` only the address is a value"), format!("write `${{{name}.address}}`"))
        }
        (_, []) => return None,
        (what, members) => {
            let kind = scalar(look, what)?;
            (
                format!("`{name}` is {kind} and has no member `{}`", members.join(".")),
                format!("write `${{{name}}}`, or use `| jsonpath` on text that holds JSON"),
            )
        }
    };
    let problem = look.problem(&rules::MEMBER, mention.span, message).help(help);
    Some(problem.related(declaration.name.span, "declared here"))
}

/// What the value surely is, if that has no members.
fn scalar(look: &Look<'_>, what: &What<'_>) -> Option<&'static str> {
    match what {
        What::Input(input) => match input.schema.get("type")? {
            Json::String(word) if word == "string" => Some("text"),
            Json::String(word) if word == "integer" || word == "number" => Some("a number"),
            Json::String(word) if word == "boolean" => Some("a boolean"),
            Json::String(word) if word == "array" => Some("a list"),
            _ => None,
        },
        What::Secret(_) => Some("text"),
        What::Var(index) => match look.vars().get(*index)?.1.constant()? {
            Json::Object(_) => None,
            Json::Array(_) => Some("a list"),
            Json::String(_) => Some("text"),
            Json::Number(_) => Some("a number"),
            Json::Bool(_) => Some("a boolean"),
            Json::Null => Some("null"),
        },
        What::Kept { keep, .. } if keep.default.is_none() => {
            let kinds = keep.from.value.kinds().ok()?;
            let has_members = kinds.contains(Kind::Object) || kinds.is_empty();
            (!has_members).then_some(if kinds.contains(Kind::List) { "a list" } else { "a single value" })
        }
        What::Mailbox | What::Item(_) | What::Kept { .. } => None,
    }
}
