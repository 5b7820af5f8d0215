//! The flags of `test` as a binding, so that they are read, checked and pointed at like one in a file.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::base::diagnostic::Diagnostic;
use crate::base::shape::{Reader, Shape as _};
use crate::base::span::{Source, Span};
use crate::base::yaml;
use crate::cli::arguments::{Allowance, HostUrl, NameValue, SecretSource, Test};
use crate::journey::bind::{Surroundings, WrittenAs, bind};
use crate::journey::binding::{RunEntry, rules};
use crate::journey::load::Loaded;
use crate::journey::resolved::Journey;
use crate::net::network::{Machine, Network, Settings};

const COMMAND_LINE: &str = "<command line>";

/// Binds every journey; all problems of all of them come back together.
pub(super) fn bind_all(arguments: &Test, loaded: &[Arc<Loaded>]) -> Result<Vec<Arc<Journey>>, Vec<Diagnostic>> {
    let machine = Arc::new(Machine::default());
    let plain = match Network::new(Settings::default(), &machine) {
        Ok(network) => Arc::new(network),
        Err(error) => return Err(vec![unusable(&error.message)]),
    };
    let around = Surroundings {
        machine: &machine,
        directory: Path::new(""),
        allow: None,
        limits: None,
        network: None,
        plain,
        written_as: WrittenAs::Flags,
    };
    let mut journeys = Vec::new();
    let mut diagnostics = Vec::new();
    let declared = Declared::by(loaded);
    for (position, loaded) in loaded.iter().enumerate() {
        let written = written(arguments, loaded, &declared, position == 0);
        let source = Source::new(COMMAND_LINE, written.text.clone());
        let parsed = yaml::parse(&source);
        let mut reader = Reader::new(Arc::clone(&source));
        reader.diagnostics = parsed.diagnostics;
        let entry = parsed.documents.first().and_then(|document| RunEntry::read(document, &mut reader));
        if let Some(entry) = entry {
            journeys.extend(bind(loaded, &entry, &around, &mut reader).into_iter().map(Arc::new));
        }
        let at_flag = |problem: Diagnostic| {
            if Arc::ptr_eq(&problem.source, &source) { written.at_flag(problem) } else { problem }
        };
        diagnostics.extend(std::mem::take(&mut reader.diagnostics).into_iter().map(at_flag));
    }
    if diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.retain(Diagnostic::is_error);
        diagnostics.dedup();
        return Err(diagnostics);
    }
    Ok(journeys)
}

fn unusable(message: &str) -> Diagnostic {
    let source = Source::new(COMMAND_LINE, "");
    Diagnostic::new(&rules::NETWORK, &source, Span::default(), message)
}

/// What any of the journeys declares: a flag for one of them is no mistake in the others.
struct Declared<'a> {
    inputs: HashSet<&'a str>,
    secrets: HashSet<&'a str>,
    hosts: HashSet<&'a str>,
}

impl<'a> Declared<'a> {
    fn by(loaded: &'a [Arc<Loaded>]) -> Self {
        let mut declared = Self { inputs: HashSet::new(), secrets: HashSet::new(), hosts: HashSet::new() };
        for loaded in loaded {
            let needs = &loaded.definition.form.needs;
            declared
                .inputs
                .extend(needs.inputs.iter().flat_map(|inputs| &inputs.0).map(|(name, _)| name.value.as_str()));
            declared
                .secrets
                .extend(needs.secrets.iter().flat_map(|secrets| &secrets.0).map(|(name, _)| name.value.as_str()));
            declared.hosts.extend(loaded.hosts.iter().map(|host| host.name.as_str()));
        }
        declared
    }
}

/// A binding as text, with the flag that each part of it comes from.
struct Written {
    text: String,
    flags: Vec<(Range<usize>, String)>,
}

/// The binding of one journey as text. What no journey declares stands in the first one's, to be reported once.
fn written(arguments: &Test, loaded: &Loaded, declared: &Declared<'_>, first: bool) -> Written {
    let needs = &loaded.definition.form.needs;
    let mut inputs = Parts::default();
    for NameValue { name, value: given } in &arguments.inputs {
        let schema = needs.inputs.as_ref().and_then(|inputs| inputs.get(name)).map(|input| &input.schema);
        if schema.is_some() || (first && !declared.inputs.contains(name.as_str())) {
            inputs.insert(name.clone(), (value(given, schema), format!("--set {name}={given}")));
        }
    }
    let mut secrets = Parts::default();
    for SecretSource { name, source } in &arguments.secrets {
        let own = needs.secrets.as_ref().is_some_and(|secrets| secrets.get(name).is_some());
        if own || (first && !declared.secrets.contains(name.as_str())) {
            secrets.insert(name.clone(), (json!(source), format!("--secret {name}={source}")));
        }
    }
    let mut hosts = Parts::default();
    for HostUrl { name, url } in &arguments.hosts {
        let own = loaded.hosts.iter().any(|host| host.name == *name);
        if own || (first && !declared.hosts.contains(name.as_str())) {
            hosts.insert(name.clone(), (json!(url.as_str()), format!("--host {name}={url}")));
        }
    }
    let mut written = Written { text: "{".to_owned(), flags: Vec::new() };
    for (key, parts) in [("inputs", inputs), ("secrets", secrets), ("hosts", hosts)] {
        if !parts.is_empty() {
            written.map(key, parts);
        }
    }
    let allows = |what: Allowance| arguments.allow.contains(&what);
    let (writes, private) = (allows(Allowance::Writes), allows(Allowance::PrivateAddresses));
    let allow = json!({ "writes": writes, "private-addresses": private });
    let _ = write!(written.text, "\"allow\":{allow}}}");
    written
}

/// What stands under one key of a binding, by name: the value, and the flag that gave it. The last flag wins.
type Parts = BTreeMap<String, (Json, String)>;

impl Written {
    fn map(&mut self, key: &str, parts: Parts) {
        let _ = write!(self.text, "\"{key}\":{{");
        for (index, (name, (value, flag))) in parts.into_iter().enumerate() {
            self.text.push_str(if index > 0 { "," } else { "" });
            let start = self.text.len();
            let _ = write!(self.text, "{}:{value}", json!(name));
            self.flags.push((start..self.text.len(), flag));
        }
        self.text.push_str("},");
    }

    /// The problem as people are to see it: at the flag, not at our text, which they did not write.
    fn at_flag(&self, problem: Diagnostic) -> Diagnostic {
        let place = problem.span.start as usize;
        let flag = self.flags.iter().find(|(range, _)| range.contains(&place)).map_or("", |(_, flag)| flag);
        let source = Source::new(COMMAND_LINE, flag);
        Diagnostic { span: Span::new(0, flag.len()), source, related: Vec::new(), ..problem }
    }
}

/// The kind that the input's schema asks for decides what the text of a flag is: text wherever that is allowed.
fn value(text: &str, schema: Option<&Json>) -> Json {
    let kind = schema.and_then(|schema| schema.get("type"));
    let is_text = match kind {
        Some(Json::String(kind)) => kind == "string",
        Some(Json::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => schema.is_none(),
    };
    if is_text {
        return Json::String(text.to_owned());
    }
    serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()))
}
