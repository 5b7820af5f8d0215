//! Where the time of an exchange went. Phases never overlap, and with the unaccounted rest they are the total.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The phases of an exchange, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// From the name to the addresses.
    Resolve,
    /// The TCP handshake, through a proxy up to its answer.
    Connect,
    /// The TLS handshake.
    Tls,
    /// From the connection being usable to the request being written.
    Send,
    /// From the request being written to the first byte of the answer.
    Wait,
    /// From the first byte of the answer to its last.
    Receive,
}

impl Phase {
    pub const ALL: [Self; 6] = [Self::Resolve, Self::Connect, Self::Tls, Self::Send, Self::Wait, Self::Receive];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Receive => "receive",
        }
    }
}

/// Durations by phase, and the total measured on the same clock. A phase that did not happen is
/// absent; one that happened in no measurable time is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    phases: [Option<Duration>; 6],
    pub total: Duration,
}

impl Timings {
    #[must_use]
    pub fn get(&self, phase: Phase) -> Option<Duration> {
        self.phases[phase as usize]
    }

    /// Adds to a phase: several connections of one step, or the parts of a redirect chain.
    pub fn add(&mut self, phase: Phase, duration: Duration) {
        let slot = &mut self.phases[phase as usize];
        *slot = Some(slot.unwrap_or_default() + duration);
    }

    /// Adds all phases and the total of another exchange.
    pub fn add_all(&mut self, other: &Self) {
        for (phase, duration) in other.iter() {
            self.add(phase, duration);
        }
        self.total += other.total;
    }

    pub fn iter(&self) -> impl Iterator<Item = (Phase, Duration)> + '_ {
        Phase::ALL.into_iter().filter_map(|phase| Some((phase, self.get(phase)?)))
    }

    /// The rest of the total that no phase explains: our own work between them.
    #[must_use]
    pub fn unaccounted(&self) -> Duration {
        self.total.saturating_sub(self.iter().map(|(_, duration)| duration).sum())
    }
}

impl Serialize for Timings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = |duration: Duration| duration.as_secs_f64();
        serializer.collect_map(
            self.iter()
                .map(|(phase, duration)| (phase.word(), seconds(duration)))
                .chain([("unaccounted", seconds(self.unaccounted())), ("total", seconds(self.total))]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_and_the_rest_are_the_total() {
        let mut timings = Timings { total: Duration::from_millis(10), ..Timings::default() };
        timings.add(Phase::Wait, Duration::from_millis(4));
        timings.add(Phase::Wait, Duration::from_millis(3));
        assert_eq!(timings.get(Phase::Wait), Some(Duration::from_millis(7)));
        assert_eq!(timings.get(Phase::Tls), None);
        assert_eq!(timings.unaccounted(), Duration::from_millis(3));
    }
}
