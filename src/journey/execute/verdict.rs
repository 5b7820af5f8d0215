//! Judges one answer: what is kept of it, which conditions hold, and what the step has failed by. Never waits.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value as Json;

use super::names::{Names, failure};
use crate::base::redact::SECRET_BYTES_MAX;
use crate::base::secret::{HostIndex, Label, Labelled};
use crate::base::span::Spanned;
use crate::expectation::condition::{Condition, Role};
use crate::expectation::judge::{Explanation, Judge, Verdict};
use crate::expectation::schema::Schema;
use crate::expectation::subject::Subject;
use crate::journey::resolved::{Check, CheckCondition, Keep, Secrecy};
use crate::model::failure::{Failure, FailureKind};
use crate::model::run::{CONDITIONS_MAX, ConditionResult, MISSES_MAX, Miss, Section};
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::template::Data;

/// What judging the conditions of one section came to.
#[derive(Default)]
pub(super) struct Judged {
    /// The status first, at most [`MISSES_MAX`].
    pub(super) misses: Vec<Miss>,
    /// In written order, at most [`CONDITIONS_MAX`].
    pub(super) conditions: Vec<ConditionResult>,
    /// The status was missed.
    status_missed: bool,
    /// Any other condition was.
    other_missed: bool,
    /// A value could not be kept.
    keep_missed: bool,
    /// An argument of a matcher has no usable value.
    trouble: Option<Failure>,
}

impl Judged {
    /// Goes on from what an earlier section came to.
    pub(super) fn of(misses: Vec<Miss>, conditions: Vec<ConditionResult>) -> Self {
        Self { misses, conditions, ..Self::default() }
    }

    /// Adds what another iteration came to: its misses first if it failed, and a condition holds if it always did.
    pub(super) fn join(&mut self, mut other: Self, first: bool) {
        if first {
            std::mem::swap(&mut self.misses, &mut other.misses);
        }
        self.misses.append(&mut other.misses);
        self.misses.truncate(MISSES_MAX);
        for condition in other.conditions {
            let has_room = self.conditions.len() < CONDITIONS_MAX;
            match self.conditions.iter_mut().find(|known| known.slug == condition.slug) {
                Some(known) => known.held &= condition.held,
                None if has_room => self.conditions.push(condition),
                None => {}
            }
        }
    }

    /// The failure that follows, by the precedence of causes; none if everything holds.
    pub(super) fn failure(&self) -> Option<Failure> {
        let kind = if self.status_missed {
            FailureKind::UnexpectedStatus
        } else if self.other_missed {
            FailureKind::ExpectationMissed
        } else if self.keep_missed {
            FailureKind::CaptureMissing
        } else {
            return self.trouble.clone();
        };
        let mut detail = self.misses.first().map(Miss::summary).unwrap_or_default();
        if self.misses.len() > 1 {
            let _ = write!(detail, " (and {} more)", self.misses.len() - 1);
        }
        Some(Failure::new(kind, detail))
    }

    fn miss(&mut self, miss: Miss, is_status: bool) {
        match (miss.section, is_status) {
            (Section::Keep, _) => self.keep_missed = true,
            (_, true) => self.status_missed = true,
            (_, false) => self.other_missed = true,
        }
        if is_status {
            self.misses.insert(0, miss);
            self.misses.truncate(MISSES_MAX);
        } else if self.misses.len() < MISSES_MAX {
            self.misses.push(miss);
        }
    }
}

/// Judges every check; all are looked at, so that one run shows everything that is wrong.
pub(super) fn judge(checks: &[Check], subject: &Subject<'_>, names: &Names<'_>, judged: &mut Judged) {
    for check in checks {
        let held = match one(check, subject, names) {
            Ok(None) => true,
            Ok(Some(explanation)) => {
                judged.miss(miss(check, explanation), check.selector.is_status());
                false
            }
            Err(trouble) => {
                judged.trouble.get_or_insert(trouble);
                false
            }
        };
        if judged.conditions.len() < CONDITIONS_MAX {
            judged.conditions.push(ConditionResult { slug: check.slug.clone(), held });
        }
    }
}

/// Whether all of the checks hold: `when`, `retry.unless`. The text names the first that does not.
pub(super) fn all_hold(checks: &[Check], subject: &Subject<'_>, names: &Names<'_>) -> Result<Option<String>, Failure> {
    for check in checks {
        if let Some(explanation) = one(check, subject, names)? {
            return Ok(Some(format!("`{}`: expected {}, got {}", check.text, explanation.expected, explanation.got)));
        }
    }
    Ok(None)
}

/// None if the condition holds.
fn one(check: &Check, subject: &Subject<'_>, names: &Names<'_>) -> Result<Option<Explanation>, Failure> {
    let late;
    let judge = match &check.condition {
        CheckCondition::Ready(judge) => judge,
        CheckCondition::Late(condition) => {
            late = compiled(condition, names, &check.text)?;
            &late
        }
    };
    let value = match check.selector.select(subject, names) {
        Ok(value) => value.map(|value| value.value),
        Err(error) => {
            return Ok(Some(Explanation {
                matcher: String::new(),
                expected: judge.describe(),
                got: error.message,
                difference: None,
                hint: None,
            }));
        }
    };
    let empty_is_missing = check.selector.empty_is_missing();
    match judge.judge(value.as_ref(), empty_is_missing) {
        Verdict::Holds => Ok(None),
        Verdict::Fails | Verdict::Undefined => {
            // Masked before it is cut: half a secret would no longer be found.
            let mask = |text: String| names.shared.mask(&text);
            Ok(Some(judge.explain_masked(value.as_ref(), empty_is_missing, &mask)))
        }
    }
}

