//! Puts the vars of a journey into an order in which each can be evaluated.

use std::collections::HashMap;

use super::rules;
use crate::base::diagnostic::Diagnostic;
use crate::journey::definition::Definition;
use crate::journey::resolved::Var;
use crate::template::{Data, UseKind};

/// Keeps the search for circles from exhausting the stack; the bound of the language is below it.
const VARS_MAX: usize = 1_000;

/// The vars, what each is made of before it, otherwise as written. A cycle is reported once, by its names. More vars
/// than there may be have been reported; they are not looked at.
pub(super) fn ordered(definition: &Definition, diagnostics: &mut Vec<Diagnostic>) -> Vec<Var> {
    let written: &[_] = definition.form.vars.as_ref().map_or(&[], |vars| &vars.0);
    if written.len() > VARS_MAX {
        return Vec::new();
    }
    let index: HashMap<&str, usize> =
        written.iter().enumerate().map(|(index, (name, _))| (name.value.as_str(), index)).collect();
    let parts: Vec<Vec<usize>> = written.iter().map(|(_, data)| made_of(data, &index)).collect();
    let mut sorting =
        Sorting { parts: &parts, state: vec![State::New; written.len()], order: Vec::new(), path: Vec::new() };
    for var in 0..written.len() {
        if let Some(cycle) = sorting.visit(var) {
            let names: Vec<_> = cycle.iter().map(|var| format!("`{}`", written[*var].0.value)).collect();
            let first = &written[cycle[0]].0;
            let message = match names.as_slice() {
                [one] => format!("var {one} is made of itself"),
                [one, rest @ ..] => format!("var {one} is made of itself, through {}", rest.join(", ")),
                [] => continue,
            };
            diagnostics.push(
                Diagnostic::new(&rules::VAR_CYCLE, &definition.source, first.span, message)
                    .help("vars are evaluated once, before the first step: break the circle"),
            );
        }
    }
    sorting
        .order
        .iter()
        .map(|var| {
            let (name, data) = &written[*var];
            Var { name: name.value.clone(), data: data.clone(), at_each_use: data.is_totp() }
        })
        .collect()
}

fn made_of(data: &Data, index: &HashMap<&str, usize>) -> Vec<usize> {
    let uses = data.templates().into_iter().flat_map(|(_, _, template)| template.uses());
    uses.filter(|used| used.kind == UseKind::Reference).filter_map(|used| index.get(used.name).copied()).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Sorting<'a> {
    parts: &'a [Vec<usize>],
    state: Vec<State>,
    order: Vec<usize>,
    path: Vec<usize>,
}

impl Sorting<'_> {
    /// Puts the var behind what it is made of. The answer is a cycle it leads into, if there is one. At most 100 vars
    /// deep, by the bound on their number.
    fn visit(&mut self, var: usize) -> Option<Vec<usize>> {
        match self.state[var] {
            State::Done => return None,
            State::Open => {
                let start = self.path.iter().position(|open| *open == var).unwrap_or(0);
                return Some(self.path[start..].to_vec());
            }
            State::New => {}
        }
        self.state[var] = State::Open;
        self.path.push(var);
        let mut cycle = None;
        for part in &self.parts[var] {
            cycle = cycle.or(self.visit(*part));
        }
        self.path.pop();
        self.state[var] = State::Done;
        self.order.push(var);
        cycle
    }
}
