//! Data with templates in its texts: bodies, vars, inputs, arguments of matchers. Keys are literal.

use serde_json::Value as Json;

use super::error::RenderError;
use super::escape::Escape;
use super::render::Source;
use super::stream::Stream;
use super::text::Template;
use crate::base::secret::{Label, Labelled};
use crate::base::span::Span;
use crate::model::scope::Scope;
use crate::model::value::Value;

/// Data with templates in its texts; keys are literal.
#[derive(Clone, Debug)]
pub struct Data(pub(super) Tree);

#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// Without templates.
    Constant(Json),
    Text(Text),
    List(Vec<Data>),
    Map(Vec<(String, Data)>),
}

/// A text with at least one template.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) span: Span,
    pub(super) verbatim: Option<Span>,
    pub(super) template: Template,
}

impl Data {
    /// The data, if there is no template in it.
    #[must_use]
    pub fn constant(&self) -> Option<Json> {
        match &self.0 {
            Tree::Constant(json) => Some(json.clone()),
            Tree::Text(_) | Tree::List(_) | Tree::Map(_) => None,
        }
    }

    /// As JSON: kinds that JSON lacks in their text form.
    ///
    /// # Errors
    /// A name without value, null inside text, a filter that fails.
    pub fn render(&self, scope: &dyn Scope) -> Result<Labelled<Json>, RenderError> {
        self.json(&mut Source { scope, stream: None })
    }

    /// A single template keeps its kind.
    ///
    /// # Errors
    /// As [`Data::render`].
    pub fn render_value(&self, scope: &dyn Scope) -> Result<Labelled<Value>, RenderError> {
        self.value(&mut Source { scope, stream: None })
    }

    /// Text of a regular expression: inserted text matches itself.
    ///
    /// # Errors
    /// As [`Data::render`], and data that has no text form.
    pub fn render_pattern(&self, scope: &dyn Scope) -> Result<Labelled<String>, RenderError> {
        let no_text = || RenderError::unusable("a regular expression is text");
        match &self.0 {
            Tree::Text(text) => text.template.render_text(scope, Escape::Regex),
            Tree::Constant(json @ (Json::String(_) | Json::Number(_) | Json::Bool(_))) => {
                let value = Value::Json(json.clone());
                value.to_text().map(|text| Labelled::open(text.into_owned())).ok_or_else(no_text)
            }
            Tree::Constant(_) | Tree::List(_) | Tree::Map(_) => Err(no_text()),
        }
    }

    /// Evaluates a var: generators draw from a stream of `seed` and `name`.
    ///
    /// # Errors
    /// As [`Data::render`].
    pub fn render_var(&self, scope: &dyn Scope, seed: u64, name: &str) -> Result<Labelled<Value>, RenderError> {
        self.value(&mut Source { scope, stream: Some(Stream::new(seed, name)) })
    }

    /// Whether a one-time password is made in it, so that it is evaluated at each use.
    #[must_use]
    pub fn is_totp(&self) -> bool {
        self.templates().into_iter().any(|(_, _, template)| template.makes_totp())
    }

    /// Every text with templates, with the node's span and, where the text stands verbatim in the source, the span
    /// whose first byte is the first byte of the text.
    #[must_use]
    pub fn templates(&self) -> Vec<(Span, Option<Span>, &Template)> {
        let mut templates = Vec::new();
        self.collect(&mut templates);
        templates
    }

    fn collect<'d>(&'d self, templates: &mut Vec<(Span, Option<Span>, &'d Template)>) {
        match &self.0 {
            Tree::Constant(_) => {}
            Tree::Text(Text { span, verbatim, template }) => templates.push((*span, *verbatim, template)),
            Tree::List(items) => items.iter().for_each(|item| item.collect(templates)),
            Tree::Map(members) => members.iter().for_each(|(_, member)| member.collect(templates)),
        }
    }

    fn value(&self, source: &mut Source<'_>) -> Result<Labelled<Value>, RenderError> {
        match &self.0 {
            Tree::Text(text) => text.template.value(source),
            _ => Ok(self.json(source)?.map(Value::Json)),
        }
    }

    fn json(&self, source: &mut Source<'_>) -> Result<Labelled<Json>, RenderError> {
        let mut label = Label::ANYWHERE;
        let mut part = |data: &Self| {
            let made = data.json(source)?;
            label = label.join(made.label);
            Ok(made.value)
        };
        let json = match &self.0 {
            Tree::Constant(json) => json.clone(),
            Tree::Text(text) => return Ok(text.template.value(source)?.map(Value::into_json)),
            Tree::List(items) => Json::Array(items.iter().map(part).collect::<Result<_, _>>()?),
            Tree::Map(members) => {
                let made = members.iter().map(|(name, member)| Ok((name.clone(), part(member)?)));
                Json::Object(made.collect::<Result<_, _>>()?)
            }
        };
        Ok(Labelled::new(json, label))
    }
}
