//! Judges a value by a condition with three results, and says why it did not hold.

mod describe;
mod equal;
mod explain;
mod fits;
mod hint;
mod order;
mod ready;
mod types;
mod verdict;
mod view;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value as Json;

use self::ready::Ready;
use crate::expectation::condition::Condition;
use crate::expectation::kinds::Kinds;
use crate::expectation::schema::Schema;
use crate::model::value::Value;

/// Fails < undefined < holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Fails,
    Undefined,
    Holds,
}

/// A condition ready to be judged: literals are data, regular expressions compiled.
#[derive(Clone, Debug)]
pub struct Judge {
    condition: Ready,
}

/// Why a condition cannot be made ready, or can never hold; `path` is the chain of matchers (`each.type`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgeError {
    pub path: String,
    pub message: String,
    pub help: Option<String>,
}

/// A condition that did not hold, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The path of matchers that was followed, such as `each.type`.
    pub matcher: String,
    /// Cut at 200 characters.
    pub expected: String,
    /// Cut at 200 characters; `missing` if there was no value. Where `difference` names a place, what stands there.
    pub got: String,
    /// The first path that differs, for `equals`, `like` and `schema`; the element that decided, for `each`.
    pub difference: Option<String>,
    /// What the author may have meant (text against number, list against one value, …).
    pub hint: Option<String>,
}

impl Judge {
    /// # Errors
    /// A regular expression that cannot be used, an argument of the wrong kind for its matcher.
    pub fn new(condition: Condition<Json, Arc<Schema>>) -> Result<Self, JudgeError> {
        Ok(Self { condition: ready::make(condition)? })
    }

    /// `empty_is_missing`: see `Selector::empty_is_missing`.
    #[must_use]
    pub fn judge(&self, value: Option<&Value>, empty_is_missing: bool) -> Verdict {
        verdict::of(&self.condition, value.map(Into::into), empty_is_missing)
    }

    /// Why it does not hold; call only if it does not.
    #[must_use]
    pub fn explain(&self, value: Option<&Value>, empty_is_missing: bool) -> Explanation {
        self.explain_masked(value, empty_is_missing, &|text| text)
    }

    /// The same, with every quoted text masked before it is cut, so that no cut leaves half a secret behind.
    #[must_use]
    pub fn explain_masked(
        &self,
        value: Option<&Value>,
        empty_is_missing: bool,
        mask: &dyn Fn(String) -> String,
    ) -> Explanation {
        explain::of(&self.condition, value.map(Into::into), empty_is_missing, mask)
    }

    /// What is expected, in words of the format: `{ gte: 3 }`, `201`.
    #[must_use]
    pub fn describe(&self) -> String {
        describe::cut(describe::condition(&self.condition))
    }

    /// Whether it can hold for some value of these kinds; the error says why it cannot
    /// (`800ms` beside a number, a list compared with `7`).
    ///
    /// # Errors
    /// It can hold for no value of these kinds.
    pub fn fits(&self, kinds: Kinds) -> Result<(), JudgeError> {
        fits::check(&self.condition, kinds)
    }
}

impl JudgeError {
    fn new(path: &[&str], message: impl Into<String>) -> Self {
        Self { path: path.join("."), message: message.into(), help: None }
    }

    fn help(mut self, help: Option<impl Into<String>>) -> Self {
        self.help = help.map(Into::into);
        self
    }
}
