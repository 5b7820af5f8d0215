//! How many series a definition set makes, and the refusal of one that makes too many, with the sum written out.

use std::collections::BTreeSet;
use std::fmt;

use super::histogram::Bounds;
use super::series::JourneySeries;

/// Series that each run entry has, histograms and objectives aside.
const JOURNEY_SERIES: u64 = 13;
/// Events, bad events, target, threshold.
const OBJECTIVE_SERIES: u64 = 4;
/// Info, success, runs.
const STEP_SERIES: u64 = 3;
/// Five phases, status, size.
const EXCHANGE_SERIES: u64 = 7;
/// Sum and count of a histogram.
const HISTOGRAM_SERIES: u64 = 2;

/// The series of a definition set once every journey has passed and failed; those by reason, cause or
/// expectation are not in it, because nobody knows before which of them will be needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeriesCount {
    pub journeys: u64,
    /// Buckets, sums and counts of the runs' durations, passed and failed.
    pub durations: u64,
    pub objectives: u64,
    pub steps: u64,
    /// Steps that exchange something with a host.
    pub exchanges: u64,
    /// Buckets, sums and counts of the steps' durations; 0 if they are off.
    pub step_durations: u64,
    /// Names of servers with a certificate.
    pub servers: u64,
}

impl SeriesCount {
    pub(super) fn of(set: &[JourneySeries], run_bounds: &Bounds, step_bounds: &Bounds, step_histograms: bool) -> Self {
        let mut count = Self::default();
        let mut servers = BTreeSet::new();
        // A threshold that is a bound already is counted twice: an upper limit is what is asked for.
        let histogram = |bounds: &Bounds, more: usize| (bounds.buckets() + more) as u64 + HISTOGRAM_SERIES;
        for journey in set {
            count.journeys += 1;
            count.durations += 2 * histogram(run_bounds, journey.thresholds(None).len());
            count.objectives += journey.objectives.len() as u64;
            for step in &journey.steps {
                count.steps += 1;
                if step.host.is_some() {
                    count.exchanges += 1;
                    if step_histograms {
                        count.step_durations += histogram(step_bounds, journey.thresholds(Some(&step.id)).len());
                    }
                }
                servers.extend(step.server_name.as_deref());
            }
        }
        count.servers = servers.len() as u64;
        count
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.journeys * JOURNEY_SERIES
            + self.durations
            + self.objectives * OBJECTIVE_SERIES
            + self.steps * STEP_SERIES
            + self.exchanges * EXCHANGE_SERIES
            + self.step_durations
            + self.servers
    }
}

/// The definition set makes more series than `metrics.series` allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapExceeded {
    pub count: SeriesCount,
    pub limit: u64,
}

impl std::error::Error for CapExceeded {}

impl fmt::Display for CapExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SeriesCount { journeys, durations, objectives, steps, exchanges, step_durations, servers } = self.count;
        let (total, limit) = (grouped(self.count.total()), grouped(self.limit));
        write!(f, "the journeys make {total} series, `metrics.series` allows {limit}: ")?;
        write!(f, "{} journeys × {JOURNEY_SERIES}", grouped(journeys))?;
        write!(f, " + {} of their durations", grouped(durations))?;
        write!(f, " + {} objectives × {OBJECTIVE_SERIES}", grouped(objectives))?;
        write!(f, " + {} steps × {STEP_SERIES}", grouped(steps))?;
        write!(f, " + {} exchanges × {EXCHANGE_SERIES}", grouped(exchanges))?;
        write!(f, " + {} of step durations", grouped(step_durations))?;
        write!(f, " + {} server names", grouped(servers))
    }
}

/// Digits in groups of three: `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_shows_the_sum() {
        let count = SeriesCount {
            journeys: 5_000,
            durations: 130_000,
            objectives: 10,
            steps: 30_000,
            exchanges: 30_000,
            step_durations: 360_000,
            servers: 7,
        };
        let refusal = CapExceeded { count, limit: 100_000 };
        insta::assert_snapshot!(refusal.to_string(), @"the journeys make 855,047 series, `metrics.series` allows 100,000: 5,000 journeys × 13 + 130,000 of their durations + 10 objectives × 4 + 30,000 steps × 3 + 30,000 exchanges × 7 + 360,000 of step durations + 7 server names");
    }
}
