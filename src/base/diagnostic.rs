//! What is wrong with a file that a person wrote, always with its place and a way out.

use std::sync::Arc;

use super::span::{Position, Source, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing of this file runs.
    Error,
    /// It runs, but a person should look.
    Warning,
}

/// One kind of problem. Rules are declared beside the code that finds them, and listed once per
/// area for the reference page and for SARIF.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Kebab-case, stable across versions: people filter by it.
    pub id: &'static str,
    pub severity: Severity,
    /// One sentence: what the rule demands and why.
    pub about: &'static str,
}

/// A second place that explains the first, such as the earlier declaration of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    pub span: Span,
    pub note: String,
}

/// One problem at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub rule: &'static Rule,
    pub source: Arc<Source>,
    pub span: Span,
    /// What is wrong: lower case, no final full stop, user text in backticks.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    pub related: Vec<Related>,
}

impl Diagnostic {
    pub fn new(rule: &'static Rule, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self { rule, source: Arc::clone(source), span, message: message.into(), help: None, related: Vec::new() }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn related(mut self, span: Span, note: impl Into<String>) -> Self {
        self.related.push(Related { span, note: note.into() });
        self
    }

    #[must_use]
    pub fn position(&self) -> Position {
        self.source.position(self.span.start)
    }

    #[must_use]
    pub fn is_error(&self) -> bool {
        self.rule.severity == Severity::Error
    }
}

/// The nearest of `known` to a mistyped `word`, if it is near enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let allowed = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count().max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_near_miss_is_recognised_and_a_stranger_is_not() {
        let keys = ["expect", "headers", "keep", "get"];
        for (word, found) in
            [("expct", Some("expect")), ("Header", Some("headers")), ("gte", Some("get")), ("banana", None)]
        {
            assert_eq!(nearest(word, keys), found, "{word}");
        }
    }
}
