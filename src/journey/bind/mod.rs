//! Brings a loaded journey and a binding together: everything a run needs, or every reason why it cannot run.

mod ceilings;
mod identity;
#[cfg(test)]
mod tests;
mod undeclared;

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::binding::network::NetworkForm;
use super::binding::{Allow, HostBinding, RunEntry, rules, secret};
use super::definition::LimitsForm;
use super::load::Loaded;
use super::load::hosts::parse_url;
use super::resolved::{Journey, SecretSlot, SecretSource};
use crate::base::secret::{HostIndex, Label};
use crate::base::shape::Reader;
use crate::base::span::Span;
use crate::model::authority::{Authority, DeclaredHost, PrivateAddresses};
use crate::net::network::{Machine, Network, Settings};

/// Where the operator wrote the binding, which decides what a message tells to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenAs {
    /// In a configuration file.
    File,
    /// As flags of a command.
    Flags,
}

impl WrittenAs {
    fn choose<'a>(self, file: &'a str, flags: &'a str) -> &'a str {
        match self {
            Self::File => file,
            Self::Flags => flags,
        }
    }
}

/// What bindings are read against.
pub struct Surroundings<'a> {
    pub machine: &'a Arc<Machine>,
    /// Of the configuration file: relative paths start here.
    pub directory: &'a Path,
    /// Where an entry says nothing.
    pub allow: Option<&'a Allow>,
    pub limits: Option<&'a LimitsForm>,
    pub network: Option<&'a NetworkForm>,
    /// Of everything that has no settings of its own; shared.
    pub plain: Arc<Network>,
    pub written_as: WrittenAs,
}

/// Binds one journey: one scheduled run, or one for each entry of `each` or `vary`. What is wrong goes to the
/// reader, whose source is that of the binding.
pub fn bind(loaded: &Arc<Loaded>, entry: &RunEntry, around: &Surroundings<'_>, reader: &mut Reader) -> Vec<Journey> {
    undeclared::check(std::slice::from_ref(loaded), entry, reader);
    one(loaded, entry, around, reader)
}

/// The same for every journey that the entry stands for, each run with where it comes from. What one of them
/// declares is no mistake for the others.
pub fn bind_all(
    journeys: &[Arc<Loaded>],
    entry: &RunEntry,
    around: &Surroundings<'_>,
    reader: &mut Reader,
) -> Vec<(Arc<Loaded>, Journey)> {
    undeclared::check(journeys, entry, reader);
    let mut bound = Vec::new();
    for loaded in journeys {
        bound.extend(one(loaded, entry, around, reader).into_iter().map(|journey| (Arc::clone(loaded), journey)));
    }
    bound
}

fn one(loaded: &Arc<Loaded>, entry: &RunEntry, around: &Surroundings<'_>, reader: &mut Reader) -> Vec<Journey> {
    let before = reader.diagnostics.iter().filter(|problem| problem.is_error()).count();
    told_to_people(entry, reader);
    refuse_later(entry, reader);
    pinned(loaded, entry, reader);
    let limits = ceilings::limits(loaded, entry, around, reader);
    let hosts = hosts(loaded, entry, reader);
    let networks = networks(loaded, entry, around, reader);
    let secrets = secrets(loaded, entry, around, reader);
    let allow = entry.allow.as_ref().or(around.allow);
    let authority = Authority {
        hosts: hosts.into(),
        private_addresses: allow.map_or(PrivateAddresses::Refused, |allow| allow.private_addresses.0.clone()),
        writes: allow.is_some_and(|allow| allow.writes),
    };
    let mut notices = Vec::new();
    if networks.iter().any(|network| network.is_insecure()) {
        notices.push("certificates were not verified: the binding says `insecure: true`".to_owned());
    }
    let networks: Arc<[Arc<Network>]> = networks.into();
    let mut journeys = Vec::new();
    for variant in identity::variants(loaded, entry, reader) {
        let inputs = inputs(loaded, entry, &variant, around, reader);
        journeys.push(Journey {
            id: loaded.definition.id().to_owned(),
            name: variant.name,
            title: loaded.definition.title(),
            owner: loaded.definition.form.owner.as_ref().map(|owner| owner.value.clone()),
            digest: loaded.digest.clone(),
            authority: authority.clone(),
            networks: Arc::clone(&networks),
            inputs,
            secrets: secrets.clone(),
            limits,
            main: Arc::clone(&loaded.part),
            notices: notices.clone(),
        });
    }
    let after = reader.diagnostics.iter().filter(|problem| problem.is_error()).count();
    if after > before { Vec::new() } else { journeys }
}

