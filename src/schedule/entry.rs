//! One scheduled run entry: what the scheduler must know of it, and nothing else.

use std::sync::Arc;
use std::time::Duration;

/// An entry of the binding, laid out: `each` and `vary` give one per element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The run name: its identity. One run of a name is active at a time.
    pub name: Arc<str>,
    /// Id of the journey; entries of one journey share its `parallel`.
    pub journey: Arc<str>,
    /// Between starts; at least a second by the rules of the journey format.
    pub interval: Duration,
    /// The places it talks to, as the daemon counts them over all journeys.
    pub hosts: Vec<Arc<str>>,
    /// Entries with the same lock never run at the same time.
    pub lock: Option<Arc<str>>,
    /// Runs of this journey that may be active against one host; 0 counts as 1.
    pub parallel: u32,
}

impl Entry {
    /// How long a due start may wait for a place; after that it is skipped.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.interval / 4
    }
}
