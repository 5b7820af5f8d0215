//! The daemon: its schedule and the whole of it on a paused clock, and the real program with real signals.

mod incidents;
mod inside;
mod process;
mod program;
mod schedule;
mod secrets;
mod service;
mod whole;
