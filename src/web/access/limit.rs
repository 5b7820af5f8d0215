//! A bucket of tokens over all clients: `rate_limit` of the web configuration.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub(super) struct Limit {
    /// A token comes back after this time.
    interval: Duration,
    burst: f64,
    /// Tokens, and when they were that many.
    bucket: Mutex<(f64, Instant)>,
}

impl Limit {
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        let burst = f64::from(burst);
        Self { interval, burst, bucket: Mutex::new((burst, Instant::now())) }
    }

    /// Takes a token; false if there is none.
    pub(super) fn take(&self) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let back = (now - bucket.1).as_secs_f64() / self.interval.as_secs_f64();
        *bucket = ((bucket.0 + back).min(self.burst), now);
        let takes = bucket.0 >= 1.0;
        if takes {
            bucket.0 -= 1.0;
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tokens_come_back_one_by_one_up_to_the_burst() {
        let limit = Limit::new(Duration::from_secs(2), 2);
        let taken = |tries: usize| (0..tries).filter(|_| limit.take()).count();
        assert_eq!(taken(5), 2);
        for (seconds, tokens) in [(1, 0), (1, 1), (4, 2), (3600, 2)] {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            assert_eq!(taken(5), tokens, "after {seconds} s");
        }
    }
}
