//! Names in a binding that none of its journeys declares: most are slips of the pen.

use std::sync::Arc;

use crate::base::diagnostic::nearest;
use crate::base::shape::Reader;
use crate::base::span::{Span, Spanned};
use crate::journey::binding::{RunEntry, rules};
use crate::journey::load::Loaded;

/// Inputs, secrets and hosts that the entry names and no journey of it knows.
pub(super) fn check(journeys: &[Arc<Loaded>], entry: &RunEntry, reader: &mut Reader) {
    let Some(first) = journeys.first() else { return };
    let who = match journeys {
        [one] => format!("journey `{}` declares no", one.definition.id()),
        _ => format!("no journey of `{}` declares", first.definition.source.name),
    };
    let who = (who.as_str(), if journeys.len() == 1 { "it declares" } else { "they declare" });
    let names = |of: &dyn Fn(&Loaded) -> Vec<String>| -> Vec<String> {
        let mut names: Vec<_> = journeys.iter().flat_map(|loaded| of(loaded)).collect();
        names.dedup();
        names
    };
    let inputs = names(&|loaded| loaded.inputs.iter().map(|input| input.name.clone()).collect());
    let secrets = names(&|loaded| {
        let secrets = loaded.definition.form.needs.secrets.iter().flat_map(|secrets| &secrets.0);
        secrets.map(|(name, _)| name.value.clone()).collect()
    });
    let hosts = names(&|loaded| loaded.hosts.iter().map(|host| host.name.clone()).collect());
    let varied = entry.each.iter().flatten().flat_map(|vary| &vary.inputs.0).map(|(name, _)| name);
    let given = entry.inputs.iter().flat_map(|given| &given.0).map(|(name, _)| name).chain(varied);
    report(who, "input", &inputs, given, reader);
    let given = entry.secrets.iter().flat_map(|given| &given.0).map(|(name, _)| name);
    report(who, "secret", &secrets, given, reader);
    let given = entry.hosts.iter().flat_map(|given| &given.0).map(|(name, _)| name);
    report(who, "host", &hosts, given, reader);
}

fn report<'n>(
    who: (&str, &str),
    what: &str,
    known: &[String],
    given: impl Iterator<Item = &'n Spanned<String>>,
    reader: &mut Reader,
) {
    let place = |name: &'n Spanned<String>| -> (&'n str, Span) { (&name.value, name.span) };
    for (name, span) in given.map(place).filter(|(name, _)| !known.iter().any(|known| known == name)) {
        let help = match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => format!("{} no {what}", who.1),
            None => format!("{}: {}", who.1, known.join(", ")),
        };
        reader.report(&rules::BINDING, span, format!("{} {what} `{name}`", who.0)).help = Some(help);
    }
}
