//! Makes conditions ready to be judged: once and for all where they hold no templates, and never if nothing can meet them.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::draft::Draft;
use super::rules;
use crate::base::name::{slug, unique};
use crate::base::span::{Span, Spanned};
use crate::expectation::condition::{Condition, Order};
use crate::expectation::judge::{Judge, JudgeError};
use crate::expectation::kinds::Kinds;
use crate::expectation::schema::Schema;
use crate::expectation::selector::Selector;
use crate::journey::definition::body::Body;
use crate::journey::definition::condition::{Conditions, Expectation, SchemaSource, Written};
use crate::journey::definition::http::HttpAction;
use crate::journey::resolved::{Check, CheckCondition};
use crate::model::run::Section;
use crate::template::Data;

/// The conditions of a step, each with a slug that no other has.
#[derive(Default)]
pub(super) struct Checks {
    pub(super) list: Vec<Check>,
    taken: Vec<String>,
}

impl Checks {
    /// An empty list whose slugs differ from those of `before` as well.
    pub(super) fn behind(before: &Self) -> Self {
        Self { list: Vec::new(), taken: before.taken.clone() }
    }

    fn slug(&mut self, text: &str) -> String {
        let slug = unique(&slug(text), |slug| self.taken.iter().any(|taken| taken == slug));
        self.taken.push(slug.clone());
        slug
    }
}

impl Draft<'_, '_> {
    pub(super) fn checks(&mut self, conditions: Option<&Conditions>, section: Section, checks: &mut Checks) {
        for expectation in conditions.iter().flat_map(|conditions| &conditions.0) {
            let slug = checks.slug(&expectation.key.value);
            if let Some(condition) = self.condition(expectation) {
                checks.list.push(Check {
                    selector: expectation.selector.clone(),
                    text: expectation.key.value.clone(),
                    slug,
                    section,
                    place: self.place(expectation.key.span),
                    condition,
                });
            }
        }
    }

    /// What must hold of an HTTP action although nobody wrote it, as far as the written conditions leave room for it.
    pub(super) fn implied(&mut self, http: &HttpAction, expect: Option<&Conditions>, checks: &mut Checks) {
        let written: &[Expectation] = expect.map_or(&[], |expect| &expect.0);
        let data = |value: i32| json!(value);
        if !written.iter().any(|expectation| expectation.selector.is_status()) {
            let success = [Condition::Compare(Order::Gte, data(200)), Condition::Compare(Order::Lte, data(299))];
            self.imply("status", Condition::All(success.into()), http.span, checks);
        }
        let errors = |expectation: &Expectation| {
            let source = expectation.selector.source_text();
            let rest = ["$.errors", "$['errors']", "$[\"errors\"]"].iter().find_map(|path| source.strip_prefix(path));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if matches!(http.body, Some(Body::GraphQl(_))) && !written.iter().any(errors) {
            // Some servers say "no errors" by null.
            let none = [Condition::Exists(false), Condition::Empty(true), Condition::Equals(Json::Null)];
            self.imply("$.errors", Condition::Any(none.into()), http.span, checks);
        }
    }

    fn imply(&mut self, text: &str, condition: Condition<Json, Arc<Schema>>, span: Span, checks: &mut Checks) {
        let slug = checks.slug(text);
        let (Ok(selector), Ok(judge)) = (Selector::parse(text), Judge::new(condition)) else { return };
        checks.list.push(Check {
            selector,
            text: text.to_owned(),
            slug,
            section: Section::Implied,
            place: self.place(span),
            condition: CheckCondition::Ready(judge),
        });
    }

    fn condition(&mut self, expectation: &Expectation) -> Option<CheckCondition> {
        let kinds = match expectation.selector.kinds() {
            Ok(kinds) => Some(kinds),
            Err(error) => {
                self.report(&rules::JUDGEMENT, expectation.key.span, error.message);
                None
            }
        };
        let mut problems = Vec::new();
        let mut schema = |source: &SchemaSource| self.schema(source).map_err(|()| Unready::Schema);
        let condition = if is_constant(&expectation.condition) {
            let ready = expectation.condition.try_map(&mut constant, &mut schema);
            ready.map(|condition| fitting(condition, kinds, &mut problems).map(CheckCondition::Ready))
        } else {
            let late = expectation.condition.try_map(&mut |data, _| Ok(data.clone()), &mut schema);
            late.map(|condition| {
                constant_parts(&condition, kinds, &mut problems);
                Some(CheckCondition::Late(condition))
            })
        };
        let failed = !problems.is_empty();
        for problem in problems {
            self.report(&rules::JUDGEMENT, expectation.span, problem.message).help = problem.help;
        }
        condition.ok().flatten().filter(|_| !failed && kinds.is_some())
    }

    fn schema(&mut self, source: &SchemaSource) -> Result<Arc<Schema>, ()> {
        let (span, made) = match source {
            SchemaSource::File(path) => (path.span, self.shared.folder.package.schema(&path.value)),
            SchemaSource::Inline(schema) => (schema.span, self.shared.folder.package.inline_schema(&schema.value)),
        };
        let counted = made.and_then(|made| {
            for path in &*made.files {
                let file = self.shared.folder.package.file(path)?;
                self.shared.count(path, &file)?;
            }
            Ok(made.schema)
        });
        counted.map_err(|problem| self.report_file(&rules::SCHEMA, span, problem))
    }
}

/// Why a condition is not ready; the reason has been reported, or it holds templates.
enum Unready {
    Schema,
    Template,
}

fn constant<R>(data: &Spanned<Data>, _: R) -> Result<Json, Unready> {
    data.value.constant().ok_or(Unready::Template)
}

fn is_constant<S>(condition: &Condition<Spanned<Data>, S>) -> bool {
    let mut constant = true;
    condition.literals(&mut |data, _| constant &= data.value.constant().is_some());
    constant
}

/// The judge of a condition, if some value of these kinds can meet it.
fn fitting(
    condition: Condition<Json, Arc<Schema>>,
    kinds: Option<Kinds>,
    problems: &mut Vec<JudgeError>,
) -> Option<Judge> {
    let judge = Judge::new(condition).map_err(|error| problems.push(error)).ok()?;
    if let Some(kinds) = kinds
        && let Err(error) = judge.fits(kinds)
    {
        problems.push(error);
        return None;
    }
    Some(judge)
}

/// Looks at the parts of a condition that templates leave alone and that all have to hold.
fn constant_parts(
    condition: &Condition<Spanned<Data>, Arc<Schema>>,
    kinds: Option<Kinds>,
    problems: &mut Vec<JudgeError>,
) {
    if let Condition::All(parts) = condition {
        for part in parts {
            constant_parts(part, kinds, problems);
        }
    } else if is_constant(condition)
        && let Ok(ready) = condition.try_map(&mut constant, &mut |schema: &Arc<Schema>| Ok(Arc::clone(schema)))
    {
        fitting(ready, kinds, problems);
    }
}

/// Whether a step names something in these conditions.
pub(super) fn written(conditions: Option<&Conditions>) -> impl Iterator<Item = (&Selector, &Written)> {
    let list: &[Expectation] = conditions.map_or(&[], |conditions| &conditions.0);
    list.iter().map(|expectation| (&expectation.selector, &expectation.condition))
}
