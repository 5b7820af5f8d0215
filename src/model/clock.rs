//! The one door through which wall time enters; durations come from tokio's monotonic clock instead.

use crate::base::time::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}
