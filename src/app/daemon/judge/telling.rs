//! Who is told of a change of an incident, and with what: from the facts of the configuration, the run and history to
//! rendered messages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::standards::{Installation, Standards};
use crate::base::time::Timestamp;
use crate::config::channels::Channel;
use crate::history::ledger::Ledger;
use crate::history::list::{Filter, RunLine};
use crate::history::store::Store;
use crate::model::incident::{Aspect, Incident, Key, NoticeKind, RunRef, Transition};
use crate::model::notice::{Notice, Sample};
use crate::model::outbox::{Address, NewNotice};
use crate::model::run::{Outcome, Run};
use crate::notify::render::{self, Extent};

/// Of the runs shown in a picture.
const RECENT: Duration = Duration::from_hours(6);
const RECENT_MAX: usize = 720;
/// With more notes waiting for one receiver, a digest will bundle them: then pictures are not worth their time.
const PLENTY: u64 = 5;
/// What trouble of our own with a channel is called: `channel/ops-mail`.
pub const CHANNEL_PART: &str = "channel/";

/// What is needed for telling of one group of runs.
pub(super) struct Telling<'a> {
    standards: &'a Arc<Standards>,
    ledger: &'a Ledger,
    history: &'a Arc<Store>,
    /// Notes of this group for each receiver, which the ledger does not know of yet.
    queued: HashMap<Address, u64>,
}

/// A message that is to be made.
struct Order {
    channel: Channel,
    to: Vec<Address>,
    extent: Extent,
}

impl<'a> Telling<'a> {
    pub(super) fn new(standards: &'a Arc<Standards>, ledger: &'a Ledger, history: &'a Arc<Store>) -> Self {
        Self { standards, ledger, history, queued: HashMap::new() }
    }

    /// The messages that a change makes, one a channel; none if nobody is to be told.
    pub(super) async fn notices(&mut self, transition: &Transition, run: Option<Arc<Run>>) -> Vec<NewNotice> {
        let Some(kind) = transition.notice else { return Vec::new() };
        let mut receivers = receivers(self.standards, &transition.incident.key);
        if kind.is_terminal() {
            self.add_those_who_know(&transition.incident.id, &mut receivers).await;
        }
        let orders: Vec<_> = receivers.into_values().map(|(channel, to)| self.order(channel, to)).collect();
        if orders.is_empty() {
            return Vec::new();
        }
        let (standards, history, transition) =
            (Arc::clone(self.standards), Arc::clone(self.history), transition.clone());
        // Drawing takes milliseconds, and history may be slow.
        let made = tokio::task::spawn_blocking(move || {
            let pictured = orders.iter().any(|order| order.extent == Extent::Full);
            let notice = notice(&standards, &history, kind, transition, run, pictured);
            orders.into_iter().map(|order| message(standards.installation(), &notice, order)).collect()
        });
        made.await.unwrap_or_else(|error| {
            tracing::error!(%error, "making a notice was broken off");
            Vec::new()
        })
    }

    /// Who was told that it began is told that it is over, whoever is to be told of such things since.
    async fn add_those_who_know(&self, incident: &str, receivers: &mut Receivers) {
        let (reader, id) = (self.ledger.reader(), incident.to_owned());
        let story = tokio::task::spawn_blocking(move || reader.incident(&id)).await;
        let Ok(Ok(Some(story))) = story else { return };
        for note in story.notes {
            let Some(channel) = self.standards.installation().channel(&note.channel) else { continue };
            let (_, to) = receivers.entry(channel.name.clone()).or_insert_with(|| (channel.clone(), Vec::new()));
            if !to.iter().any(|known| known.recipient.eq_ignore_ascii_case(&note.recipient)) {
                to.push(Address { channel: note.channel, recipient: note.recipient });
            }
        }
    }

    fn order(&mut self, channel: Channel, to: Vec<Address>) -> Order {
        let mut plenty = true;
        for address in &to {
            let queued = self.queued.entry(address.clone()).or_default();
            plenty &= self.ledger.pending_for(address) + *queued >= PLENTY;
            *queued += 1;
        }
        Order { channel, to, extent: if plenty { Extent::Short } else { Extent::Full } }
    }
}

