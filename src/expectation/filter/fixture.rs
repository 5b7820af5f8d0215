//! A scope of a few fixed names, for the tests of filters, paths and templates.

use std::cell::RefCell;

use serde_json::Value as Json;

use crate::base::secret::{HostIndex, Label, Labelled};
use crate::base::time::Timestamp;
use crate::model::scope::Scope;
use crate::model::value::Value;

pub(crate) struct Names {
    pub(crate) values: Vec<(&'static str, Labelled<Value>)>,
    /// Text forms of what was told as derived.
    pub(crate) derived: RefCell<Vec<String>>,
}

/// The label of every secret of the fixture.
pub(crate) fn secret_label() -> Label {
    Label::only([HostIndex(1)])
}

impl Names {
    pub(crate) fn of(values: impl IntoIterator<Item = (&'static str, Json)>) -> Self {
        let values = values.into_iter().map(|(name, json)| (name, Labelled::open(Value::Json(json)))).collect();
        Self { values, derived: RefCell::default() }
    }

    pub(crate) fn and(mut self, name: &'static str, value: Value) -> Self {
        self.values.push((name, Labelled::open(value)));
        self
    }

    pub(crate) fn secret(mut self, name: &'static str, text: &str) -> Self {
        self.values.push((name, Labelled::new(Value::text(text), secret_label())));
        self
    }
}

impl Scope for Names {
    fn get(&self, name: &str) -> Option<Labelled<Value>> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    /// 2026-11-22T08:00:00Z.
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_334_400).expect("in range")
    }

    fn derived(&self, value: &Labelled<Value>) {
        let text = value.value.to_text().map(std::borrow::Cow::into_owned);
        self.derived.borrow_mut().extend(text);
    }
}
