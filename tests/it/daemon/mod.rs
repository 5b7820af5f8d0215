//! The daemon: its schedule on a paused clock, and the real program with real signals.

mod process;
mod schedule;
mod whole;
