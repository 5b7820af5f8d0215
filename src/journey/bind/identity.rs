//! What the scheduled runs of one entry are called, and which inputs tell them apart.

use serde_json::Value as Json;

use crate::base::name::{ID_LENGTH_MAX, is_id, slug};
use crate::base::shape::{Entries, Reader};
use crate::base::span::Span;
use crate::journey::binding::{RunEntry, rules};
use crate::journey::definition::Vary;
use crate::journey::load::Loaded;

/// One scheduled run of an entry.
pub(super) struct Variant<'a> {
    pub(super) name: String,
    pub(super) inputs: Option<&'a Entries<Json>>,
    /// Where its inputs stand, in the binding.
    pub(super) span: Span,
}

/// The runs that an entry stands for: one, or one for each entry of `each`, else of the journey's `vary`.
pub(super) fn variants<'a>(loaded: &'a Loaded, entry: &'a RunEntry, reader: &mut Reader) -> Vec<Variant<'a>> {
    let base = entry.name.as_ref().map_or_else(|| loaded.definition.id(), |name| name.value.as_str());
    if let Some(name) = &entry.name
        && !is_id(&name.value)
    {
        let message = format!("`{}` is not a run name", name.value);
        reader.report(&rules::RUN_NAME, name.span, message).help =
            Some(format!("use lower-case letters, digits and dashes: `{}`", slug(&name.value)));
    }
    let (list, own) = match (&entry.each, &loaded.definition.form.vary) {
        (Some(each), _) => (each, true),
        (None, Some(vary)) => (vary, false),
        (None, None) => return vec![Variant { name: base.to_owned(), inputs: None, span: entry.span }],
    };
    if own {
        bounds(list, entry, reader);
    } else {
        clashing(list, entry, reader);
    }
    let variants: Vec<_> = list
        .iter()
        .map(|vary| Variant {
            name: named(base, &label_values(vary)),
            inputs: Some(&vary.inputs),
            span: if own { vary.span } else { entry.span },
        })
        .collect();
    for (at, variant) in variants.iter().enumerate() {
        if variants[..at].iter().any(|earlier| earlier.name == variant.name) {
            let message = format!("two runs would be called `{}`", variant.name);
            reader.report(&rules::RUN_NAME, variant.span, message).help =
                Some("give their entries different `labels`".to_owned());
        } else if variant.name.len() > ID_LENGTH_MAX && is_id(base) {
            let message = format!("`{}` is too long for the name of a run", variant.name);
            reader.report(&rules::RUN_NAME, variant.span, message).help =
                Some(format!("give the entry shorter `labels`: a name has at most {ID_LENGTH_MAX} characters"));
        }
    }
    variants
}

/// Without anything to tell it apart, a run has the name of its entry.
fn named(base: &str, values: &[String]) -> String {
    if values.is_empty() { base.to_owned() } else { format!("{base}-{}", slug(&values.join("-"))) }
}

/// What holds for `vary` in a journey holds for `each` here.
fn bounds(each: &[Vary], entry: &RunEntry, reader: &mut Reader) {
    if each.is_empty() {
        let message = "`each` is empty, so nothing would run";
        reader.report(&rules::RUN_NAME, entry.span, message).help =
            Some("leave it out, or give it an entry for each run".to_owned());
    }
    if let Some(beyond) = each.get(ENTRIES_MAX) {
        let message = format!("{} entries of `each` are too many", each.len());
        reader.report(&rules::RUN_NAME, beyond.span, message).help =
            Some(format!("at most {ENTRIES_MAX}; each is scheduled as a run of its own"));
    }
}

/// More than these are another entry's.
const ENTRIES_MAX: usize = 50;

/// An input set both here and by the journey's `vary`: which wins would be a guess.
fn clashing(vary: &[Vary], entry: &RunEntry, reader: &mut Reader) {
    for (name, _) in entry.inputs.iter().flat_map(|inputs| &inputs.0) {
        if vary.iter().any(|vary| vary.inputs.get(&name.value).is_some()) {
            let message = format!("input `{}` is set here, and the journey's `vary` sets it as well", name.value);
            reader.report(&rules::BINDING, name.span, message).help =
                Some("write `each` here, which replaces `vary`".to_owned());
        }
    }
}

/// The values of `labels`, or of every input that is a short text, number or boolean.
fn label_values(vary: &Vary) -> Vec<String> {
    if let Some(labels) = &vary.labels {
        return labels.0.iter().map(|(_, value)| value.clone()).collect();
    }
    let short = vary.inputs.0.iter().filter_map(|(_, value)| match value {
        Json::String(text) if text.chars().count() <= 64 => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        _ => None,
    });
    short.collect()
}
