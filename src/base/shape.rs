//! One description of every map that people write: from it come the reader, its messages and the editor schema.

use std::sync::Arc;

use super::diagnostic::{Diagnostic, Rule};
use super::span::{Source, Span};

/// Collects what is wrong with one source while its nodes are read.
pub struct Reader {
    pub source: Arc<Source>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Reader {
    #[must_use]
    pub fn new(source: Arc<Source>) -> Self {
        Self { source, diagnostics: Vec::new() }
    }

    /// Notes a problem; the answer is the note, to add help to.
    pub fn report(&mut self, rule: &'static Rule, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let index = self.diagnostics.len();
        self.diagnostics.push(Diagnostic::new(rule, &self.source, span, message));
        &mut self.diagnostics[index]
    }
}
