//! Floor 0: what every other floor may use, and what uses nothing of ours. No tokio, no files, no clock.

pub mod diagnostic;
pub mod duration;
pub mod name;
pub mod printable;
pub mod redact;
pub mod secret;
pub mod shape;
pub mod size;
pub mod span;
pub mod syntax;
pub mod time;
pub mod yaml;

pub(crate) use shape::{shape, words};
