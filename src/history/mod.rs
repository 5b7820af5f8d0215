//! Floor 3: what happened, kept in `history.db`: runs with their evidence, and roll-ups that outlive them.
//!
//! One thread writes, in groups; readers open the file on their own, also from other processes. History is the first
//! thing to go when the disk is full: nothing that judges or alerts waits for it.

mod codes;
mod compact;
mod connection;
mod deltas;
mod detail;
mod dictionary;
#[cfg(test)]
mod fixtures;
mod fold;
mod horizon;
mod insert;
pub mod latest;
mod layout;
pub mod ledger;
pub mod list;
pub mod lock;
pub mod open;
mod pack;
mod prune;
pub mod reader;
pub mod report;
pub mod retention;
pub mod rollup;
mod room;
pub mod sketch;
pub mod status;
pub mod store;
mod writer;