/// What an entry says to people must be usable as well.
fn told_to_people(entry: &RunEntry, reader: &mut Reader) {
    let own = entry.labels.iter().flat_map(|labels| labels.0.iter().map(|(name, _)| name));
    let of_each = entry.each.iter().flatten().map(|each| each.labels.iter().flat_map(|labels| &labels.0).count());
    let most = of_each.max().unwrap_or_default();
    let mut count = 0;
    for name in own {
        count += 1;
        if !crate::base::name::is_name(&name.value) {
            reader.report(&rules::BINDING, name.span, format!("`{}` cannot be the name of a label", name.value)).help =
                Some("letters, digits, `_` and `-`, for example `unit`".to_owned());
        }
    }
    if count + most > LABELS_MAX {
        let span = entry.labels.as_ref().and_then(|labels| labels.0.first()).map_or(entry.span, |(name, _)| name.span);
        let message =
            format!("an entry has at most {LABELS_MAX} labels, those of `each` included; these are {}", count + most);
        reader.report(&rules::BINDING, span, message);
    }
    if let Some(runbook) = &entry.runbook
        && !url::Url::parse(&runbook.value).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    {
        reader.report(&rules::BINDING, runbook.span, format!("`{}` is not the URL of a page", runbook.value)).help =
            Some("write for example `https://wiki.example.org/runbooks/booking`".to_owned());
    }
}

/// Labels of one entry: each is a column of every report.
const LABELS_MAX: usize = 10;

fn refuse_later(entry: &RunEntry, reader: &mut Reader) {
    if let Some(mailboxes) = &entry.mailboxes {
        let rule = &super::definition::rules::LATER;
        reader.report(rule, mailboxes.span, "`mailboxes` come with a later version of forerunner");
    }
}

/// A pinned version or digest must be that of the definition at hand.
fn pinned(loaded: &Loaded, entry: &RunEntry, reader: &mut Reader) {
    if let Some(digest) = &entry.digest
        && digest.value != loaded.digest.0
    {
        let message = format!("the definition's digest is not `{}`", digest.value);
        reader.report(&rules::PIN, digest.span, message).help =
            Some(format!("it is `{}`: look at what changed, then pin that", loaded.digest));
    }
    if let Some(wanted) = &entry.version {
        let has = loaded.definition.form.version.as_ref().map(|version| version.value.as_str());
        if !has.is_some_and(|has| version_fits(&wanted.value, has)) {
            let message = format!("version `{}` is wanted, the definition has {}", wanted.value, has.unwrap_or("none"));
            reader.report(&rules::PIN, wanted.span, message);
        }
    }
}

/// `^1.2`: from 1.2.0 to below 2.0.0 (below 1.0.0 the minor number counts as the major one); anything else: exactly that version.
fn version_fits(wanted: &str, has: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u64>> { text.split('.').map(|part| part.parse().ok()).collect() };
    let Some(least) = wanted.strip_prefix('^') else { return wanted == has };
    let (Some(mut least), Some(has)) = (numbers(least), numbers(has)) else { return false };
    let fixed = if least.first() == Some(&0) { 2 } else { 1 };
    least.resize(3, 0);
    has.len() == 3 && has >= least && has.iter().zip(&least).take(fixed).all(|(has, least)| has == least)
}

fn hosts(loaded: &Loaded, entry: &RunEntry, reader: &mut Reader) -> Vec<DeclaredHost> {
    let mut hosts = loaded.hosts.clone();
    for host in &mut hosts {
        let written = entry.hosts.as_ref().and_then(|given| given.get(&host.name));
        let Some(HostBinding { url: Some(url), .. }) = written else { continue };
        match parse_url(&url.value) {
            Ok((parsed, origin)) => (host.url, host.origin) = (parsed, origin),
            Err((message, help)) => reader.report(&rules::BINDING, url.span, message).help = Some(help),
        }
    }
    hosts
}

fn networks(loaded: &Loaded, entry: &RunEntry, around: &Surroundings<'_>, reader: &mut Reader) -> Vec<Arc<Network>> {
    let own = |host: &DeclaredHost| {
        entry.hosts.as_ref().and_then(|given| given.get(&host.name)).and_then(|host| host.network.as_ref())
    };
    let whole = entry.network.as_ref();
    let mut shared: Option<Arc<Network>> = None;
    let mut networks = Vec::with_capacity(loaded.hosts.len());
    for host in &loaded.hosts {
        let own = own(host);
        if whole.is_none() && own.is_none() {
            networks.push(Arc::clone(&around.plain));
            continue;
        }
        if own.is_none()
            && let Some(shared) = &shared
        {
            networks.push(Arc::clone(shared));
            continue;
        }
        let mut settings = Settings::default();
        for form in [around.network, whole, own].into_iter().flatten() {
            form.lay_over(&mut settings, around.directory, reader);
        }
        let span = own.or(whole).map_or(entry.span, |form| form.span);
        match Network::new(settings, around.machine) {
            Ok(network) => {
                let network = Arc::new(network);
                if own.is_none() {
                    shared = Some(Arc::clone(&network));
                }
                networks.push(network);
            }
            Err(error) => {
                reader.report(&rules::NETWORK, span, format!("`{}` cannot be used: {}", error.key, error.message));
                networks.push(Arc::clone(&around.plain));
            }
        }
    }
    networks
}

