//! Floor 3: how people are told. One folder for each kind of channel, and the worker that empties the outbox into them.

pub mod channel;
pub mod delivery;
pub mod email;
pub mod envelope;
pub mod render;

/// Every moment that `Moments` can be told of between a note that is due and leave taken from its relay, in the order in
/// which a message passes them.
pub const MOMENTS: [&str; 18] = [
    "delivery.bundling",
    "delivery.bundled",
    "delivery.sending",
    "smtp.connected",
    "smtp.greeted",
    "smtp.encrypted",
    "smtp.authenticated",
    "smtp.mail",
    "smtp.rcpt",
    "smtp.data",
    "smtp.body",
    "smtp.crossing",
    "smtp.crossed",
    "smtp.dot",
    "smtp.accepted",
    "delivery.settling",
    "delivery.settled",
    "smtp.quit",
];
