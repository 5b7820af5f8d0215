//! Floor 6: what the daemon shows and takes over HTTP: metrics for scrapers, pages for people, states for supervisors.
//!
//! It reads snapshots and the history, and acts only through [`Commands`]. Nothing here holds up a run: metrics and
//! pages are made on threads of their own, and every wait for a client has an end.

pub mod access;
mod answer;
pub mod board;
mod counted;
mod html;
pub mod incidents;
mod journeys;
mod manage;
pub mod readiness;
mod routes;
mod run;
mod scrape;
mod serve;
pub mod status;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use serde_json::Value;

use crate::metrics::Metrics;
use crate::model::clock::Clock;
use crate::model::commands::Commands;
use board::Board;
use incidents::IncidentSource;
use readiness::Readiness;
pub use serve::{CONNECTIONS_MAX, serve};
use status::Status;

/// All that is served; shared with whoever feeds it.
pub struct Site {
    pub metrics: Arc<Metrics>,
    pub board: Arc<Board>,
    pub runs: Arc<dyn RunSource>,
    pub incidents: Arc<dyn IncidentSource>,
    pub commands: Arc<dyn Commands>,
    pub readiness: Arc<Readiness>,
    /// How the daemon does at this moment. Asked on a thread that may block.
    pub status: Arc<dyn Fn() -> Status + Send + Sync>,
    pub clock: Arc<dyn Clock>,
    /// Pages of whoever embeds the daemon.
    pub annex: axum::Router,
}

/// Where the runs of the past are kept. Asked on a thread that may block.
pub trait RunSource: Send + Sync {
    /// The run in the JSON in which runs leave the program; none if it is not kept, or no longer.
    ///
    /// # Errors
    /// Why the place cannot be read.
    fn run(&self, id: &str) -> Result<Option<Value>, String>;
}
