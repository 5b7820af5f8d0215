//! The flags of `test` as a binding, so that they are read, checked and pointed at like one in a file.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::base::diagnostic::Diagnostic;
use crate::base::shape::{Reader, Shape as _};
use crate::base::span::Source;
use crate::base::yaml;
use crate::cli::arguments::{Allowance, Test};
use crate::journey::bind::{Surroundings, WrittenAs, bind};
use crate::journey::binding::RunEntry;
use crate::journey::load::Loaded;
use crate::journey::resolved::Journey;
use crate::net::network::{Machine, Network, Settings};

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
        let text = text(arguments, loaded, &declared, position == 0);
        let source = Source::new("<command line>", text);
        let parsed = yaml::parse(&source);
        let mut reader = Reader::new(Arc::clone(&source));
        reader.diagnostics = parsed.diagnostics;
        let entry = parsed.documents.first().and_then(|document| RunEntry::read(document, &mut reader));
        if let Some(entry) = entry {
            journeys.extend(bind(loaded, &entry, &around, &mut reader).into_iter().map(Arc::new));
        }
        diagnostics.append(&mut reader.diagnostics);
    }
    if diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.retain(Diagnostic::is_error);
        diagnostics.dedup();
        return Err(diagnostics);
    }
    Ok(journeys)
}

fn unusable(message: &str) -> Diagnostic {
    let source = Source::new("<command line>", "");
    Diagnostic::new(&crate::journey::binding::rules::NETWORK, &source, crate::base::span::Span::default(), message)
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

/// The binding of one journey as text. What no journey declares stands in the first one's, to be reported once.
fn text(arguments: &Test, loaded: &Loaded, declared: &Declared<'_>, first: bool) -> String {
    let needs = &loaded.definition.form.needs;
    let mut inputs = Map::new();
    for given in &arguments.inputs {
        let schema = needs.inputs.as_ref().and_then(|inputs| inputs.get(&given.name)).map(|input| &input.schema);
        if schema.is_some() || (first && !declared.inputs.contains(given.name.as_str())) {
            inputs.insert(given.name.clone(), value(&given.value, schema));
        }
    }
    let mut secrets = Map::new();
    for given in &arguments.secrets {
        let own = needs.secrets.as_ref().is_some_and(|secrets| secrets.get(&given.name).is_some());
        if own || (first && !declared.secrets.contains(given.name.as_str())) {
            secrets.insert(given.name.clone(), json!(given.source));
        }
    }
    let mut hosts = Map::new();
    for given in &arguments.hosts {
        let own = loaded.hosts.iter().any(|host| host.name == given.name);
        if own || (first && !declared.hosts.contains(given.name.as_str())) {
            hosts.insert(given.name.clone(), json!(given.url.as_str()));
        }
    }
    let allows = |what: Allowance| arguments.allow.contains(&what);
    let mut entry = Map::new();
    for (key, map) in [("inputs", inputs), ("secrets", secrets), ("hosts", hosts)] {
        if !map.is_empty() {
            entry.insert(key.to_owned(), Json::Object(map));
        }
    }
    let (writes, private) = (allows(Allowance::Writes), allows(Allowance::PrivateAddresses));
    entry.insert("allow".to_owned(), json!({ "writes": writes, "private-addresses": private }));
    Json::Object(entry).to_string()
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
