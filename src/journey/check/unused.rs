//! What is declared or kept and then needed by nothing.

use std::collections::HashSet;

use super::look::{Look, entries};
use super::rules;
use super::scope::What;
use crate::base::diagnostic::Diagnostic;
use crate::base::secret::HostIndex;

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    let used: Option<Vec<_>> = look.uses().map(|(_, used)| used).collect();
    hosts(look, used.as_deref(), found);
    if !look.has_unread_templates() {
        names(look, used.as_deref(), found);
    }
}

/// `used`: the used journeys, none if one could not be read: it may need what this one does not.
fn names(look: &Look<'_>, used: Option<&[&crate::journey::definition::Definition]>, found: &mut Vec<Diagnostic>) {
    let mut mentioned: HashSet<&str> = look.mentions.iter().map(|mention| mention.name).collect();
    mentioned.extend(look.form.outputs.iter().flatten().map(|output| output.value.as_str()));
    for declaration in &look.scope.declarations {
        let name = declaration.name.value.as_str();
        if mentioned.contains(name) {
            continue;
        }
        let (rule, message, help) = match declaration.what {
            What::Input(_) => {
                (&rules::UNUSED_INPUT, format!("input `{name}` is never used"), "remove it from `needs.inputs`")
            }
            What::Secret(secret) if !secret.kept => {
                let handed_on = |used: &&crate::journey::definition::Definition| {
                    entries(used.form.needs.secrets.as_ref()).iter().any(|(inner, _)| inner.value == name)
                };
                if used.is_none_or(|used| used.iter().any(handed_on)) {
                    continue;
                }
                (&rules::UNUSED_SECRET, format!("secret `{name}` is never used"), "remove it from `needs.secrets`")
            }
            What::Var(_) => (&rules::UNUSED_VAR, format!("var `{name}` is never used"), "remove it from `vars`"),
            What::Kept { .. } => {
                // Said once for a name, where it is kept first.
                mentioned.insert(name);
                (
                    &rules::UNUSED_KEEP,
                    format!("`{name}` is kept and never used"),
                    "remove it, or expect what it should be",
                )
            }
            What::Secret(_) | What::Mailbox | What::Item(_) => continue,
        };
        found.push(look.problem(rule, declaration.name.span, message).help(help));
    }
}

fn hosts(look: &Look<'_>, used: Option<&[&crate::journey::definition::Definition]>, found: &mut Vec<Diagnostic>) {
    let Some(used) = used.filter(|_| !look.steps.is_empty()) else { return };
    let mut needed: HashSet<&str> = HashSet::new();
    for (view, http) in look.http() {
        if view.host.is_none() && view.step.at.is_none() {
            // Which host the step means is open, which is reported.
            return;
        }
        needed.extend(view.host.map(|host: HostIndex| look.host_name(host)));
        needed.extend(http.follow.iter().flat_map(|follow| &follow.to).map(|host| host.value.as_str()));
    }
    needed.extend(
        used.iter().flat_map(|used| entries(used.form.needs.hosts.as_ref())).map(|(name, _)| name.value.as_str()),
    );
    for (name, _) in look.hosts().iter().filter(|(name, _)| !needed.contains(name.value.as_str())) {
        let message = format!("no step goes to host `{}`", name.value);
        found.push(look.problem(&rules::UNUSED_HOST, name.span, message).help("remove it from `needs.hosts`"));
    }
}