/// A condition whose arguments have templates, with the values they have now.
fn compiled(
    condition: &Condition<Spanned<Data>, Arc<Schema>>,
    scope: &dyn Scope,
    place: &str,
) -> Result<Judge, Failure> {
    let place = format!("what `{place}` is compared with");
    let ready = condition.try_map(
        &mut |literal, role| {
            let rendered = match role {
                Role::Literal => literal.value.render(scope).map(|rendered| rendered.value),
                Role::Pattern => literal.value.render_pattern(scope).map(|rendered| Json::String(rendered.value)),
            };
            rendered.map_err(|error| failure(&error, &place))
        },
        &mut |schema| Ok(Arc::clone(schema)),
    )?;
    Judge::new(ready).map_err(|error| Failure::new(FailureKind::ValueUnusable, format!("{place}: {}", error.message)))
}

fn miss(check: &Check, explanation: Explanation) -> Miss {
    // Nobody wrote an implied condition, so its matchers would only puzzle.
    let expected = match check.section {
        Section::Implied if check.selector.is_status() => "200 to 299".to_owned(),
        Section::Implied => "no errors".to_owned(),
        _ => explanation.expected,
    };
    Miss {
        section: check.section,
        selector: check.text.clone(),
        matcher: explanation.matcher,
        expected,
        got: explanation.got,
        difference: explanation.difference,
        hint: explanation.hint,
        place: check.place.clone(),
    }
}

/// Keeps what the answer brought, also of one that fails: the clean-up may need it. `from` is the host that answered.
pub(super) fn keep(
    keeps: &[Keep],
    subject: &Subject<'_>,
    from: Option<HostIndex>,
    names: &mut Names<'_>,
    judged: &mut Judged,
) -> Vec<(String, Labelled<Value>)> {
    let mut kept = Vec::with_capacity(keeps.len());
    for keep in keeps {
        let got = match keep.from.select(subject, names) {
            Ok(Some(value)) => {
                let mut value = Labelled::new(value.value, value.label.join(label(keep.secrecy, from)));
                if let Some(host) = from
                    && keep.secrecy != Secrecy::Sender
                {
                    // A host that repeats what it was told must not become the way to another host, whatever the value
                    // is declared as.
                    let repeated = repeated(&value.value, names);
                    let was_open = !value.label.is_secret();
                    if repeated.is_secret() {
                        value.label = value.label.join(repeated.either(Label::only([host])));
                    }
                    if was_open && value.label.is_secret() {
                        names.keep_known(&keep.name, value.clone());
                        kept.push((keep.name.clone(), value));
                        continue;
                    }
                }
                if !value.label.is_secret() || is_maskable(&value.value) {
                    names.keep(&keep.name, value.clone());
                    kept.push((keep.name.clone(), value));
                    continue;
                }
                format!("a value of more than {SECRET_BYTES_MAX} bytes, which could not be kept out of every output")
            }
            Ok(None) => "nothing was found".to_owned(),
            Err(error) => error.message,
        };
        match keep.default.as_ref().map(|default| default.render_value(names)) {
            Some(Ok(value)) => {
                let value = Labelled::new(value.value, value.label.join(label(keep.secrecy, from)));
                names.keep(&keep.name, value.clone());
                kept.push((keep.name.clone(), value));
            }
            Some(Err(error)) => {
                judged.trouble.get_or_insert(failure(&error, &format!("the default of `{}`", keep.name)));
            }
            None => judged.miss(
                Miss {
                    section: Section::Keep,
                    selector: keep.from.text().to_owned(),
                    matcher: "keep".to_owned(),
                    expected: format!("a value for `{}`", keep.name),
                    got,
                    difference: None,
                    hint: None,
                    place: keep.place.clone(),
                },
                false,
            ),
        }
    }
    kept
}

/// The hosts that may see a value, by the secrets that it repeats.
fn repeated(value: &Value, names: &Names<'_>) -> Label {
    match value {
        Value::Json(Json::Null | Json::Bool(_)) | Value::Time(_) | Value::Duration(_) | Value::Size(_) => {
            Label::ANYWHERE
        }
        value => value.to_text().map_or(Label::ANYWHERE, |text| names.shared.label_of(&text)),
    }
}

/// Whether a secret value is short enough to be looked for in everything that leaves the run.
fn is_maskable(value: &Value) -> bool {
    match value {
        Value::Json(Json::String(text)) => text.len() <= SECRET_BYTES_MAX,
        Value::Json(json @ (Json::Array(_) | Json::Object(_))) => json.to_string().len() <= SECRET_BYTES_MAX,
        Value::Bytes(bytes) => bytes.len() <= SECRET_BYTES_MAX / 2,
        _ => true,
    }
}

fn label(secrecy: Secrecy, from: Option<HostIndex>) -> Label {
    match secrecy {
        Secrecy::Open => Label::ANYWHERE,
        Secrecy::Sender => from.map_or(Label::NOWHERE, |host| Label::only([host])),
        Secrecy::Declared(label) => label,
    }
}