/// By the name of the channel.
type Receivers = BTreeMap<String, (Channel, Vec<Address>)>;

/// Those of the channels that the entry names. Of trouble of our own: of every channel but the troubled one, if there are
/// others.
fn receivers(standards: &Standards, key: &Key) -> Receivers {
    let installation = standards.installation();
    let mut told: Vec<&Channel> = Vec::new();
    if key.aspect == Aspect::Own {
        let troubled = key.name.strip_prefix(CHANNEL_PART);
        told.extend(installation.channels.iter().filter(|channel| troubled != Some(channel.name.as_str())));
        if told.is_empty() {
            told.extend(&installation.channels);
        }
    } else {
        let names = standards.run(&key.name).map(|watched| watched.channels.as_ref()).unwrap_or_default();
        told.extend(names.iter().filter_map(|name| installation.channel(name)));
    }
    let to = |channel: &Channel| {
        let address = |recipient: &String| Address { channel: channel.name.clone(), recipient: recipient.clone() };
        channel.email.to.iter().map(address).collect()
    };
    told.into_iter().map(|channel| (channel.name.clone(), (channel.clone(), to(channel)))).collect()
}

/// All facts of a change. What history cannot say is left out: a notice never waits for it to be repaired.
fn notice(
    standards: &Standards,
    history: &Store,
    kind: NoticeKind,
    transition: Transition,
    run: Option<Arc<Run>>,
    pictured: bool,
) -> Notice {
    let Transition { at, mut incident, .. } = transition;
    let installation = standards.installation();
    let watched = standards.run(&incident.key.name);
    let mut recent = Vec::new();
    // Where everything fails at once, history is not asked ten thousand times.
    if pictured && incident.key.aspect != Aspect::Own {
        recent = recent_runs(history, &incident, at);
        if incident.last_good.is_none() {
            incident.last_good = last_good(history, &incident);
        }
    }
    Notice {
        kind,
        at,
        journey: watched.map_or_else(|| incident.key.name.clone(), |watched| watched.journey.clone()),
        party: incident.blame.owner.as_deref().map(|owner| installation.party(owner)),
        vantage: installation.vantage.clone(),
        run,
        recent,
        runbook: watched.and_then(|watched| watched.runbook.clone()),
        pages: installation.pages.clone(),
        demand: watched.and_then(|watched| watched.demand),
        labels: watched.map(|watched| watched.labels.clone()).unwrap_or_default(),
        every: watched.map(|watched| watched.every).unwrap_or_default(),
        incident,
    }
}

/// The last good run before an incident, as history knows it.
fn last_good(history: &Store, incident: &Incident) -> Option<RunRef> {
    let good = |outcome| Filter {
        name: Some(incident.key.name.clone()),
        outcome: Some(outcome),
        until: Some(incident.suspected_at),
        limit: 1,
        ..Filter::default()
    };
    let found = [Outcome::Passed, Outcome::Degraded].into_iter().flat_map(|outcome| runs(history, &good(outcome)));
    found.max_by_key(|line| line.started_at).map(|line| RunRef { id: line.id, at: line.started_at })
}

/// Runs of the last hours, the oldest first.
fn recent_runs(history: &Store, incident: &Incident, at: Timestamp) -> Vec<Sample> {
    let filter = Filter {
        name: Some(incident.key.name.clone()),
        since: Some(at.minus(RECENT)),
        limit: RECENT_MAX,
        ..Filter::default()
    };
    let sample = |line: RunLine| Sample { at: line.started_at, elapsed: line.elapsed, outcome: line.outcome };
    runs(history, &filter).into_iter().rev().map(sample).collect()
}

fn runs(history: &Store, filter: &Filter) -> Vec<RunLine> {
    history.reader().list(filter).unwrap_or_default()
}

fn message(installation: &Installation, notice: &Notice, order: Order) -> NewNotice {
    let sender = installation.sender(&order.channel);
    NewNotice {
        kind: notice.kind,
        severity: notice.incident.severity,
        rendered: render::notice(notice, &sender, order.extent),
        ended: notice.kind.is_terminal().then(|| render::ended(notice, &sender)),
        to: order.to,
    }
}
