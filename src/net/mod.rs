//! Floor 2: from a declared host to a connection, one step at a time, each step measured and every address judged.

pub mod certificate;
pub mod connect;
pub mod deadline;
pub mod dial;
pub mod guard;
pub mod hosts;
pub mod name_server;
pub mod network;
pub mod proxy;
pub mod reach;
pub mod resolve;
pub mod stopwatch;
pub mod tls;
pub mod watched;

#[cfg(test)]
pub mod tests;
