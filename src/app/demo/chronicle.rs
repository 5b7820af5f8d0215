//! What happened in the play: incidents and mails, found by comparing one look with the one before.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::scene::{Event, EventKind};
use crate::app::catcher::letter::Letter;
use crate::base::time::Timestamp;
use crate::history::ledger::reader::{IncidentFilter, LedgerReader};
use crate::model::incident::State;

/// Events that are kept, the last ones.
const EVENTS_MAX: usize = 200;

pub(super) struct Chronicle {
    ledger: LedgerReader,
    /// How each incident stood at the last look.
    known: HashMap<String, State>,
    mails: usize,
    events: Vec<Event>,
}

impl Chronicle {
    pub(super) fn new(data: &Path) -> Self {
        Self { ledger: LedgerReader::new(data), known: HashMap::new(), mails: 0, events: Vec::new() }
    }

    pub(super) fn look(&mut self, mails: &[(usize, Arc<Letter>)], now: Timestamp) {
        let mut incidents = self.ledger.incidents(&IncidentFilter::default()).unwrap_or_default();
        incidents.sort_by_key(|incident| incident.opened_at);
        for incident in incidents {
            let before = self.known.insert(incident.id.clone(), incident.state);
            let was_open = before.is_some_and(State::is_open);
            if incident.state.is_open() && !was_open {
                let said =
                    if incident.blame.said.is_empty() { String::new() } else { format!(": {}", incident.blame.said) };
                // One that opens again has an opening of long ago.
                let opened_at = incident.opened_at.filter(|_| before.is_none()).unwrap_or(now);
                self.put(opened_at, EventKind::Opened, format!("{}{said}", incident.title));
            } else if !incident.state.is_open() && (was_open || before.is_none()) {
                self.put(incident.ended_at.unwrap_or(now), EventKind::Resolved, incident.title);
            }
        }
        for (number, mail) in mails.iter().filter(|(number, _)| *number > self.mails).cloned().collect::<Vec<_>>() {
            self.mails = number;
            self.put(now, EventKind::Mailed, format!("to {}: {}", mail.to, mail.state));
        }
    }

    fn put(&mut self, at: Timestamp, kind: EventKind, text: String) {
        self.events.push(Event { at, kind, text });
        if self.events.len() > EVENTS_MAX {
            self.events.remove(0);
        }
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.events.clone()
    }
}
