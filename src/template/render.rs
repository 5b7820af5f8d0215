//! Renders templates: asks the scope, applies the filters, joins the labels. What was inserted is never read again.

use std::borrow::Cow;

use super::error::RenderError;
use super::escape::Escape;
use super::stream::Stream;
use super::text::{Head, Insert, Piece, Template};
use crate::base::secret::{Label, Labelled};
use crate::expectation::filter::percent_encode;
use crate::model::scope::Scope;
use crate::model::value::Value;

/// What a template may draw from.
pub(super) struct Source<'s> {
    pub(super) scope: &'s dyn Scope,
    /// Of the var that is evaluated; none outside vars.
    pub(super) stream: Option<Stream>,
}

impl Template {
    /// The text with every template replaced by the text form of its value.
    ///
    /// # Errors
    /// A name without value, null inside text, a filter that fails.
    pub fn render_text(&self, scope: &dyn Scope, escape: Escape) -> Result<Labelled<String>, RenderError> {
        self.text(&mut Source { scope, stream: None }, |text, _| escape.apply(text))
    }

    /// A single template keeps the kind of its value; anything else is text.
    ///
    /// # Errors
    /// As [`Template::render_text`].
    pub fn render_value(&self, scope: &dyn Scope) -> Result<Labelled<Value>, RenderError> {
        self.value(&mut Source { scope, stream: None })
    }

    /// The target of an HTTP action: inserted parts percent-encoded (in the path all but unreserved characters and `/`,
    /// behind `?` all but unreserved; a template whose chain ends in `url-encode` as it is). `first_raw`: a template at
    /// the very start is inserted as it is.
    ///
    /// # Errors
    /// As [`Template::render_text`].
    pub fn render_target(&self, scope: &dyn Scope, first_raw: bool) -> Result<Labelled<String>, RenderError> {
        self.text(&mut Source { scope, stream: None }, |text, place| {
            let raw = first_raw && place.insert.range.start == 0 || place.insert.filters.last() == Some("url-encode");
            if raw {
                Cow::Borrowed(text)
            } else {
                Cow::Owned(percent_encode(text, if place.before.contains('?') { "" } else { "/" }))
            }
        })
    }

    pub(super) fn value(&self, source: &mut Source<'_>) -> Result<Labelled<Value>, RenderError> {
        match self.pieces.as_slice() {
            [Piece::Insert(insert)] => self.inserted(insert, source),
            _ => Ok(self.text(source, |text, _| Cow::Borrowed(text))?.map(Value::text)),
        }
    }

    pub(super) fn text(
        &self,
        source: &mut Source<'_>,
        escape: impl for<'t> Fn(&'t str, &Place<'_>) -> Cow<'t, str>,
    ) -> Result<Labelled<String>, RenderError> {
        let mut rendered = String::new();
        let mut label = Label::ANYWHERE;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => rendered.push_str(text),
                Piece::Insert(insert) => {
                    let made = self.inserted(insert, source)?;
                    label = label.join(made.label);
                    let text = made.value.to_text().ok_or_else(|| {
                        let message = format!("`{}` is null, which has no text form", self.written(insert));
                        RenderError::unusable(message)
                    })?;
                    let escaped = escape(&text, &Place { insert, before: &rendered });
                    if made.label.is_secret() && escaped != text {
                        source.scope.derived(&Labelled::new(Value::text(escaped.as_ref()), made.label));
                    }
                    rendered.push_str(&escaped);
                }
            }
        }
        Ok(Labelled::new(rendered, label))
    }

    fn inserted(&self, insert: &Insert, source: &mut Source<'_>) -> Result<Labelled<Value>, RenderError> {
        let head = match &insert.head {
            Head::Reference(reference) => reference.get(source.scope).map_err(RenderError::missing)?,
            Head::Generator(generator) => {
                let Some(stream) = &mut source.stream else {
                    return Err(RenderError::unusable(format!("`{}` stands only in `vars`", generator.word())));
                };
                generator.draw(source.scope, stream)?
            }
        };
        let made = insert
            .filters
            .apply(Some(head), source.scope)
            .map_err(|error| RenderError::unusable(format!("`{}`: {}", self.written(insert), error.message)))?;
        made.ok_or_else(|| RenderError::missing(format!("`{}` finds nothing", self.written(insert))))
    }

    fn written(&self, insert: &Insert) -> &str {
        &self.source()[insert.range.clone()]
    }
}

/// Where text is inserted.
pub(super) struct Place<'p> {
    insert: &'p Insert,
    /// Everything rendered before it.
    before: &'p str,
}
