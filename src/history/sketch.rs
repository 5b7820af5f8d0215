//! A mergeable sketch of durations: counts in buckets that grow by a constant factor, so that every quantile is right to
//! within one per cent, over an hour or over five years.
//!
//! `DDSketch` (Masson, Rim, Lee: "`DDSketch`: a fast and fully-mergeable quantile sketch with relative-error guarantees",
//! VLDB 2019), sparse and without collapsing: a `u64` of microseconds needs at most 2,219 buckets.

use std::sync::LazyLock;
use std::time::Duration;

use super::pack::{Damaged, Packer, Unpacked, Unpacker};

#[cfg(test)]
mod tests;

/// The greatest relative error of a quantile.
pub const RELATIVE_ERROR: f64 = 0.01;

const GROWTH: f64 = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR);

/// Upper bounds of the buckets in microseconds; bucket 0 holds everything up to one. Made by multiplication alone, so
/// that all machines agree bit for bit, which logarithms do not promise.
static BOUNDS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let mut bounds = vec![1.0];
    let mut bound = 1.0;
    while bound < u64::MAX as f64 {
        bound *= GROWTH;
        bounds.push(bound);
    }
    bounds
});

/// How many durations fell into which bucket; only buckets that hold something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// By bucket, ascending.
    counts: Vec<(u16, u64)>,
}

impl Sketch {
    /// Resolves microseconds; anything shorter counts as one.
    pub fn add(&mut self, duration: Duration) {
        self.add_count(bucket(duration), 1);
    }

    /// The same as if everything had been added to one sketch; in any order, any number of times.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.counts {
            self.add_count(*bucket, *count);
        }
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// The duration below or at which the ratio `quantile` (0 to 1) of all lie; none if there are none.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let count = self.count();
        // Exact up to 2^53 durations.
        let rank = quantile.clamp(0.0, 1.0) * count.checked_sub(1)? as f64;
        let mut below = 0.0;
        self.counts.iter().find_map(|(bucket, count)| {
            below += *count as f64;
            (below > rank).then(|| middle(*bucket))
        })
    }

    /// How many are at most `limit`, to within one per cent of the limit.
    #[must_use]
    pub fn count_within(&self, limit: Duration) -> u64 {
        let last = bucket(limit);
        self.counts.iter().take_while(|(bucket, _)| *bucket <= last).map(|(_, count)| count).sum()
    }

    /// Distance to the bucket before, and count, of each.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        let mut before = 0;
        for (bucket, count) in &self.counts {
            packer.number(u64::from(bucket - before));
            packer.number(*count);
            before = *bucket;
        }
        packer.0
    }

    pub(super) fn decode(bytes: &[u8]) -> Unpacked<Self> {
        let mut unpacker = Unpacker(bytes);
        let mut counts: Vec<(u16, u64)> = Vec::new();
        while !unpacker.0.is_empty() {
            let (distance, count) = (unpacker.small::<u16>()?, unpacker.number()?);
            let bucket = match counts.last() {
                Some((before, _)) => before.checked_add(distance).filter(|_| distance > 0).ok_or(Damaged)?,
                None => distance,
            };
            if usize::from(bucket) >= BOUNDS.len() || count == 0 {
                return Err(Damaged);
            }
            counts.push((bucket, count));
        }
        Ok(Self { counts })
    }

    fn add_count(&mut self, bucket: u16, count: u64) {
        match self.counts.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.counts[at].1 = self.counts[at].1.saturating_add(count),
            Err(at) => self.counts.insert(at, (bucket, count)),
        }
    }
}

fn bucket(duration: Duration) -> u16 {
    let micros = duration.as_secs_f64() * 1e6;
    let index = BOUNDS.partition_point(|bound| *bound < micros).min(BOUNDS.len() - 1);
    u16::try_from(index).unwrap_or(u16::MAX)
}

/// The value whose relative distance to both ends of its bucket is the same.
fn middle(bucket: u16) -> Duration {
    let upper = BOUNDS.get(usize::from(bucket)).copied().unwrap_or(1.0);
    let micros = if bucket == 0 { 1.0 } else { 2.0 * upper / (1.0 + GROWTH) };
    Duration::try_from_secs_f64(micros / 1e6).unwrap_or(Duration::MAX)
}
