//! A binding as the operator wrote it: which journey runs here, with which values, and what it is allowed.

pub mod network;
pub mod rules;
pub mod secret;
pub mod worth;

use std::time::Duration;

use serde_json::Value as Json;

use super::definition::{LimitsForm, Vary};
use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::span::{Span, Spanned};
use crate::base::yaml::{Node, Tree};
use crate::base::{shape, words};
use crate::model::authority::{Prefix, PrivateAddresses};
use crate::model::notice::Demand;
use crate::net::guard::parse_prefix;
use network::NetworkForm;
use secret::SecretText;
use worth::Worth;

shape! {
    /// One scheduled journey: which, how often, and with what.
    pub struct RunEntry {
        /// Id of a journey among `probes`, or one of those in `file`.
        journey: optional Spanned<String>,
        /// A journey file, relative to this one; alone it stands for every journey in it.
        file: optional Spanned<String>,
        /// Name of the run in metrics and history; default the journey's id.
        name: optional Spanned<String>,
        /// The version that is wanted: `1.2.3`, or `^1.2` for 1.2.0 up to below 2.0.0. Not with `file`.
        version: optional Spanned<String>,
        /// The digest that the definition must have. Not with `file`.
        digest: optional Spanned<String>,
        /// Interval between starts.
        every: optional Spanned<Duration>,
        /// Locations that run it; default all.
        from: optional Vec<Spanned<String>>,
        /// Values of the journey's inputs.
        inputs: optional Entries<Spanned<Json>>,
        /// Where each secret is held: `env:NAME` or `file:PATH`.
        secrets: optional Entries<Spanned<SecretText>>,
        /// Comes with a later version.
        mailboxes: optional Node,
        /// Other URLs, or ways to reach them, for declared hosts.
        hosts: optional Entries<HostBinding>,
        /// What it may do beyond reading public addresses.
        allow: optional Allow,
        /// Ceilings for what the journey asks.
        limits: optional LimitsForm,
        /// How its hosts are reached from here.
        network: optional NetworkForm,
        /// Names of routes or channels that are told of its incidents, or `none`.
        alert: optional Alert,
        /// Input maps; each is a scheduled run of its own. Replaces the journey's `vary`.
        each: optional Vec<Vary>,
        /// Entries with the same lock never run at the same time.
        lock: optional Spanned<String>,
        /// Labels carried by results, incidents and reports, at most 10.
        labels: optional Entries<Spanned<String>>,
        /// How often real users do this: `400/d`, `20/h`.
        demand: optional Spanned<Demand>,
        /// What one use is worth: `12.50 GBP`.
        value: optional Spanned<Worth>,
        /// Whether the status page shows it.
        public: default(false) bool,
        /// URL of instructions for whoever is called.
        runbook: optional Spanned<String>,
        /// Of its incidents; default `critical`.
        severity: default(IncidentSeverity::Critical) IncidentSeverity,
        /// Failures that open an incident; default 2.
        open_after: optional Spanned<u32> as "open-after",
        /// Passes that close it; default 2.
        close_after: optional Spanned<u32> as "close-after",
        /// The least time that the passes must span; default 60s.
        close_for: optional Spanned<Duration> as "close-for",
    }
}

words! {
    /// How urgent an incident is.
    pub enum IncidentSeverity {
        /// Pages somebody.
        Critical = "critical",
        /// Is looked at in working hours.
        Warning = "warning",
        /// Is only recorded.
        Info = "info",
    }
}

/// Who is told.
#[derive(Clone, Debug)]
pub enum Alert {
    Nobody,
    Routes(Vec<Spanned<String>>),
}

impl Shape for Alert {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.tree {
            Tree::Text(text) if text.text == "none" => Some(Self::Nobody),
            Tree::List(_) => Shape::read(node, reader).map(Self::Routes),
            _ => {
                reader.wrong_kind(node, "`none` or a list of names of routes and channels");
                None
            }
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "anyOf": [{ "const": "none" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

shape! {
    /// What a run may do beyond reading from public addresses.
    pub struct Allow {
        /// Whether it may send what can change something.
        writes: default(false) bool,
        /// `true`, `false`, or a list of ranges such as `10.0.0.0/8`.
        private_addresses: default(PrivateChoice(PrivateAddresses::Refused)) PrivateChoice as "private-addresses",
    }
}

/// Which addresses that are refused by default are open to a run.
#[derive(Clone, Debug)]
pub struct PrivateChoice(pub PrivateAddresses);

impl Shape for PrivateChoice {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.tree {
            Tree::Bool(false) => Some(Self(PrivateAddresses::Refused)),
            Tree::Bool(true) => Some(Self(PrivateAddresses::Allowed)),
            Tree::List(_) => {
                let written = Vec::<Spanned<String>>::read(node, reader)?;
                let read = written.iter().filter_map(|text| prefix(text, reader));
                Some(Self(PrivateAddresses::AllowedWithin(read.collect())))
            }
            _ => {
                reader.wrong_kind(node, "`true`, `false` or a list of address ranges");
                None
            }
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "anyOf": [{ "type": "boolean" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

fn prefix(text: &Spanned<String>, reader: &mut Reader) -> Option<Prefix> {
    parse_prefix(&text.value).map_err(|why| reader.report(&rules::NETWORK, text.span, why)).ok()
}

/// What the operator says of one declared host: another URL, or a URL with ways to reach it.
#[derive(Clone, Debug)]
pub struct HostBinding {
    pub span: Span,
    pub url: Option<Spanned<String>>,
    /// Keys of `network` for this host alone.
    pub network: Option<NetworkForm>,
}

impl Shape for HostBinding {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Tree::Map(entries) = &node.tree else {
            let url = Spanned::<String>::read(node, reader)?;
            return Some(Self { span: node.span, url: Some(url), network: None });
        };
        let (own, rest): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|entry| entry.key.value == "url");
        let url = own.first().and_then(|entry| Shape::read(&entry.value, reader));
        let network = if rest.is_empty() {
            None
        } else {
            Some(NetworkForm::read(&Node { span: node.span, tree: Tree::Map(rest) }, reader)?)
        };
        Some(Self { span: node.span, url, network })
    }

    fn schema(schemas: &mut Schemas) -> Json {
        NetworkForm::schema(schemas);
        // The keys of the network, and `url` beside them.
        let mut long = schemas.definition("NetworkForm");
        if let Some(properties) = long.get_mut("properties").and_then(Json::as_object_mut) {
            properties.insert("url".to_owned(), serde_json::json!({ "type": "string" }));
        }
        serde_json::json!({ "anyOf": [{ "type": "string", "description": "URL of the host" }, long] })
    }
}
