//! The wall clock of the machine: the one place that asks it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::base::time::Timestamp;
use crate::model::clock::Clock;

#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door that everything else is told by")]
    fn now(&self) -> Timestamp {
        let nanos = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
            Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
        };
        Timestamp::from_unix_nanos(nanos).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
