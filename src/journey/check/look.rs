//! The common view of all areas on one definition: its steps with ids and hosts, its names, who mentions them.

use std::collections::BTreeMap;

use super::Checking;
use super::bounds::STEPS_MAX;
use super::labels::{Labels, Outputs};
use super::mention::{HostPart, Mention, Part, Place, mentions};
use super::scope::Scope;
use crate::base::diagnostic::{Diagnostic, Rule};
use crate::base::secret::HostIndex;
use crate::base::shape::Entries;
use crate::base::span::{Span, Spanned};
use crate::journey::definition::body::Body;
use crate::journey::definition::http::HttpAction;
use crate::journey::definition::needs::{Host, SecretNeed};
use crate::journey::definition::step::{Action, Step};
use crate::journey::definition::{Definition, JourneyForm};
use crate::template::Data;

pub(super) struct Look<'a> {
    pub definition: &'a Definition,
    pub form: &'a JourneyForm,
    pub used: &'a BTreeMap<String, &'a Definition>,
    /// `steps` first, then `cleanup`.
    pub steps: Vec<StepView<'a>>,
    pub mentions: Vec<Mention<'a>>,
    pub scope: Scope<'a>,
    pub labels: Labels<'a>,
}

/// A step with what follows from its place.
pub(super) struct StepView<'a> {
    pub step: &'a Step,
    pub id: &'a str,
    pub cleanup: bool,
    /// Of an HTTP step, as far as it is known.
    pub host: Option<HostIndex>,
}

impl<'a> Look<'a> {
    pub fn new(cx: &Checking<'a>) -> Self {
        Self::with_outputs(cx, Outputs::Labelled)
    }

    pub fn with_outputs(cx: &Checking<'a>, outputs: Outputs) -> Self {
        let form = &cx.definition.form;
        let hosts = entries(form.needs.hosts.as_ref());
        let cleanup_from = form.steps.len();
        let steps: Vec<_> = cx
            .definition
            .all_steps()
            .enumerate()
            .map(|(index, step)| StepView {
                step,
                id: cx.ids.get(index).map_or("", String::as_str),
                cleanup: index >= cleanup_from,
                host: step.http().and_then(|_| host_of(step, hosts)),
            })
            .collect();
        let mentions = mentions(cx.definition);
        let scope = Scope::new(cx.definition);
        let mut look =
            Self { definition: cx.definition, form, used: cx.used, steps, mentions, scope, labels: Labels::default() };
        look.labels = Labels::new(&look, outputs);
        look
    }

    pub fn problem(&self, rule: &'static Rule, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(rule, &self.definition.source, span, message)
    }

