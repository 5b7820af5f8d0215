//! Which kept values a step needs: a clean-up without them has nothing to undo, a step without them cannot run.

use std::collections::HashSet;

use super::checks::written;
use crate::base::shape::Entries;
use crate::base::span::Spanned;
use crate::journey::definition::auth::Auth;
use crate::journey::definition::body::{Body, Part};
use crate::journey::definition::condition::Conditions;
use crate::journey::definition::http::{Cookies, HeaderField, HttpAction};
use crate::journey::definition::step::{Action, Step};
use crate::journey::resolved;
use crate::template::{Data, Template, UseKind};

/// Names the step refers to outside `when` and that some step keeps, each once. What it keeps itself and looks at
/// only afterwards is not among them. `in_file` are the names in a file that it sends as a template.
pub(super) fn names(step: &Step, action: &resolved::Action, in_file: &[String], kept: &HashSet<String>) -> Vec<String> {
    let mut before = Names::default();
    match (&step.action, action) {
        (Action::Http(http), resolved::Action::Http(resolved)) => {
            before.http(http, &resolved.headers, resolved.auth.as_ref());
        }
        (Action::Use(used), _) => used.inputs.0.iter().for_each(|(_, data)| before.data(data)),
        _ => {}
    }
    before.found.extend(in_file.iter().cloned());
    if let Some(each) = &step.for_each {
        before.data(&each.list.value);
    }
    let mut after = Names::default();
    for keep in &step.keep.0 {
        after.found.extend(keep.from.value.names().into_iter().map(|(name, _)| name.to_owned()));
        if let Some(default) = &keep.default {
            after.data(&default.value);
        }
    }
    let unless = step.retry.as_ref().and_then(|retry| retry.unless.as_ref());
    for part in [step.expect.as_ref(), step.prefer.as_ref(), unless] {
        after.conditions(part);
    }
    let own: HashSet<&str> = step.keep.0.iter().map(|keep| keep.name.value.as_str()).collect();
    after.found.retain(|name| !own.contains(name.as_str()));
    let mut seen = HashSet::new();
    let all = before.found.into_iter().chain(after.found);
    all.filter(|name| kept.contains(name) && seen.insert(name.clone())).collect()
}

/// Names that a template refers to.
pub(super) fn in_template(template: &Template) -> Vec<String> {
    let uses = template.uses().into_iter().filter(|used| used.kind == UseKind::Reference);
    uses.map(|used| used.name.to_owned()).collect()
}

/// Names that data refers to.
pub(super) fn in_data(data: &Data) -> Vec<String> {
    data.templates().into_iter().flat_map(|(_, _, template)| in_template(template)).collect()
}

#[derive(Default)]
struct Names {
    found: Vec<String>,
}

impl Names {
    fn template(&mut self, template: &Spanned<Template>) {
        self.found.extend(in_template(&template.value));
    }

    fn data(&mut self, data: &Data) {
        self.found.extend(in_data(data));
    }

    fn fields(&mut self, fields: &Entries<Data>) {
        fields.0.iter().for_each(|(_, data)| self.data(data));
    }

    fn conditions(&mut self, conditions: Option<&Conditions>) {
        for (selector, condition) in written(conditions) {
            self.found.extend(selector.names().into_iter().map(|(name, _)| name.to_owned()));
            condition.literals(&mut |data, _| self.data(&data.value));
        }
    }

    fn http(&mut self, http: &HttpAction, headers: &[HeaderField], auth: Option<&Auth>) {
        self.template(&http.target.template);
        self.fields(&http.query);
        headers.iter().flat_map(|field| &field.values).for_each(|value| self.template(value));
        if let Some(Cookies::Also(cookies)) = &http.cookies {
            cookies.0.iter().for_each(|(_, value)| self.template(value));
        }
        auth.iter().flat_map(|auth| auth.templates()).for_each(|template| self.template(template));
        if let Some(body) = &http.body {
            self.body(body);
        }
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Json(data) => self.data(&data.value),
            Body::Form(fields) => self.fields(fields),
            Body::Multipart(parts) => {
                for (_, part) in parts {
                    match part {
                        Part::Text(template) => self.template(template),
                        Part::Long(form) => {
                            form.text.iter().chain(&form.name).for_each(|template| self.template(template));
                            form.json.iter().for_each(|data| self.data(&data.value));
                        }
                    }
                }
            }
            Body::Text(template) | Body::Xml(template) => self.template(template),
            Body::GraphQl(query) => query.variables.iter().for_each(|data| self.data(&data.value)),
            Body::Base64(_) | Body::File(_) => {}
        }
    }
}
