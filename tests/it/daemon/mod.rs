//! The daemon: its schedule and the whole of it on a paused clock, and the real program with real signals.

mod crashes;
mod incidents;
mod inside;
mod killed;
mod process;
mod program;
mod schedule;
mod secrets;
mod service;
mod storm;
mod told;
mod whole;
