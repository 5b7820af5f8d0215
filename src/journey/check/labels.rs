//! Which secrets a value is made of, as far as the text tells: what the run-time labels will be, known beforehand.

use std::collections::BTreeMap;

use super::Checking;
use super::bounds::{HOSTS_MAX, VARS_MAX};
use super::look::Look;
use super::mention::{Part, Place};
use super::scope::{Standing, What};
use crate::base::secret::{HostIndex, Label};
use crate::base::span::Span;
use crate::journey::definition::step::Action;

/// A secret that values are made of.
pub(super) struct Origin<'a> {
    pub name: &'a str,
    pub label: Label,
    /// Where it is declared or kept.
    pub span: Span,
    pub kind: OriginKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OriginKind {
    /// In `needs.secrets`.
    Declared,
    /// `secret: true` at a step.
    Sender,
    /// An output of a used journey.
    Output,
}

/// Whether the labels of what used journeys hand out are looked up. A used journey itself is not asked
/// for them, so that cycles of uses end there; what it hands on is checked when it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outputs {
    Labelled,
    Open,
}

/// The used journeys whose outputs were looked at, by id.
type Used<'a> = BTreeMap<&'a str, Look<'a>>;

/// Positions in the list of origins, each once.
type Set = Vec<u16>;

#[derive(Default)]
pub(super) struct Labels<'a> {
    /// The declared secrets in their order, then those that steps keep.
    origins: Vec<Origin<'a>>,
    vars: Vec<Set>,
    items: BTreeMap<usize, Set>,
    kept: BTreeMap<(usize, usize), Set>,
}

impl<'a> Labels<'a> {
    /// Beyond the bounds on hosts and vars nothing is followed: such a definition is refused anyway.
    pub fn new(look: &Look<'a>, outputs: Outputs) -> Self {
        let mut labels = Self::default();
        if look.hosts().len() > HOSTS_MAX || look.vars().len() > VARS_MAX {
            return labels;
        }
        for (name, secret) in look.secrets() {
            let is_known = |to: &str| look.hosts().iter().any(|(host, _)| host.value == to);
            // A destination that is misspelt, or left out, is reported there and not at every use.
            let label = if secret.to.is_empty() || !secret.to.iter().all(|to| is_known(&to.value)) {
                Label::ANYWHERE
            } else {
                label_of(look, secret.to.iter().map(|host| host.value.as_str()))
            };
            labels.origins.push(Origin { name: &name.value, label, span: name.span, kind: OriginKind::Declared });
        }
        if labels.origins.is_empty() && look.form.steps.iter().all(|step| step.keep.0.is_empty()) {
            return labels;
        }
        labels.read_vars(look);
        labels.read_steps(look, outputs);
        labels
    }

