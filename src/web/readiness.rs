//! Whether the daemon does its work: what a load balancer or a supervisor asks before it relies on it.

use std::sync::atomic::{AtomicU8, Ordering};

/// Shared between the daemon, which moves it on, and the page that tells it.
#[derive(Debug, Default)]
pub struct Readiness(AtomicU8);

const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Readiness {
    /// The first configuration is in force.
    pub fn ready(&self) {
        // A load that ends while the daemon already stops does not make it ready.
        let _ = self.0.compare_exchange(0, READY, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// No more runs are started, for good.
    pub fn draining(&self) {
        self.0.store(DRAINING, Ordering::Relaxed);
    }

    /// # Errors
    /// Why the daemon is not ready, in words.
    pub fn check(&self) -> Result<(), &'static str> {
        match self.0.load(Ordering::Relaxed) {
            READY => Ok(()),
            DRAINING => Err("stopping: no new runs are started, those under way are finished"),
            _ => Err("starting: the first configuration is not in force yet"),
        }
    }
}
