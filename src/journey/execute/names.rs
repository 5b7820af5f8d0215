//! The values a run knows by name, each with the hosts that may see it, and the one place that learns what to mask.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

use crate::base::redact::Redactor;
use crate::base::secret::{HostIndex, Label, Labelled};
use crate::base::time::Timestamp;
use crate::journey::resolved::{Part, Var};
use crate::model::authority::Authority;
use crate::model::clock::Clock;
use crate::model::failure::{Failure, FailureKind};
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::probe::http::Discretion;
use crate::template::{Data, RenderError};

/// What all parts of one run share.
pub(super) struct Shared<'a> {
    pub(super) id: String,
    pub(super) started_at: Timestamp,
    pub(super) seed: u64,
    pub(super) clock: &'a dyn Clock,
    authority: &'a Authority,
    redactor: Mutex<Redactor>,
    drawn: AtomicU64,
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        id: String,
        started_at: Timestamp,
        seed: u64,
        clock: &'a dyn Clock,
        authority: &'a Authority,
    ) -> Self {
        Self { id, started_at, seed, clock, authority, redactor: Mutex::default(), drawn: AtomicU64::new(0) }
    }

    /// Masks the value from now on in everything that leaves the run, and keeps what repeats it from hosts that may not see
    /// it; of lists and objects every scalar.
    pub(super) fn learn(&self, name: &str, value: &Labelled<Value>) {
        let mut redactor = self.redactor();
        match &value.value {
            Value::Json(json) => learn_json(&mut redactor, name, json, value.label),
            other => {
                if let Some(text) = other.to_text() {
                    redactor.learn(name, &text, value.label);
                }
            }
        }
    }

    /// A number that this run has not drawn before.
    pub(super) fn draw(&self) -> u64 {
        self.drawn.fetch_add(1, Ordering::Relaxed)
    }

    /// A text with everything masked that is known by now. A long one may have been cut already.
    pub(super) fn mask(&self, text: &str) -> String {
        mask(&mut self.redactor(), text)
    }

    /// The hosts that may see a text, by the secrets of this run that it repeats.
    pub(super) fn label_of(&self, text: &str) -> Label {
        self.redactor().label_of(text.as_bytes())
    }

    /// Hands over what has been learned, at the end of the run.
    pub(super) fn take_redactor(&self) -> Redactor {
        std::mem::take(&mut *self.redactor())
    }

    fn redactor(&self) -> MutexGuard<'_, Redactor> {
        self.redactor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Discretion for Shared<'_> {
    fn refusal(&self, bytes: &[u8], host: HostIndex) -> Option<String> {
        let mut redactor = self.redactor();
        let kept = redactor.kept_from(host, bytes)?;
        let hosts = (0..).zip(self.authority.hosts.iter()).filter(|(index, _)| kept.label.allows(HostIndex(*index)));
        let hosts: Vec<_> = hosts.map(|(_, host)| format!("`{}`", host.name)).collect();
        let to = if hosts.is_empty() { "no host".to_owned() } else { format!("{} only", hosts.join(" and ")) };
        Some(format!("repeats the value of `{}`, which may go to {to}", kept.name))
    }

    fn masked(&self, text: &str) -> String {
        self.mask(text)
    }
}

/// Texts are quoted in messages up to some kilobytes, and cut there: a longer one may end with half a secret.
pub(super) fn mask(redactor: &mut Redactor, text: &str) -> String {
    const MAYBE_CUT_BYTES: usize = 4 * 1024;
    if text.len() < MAYBE_CUT_BYTES { redactor.mask(text) } else { redactor.mask_cut(text) }
}

fn learn_json(redactor: &mut Redactor, name: &str, json: &Json, label: Label) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| learn_json(redactor, name, item, label)),
        Json::Object(members) => members.values().for_each(|member| learn_json(redactor, name, member, label)),
        Json::String(text) => redactor.learn(name, text, label),
        Json::Number(number) => redactor.learn(name, &number.to_string(), label),
        Json::Bool(_) | Json::Null => {}
    }
}

/// The names of one part of the run: of the journey itself, or of one it uses.
pub(super) struct Names<'a> {
    pub(super) shared: Arc<Shared<'a>>,
    values: HashMap<String, Labelled<Value>>,
    /// One-time passwords, made anew at each use.
    at_each_use: Vec<(String, Data)>,
    /// Names that an optional step should have kept and did not.
    lost: HashSet<String>,
    kept: HashSet<String>,
}

