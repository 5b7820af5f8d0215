//! Gives every step its id: the written one, or a slug of its action that no other step has.

use std::collections::{HashMap, HashSet};

use super::rules;
use crate::base::diagnostic::Diagnostic;
use crate::base::duration::format_duration;
use crate::base::name::{SLUG_LENGTH_MAX, slug, unique};
use crate::base::span::Span;
use crate::journey::definition::Definition;
use crate::journey::definition::step::{Action, Step};

/// The ids of `steps`, then of `cleanup`. Written ids are reserved first; two equal ones are reported.
pub(super) fn effective(definition: &Definition, diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut written: HashMap<&str, Span> = HashMap::new();
    for id in definition.all_steps().filter_map(|step| step.id.as_ref()) {
        if let Some(first) = written.get(id.value.as_str()) {
            let message = format!("step id `{}` is taken", id.value);
            diagnostics.push(
                Diagnostic::new(&rules::DUPLICATE_ID, &definition.source, id.span, message)
                    .help("ids tell steps apart, those of `steps` and `cleanup` together: give it another")
                    .related(*first, "the first is here"),
            );
        } else {
            written.insert(&id.value, id.span);
        }
    }
    let mut taken: HashSet<String> = written.keys().map(|id| (*id).to_owned()).collect();
    let mut id_of = |step: &Step| {
        if let Some(id) = &step.id {
            return id.value.clone();
        }
        let id = unique(&default_id(step), |id| taken.contains(id));
        taken.insert(id.clone());
        id
    };
    definition.all_steps().map(&mut id_of).collect()
}

/// The action word and its argument: `get-home`, `post-v1-tools-tool-runs`.
fn default_id(step: &Step) -> String {
    let argument = match &step.action {
        Action::Http(http) => http.target.template.value.with_names(),
        Action::Wait(duration) => format_duration(duration.value),
        Action::Use(used) => used.journey.value.clone(),
    };
    let id = format!("{}-{}", slug(&step.action_word()), slug(&argument));
    id.chars().take(SLUG_LENGTH_MAX).collect::<String>().trim_end_matches('-').to_owned()
}
