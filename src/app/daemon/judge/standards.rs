//! What the judge must know of the configuration in force, as one value that a reload swaps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::app::daemon::set::RunSet;
use crate::base::span::Spanned;
use crate::config::channels::Channel;
use crate::config::form;
use crate::config::{Configuration, ScheduledRun};
use crate::evaluate::Policy;
use crate::journey::binding::IncidentSeverity;
use crate::journey::execute::rechecked;
use crate::model::incident::Severity;
use crate::model::notice::{Demand, Party};
use crate::notify::render::Sender;

/// Failures that open an incident, and passes that close it, where the entry says nothing.
const OPEN_AFTER: u32 = 2;
const CLOSE_AFTER: u32 = 2;
const CLOSE_FOR: Duration = Duration::from_mins(1);

/// Ends message ids where neither pages nor a sender have a domain. Reserved by RFC 2606: it is nobody's.
const NO_DOMAIN: &str = "forerunner.invalid";

pub struct Standards {
    runs: HashMap<String, Watched>,
    installation: Installation,
}

/// What is said once for all run entries.
#[derive(Default)]
pub struct Installation {
    pub channels: Vec<Channel>,
    /// Who is responsible, by the names that journeys give as `owner`.
    pub parties: BTreeMap<String, form::Party>,
    pub vantage: String,
    /// How people reach our pages, without a slash at its end.
    pub pages: Option<String>,
}

/// One run entry.
pub struct Watched {
    pub journey: String,
    /// Names of the channels that tell of its incidents.
    pub channels: Arc<[String]>,
    pub runbook: Option<String>,
    pub demand: Option<Demand>,
    pub labels: Vec<(String, String)>,
    pub every: Duration,
    /// Ids of the steps that a second look takes.
    pub rechecked: Vec<String>,
    policy: Policy,
}

impl Standards {
    #[must_use]
    pub fn new(set: &RunSet, installation: Installation) -> Self {
        Self { runs: set.iter().map(|run| (run.journey.name.clone(), watched(run))).collect(), installation }
    }

    #[must_use]
    pub fn run(&self, name: &str) -> Option<&Watched> {
        self.runs.get(name)
    }

    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// By which the evaluator judges.
    #[must_use]
    pub fn policies(&self) -> BTreeMap<String, Policy> {
        self.runs.iter().map(|(name, watched)| (name.clone(), watched.policy.clone())).collect()
    }
}

impl Installation {
    #[must_use]
    pub fn of(configuration: &Configuration, vantage: String) -> Self {
        let url = configuration.settings.as_ref().and_then(|settings| settings.external_url.as_deref());
        Self {
            channels: configuration.channels.clone(),
            parties: configuration.parties.clone(),
            vantage,
            pages: url.map(|url| url.trim_end_matches('/').to_owned()),
        }
    }

    #[must_use]
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name == name)
    }

    /// What message ids end in: the host of the pages, else the domain of a sender.
    #[must_use]
    pub fn domain(&self) -> String {
        let host = |pages: &str| url::Url::parse(pages).ok()?.domain().map(str::to_owned);
        let sender = || self.channels.first().and_then(|channel| channel.email.from.rsplit_once('@'));
        let domain = self.pages.as_deref().and_then(host).or_else(|| sender().map(|(_, domain)| domain.to_owned()));
        domain.unwrap_or_else(|| NO_DOMAIN.to_owned())
    }

    /// How mails of a channel introduce themselves.
    #[must_use]
    pub fn sender(&self, channel: &Channel) -> Sender {
        let domain = self.domain();
        Sender { from: channel.email.from.clone(), list_id: Some(format!("{}.{domain}", channel.name)), domain }
    }

    /// Somebody whom a journey names; who has no entry has a name and nothing else.
    #[must_use]
    pub fn party(&self, id: &str) -> Party {
        let form = self.parties.get(id);
        let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
        Party {
            id: id.to_owned(),
            name: form.and_then(|form| text(&form.name)).unwrap_or_else(|| id.to_owned()),
            contact: form.and_then(|form| text(&form.contact)),
            kind: form.and_then(|form| form.kind).map(|kind| kind.word().to_owned()),
        }
    }
}

/// The customer's task; of one that runs several times, with the name of the entry, so that people can tell which.
fn title(run: &ScheduledRun) -> String {
    let journey = &run.journey;
    if journey.name == journey.id { journey.title.clone() } else { format!("{} [{}]", journey.title, journey.name) }
}

fn watched(run: &ScheduledRun) -> Watched {
    let (journey, entry) = (&run.journey, &run.entry);
    let count = |written: Option<Spanned<u32>>, usual| written.map_or(usual, |count| count.value);
    let rechecked: Vec<_> = journey.main.steps.iter().take(rechecked(journey)).map(|step| step.id.clone()).collect();
    let labels = entry.labels.iter().flat_map(|labels| &labels.0);
    Watched {
        journey: journey.id.clone(),
        channels: Arc::clone(&run.alert),
        runbook: entry.runbook.as_ref().map(|runbook| runbook.value.clone()),
        demand: entry.demand.as_ref().map(|demand| demand.value),
        labels: labels.map(|(name, value)| (name.value.clone(), value.value.clone())).collect(),
        every: run.interval,
        policy: Policy {
            title: title(run),
            owner: journey.owner.clone(),
            severity: match entry.severity {
                IncidentSeverity::Critical => Severity::Critical,
                IncidentSeverity::Warning => Severity::Warning,
                IncidentSeverity::Info => Severity::Info,
            },
            open_after: count(entry.open_after, OPEN_AFTER).max(1),
            close_after: count(entry.close_after, CLOSE_AFTER).max(1),
            close_for: entry.close_for.as_ref().map_or(CLOSE_FOR, |time| time.value),
            every: run.interval,
            recheck: !rechecked.is_empty() && entry.lock.is_none(),
            told: !run.alert.is_empty(),
        },
        rechecked,
    }
}
