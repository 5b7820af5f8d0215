//! `use`: finds the used journey, holds its needs against those of its user, and compiles it for the user's hosts.

use std::sync::Arc;

use super::draft::Draft;
use super::library::{Located, Lookup};
use super::part::Compiled;
use super::walk::shown;
use super::{Input, hosts, rules};
use crate::base::diagnostic::nearest;
use crate::base::span::Span;
use crate::journey::definition::Definition;
use crate::journey::definition::needs::Needs;
use crate::journey::definition::step::UseAction;
use crate::journey::resolved::{Action, Part};

/// Journeys that may be used one inside the other.
const DEPTH_MAX: usize = 4;

/// A used journey, compiled once for each journey that runs it.
#[derive(Clone)]
pub(super) struct UsedPart {
    /// None: it has errors of its own.
    part: Option<Arc<Part>>,
    inputs: Arc<[Input]>,
    /// How many journeys deep its own uses go.
    height: usize,
    trouble: Option<Trouble>,
}

/// What is wrong with a graph of uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The ids along the circle, the first at the end again.
    Cycle(Vec<String>),
    TooDeep,
}

impl Draft<'_, '_> {
    pub(super) fn use_action(&mut self, action: &UseAction) -> Option<Action> {
        let (id, span) = (&action.journey.value, action.journey.span);
        let used = self.look_up(action)?;
        let definition = used.definition()?;
        if let Some(start) = self.shared.stack.iter().position(|open| open.is(&used)) {
            let open = self.shared.stack[start..].iter().chain([&used]).filter_map(Located::definition);
            let circle = open.map(|definition| definition.id().to_owned()).collect();
            return self.refuse(Trouble::Cycle(circle), span);
        }
        self.used.insert(id.clone(), Arc::clone(&definition));
        let contained = self.contains(&definition, span);
        if self.shared.stack.len() > DEPTH_MAX {
            return self.refuse(Trouble::TooDeep, span);
        }
        if !contained {
            return None;
        }
        let part = self.used_part(&used, &definition);
        self.height = self.height.max(part.height + 1);
        if let Some(trouble) = part.trouble {
            return self.refuse(trouble, span);
        }
        if self.shared.stack.len() + part.height > DEPTH_MAX {
            return self.refuse(Trouble::TooDeep, span);
        }
        let given = self.given(action, &part.inputs);
        let Some(made) = part.part else {
            let file = shown(&used.file.path);
            self.report(&rules::USE, span, format!("journey `{id}` in `{file}` has errors")).help =
                Some(format!("correct them first: `forerunner check {file}` shows them"));
            return None;
        };
        let inputs = action.inputs.0.iter().map(|(name, data)| (name.value.clone(), data.clone())).collect();
        given.then_some(Action::Use { part: made, inputs })
    }

    fn refuse(&mut self, trouble: Trouble, span: Span) -> Option<Action> {
        let (message, help) = match &trouble {
            Trouble::Cycle(ids) => {
                let ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
                let message = match ids.as_slice() {
                    [one, _] => format!("journey {one} uses itself"),
                    [first, rest @ ..] => format!("journey {first} uses {}", rest.join(", which uses ")),
                    [] => String::new(),
                };
                (message, "a journey is never part of itself: break the circle".to_owned())
            }
            Trouble::TooDeep => (
                format!("uses are more than {DEPTH_MAX} journeys deep"),
                "write the innermost steps where they are used".to_owned(),
            ),
        };
        self.report(&rules::USE, span, message).help = Some(help);
        self.trouble.get_or_insert(trouble);
        None
    }

    fn look_up(&mut self, action: &UseAction) -> Option<Located> {
        let id = &action.journey.value;
        let (message, help) = match self.shared.library.find(&self.shared.folder, &self.file, id) {
            Lookup::Found(used) => return Some(used),
            Lookup::Nothing(meant) => {
                let help = meant.map_or_else(
                    || "a journey uses others of its own file or directory".to_owned(),
                    |meant| format!("did you mean `{meant}`?"),
                );
                (format!("there is no journey `{id}`"), help)
            }
            Lookup::Several(files) => {
                let files: Vec<_> = files.iter().map(|file| format!("`{file}`")).collect();
                let message = format!("journey `{id}` is in several files: {}", files.join(", "));
                (message, "give each its own id".to_owned())
            }
        };
        self.report(&rules::USE, action.journey.span, message).help = Some(help);
        None
    }

