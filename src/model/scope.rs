//! The names that templates and selectors can refer to, whoever holds them.

use super::value::Value;
use crate::base::secret::Labelled;
use crate::base::time::Timestamp;

pub trait Scope {
    /// The present value of an input, secret, var, kept value, loop item or built-in (`run.id` and
    /// the like are asked for by their first part, `run`, and answered with an object).
    /// None if the name has no value now.
    fn get(&self, name: &str) -> Option<Labelled<Value>>;

    /// Wall time, for filters and generators that depend on it.
    fn now(&self) -> Timestamp;

    /// Told of every value that filters made out of a secret one, so that it is masked too.
    fn derived(&self, value: &Labelled<Value>);
}

/// A scope of nothing, for constant templates and load-time evaluation.
pub struct Nothing {
    pub now: Timestamp,
}

impl Scope for Nothing {
    fn get(&self, _: &str) -> Option<Labelled<Value>> {
        None
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn derived(&self, _: &Labelled<Value>) {}
}