impl<'a> Names<'a> {
    /// Inputs and secrets first, then the vars in their order.
    ///
    /// # Errors
    /// A var that cannot be evaluated: the run has no values to work with.
    pub(super) fn new(
        shared: Arc<Shared<'a>>,
        part: &Part,
        given: Vec<(String, Labelled<Value>)>,
    ) -> Result<Self, Failure> {
        let mut names = Self {
            shared,
            values: given.into_iter().collect(),
            at_each_use: Vec::new(),
            lost: HashSet::new(),
            kept: HashSet::new(),
        };
        for (name, input) in &part.inputs {
            names.values.entry(name.clone()).or_insert_with(|| Labelled::open(Value::Json(input.clone())));
        }
        for Var { name, data, at_each_use } in &part.vars {
            if *at_each_use {
                // A key that is none is told at once, by its name; one that a step keeps has no value yet.
                if let Err(error) = data.render_var(&names, names.shared.seed, name)
                    && !error.is_missing()
                {
                    return Err(failure(&error, &format!("var `{name}`")));
                }
                names.at_each_use.push((name.clone(), data.clone()));
                continue;
            }
            let seed = names.shared.seed;
            let value =
                data.render_var(&names, seed, name).map_err(|error| failure(&error, &format!("var `{name}`")))?;
            names.set(name, value);
        }
        Ok(names)
    }

    /// Gives a name its value; a secret one is masked from now on.
    pub(super) fn set(&mut self, name: &str, value: Labelled<Value>) {
        if value.label.is_secret() {
            self.shared.learn(name, &value);
        }
        self.values.insert(name.to_owned(), value);
    }

    pub(super) fn keep(&mut self, name: &str, value: Labelled<Value>) {
        if value.label.is_secret() {
            self.shared.learn(name, &value);
        }
        self.keep_known(name, value);
    }

    /// Keeps a value that is secret because of what it repeats, or consists of what was kept before: that is masked already.
    pub(super) fn keep_known(&mut self, name: &str, value: Labelled<Value>) {
        self.kept.insert(name.to_owned());
        self.lost.remove(name);
        self.values.insert(name.to_owned(), value);
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.values.remove(name);
    }

    pub(super) fn was_kept(&self, name: &str) -> bool {
        self.kept.contains(name)
    }

    /// Remembers that an optional step did not bring this value, if it has none yet.
    pub(super) fn lose(&mut self, name: &str) {
        if !self.values.contains_key(name) {
            self.lost.insert(name.to_owned());
        }
    }

    pub(super) fn is_lost(&self, name: &str) -> bool {
        self.lost.contains(name)
    }
}

impl Scope for Names<'_> {
    fn get(&self, name: &str) -> Option<Labelled<Value>> {
        match name {
            "run.id" => return Some(Labelled::open(Value::text(self.shared.id.clone()))),
            "run.start" => return Some(Labelled::open(Value::Time(self.shared.started_at))),
            _ => {}
        }
        if let Some(value) = self.values.get(name) {
            return Some(value.clone());
        }
        let (_, data) = self.at_each_use.iter().find(|(var, _)| var == name)?;
        let value = data.render_var(self, self.shared.seed, name).ok()?;
        if value.label.is_secret() {
            self.shared.learn(name, &value);
        }
        Some(value)
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    fn derived(&self, value: &Labelled<Value>) {
        self.shared.learn("derived", value);
    }
}

/// A scope with a few names laid over another, such as the parts of the request that a signature covers.
pub(super) struct Overlay<'a> {
    pub(super) below: &'a dyn Scope,
    pub(super) names: Vec<(&'static str, Labelled<Value>)>,
}

impl Scope for Overlay<'_> {
    fn get(&self, name: &str) -> Option<Labelled<Value>> {
        let found = self.names.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        found.or_else(|| self.below.get(name))
    }

    fn now(&self) -> Timestamp {
        self.below.now()
    }

    fn derived(&self, value: &Labelled<Value>) {
        self.below.derived(value);
    }
}

/// A template that could not be rendered, as the failure of the step that needed it.
pub(super) fn failure(error: &RenderError, place: &str) -> Failure {
    let kind = if error.is_missing() { FailureKind::ValueMissing } else { FailureKind::ValueUnusable };
    Failure::new(kind, format!("{place}: {error}"))
}
