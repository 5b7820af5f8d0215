//! Floor 2: `${…}` in texts and data: parsed once with every place known, rendered with the labels of what went in.

mod data;
mod error;
mod escape;
mod fake;
mod generator;
mod lists;
mod render;
pub mod rules;
mod shape;
mod stream;
#[cfg(test)]
mod tests;
mod text;
mod totp;

pub use data::Data;
pub use error::RenderError;
pub use escape::Escape;
pub use text::{Template, Use, UseKind};
