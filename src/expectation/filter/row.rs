//! What every filter says about itself: one row of the reference page, of the kind check and of the parser.

use std::ops::Range;
use std::sync::Arc;

use super::lexer::Argument;
use crate::base::secret::Labelled;
use crate::base::syntax::SyntaxError;
use crate::expectation::kinds::Kinds;
use crate::model::scope::Scope;
use crate::model::value::{Kind, Value};

/// One row of the reference page and of the table test: every one of the 31 filters.
pub struct FilterDoc {
    pub name: &'static str,
    /// `SEP`, `OLD NEW`, `[FORMAT]`, or empty.
    pub arguments: &'static str,
    /// `T → L`.
    pub signature: &'static str,
    pub about: &'static str,
    /// JSON of an input, chain, JSON (`to_json` form) of the result: executed by a test.
    pub example: (&'static str, &'static str, &'static str),
    /// Kinds it takes.
    pub(super) takes: &'static [Kind],
    /// Kinds it makes of those.
    pub(super) yields: fn(Kinds) -> Kinds,
    pub(super) build: fn(&[Argument]) -> Result<Built, SyntaxError>,
}

impl FilterDoc {
    pub(super) fn accepts(&self) -> Kinds {
        Kinds::of(self.takes.iter().copied())
    }
}

/// What a filter does: none is missing, the label is that of further values which went in, the error a sentence part.
pub(super) type Apply = dyn Fn(Value, &dyn Scope) -> Outcome + Send + Sync;
pub(super) type Outcome = Result<Option<Labelled<Value>>, String>;

/// A filter whose arguments have been checked.
pub(super) struct Built {
    pub(super) apply: Arc<Apply>,
    pub(super) names: Vec<(String, Range<usize>)>,
}

pub(super) type Build = Result<Built, SyntaxError>;

/// A filter that needs its value only.
pub(super) fn pure(apply: impl Fn(Value) -> Result<Option<Value>, String> + Send + Sync + 'static) -> Built {
    scoped(move |value, _| Ok(apply(value)?.map(Labelled::open)))
}

/// A filter of a value that is always there.
pub(super) fn of_value(apply: impl Fn(Value) -> Result<Value, String> + Send + Sync + 'static) -> Built {
    pure(move |value| apply(value).map(Some))
}

/// A filter of text that always makes something.
pub(super) fn of_text(apply: impl Fn(&str) -> Result<Value, String> + Send + Sync + 'static) -> Built {
    of_value(move |value| apply(text(&value)?))
}

pub(super) fn scoped(apply: impl Fn(Value, &dyn Scope) -> Outcome + Send + Sync + 'static) -> Built {
    Built { apply: Arc::new(apply), names: Vec::new() }
}

/// The kind check before every filter makes this error impossible; it is told rather than ignored.
pub(super) fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("expected text, found {}", value.kind().word()))
}

/// A value from outside, bounded but long: what it repeats is masked before the message is cut to its size.
pub(super) fn quoted(text: &str) -> String {
    const BYTES_MAX: usize = 16 << 10;
    if text.len() > BYTES_MAX {
        format!("`{}", &text[..text.floor_char_boundary(BYTES_MAX)])
    } else {
        format!("`{text}`")
    }
}

pub(super) fn same(kinds: Kinds) -> Kinds {
    kinds
}

pub(super) fn some_text(_: Kinds) -> Kinds {
    Kinds::of([Kind::Text])
}

pub(super) fn some_number(_: Kinds) -> Kinds {
    Kinds::of([Kind::Number])
}

pub(super) fn perhaps_text(_: Kinds) -> Kinds {
    Kinds::of([Kind::Text]).or_missing()
}

pub(super) fn perhaps_json(_: Kinds) -> Kinds {
    Kinds::json().or_missing()
}
