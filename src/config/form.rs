//! The configuration file as the operator wrote it. Every key but `runs` has a default.

use std::time::Duration;

use super::channels::ChannelForm;
use super::daemon::{LimitsOfDaemon, Listen, LogForm, MetricsForm, StorageForm};
use crate::base::shape::{Entries, Reader};
use crate::base::span::Spanned;
use crate::base::yaml::{Node, Tree};
use crate::base::{shape, words};
use crate::journey::binding::network::NetworkForm;
use crate::journey::binding::{Alert, Allow, RunEntry};
use crate::journey::definition::{LimitsForm, rules};

shape! {
    /// The configuration of one installation. Relative paths start at this file.
    pub struct ConfigForm {
        /// Where we measure from; by default the name of this machine.
        vantage: optional Spanned<String>,
        /// Who answers for the traffic: a URL or mail address, told to every target in `User-Agent`.
        contact: optional Spanned<String>,
        /// Where the daemon listens; default `127.0.0.1:9797`.
        listen: optional Spanned<Listen>,
        /// How people reach its pages, for links.
        external_url: optional Spanned<String> as "external-url",
        /// A file with TLS and basic authentication, in the format of the Prometheus exporters.
        web_config: optional Spanned<String> as "web-config",
        /// Where history is kept, how much and how long.
        storage: optional StorageForm,
        /// Files of journeys that `journey: ID` finds: paths with `*`, `?` and `**`.
        probes: optional Vec<Spanned<String>>,
        /// What an entry of `runs` has where it says nothing.
        defaults: optional Defaults,
        /// What runs here.
        runs: required Vec<RunEntry>,
        /// Who is responsible for what, by the names that journeys give as `owner`.
        parties: optional Entries<Party>,
        /// Ways to tell people of incidents, by names that `alert` lists.
        channels: optional Entries<ChannelForm>,
        /// Routes of notices; come with a later version.
        routes: optional Node,
        /// How hosts are reached from here.
        network: optional NetworkForm,
        /// How much the daemon does at once.
        limits: optional LimitsOfDaemon,
        /// What `/metrics` shows.
        metrics: optional MetricsForm,
        /// What is logged.
        log: optional LogForm,
        /// How often this file and the journeys are looked at for changes; by default only a signal or a request reloads.
        watch: optional Spanned<Duration>,
        /// Publishers whose packages may run; come with a later version.
        trust: optional Node,
    }
}

shape! {
    /// What an entry of `runs` has where it says nothing.
    pub struct Defaults {
        /// Interval between starts.
        every: optional Spanned<Duration>,
        /// Who is told of incidents.
        alert: optional Alert,
        /// What runs may do beyond reading from public addresses.
        allow: optional Allow,
        /// Ceilings for what journeys ask.
        limits: optional LimitsForm,
    }
}

shape! {
    /// Somebody responsible: for a journey, a host or a step.
    pub struct Party {
        /// Name for people; by default the key.
        name: optional Spanned<String>,
        /// How to reach them; shown, never mailed by itself.
        contact: optional Spanned<String>,
        /// What they are to us.
        kind: optional PartyKind,
    }
}

words! {
    /// What a party is to us.
    pub enum PartyKind {
        /// Our own platform.
        Platform = "platform",
        /// A partner, whose customers are ours.
        Partner = "partner",
        /// A supplier.
        Vendor = "vendor",
    }
}

impl ConfigForm {
    /// Parts that a later version reads may stand there empty.
    pub(super) fn refuse_later(&self, reader: &mut Reader) {
        for (key, node) in [("routes", &self.routes), ("trust", &self.trust)] {
            let Some(node) = node else { continue };
            if !matches!(&node.tree, Tree::Map(entries) if entries.is_empty()) {
                reader
                    .report(&rules::LATER, node.span, format!("`{key}` comes with a later version of forerunner"))
                    .help = Some("leave it out, or empty".to_owned());
            }
        }
    }
}
