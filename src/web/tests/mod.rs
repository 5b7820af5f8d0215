//! A server on loopback with made-up parts, asked by hyper's client and by raw sockets.

mod access;
mod bounds;
mod client;
mod daemon;
mod encryption;
mod incidents;
mod journeys;
mod manage;
mod runs;
mod scrape;

use client::{Answer, get};
use daemon::Daemon;