    /// The secrets in the value that a name has at a place.
    pub fn of(&self, look: &Look<'a>, name: &str, place: Place) -> Vec<&Origin<'a>> {
        let set = self.set(look, name, place);
        set.into_iter().filter_map(|index| self.origins.get(usize::from(index))).collect()
    }

    fn set(&self, look: &Look<'a>, name: &str, place: Place) -> Set {
        let Standing::Here(declaration) = look.scope.standing(name, place) else { return Set::new() };
        let known = match declaration.what {
            What::Input(_) | What::Mailbox => None,
            What::Secret(_) => return self.declared(name).into_iter().collect(),
            What::Var(index) => self.vars.get(index),
            What::Item(step) => self.items.get(&step),
            What::Kept { step, entry, .. } => self.kept.get(&(step, entry)),
        };
        known.cloned().unwrap_or_default()
    }

    fn declared(&self, name: &str) -> Option<u16> {
        let is_it = |origin: &Origin<'_>| origin.kind == OriginKind::Declared && origin.name == name;
        self.origins.iter().position(is_it).and_then(|index| u16::try_from(index).ok())
    }

    fn read_vars(&mut self, look: &Look<'a>) {
        let mut mentioned = vec![Vec::new(); look.vars().len()];
        for mention in &look.mentions {
            if let Place::Var(var) = mention.place {
                mentioned[var].push(mention.name);
            }
        }
        let mut read = vec![None; mentioned.len()];
        for var in 0..mentioned.len() {
            self.read_var(look, &mentioned, var, &mut read);
        }
        self.vars = read.into_iter().map(Option::unwrap_or_default).collect();
    }

    /// Follows a var to the vars it is made of. One that is met again while it is followed counts as empty.
    fn read_var(&self, look: &Look<'a>, mentioned: &[Vec<&str>], var: usize, read: &mut [Option<Set>]) -> Set {
        if let Some(set) = &read[var] {
            return set.clone();
        }
        read[var] = Some(Set::new());
        let mut set = Set::new();
        for name in &mentioned[var] {
            if let Standing::Here(declaration) = look.scope.standing(name, Place::Var(var)) {
                match declaration.what {
                    What::Var(other) => join(&mut set, self.read_var(look, mentioned, other, read)),
                    What::Secret(_) => join(&mut set, self.declared(name)),
                    _ => {}
                }
            }
        }
        read[var] = Some(set.clone());
        set
    }

    fn read_steps(&mut self, look: &Look<'a>, outputs: Outputs) {
        // Each used journey is looked at once, however many of its outputs are kept.
        let mut used = (outputs == Outputs::Labelled).then(Used::new);
        let in_steps = |place| match place {
            Place::Step { step, part } => Some((step, part)),
            _ => None,
        };
        let mut mentions = look.mentions.iter().filter(|mention| in_steps(mention.place).is_some()).peekable();
        for (step, view) in look.steps.iter().enumerate() {
            // Entries of `keep` are complete in their order, each before the next looks at it.
            let mut open = (0..view.step.keep.0.len()).peekable();
            let mut set = Set::new();
            while let Some(mention) = mentions.next_if(|next| in_steps(next.place).is_some_and(|(at, _)| at == step)) {
                match in_steps(mention.place) {
                    Some((_, Part::List)) => {
                        let list = self.set(look, mention.name, mention.place);
                        join(self.items.entry(step).or_default(), list);
                    }
                    Some((_, Part::Keep(entry))) => {
                        while let Some(earlier) = open.next_if(|open| *open < entry) {
                            self.finish(look, used.as_mut(), (step, earlier), std::mem::take(&mut set));
                        }
                        join(&mut set, self.set(look, mention.name, mention.place));
                    }
                    _ => {}
                }
            }
            for entry in open {
                self.finish(look, used.as_mut(), (step, entry), std::mem::take(&mut set));
            }
        }
    }

    /// Adds what the entry itself says, and makes it known to what follows.
    fn finish(&mut self, look: &Look<'a>, used: Option<&mut Used<'a>>, (step, entry): (usize, usize), mut set: Set) {
        let view = &look.steps[step];
        let keep = &view.step.keep.0[entry];
        let (name, span) = (keep.name.value.as_str(), keep.name.span);
        if look.scope.kept_secret(name).is_some() {
            // The declaration says where the value may go, wherever it was found.
            join(&mut set, self.declared(name));
        } else if keep.secret && view.host.is_some() {
            let label = senders(look, step);
            set.extend(self.add(Origin { name, label, span, kind: OriginKind::Sender }));
        }
        if let (Some(used), Some(output), Action::Use(action)) = (used, keep.from.value.output(), &view.step.action)
            && let Some(label) = output_label(look, used, &action.journey.value, output)
        {
            set.extend(self.add(Origin { name, label, span, kind: OriginKind::Output }));
        }
        if !set.is_empty() {
            self.kept.insert((step, entry), set);
        }
    }

    fn add(&mut self, origin: Origin<'a>) -> Option<u16> {
        let index = u16::try_from(self.origins.len()).ok()?;
        self.origins.push(origin);
        Some(index)
    }
}

/// The hosts an answer of the step may come from: its own, and those that a redirect may lead to.
pub(super) fn senders(look: &Look<'_>, step: usize) -> Label {
    let view = &look.steps[step];
    let follow = view.step.http().and_then(|http| http.follow.as_ref());
    let own = view.host.map(|host| look.host_name(host));
    label_of(look, own.into_iter().chain(follow.iter().flat_map(|follow| &follow.to).map(|host| host.value.as_str())))
}

fn label_of<'n>(look: &Look<'_>, hosts: impl Iterator<Item = &'n str>) -> Label {
    let index = |name: &str| look.hosts().iter().position(|(host, _)| host.value == name);
    Label::only(hosts.filter_map(index).filter_map(|index| u8::try_from(index).ok()).map(HostIndex))
}

/// Where an output of a used journey may go, in the hosts of this one; none if it is no secret.
fn output_label<'a>(look: &Look<'a>, used: &mut Used<'a>, journey: &'a str, output: &str) -> Option<Label> {
    let definition = look.used.get(journey).copied()?;
    let inner = used.entry(journey).or_insert_with(|| {
        let cx = Checking { definition, ids: &[], used: look.used };
        Look::with_outputs(&cx, Outputs::Open)
    });
    let last = inner.form.steps.len().checked_sub(1)?;
    let origins = inner.labels.of(inner, output, Place::Step { step: last, part: Part::Verdict });
    if origins.is_empty() {
        return None;
    }
    let allowed = |name: &&str| {
        let index = inner.hosts().iter().position(|(host, _)| host.value == *name);
        let index = index.and_then(|index| u8::try_from(index).ok()).map(HostIndex);
        index.is_some_and(|index| origins.iter().all(|origin| origin.label.allows(index)))
    };
    Some(label_of(look, look.hosts().iter().map(|(name, _)| name.value.as_str()).filter(allowed)))
}

fn join(set: &mut Set, more: impl IntoIterator<Item = u16>) {
    for index in more {
        if !set.contains(&index) {
            set.push(index);
        }
    }
}
