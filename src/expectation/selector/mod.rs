//! Selectors: where in an exchange a value stands, and the filters it passes through.

mod cookie;
mod css;
mod docs;
mod http;
mod parse;
mod source;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use self::docs::{SELECTORS, SelectorDoc};
use self::source::Source;
use crate::base::secret::Labelled;
use crate::base::syntax::SyntaxError;
use crate::expectation::filter::Chain;
use crate::expectation::kinds::Kinds;
use crate::expectation::subject::Subject;
use crate::model::scope::Scope;
use crate::model::value::Value;

#[derive(Clone, Debug)]
pub struct Selector {
    text: String,
    /// Where the source ends in `text`.
    source_end: usize,
    source: Source,
    filters: Chain,
}

/// Where a selector can be used, for the check that it fits its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Of an HTTP exchange: `status`, `header:`, `css:`, `$…` and so on.
    Http,
    /// `var:`: everywhere.
    Var,
    /// `output:`: `use` steps.
    Output,
    /// `time`: every action.
    Time,
    /// Of actions of later versions: mail, dns, ping, tcp; `xpath:`. Refused when the file is read.
    Later,
}

/// Why a selection has no usable value: a miss in `expect`, with this text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectError {
    pub message: String,
}

impl SelectError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl Selector {
    /// # Errors
    /// Unknown source (with the nearest known one), a CSS selector, regular expression, JSON path or filter that cannot be used.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        parse::selector(text)
    }

    /// Its filters alone, on a value found elsewhere.
    ///
    /// # Errors
    /// A filter that cannot do its work.
    pub fn filtered(
        &self,
        value: Option<Labelled<Value>>,
        scope: &dyn Scope,
    ) -> Result<Option<Labelled<Value>>, SelectError> {
        self.filters.apply(value, scope).map_err(|error| SelectError::new(error.to_string()))
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn family(&self) -> Family {
        self.source.family()
    }

    /// The leading word: `status`, `time.first-byte`, `header:Content-Type`, `$.id`, `var:x`.
    #[must_use]
    pub fn source_text(&self) -> &str {
        self.text[..self.source_end].trim_start_matches(parse::BLANKS)
    }

    /// Whether it is the plain or filtered `status`.
    #[must_use]
    pub fn is_status(&self) -> bool {
        matches!(self.source, Source::Status)
    }

    /// Whether an empty list counts as missing for `exists`: non-singular paths and `…-all:` without filters.
    #[must_use]
    pub fn empty_is_missing(&self) -> bool {
        self.filters.is_empty() && self.source.finds_several()
    }

    /// Names it refers to (`var:`, holes of JSON paths, `hmac` keys) with byte ranges in the text.
    pub fn names(&self) -> Vec<(&str, Range<usize>)> {
        let before = self.source_end - self.source_text().len();
        let shifted = |(name, range): (_, Range<usize>)| (name, range.start + before..range.end + before);
        self.source.names().into_iter().map(shifted).chain(self.filters.names()).collect()
    }

    /// Name of an `output:` selector.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        match &self.source {
            Source::Output(name) => Some(name),
            _ => None,
        }
    }

    /// The kinds it can yield.
    ///
    /// # Errors
    /// Its filters can never fit.
    pub fn kinds(&self) -> Result<Kinds, SelectError> {
        self.filters.kinds(self.source.kinds()).map_err(|error| SelectError::new(error.message))
    }

    /// Finds the value; none if it is missing. Labels: what an answer holds is open; names, outputs and our own
    /// URLs keep theirs.
    ///
    /// # Errors
    /// A filter failed, a body is not JSON, too many nodes.
    pub fn select(&self, subject: &Subject<'_>, scope: &dyn Scope) -> Result<Option<Labelled<Value>>, SelectError> {
        let found = self.source.find(subject, scope)?;
        self.filters.apply(found, scope).map_err(|error| SelectError::new(error.message))
    }
}