    pub fn hosts(&self) -> &'a [(Spanned<String>, Host)] {
        entries(self.form.needs.hosts.as_ref())
    }

    pub fn host_name(&self, host: HostIndex) -> &'a str {
        self.hosts().get(usize::from(host.0)).map_or("", |(name, _)| name.value.as_str())
    }

    pub fn secrets(&self) -> &'a [(Spanned<String>, SecretNeed)] {
        entries(self.form.needs.secrets.as_ref())
    }

    pub fn vars(&self) -> &'a [(Spanned<String>, Data)] {
        entries(self.form.vars.as_ref())
    }

    /// The HTTP steps.
    pub fn http(&self) -> impl Iterator<Item = (&StepView<'a>, &'a HttpAction)> {
        self.steps.iter().filter_map(|view| view.step.http().map(|http| (view, http)))
    }

    /// The journeys that steps name, with the definition where it could be read.
    pub fn uses(&self) -> impl Iterator<Item = (&StepView<'a>, Option<&'a Definition>)> {
        self.steps.iter().filter_map(|view| match &view.step.action {
            Action::Use(action) => Some((view, self.used.get(&action.journey.value).copied())),
            _ => None,
        })
    }

    /// Where the key stands in a map, found in its text: keys of maps that are read field by field leave no place.
    pub fn key(&self, map: Span, key: &str) -> Span {
        let source = &self.definition.source;
        let text = source.slice(map);
        let is_key = |at: usize| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + key.len()..).unwrap_or("").trim_start_matches(['"', '\'']).trim_start();
            before.is_none_or(|c| c.is_whitespace() || "{,\"'".contains(c)) && after.starts_with(':')
        };
        // A key of the map itself stands in its column, or inside its braces and no others.
        let column = source.position(map.start).column;
        let is_own = |at: usize| match text.strip_prefix('{') {
            Some(_) => text
                .get(..at)
                .is_some_and(|before| before.matches(['{', '[']).count() == 1 + before.matches(['}', ']']).count()),
            None => source.position(map.within(at, 0).start).column == column,
        };
        let places = || text.match_indices(key).map(|(at, _)| at).filter(|at| is_key(*at));
        let found = places().find(|at| is_own(*at)).or_else(|| places().next());
        found.map_or_else(|| map.within(0, text.find('\n').unwrap_or(text.len())), |at| map.within(at, key.len()))
    }

    /// Whether a default of the host goes into requests of the step.
    pub fn default_applies(&self, view: &StepView<'_>, host: usize, part: HostPart) -> bool {
        let Some(http) = view.step.http().filter(|_| view.host.is_some_and(|index| usize::from(index.0) == host))
        else {
            return false;
        };
        match part {
            HostPart::Auth | HostPart::Signed => http.auth.is_none(),
            HostPart::Header(field) => self
                .hosts()
                .get(host)
                .and_then(|(_, host)| host.0.headers.as_ref()?.0.get(field))
                .is_none_or(|default| !http.headers.0.iter().any(|own| own.name.value == default.name.value)),
        }
    }

    /// The places in steps at which a mention counts: its own, or for a host's default those of the steps that send it.
    pub fn places(&self, mention: &Mention<'_>) -> Vec<Place> {
        match mention.place {
            // Steps beyond their bound are refused as a whole.
            Place::Host { host, part } => (0..self.steps.len().min(STEPS_MAX))
                .filter(|step| self.default_applies(&self.steps[*step], host, part))
                .map(|step| Place::Step { step, part: part.in_step() })
                .collect(),
            place => vec![place],
        }
    }

    /// Whether a file is rendered as a template: what it mentions is not known here.
    pub fn has_unread_templates(&self) -> bool {
        self.http().any(|(_, http)| matches!(&http.body, Some(Body::File(file)) if file.templates))
    }

    /// Whether the step's value parts are sent to its host.
    pub fn sent_to(&self, place: Place) -> Option<(&StepView<'a>, HostIndex)> {
        match place {
            Place::Step { step, part } if part.is_sent() => {
                let view = self.steps.get(step)?;
                Some((view, view.host?))
            }
            _ => None,
        }
    }
}

impl StepView<'_> {
    /// What stands for the step in messages: its id, or its action.
    pub fn span(&self) -> Span {
        self.step.id.as_ref().map_or_else(|| self.action_span(), |id| id.span)
    }

    pub fn action_span(&self) -> Span {
        match &self.step.action {
            Action::Http(http) => http.span,
            Action::Wait(wait) => wait.span,
            Action::Use(action) => action.journey.span,
        }
    }
}

pub(super) fn entries<T>(entries: Option<&Entries<T>>) -> &[(Spanned<String>, T)] {
    entries.map_or(&[], |entries| entries.0.as_slice())
}

fn host_of(step: &Step, hosts: &[(Spanned<String>, Host)]) -> Option<HostIndex> {
    let index = match &step.at {
        Some(at) => hosts.iter().position(|(name, _)| name.value == at.value)?,
        None if hosts.len() == 1 => 0,
        None => return None,
    };
    u8::try_from(index).ok().map(HostIndex)
}

impl Part {
    /// Whether what stands there leaves with the request.
    pub fn is_sent(self) -> bool {
        matches!(
            self,
            Self::Target | Self::Query | Self::Headers | Self::Cookies | Self::Auth | Self::Signed | Self::Body
        )
    }
}
