//! Which names a journey has, who provides them, and from which moment on they can have a value.

use std::collections::HashMap;

use super::look::entries;
use super::mention::{Part, Place};
use crate::base::span::Spanned;
use crate::journey::definition::Definition;
use crate::journey::definition::needs::{Input, SecretNeed};
use crate::journey::definition::repeat::Keep;

pub(super) struct Scope<'a> {
    /// In the order inputs, secrets, vars, mailboxes, then loop items and kept values step by step.
    pub declarations: Vec<Declaration<'a>>,
    by_name: HashMap<&'a str, Vec<usize>>,
    /// Per step, whether it has `for`.
    loops: Vec<bool>,
}

#[derive(Clone, Copy)]
pub(super) struct Declaration<'a> {
    pub name: &'a Spanned<String>,
    pub what: What<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    Input(&'a Input),
    Secret(&'a SecretNeed),
    /// By position.
    Var(usize),
    Mailbox,
    /// Loop item of a step.
    Item(usize),
    Kept {
        step: usize,
        entry: usize,
        keep: &'a Keep,
    },
}

/// What a name is at one place.
pub(super) enum Standing<'s, 'a> {
    /// It can have a value; the declaration whose value it is.
    Here(&'s Declaration<'a>),
    /// Only a later step, or this one after its request, keeps it.
    Later(&'s Declaration<'a>),
    /// The loop item of another step.
    Elsewhere(&'s Declaration<'a>),
    Unknown,
}

impl<'a> Scope<'a> {
    pub fn new(definition: &'a Definition) -> Self {
        let form = &definition.form;
        let needs = &form.needs;
        let mut declarations = Vec::new();
        let mut add = |name, what| declarations.push(Declaration { name, what });
        for (name, input) in entries(needs.inputs.as_ref()) {
            add(name, What::Input(input));
        }
        for (name, secret) in entries(needs.secrets.as_ref()) {
            add(name, What::Secret(secret));
        }
        for (index, (name, _)) in entries(form.vars.as_ref()).iter().enumerate() {
            add(name, What::Var(index));
        }
        for name in needs.mailboxes.iter().flatten() {
            add(name, What::Mailbox);
        }
        for (step, written) in definition.all_steps().enumerate() {
            written.for_each.iter().for_each(|each| add(&each.name, What::Item(step)));
            for (entry, keep) in written.keep.0.iter().enumerate() {
                add(&keep.name, What::Kept { step, entry, keep });
            }
        }
        let mut by_name: HashMap<_, Vec<_>> = HashMap::with_capacity(declarations.len());
        for (index, declaration) in declarations.iter().enumerate() {
            by_name.entry(declaration.name.value.as_str()).or_default().push(index);
        }
        let loops = definition.all_steps().map(|step| step.for_each.is_some()).collect();
        Self { declarations, by_name, loops }
    }

    /// Every declaration of a name, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Declaration<'a>> {
        self.by_name.get(name).into_iter().flatten().map(|index| &self.declarations[*index])
    }

    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.declarations.iter().map(|declaration| declaration.name.value.as_str())
    }

    pub fn is_kept(&self, name: &str) -> bool {
        self.all(name).any(|declaration| matches!(declaration.what, What::Kept { .. }))
    }

    /// The secret of that name that a step fills.
    pub fn kept_secret(&self, name: &str) -> Option<&'a SecretNeed> {
        self.all(name).find_map(|declaration| match declaration.what {
            What::Secret(secret) if secret.kept => Some(secret),
            _ => None,
        })
    }

    pub fn standing(&self, name: &str, place: Place) -> Standing<'_, 'a> {
        let mut last = None;
        let (mut later, mut elsewhere) = (None, None);
        let filled = self.is_kept(name);
        for declaration in self.all(name) {
            match declaration.what {
                // A secret that steps fill has its value from them.
                What::Secret(secret) if secret.kept && filled => {}
                What::Input(_) | What::Secret(_) | What::Var(_) | What::Mailbox => last = Some(declaration),
                What::Item(step) => match place {
                    Place::Step { step: here, part } if here == step && part != Part::List => last = Some(declaration),
                    _ => elsewhere = Some(declaration),
                },
                What::Kept { step, entry, .. } => {
                    if self.is_before(step, entry, place) {
                        last = Some(declaration);
                    } else if later.is_none() {
                        later = Some(declaration);
                    }
                }
            }
        }
        match (last, later, elsewhere) {
            (Some(declaration), ..) => Standing::Here(declaration),
            (None, Some(declaration), _) => Standing::Later(declaration),
            (None, None, Some(declaration)) => Standing::Elsewhere(declaration),
            (None, None, None) => Standing::Unknown,
        }
    }

    /// Whether an entry of `keep` can have come to pass before something at a place is looked at.
    fn is_before(&self, step: usize, entry: usize, place: Place) -> bool {
        let Place::Step { step: here, part } = place else { return false };
        if step != here {
            return step < here;
        }
        match part {
            Part::Keep(own) => entry < own,
            Part::Verdict => true,
            // Looked at again for each element, when the one before may have kept something.
            Part::When => self.loops.get(step).copied().unwrap_or(false),
            _ => false,
        }
    }
}
