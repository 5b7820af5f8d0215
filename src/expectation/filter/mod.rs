//! Filters turn a value into another. They are the same in selectors and in templates.
//!
//! A filter is one row in its family's file and one line in `table`: parser, kind check and reference page follow.

mod calendar;
mod chain;
mod date;
mod digest;
mod encode;
#[cfg(test)]
pub(crate) mod fixture;
mod json;
pub mod lexer;
mod list;
mod number;
pub mod regex;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use chain::Chain;
pub use encode::percent_encode;
pub use lexer::split;
pub use row::FilterDoc;
pub use table::FILTERS;

/// Why a filter could not do its work: a wrong kind, text that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    pub filter: &'static str,
    /// Complete sentence part, such as "`to-int`: the text `12a` is not an integer". May quote raw values, but no
    /// secret ones.
    pub message: String,
}

impl std::fmt::Display for FilterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FilterError {}
