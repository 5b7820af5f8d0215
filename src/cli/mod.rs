//! Floor 8: what people type and what they read. Arguments in, results out; no decisions about monitoring.

pub mod arguments;
pub mod diagnostics;
pub mod exit;
pub mod paint;
pub mod progress;
pub mod report;
