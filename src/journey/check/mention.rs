//! Every place where a definition mentions a name: in templates, in selectors, in filters.

use std::ops::Range;

use super::look::entries;
use crate::base::span::{Source, Span, Spanned};
use crate::journey::definition::Definition;
use crate::journey::definition::auth::Auth;
use crate::journey::definition::body::{Body, Part as BodyPart};
use crate::journey::definition::condition::Conditions;
use crate::journey::definition::http::{Cookies, HeaderFields, HttpAction};
use crate::journey::definition::step::{Action, Step};
use crate::template::{Data, Template, UseKind};

pub(super) struct Mention<'a> {
    pub name: &'a str,
    /// Members behind the name; always empty in selectors.
    pub members: &'a [String],
    pub kind: UseKind,
    pub span: Span,
    pub place: Place,
    /// At the head of a template, whose value is inserted; a key of a signature is not.
    pub inserted: bool,
    pub in_selector: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Var(usize),
    /// A default of a host, sent by the steps there.
    Host {
        host: usize,
        part: HostPart,
    },
    /// By position among `steps` and `cleanup`.
    Step {
        step: usize,
        part: Part,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostPart {
    Header(usize),
    Auth,
    Signed,
}

/// A part of a step, in the order in which they come to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The list of `for`.
    List,
    When,
    Target,
    Query,
    Headers,
    Cookies,
    Auth,
    /// The text that `auth: hmac` signs.
    Signed,
    Body,
    /// Of a `use` step.
    Inputs,
    /// An entry of `keep`.
    Keep(usize),
    /// `expect`, `prefer` and `unless`.
    Verdict,
}

impl HostPart {
    pub fn in_step(self) -> Part {
        match self {
            Self::Header(_) => Part::Headers,
            Self::Auth => Part::Auth,
            Self::Signed => Part::Signed,
        }
    }
}

/// All mentions: of vars, of hosts, then of the steps in order.
pub(super) fn mentions(definition: &Definition) -> Vec<Mention<'_>> {
    let form = &definition.form;
    let mut walk = Walk { source: &definition.source, place: Place::Var(0), found: Vec::new() };
    for (index, (_, data)) in entries(form.vars.as_ref()).iter().enumerate() {
        walk.place = Place::Var(index);
        walk.data(data);
    }
    for (host, (_, declared)) in entries(form.needs.hosts.as_ref()).iter().enumerate() {
        for (field, header) in declared.0.headers.iter().flat_map(|headers| headers.0.iter().enumerate()) {
            walk.place = Place::Host { host, part: HostPart::Header(field) };
            header.values.iter().for_each(|value| walk.template(value));
        }
        if let Some(auth) = &declared.0.auth {
            walk.auth(auth, |part| Place::Host { host, part });
        }
    }
    for (index, step) in definition.all_steps().enumerate() {
        walk.step(index, step);
    }
    walk.found
}

struct Walk<'a> {
    source: &'a Source,
    place: Place,
    found: Vec<Mention<'a>>,
}

impl<'a> Walk<'a> {
    fn step(&mut self, step: usize, written: &'a Step) {
        let at = |part| Place::Step { step, part };
        if let Some(each) = &written.for_each {
            self.place = at(Part::List);
            self.data(&each.list.value);
        }
        self.place = at(Part::When);
        self.conditions(written.when.as_ref());
        match &written.action {
            Action::Http(http) => self.http(http, &at),
            Action::Wait(_) => {}
            Action::Use(action) => {
                self.place = at(Part::Inputs);
                action.inputs.0.iter().for_each(|(_, data)| self.data(data));
            }
        }
        for (entry, keep) in written.keep.0.iter().enumerate() {
            self.place = at(Part::Keep(entry));
            self.selector(keep.from.span, keep.from.value.names());
            if let Some(default) = &keep.default {
                self.data(&default.value);
            }
        }
        self.place = at(Part::Verdict);
        self.conditions(written.retry.as_ref().and_then(|retry| retry.unless.as_ref()));
        self.conditions(written.expect.as_ref());
        self.conditions(written.prefer.as_ref());
    }