    fn used_part(&mut self, used: &Located, definition: &Arc<Definition>) -> UsedPart {
        let key = (used.file.path.clone(), used.index);
        if let Some(known) = self.shared.used.get(&key) {
            return known.clone();
        }
        let Compiled { part, inputs, height, trouble, .. } = self.shared.part(used, definition);
        let made = UsedPart { part: part.map(Arc::new), inputs: inputs.into(), height, trouble };
        self.shared.used.insert(key, made.clone());
        made
    }

    /// Whether everything the used journey needs is among the needs of this one.
    fn contains(&mut self, used: &Definition, span: Span) -> bool {
        let definition = Arc::clone(&self.definition);
        let lacking = lacking(&definition, used);
        for (what, help) in &lacking {
            self.report(&rules::USE_NEEDS, span, format!("journey `{}` {what}", used.id())).help = Some(help.clone());
        }
        lacking.is_empty()
    }

    /// Whether the inputs fit those that the used journey declares, as far as they are known before it runs.
    fn given(&mut self, action: &UseAction, declared: &[Input]) -> bool {
        let before = self.diagnostics.len();
        for (name, data) in &action.inputs.0 {
            let Some(input) = declared.iter().find(|input| input.name == name.value) else {
                let meant = nearest(&name.value, declared.iter().map(|input| input.name.as_str()));
                let message = format!("journey `{}` has no input `{}`", action.journey.value, name.value);
                self.report(&rules::INPUT, name.span, message).help =
                    meant.map(|meant| format!("did you mean `{meant}`?"));
                continue;
            };
            if let Some(value) = data.constant()
                && let Err(why) = input.accept(&value)
            {
                self.report(&rules::INPUT, name.span, format!("input `{}` is not valid: {why}", name.value)).help =
                    Some(format!("journey `{}` declares what it takes", action.journey.value));
            }
        }
        for input in declared {
            if input.default.is_none() && action.inputs.get(&input.name).is_none() {
                let message = format!("journey `{}` needs the input `{}`", action.journey.value, input.name);
                self.report(&rules::INPUT, action.journey.span, message).help =
                    Some(format!("give it: `inputs: {{ {}: … }}`", input.name));
            }
        }
        self.diagnostics.len() == before
    }
}

/// What the used journey needs beyond the needs of its user, each with what to do.
fn lacking(outer: &Definition, inner: &Definition) -> Vec<(String, String)> {
    let (mut ignored, mut lacking) = (Vec::new(), Vec::new());
    let known = hosts::declared(outer, &mut ignored);
    for host in hosts::declared(inner, &mut ignored).into_iter().flatten() {
        match known.iter().flatten().find(|own| own.name == host.name) {
            Some(own) if own.origin == host.origin => {}
            Some(own) => lacking.push((
                format!("means `{}` by host `{}`, this one means `{}`", host.origin, host.name, own.origin),
                "host names of both mean the same origin".to_owned(),
            )),
            None => lacking.push((
                format!("needs host `{}`", host.name),
                format!("declare it here as well: `{}: {}`", host.name, host.url),
            )),
        }
    }
    let (own, inner): (&Needs, &Needs) = (&outer.form.needs, &inner.form.needs);
    for (name, secret) in inner.secrets.iter().flat_map(|secrets| &secrets.0) {
        let Some(allowed) = own.secrets.as_ref().and_then(|secrets| secrets.get(&name.value)) else {
            let help = "declare it under `needs.secrets` here as well: it is handed over by name".to_owned();
            lacking.push((format!("needs secret `{}`", name.value), help));
            continue;
        };
        for host in secret.to.iter().filter(|host| !allowed.to.iter().any(|allowed| allowed.value == host.value)) {
            lacking.push((
                format!("sends secret `{}` to `{}`, which this one does not allow", name.value, host.value),
                format!("add `{}` to `to` of the secret here, or take it away there", host.value),
            ));
        }
    }
    let writes: Vec<&str> = own.writes.iter().flatten().map(|text| text.value.as_str()).collect();
    for text in inner.writes.iter().flatten().filter(|text| !writes.contains(&text.value.as_str())) {
        lacking.push((format!("writes `{}`", text.value), "list it under `needs.writes` here as well".to_owned()));
    }
    lacking
}