fn secrets(loaded: &Loaded, entry: &RunEntry, around: &Surroundings<'_>, reader: &mut Reader) -> Vec<SecretSlot> {
    let index = |name: &str| {
        let at = loaded.hosts.iter().position(|host| host.name == name)?;
        u8::try_from(at).ok().map(HostIndex)
    };
    let mut slots = Vec::new();
    for (name, need) in loaded.definition.form.needs.secrets.iter().flat_map(|secrets| &secrets.0) {
        let label = Label::only(need.to.iter().filter_map(|host| index(&host.value)));
        let given = entry.secrets.as_ref().and_then(|given| given.get(&name.value));
        let source = match (need.kept, given) {
            (true, None) => None,
            (true, Some(given)) => {
                let message = format!("secret `{}` is kept by a step, so it is not given", name.value);
                reader.report(&rules::BINDING, given.span, message);
                None
            }
            // One that is given in a way that cannot be read has been reported where it stands.
            (false, None) if misread(entry, reader) => None,
            (false, None) => {
                let message = format!("journey `{}` needs secret `{}`", loaded.definition.id(), name.value);
                let (file, flags) =
                    (format!("secrets: {{ {}: env:NAME }}", name.value), format!("--secret {}=env:NAME", name.value));
                reader.report(&rules::BINDING, entry.span, message).help = Some(format!(
                    "say where it is held: `{}`, or `file:PATH`",
                    around.written_as.choose(&file, &flags)
                ));
                None
            }
            (false, Some(given)) => {
                let source = given.value.source(around.directory);
                readable(&name.value, &source, given.span, reader);
                Some(source)
            }
        };
        slots.push(SecretSlot { name: name.value.clone(), label, source });
    }
    slots
}

/// Whether a secret of this entry is given by something that is no place where secrets are held.
fn misread(entry: &RunEntry, reader: &Reader) -> bool {
    let inside = |span: Span| entry.span.start <= span.start && span.end <= entry.span.end;
    reader.diagnostics.iter().any(|problem| problem.rule.id == rules::SECRET_SOURCE.id && inside(problem.span))
}

fn readable(name: &str, source: &SecretSource, span: Span, reader: &mut Reader) {
    match secret::held_at(source) {
        Err(why) => {
            reader.report(&rules::UNREADABLE_SECRET, span, format!("secret `{name}` cannot be read: {why}")).help =
                Some("runs are indeterminate until it can".to_owned());
        }
        Ok(text) if text.chars().count() < crate::base::redact::MASKED_LENGTH_MIN => {
            let message = format!("secret `{name}` is too short to be masked reliably");
            reader.report(&rules::UNREADABLE_SECRET, span, message).help =
                Some(format!("use one of at least {} characters", crate::base::redact::MASKED_LENGTH_MIN));
        }
        Ok(_) => {}
    }
}

/// The values of all inputs that are not left to their defaults, each valid by its schema.
fn inputs(
    loaded: &Loaded,
    entry: &RunEntry,
    variant: &identity::Variant<'_>,
    around: &Surroundings<'_>,
    reader: &mut Reader,
) -> Vec<(String, Json)> {
    let mut values = Vec::new();
    for input in &loaded.inputs {
        let name = input.name.as_str();
        let varied = variant.inputs.and_then(|inputs| Some((inputs.get(name)?, variant.span)));
        let given = entry.inputs.as_ref().and_then(|given| given.get(name)).map(|given| (&given.value, given.span));
        let Some((value, span)) = varied.or(given) else {
            if input.default.is_none() {
                let message = format!("journey `{}` needs input `{name}`", loaded.definition.id());
                let (file, flags) = (format!("inputs: {{ {name}: … }}"), format!("--set {name}=…"));
                reader.report(&rules::BINDING, entry.span, message).help =
                    Some(format!("give it: `{}`", around.written_as.choose(&file, &flags)));
            }
            continue;
        };
        if let Err(miss) = input.schema.check(value) {
            let place = if miss.at.is_empty() { String::new() } else { format!(" at `{}`", miss.at) };
            reader.report(&rules::BINDING, span, format!("input `{name}` is not valid{place}: {}", miss.message));
        }
        values.push((name.to_owned(), value.clone()));
    }
    values
}
