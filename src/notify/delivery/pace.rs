//! How often one receiver is written to: at once at first, then every half minute. What comes faster goes into a digest.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// Messages that may go out one after the other.
const BURST: u32 = 5;
/// Until one more may.
const EVERY: Duration = Duration::from_secs(30);

/// Receivers who were written to lately.
#[derive(Default)]
pub(super) struct Pace(HashMap<String, Bucket>);

/// Where a receiver stands: a message more fills it by one, time empties it.
struct Bucket {
    /// When it will be empty.
    empty_at: Instant,
}

impl Pace {
    /// When this receiver may be written to next.
    pub(super) fn open_at(&self, receiver: &str, now: Instant) -> Instant {
        self.0.get(receiver).map_or(now, |bucket| (bucket.empty_at - EVERY * (BURST - 1)).max(now))
    }

    /// Receivers who may not be written to now, and when the first of them may.
    pub(super) fn closed(&mut self, now: Instant) -> (Vec<String>, Option<Instant>) {
        self.0.retain(|_, bucket| bucket.empty_at > now);
        let closed: Vec<_> = self.0.keys().filter(|receiver| self.open_at(receiver, now) > now).cloned().collect();
        let first = closed.iter().map(|receiver| self.open_at(receiver, now)).min();
        (closed, first)
    }

    /// One goes out.
    pub(super) fn take(&mut self, receiver: &str, now: Instant) {
        let bucket = self.0.entry(receiver.to_owned()).or_insert(Bucket { empty_at: now });
        bucket.empty_at = bucket.empty_at.max(now) + EVERY;
    }

    /// It did not go out.
    pub(super) fn give_back(&mut self, receiver: &str) {
        if let Some(bucket) = self.0.get_mut(receiver) {
            bucket.empty_at -= EVERY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_go_out_at_once_and_then_one_every_half_minute() {
        let mut pace = Pace::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..5 {
            assert_eq!(pace.open_at("a@x", start), start);
            pace.take("a@x", start);
        }
        assert_eq!(pace.closed(start), (vec!["a@x".to_owned()], Some(after(30))));
        assert_eq!(pace.open_at("b@x", start), start);
        assert_eq!(pace.closed(after(30)).0, Vec::<String>::new());
        pace.take("a@x", after(30));
        assert_eq!(pace.open_at("a@x", after(31)), after(60));
        pace.give_back("a@x");
        assert_eq!(pace.open_at("a@x", after(31)), after(31));
        assert!(pace.closed(after(600)).1.is_none() && pace.0.is_empty());
    }
}
