//! A journey as its author wrote it: every part typed, every part with its place. Pure; nothing is resolved here.

pub mod auth;
pub mod body;
pub mod condition;
pub mod http;
pub mod needs;
pub mod repeat;
pub mod rules;
pub mod slo;
pub mod step;
pub mod values;

use std::sync::Arc;
use std::time::Duration;

use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::size::Size;
use crate::base::span::{Source, Span, Spanned};
use crate::base::yaml::Node;
use crate::base::{shape, words};
use crate::template::Data;
use needs::Needs;
use slo::Slo;
use step::Step;

/// The language version this reader understands.
pub const LANGUAGE_VERSION: u64 = 1;

shape! {
    /// A user journey: what a customer does, step by step, and what must hold. It names nothing of
    /// the installation it runs on.
    pub struct JourneyForm {
        /// Version of the journey language: 1.
        forerunner: required Spanned<u64>,
        /// Id of the journey: lower-case letters, digits and dashes, at most 63.
        journey: required Spanned<String>,
        /// The customer's task in plain words, at most 80 characters.
        title: optional Spanned<String>,
        /// Who does this: `customer` (default), `partner` or `staff`.
        audience: optional Spanned<Audience>,
        /// Version of this definition, MAJOR.MINOR.PATCH.
        version: optional Spanned<String>,
        /// Who repairs it: the name of a party.
        owner: optional Spanned<String>,
        /// One or two sentences for people.
        about: optional Spanned<String>,
        /// Everything the journey may touch.
        needs: required Needs,
        /// What the journey asks for; the binding sets the ceilings.
        limits: optional LimitsForm,
        /// Values made once at the start of the run.
        vars: optional Entries<Data>,
        /// The steps, in order.
        steps: required Vec<Step>,
        /// Steps that always run at the end, each on its own.
        cleanup: optional Vec<Step>,
        /// Objectives.
        slo: optional Vec<Slo>,
        /// Input maps; each is a scheduled run of its own.
        vary: optional Vec<Vary>,
        /// Names of vars or kept values that a journey which uses this one may read.
        outputs: optional Vec<Spanned<String>>,
    }
}

words! {
    /// Who walks the journey in real life.
    pub enum Audience {
        /// A customer of the platform.
        Customer = "customer",
        /// Somebody at a partner.
        Partner = "partner",
        /// Our own staff.
        Staff = "staff",
    }
}

shape! {
    /// Limits that a journey asks for.
    pub struct LimitsForm {
        /// Time for all steps together; default 1m.
        time: optional Spanned<Duration>,
        /// Time for the clean-up, apart from `time`; default 30s.
        cleanup: optional Spanned<Duration>,
        /// Requests, every attempt, repetition and redirect counted; default 100. The clean-up has as many again.
        requests: optional Spanned<u32>,
        /// Largest decoded response body; default 1MiB.
        body: optional Spanned<Size>,
        /// Executed steps, every repetition counted; default 100.
        steps: optional Spanned<u32>,
        /// Highest `max` of a `for`; default 50.
        loop_max: optional Spanned<u32> as "loop",
        /// Shortest acceptable interval between runs; default 10s.
        every: optional Spanned<Duration>,
        /// Runs of this journey that may be active against one host at a time; default 1.
        parallel: optional Spanned<u32>,
    }
}

impl LimitsForm {
    /// Asks for nothing.
    #[must_use]
    pub fn nothing(span: Span) -> Self {
        Self {
            span,
            time: None,
            cleanup: None,
            requests: None,
            body: None,
            steps: None,
            loop_max: None,
            every: None,
            parallel: None,
        }
    }
}

/// One entry of `vary` (or of `each` in a binding): inputs and, under `labels`, how to tell its runs apart.
#[derive(Clone, Debug)]
pub struct Vary {
    pub span: Span,
    pub labels: Option<Entries<String>>,
    pub inputs: Entries<serde_json::Value>,
}

impl Shape for Vary {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let entries = Entries::<Node>::read(node, reader)?;
        let mut vary = Self { span: node.span, labels: None, inputs: Entries::default() };
        for (key, value) in entries.0 {
            if key.value == "labels" {
                vary.labels = Entries::read(&value, reader);
            } else if let Some(value) = serde_json::Value::read(&value, reader) {
                vary.inputs.0.push((key, value));
            }
        }
        Some(vary)
    }

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let labels = Entries::<String>::schema(schemas);
        serde_json::json!({ "type": "object", "properties": { "labels": labels } })
    }
}

/// One document of a journey file.
#[derive(Clone, Debug)]
pub struct Definition {
    pub source: Arc<Source>,
    pub form: JourneyForm,
}

impl Definition {
    #[must_use]
    pub fn id(&self) -> &str {
        &self.form.journey.value
    }

    /// The customer's task: the title, or the id with blanks.
    #[must_use]
    pub fn title(&self) -> String {
        self.form.title.as_ref().map_or_else(|| self.id().replace('-', " "), |title| title.value.clone())
    }

    /// Steps and clean-up, in order.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.form.steps.iter().chain(self.form.cleanup.iter().flatten())
    }
}
