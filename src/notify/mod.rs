//! Floor 3: how people are told. One folder for each kind of channel, and the worker that empties the outbox into them.

pub mod channel;
pub mod delivery;
pub mod email;
pub mod envelope;
