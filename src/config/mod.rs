//! Floor 5: the configuration file of one installation: which journeys run here, and with what.

pub mod channels;
pub mod daemon;
mod files;
pub mod form;
mod glob;
mod load;
pub mod rules;
mod settings;
#[cfg(test)]
mod tests;

pub use files::files;
pub use load::{Configuration, ScheduledRun, load};
pub use settings::settings;
