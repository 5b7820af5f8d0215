//! What selectors look at: one exchange, its body parsed at most once for each way of reading it.

mod body;
mod nesting;
mod page;

use std::cell::OnceCell;
use std::time::Duration;

use serde_json::Value as Json;

pub(super) use self::page::{Measures, Page};
use crate::base::secret::Labelled;
use crate::model::observation::{Answer, Exchange};
use crate::model::value::Value;

/// Lives only while one attempt is judged; lazily parses text, JSON and HTML of the body (so it may be !Sync / !Send).
pub struct Subject<'a> {
    exchange: Option<&'a Exchange>,
    outputs: &'a [(String, Labelled<Value>)],
    elapsed: Option<Duration>,
    text: OnceCell<Result<String, String>>,
    json: OnceCell<Result<Json, String>>,
    html: OnceCell<Result<Page, String>>,
}

impl<'a> Subject<'a> {
    /// Of an HTTP exchange.
    #[must_use]
    pub fn of(exchange: &'a Exchange) -> Self {
        Self { exchange: Some(exchange), elapsed: Some(exchange.elapsed), ..Self::nothing() }
    }

    /// Of a used journey, with the time it took.
    #[must_use]
    pub fn of_outputs(outputs: &'a [(String, Labelled<Value>)], elapsed: Duration) -> Self {
        Self { outputs, elapsed: Some(elapsed), ..Self::nothing() }
    }

    /// Nothing but names: `when`.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            exchange: None,
            outputs: &[],
            elapsed: None,
            text: OnceCell::new(),
            json: OnceCell::new(),
            html: OnceCell::new(),
        }
    }

    pub(super) fn exchange(&self) -> Option<&'a Exchange> {
        self.exchange
    }

    pub(super) fn answer(&self) -> Option<&'a Answer> {
        self.exchange.and_then(Exchange::answer)
    }

    pub(super) fn elapsed(&self) -> Option<Duration> {
        self.elapsed
    }

    pub(super) fn output(&self, name: &str) -> Option<&'a Labelled<Value>> {
        self.outputs.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The body as text; none without an answer. The error says why it is no text.
    pub(super) fn text(&self) -> Option<Result<&str, &str>> {
        let answer = self.answer()?;
        Some(borrowed(self.text.get_or_init(|| body::text(answer))).map(String::as_str))
    }

    /// The body as JSON, whatever its media type; the error says where it is none.
    pub(super) fn json(&self) -> Option<Result<&Json, &str>> {
        let answer = self.answer()?;
        Some(match self.text()? {
            Ok(text) => borrowed(self.json.get_or_init(|| body::json(answer, text))),
            Err(error) => Err(error),
        })
    }

    /// The body as HTML, as a browser would read it.
    pub(super) fn html(&self) -> Option<Result<&Page, &str>> {
        Some(match self.text()? {
            Ok(text) => borrowed(self.html.get_or_init(|| Page::parse(text))),
            Err(error) => Err(error),
        })
    }
}

fn borrowed<T>(parsed: &Result<T, String>) -> Result<&T, &str> {
    parsed.as_ref().map_err(String::as_str)
}