    fn http(&mut self, http: &'a HttpAction, at: &impl Fn(Part) -> Place) {
        self.place = at(Part::Target);
        self.template(&http.target.template);
        self.place = at(Part::Query);
        http.query.0.iter().for_each(|(_, data)| self.data(data));
        self.place = at(Part::Headers);
        self.headers(&http.headers);
        self.place = at(Part::Cookies);
        if let Some(Cookies::Also(cookies)) = &http.cookies {
            cookies.0.iter().for_each(|(_, value)| self.template(value));
        }
        if let Some(auth) = &http.auth {
            self.auth(auth, |part| at(part.in_step()));
        }
        self.place = at(Part::Body);
        match &http.body {
            Some(Body::Json(data)) => self.data(&data.value),
            Some(Body::Form(fields)) => fields.0.iter().for_each(|(_, data)| self.data(data)),
            Some(Body::Multipart(parts)) => parts.iter().for_each(|(_, part)| self.body_part(part)),
            Some(Body::Text(text) | Body::Xml(text)) => self.template(text),
            Some(Body::GraphQl(query)) => query.variables.iter().for_each(|data| self.data(&data.value)),
            Some(Body::Base64(_) | Body::File(_)) | None => {}
        }
    }

    fn headers(&mut self, headers: &'a HeaderFields) {
        headers.0.iter().flat_map(|field| &field.values).for_each(|value| self.template(value));
    }

    fn body_part(&mut self, part: &'a BodyPart) {
        match part {
            BodyPart::Text(text) => self.template(text),
            BodyPart::Long(form) => {
                form.text.iter().chain(&form.name).for_each(|text| self.template(text));
                form.json.iter().for_each(|data| self.data(&data.value));
            }
        }
    }

    fn auth(&mut self, auth: &'a Auth, at: impl Fn(HostPart) -> Place) {
        self.place = at(HostPart::Auth);
        match auth {
            Auth::Hmac(hmac) => {
                self.template(&hmac.key);
                self.place = at(HostPart::Signed);
                hmac.over.iter().for_each(|over| self.template(over));
            }
            other => other.templates().into_iter().for_each(|text| self.template(text)),
        }
    }

    fn conditions(&mut self, conditions: Option<&'a Conditions>) {
        for expectation in conditions.iter().flat_map(|conditions| &conditions.0) {
            self.selector(expectation.key.span, expectation.selector.names());
            expectation.condition.literals(&mut |literal, _| self.data(&literal.value));
        }
    }

    fn template(&mut self, template: &'a Spanned<Template>) {
        self.uses(template.span, None, &template.value);
    }

    fn data(&mut self, data: &'a Data) {
        for (span, verbatim, template) in data.templates() {
            self.uses(span, verbatim, template);
        }
    }

    fn uses(&mut self, span: Span, verbatim: Option<Span>, template: &'a Template) {
        for used in template.uses() {
            let span = locate(self.source, span, verbatim, used.name, &used.range);
            let before = self.source.text.get(..span.start as usize).unwrap_or("");
            let inserted = before.trim_end_matches([' ', '\t']).ends_with("${");
            self.found.push(Mention {
                name: used.name,
                members: used.members,
                kind: used.kind,
                span,
                place: self.place,
                inserted,
                in_selector: false,
            });
        }
    }

    fn selector(&mut self, span: Span, names: Vec<(&'a str, Range<usize>)>) {
        for (name, range) in names {
            let span = locate(self.source, span, None, name, &range);
            let name = name.split('.').next().unwrap_or(name);
            let kind = UseKind::Reference;
            let place = self.place;
            self.found.push(Mention { name, members: &[], kind, span, place, inserted: false, in_selector: true });
        }
    }
}

/// Where bytes `range` of the text in the scalar at `span` stand. In a text that was folded or escaped
/// it is the first place that names the same, or the whole scalar.
fn locate(source: &Source, span: Span, verbatim: Option<Span>, name: &str, range: &Range<usize>) -> Span {
    let written = source.slice(span);
    let text = verbatim.unwrap_or_else(|| span.within(usize::from(written.starts_with(['"', '\''])), written.len()));
    let exact = text.within(range.start, range.len());
    if source.slice(exact).contains(name) {
        return exact;
    }
    let named = written.match_indices("${").find_map(|(at, _)| {
        let rest = written.get(at + 2..)?.trim_start_matches([' ', '\t']);
        let behind = rest.strip_prefix(name)?;
        let whole = !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        whole.then_some(written.len() - rest.len())
    });
    named.map_or(span, |at| span.within(at, name.len()))
}
