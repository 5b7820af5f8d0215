//! What was written but could not be read: it is wrong already, so nobody is told that it is missing, too.

use std::collections::HashSet;

use crate::base::diagnostic::{Diagnostic, Rule};
use crate::base::yaml::{Entry, Node, Tree};
use crate::journey::check;
use crate::journey::definition::step::Step;
use crate::journey::definition::{JourneyForm, rules};

/// Names that a document declares and its definition lacks.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    names: HashSet<String>,
    /// Rules whose findings may only follow from what was dropped.
    following: Vec<&'static Rule>,
}

impl Dropped {
    /// Compares a document with what was read of it.
    pub(super) fn of(root: &Node, form: &JourneyForm) -> Self {
        let steps = || form.steps.iter().chain(form.cleanup.iter().flatten());
        let needs = get(root, "needs");
        let mut read: HashSet<&str> = steps().flat_map(names_of).collect();
        read.extend(form.needs.hosts.iter().flat_map(|hosts| &hosts.0).map(|(name, _)| name.value.as_str()));
        read.extend(form.needs.inputs.iter().flat_map(|inputs| &inputs.0).map(|(name, _)| name.value.as_str()));
        read.extend(form.needs.secrets.iter().flat_map(|secrets| &secrets.0).map(|(name, _)| name.value.as_str()));
        read.extend(form.vars.iter().flat_map(|vars| &vars.0).map(|(name, _)| name.value.as_str()));
        let mut written: Vec<&str> = Vec::new();
        for key in ["hosts", "inputs", "secrets"] {
            written.extend(keys(needs.and_then(|needs| get(needs, key))));
        }
        written.extend(keys(get(root, "vars")));
        let nodes: Vec<&Node> = ["steps", "cleanup"].into_iter().flat_map(|key| items(get(root, key))).collect();
        for node in &nodes {
            written.extend(keys(get(node, "keep")));
            written.extend(keys(get(node, "for")).filter(|key| *key != "max"));
            written.extend(get(node, "step").and_then(Node::as_text).map(|id| id.text.as_str()));
        }
        let names: HashSet<String> =
            written.into_iter().filter(|name| !read.contains(name)).map(str::to_owned).collect();
        let mut following = FOLLOWING.to_vec();
        if keys(needs.and_then(|needs| get(needs, "hosts"))).any(|host| names.contains(host)) {
            following.push(&check::rules::NO_HOST);
        }
        if nodes.len() > steps().count() {
            following.extend([&check::rules::NO_CLEANUP, &rules::EMPTY]);
        }
        Self { names, following }
    }

    /// Whether the finding may only follow from what was dropped.
    pub(super) fn explains(&self, finding: &Diagnostic) -> bool {
        let names_dropped = self.names.iter().any(|name| finding.message.contains(&format!("`{name}`")));
        names_dropped || self.following.contains(&finding.rule)
    }
}

/// Rules about what is mentioned nowhere: it may have been where nothing could be read.
const FOLLOWING: [&Rule; 6] = [
    &check::rules::UNUSED_INPUT,
    &check::rules::UNUSED_SECRET,
    &check::rules::UNUSED_HOST,
    &check::rules::UNUSED_VAR,
    &check::rules::UNUSED_KEEP,
    &check::rules::UNUSED_WRITES,
];

fn names_of(step: &Step) -> impl Iterator<Item = &str> {
    let kept = step.keep.0.iter().map(|keep| keep.name.value.as_str());
    let item = step.for_each.as_ref().map(|each| each.name.value.as_str());
    kept.chain(item).chain(step.id.as_ref().map(|id| id.value.as_str()))
}

fn entries(node: &Node) -> &[Entry] {
    match &node.tree {
        Tree::Map(entries) => entries,
        _ => &[],
    }
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    entries(node).iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
}

fn keys(node: Option<&Node>) -> impl Iterator<Item = &str> {
    node.into_iter().flat_map(entries).map(|entry| entry.key.value.as_str())
}

fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.tree) {
        Some(Tree::List(nodes)) => nodes,
        _ => &[],
    }
}
