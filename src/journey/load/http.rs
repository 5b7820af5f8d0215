//! Compiles the HTTP action of a step: its host found, headers and authentication of host and step laid together.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::draft::Draft;
use super::{hosts, kept, rules};
use crate::base::diagnostic::{Related, nearest};
use crate::base::span::{Span, Spanned};
use crate::journey::definition::auth::Auth;
use crate::journey::definition::body::{Body, Part, Query};
use crate::journey::definition::http::{HeaderField, HttpAction, TargetKind};
use crate::journey::definition::needs::HostForm;
use crate::journey::definition::step::Step;
use crate::journey::definition::{Definition, rules as definition_rules};
use crate::journey::resolved::Http;
use crate::model::authority::WebOrigin;
use crate::template::{Template, UseKind};

impl Draft<'_, '_> {
    pub(super) fn http(&mut self, step: &Step, http: &HttpAction) -> Option<Http> {
        let definition = Arc::clone(&self.definition);
        let host = host_of(&definition, step);
        let form = host.map(|(_, form)| form);
        let index = host.and_then(|(name, _)| self.host(name));
        let follow: Option<Vec<_>> =
            http.follow.iter().flat_map(|follow| &follow.to).map(|name| self.host(&name.value)).collect();
        self.body_files(http);
        if let Some(form) = form {
            self.origin(http, form);
        }
        let headers = laid_over(form, http);
        let auth = self.auth(http, form, &headers);
        let from_target = self.names_from_target(step);
        let names = kept::in_template(&http.target.template.value);
        Some(Http {
            host: index?,
            action: http.clone(),
            headers,
            auth,
            follow_to: follow?,
            target_is_kept: names.iter().any(|name| from_target.contains(name)),
        })
    }

    /// Kept values, and the loop item if its list is made of them.
    fn names_from_target(&self, step: &Step) -> HashSet<String> {
        let mut names = self.kept.clone();
        if let Some(each) = &step.for_each
            && kept::in_data(&each.list.value).iter().any(|name| names.contains(name))
        {
            names.insert(each.name.value.clone());
        }
        names
    }

    /// A target that is written out as a URL leads to the host of the step.
    fn origin(&mut self, http: &HttpAction, host: &HostForm) {
        if http.target.kind != TargetKind::Absolute {
            return;
        }
        let span = http.target.template.span;
        let own = url::Url::parse(&host.url.value).ok().and_then(|url| WebOrigin::of(&url));
        match (hosts::constant_origin(&http.target.template.value.to_source()), own) {
            (Some(Err(why)), _) => {
                self.report(&definition_rules::TARGET, span, format!("this URL cannot be used: {why}")).help =
                    Some("start the target with `/`: the host is known".to_owned());
            }
            (Some(Ok(origin)), Some(own)) if origin != own => {
                let message = format!("the target leads to `{origin}`, the step is at `{own}`");
                self.report(&rules::ORIGIN, span, message).help =
                    Some("declare the host under `needs.hosts` and name it with `at`".to_owned());
            }
            _ => {}
        }
    }

    /// The authentication in force: the step's, else the host's.
    fn auth(&mut self, http: &HttpAction, host: Option<&HostForm>, headers: &[HeaderField]) -> Option<Auth> {
        let of_host = host.and_then(|host| host.auth.as_ref());
        let auth = match http.auth.as_ref().or(of_host)? {
            Auth::None(_) => return None,
            auth => auth.clone(),
        };
        let header =
            headers.iter().find(|field| field.name.value == http::header::AUTHORIZATION && !field.values.is_empty());
        if let Some(header) = header {
            let (header, auth_at) = (header.name.span, span_of(&auth));
            let is_in_step = http.headers.0.iter().any(|field| field.name.span == header);
            let at = if is_in_step || http.auth.is_none() { header } else { auth_at };
            let other = if at == header { auth_at } else { header };
            // Both in the host: every step at it would say the same.
            if !self.diagnostics.iter().any(|known| known.rule == &rules::HEADER_CONFLICT && known.span == at) {
                let problem = self.report(
                    &rules::HEADER_CONFLICT,
                    at,
                    "`auth` and a header `Authorization` cannot be sent together",
                );
                problem.help = Some(if is_in_step && http.auth.is_none() {
                    "leave the header out, or switch off the host's with `auth: none`".to_owned()
                } else {
                    "leave one of them out".to_owned()
                });
                let note = "the other is here".to_owned();
                problem.related.push(Related { span: other, note });
            }
        }
        Some(auth)
    }

    /// Reads the files that the body sends.
    fn body_files(&mut self, http: &HttpAction) {
        match &http.body {
            Some(Body::File(file)) => {
                self.body_file(&file.path, file.templates);
            }
            Some(Body::Multipart(parts)) => {
                for (_, part) in parts {
                    if let Part::Long(form) = part
                        && let Some(path) = &form.file
                    {
                        self.body_file(path, false);
                    }
                }
            }
            Some(Body::GraphQl(query)) => {
                if let Query::File(path) = &query.query
                    && let Some(text) = self.body_file(path, false)
                    && std::str::from_utf8(&text).is_err()
                {
                    let message = format!("file `{}` is not UTF-8 text", path.value);
                    self.report(&rules::PACKAGE_FILE, path.span, message).help = Some("save it as UTF-8".to_owned());
                }
            }
            _ => {}
        }
    }

    fn body_file(&mut self, path: &Spanned<String>, is_template: bool) -> Option<bytes::Bytes> {
        let bytes = self.package_file(path)?.bytes;
        self.files.insert(path.value.clone(), bytes.clone());
        if is_template {
            self.template_file(path, &bytes);
        }
        Some(bytes)
    }

    /// A file that is rendered: its mistakes are told now, and its names are known.
    fn template_file(&mut self, path: &Spanned<String>, bytes: &[u8]) {
        let mut bad = |why: String, help: Option<String>| {
            let message = format!("file `{}` is no template: {why}", path.value);
            self.report(&rules::FILE_TEMPLATE, path.span, message).help = help;
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            return bad("it is not UTF-8 text".to_owned(), Some("save it as UTF-8, or send it as it is".to_owned()));
        };
        match Template::parse(text) {
            Ok(template) => {
                let names = self.provided();
                for used in template.uses() {
                    let line = text.get(..used.range.start).map_or(1, |before| before.matches('\n').count() + 1);
                    let known = used.kind == UseKind::Reference && names.contains(used.name);
                    if !known {
                        let message = format!(
                            "file `{}` uses `{}` in line {line}, which nothing provides",
                            path.value, used.name
                        );
                        let meant = nearest(used.name, names.iter().map(String::as_str));
                        self.report(&rules::FILE_TEMPLATE, path.span, message).help = Some(meant.map_or_else(
                            || "declare it as an input, secret or var, or keep it".to_owned(),
                            |meant| format!("did you mean `{meant}`?"),
                        ));
                    }
                }
            }
            Err(error) => {
                let line = text.get(..error.offset).map_or(1, |before| before.matches('\n').count() + 1);
                bad(format!("{} in line {line}", error.message), error.help);
            }
        }
    }

    /// Names that have a value at some time of the journey.
    fn provided(&self) -> BTreeSet<String> {
        let form = &self.definition.form;
        let mut names: BTreeSet<String> = self.kept.iter().cloned().collect();
        names.extend(form.needs.inputs.iter().flat_map(|inputs| &inputs.0).map(|(name, _)| name.value.clone()));
        names.extend(form.needs.secrets.iter().flat_map(|secrets| &secrets.0).map(|(name, _)| name.value.clone()));
        names.extend(form.vars.iter().flat_map(|vars| &vars.0).map(|(name, _)| name.value.clone()));
        names.extend(
            self.definition.all_steps().filter_map(|step| step.for_each.as_ref()).map(|each| each.name.value.clone()),
        );
        names.insert("run".to_owned());
        names
    }
}

fn span_of(auth: &Auth) -> Span {
    match auth {
        Auth::None(span) => *span,
        Auth::Bearer(token) => token.span,
        Auth::Basic(basic) => basic.span,
        Auth::Hmac(hmac) => hmac.span,
    }
}

/// The host that an HTTP step goes to, by its name: the one it names, or the only one. That there is none is said by
/// the checks.
pub(super) fn host_of<'d>(definition: &'d Definition, step: &Step) -> Option<(&'d str, &'d HostForm)> {
    let declared = definition.form.needs.hosts.as_ref().map_or(&[][..], |hosts| &hosts.0);
    let (name, host) = match (&step.at, declared) {
        (Some(at), declared) => declared.iter().find(|(name, _)| name.value == at.value)?,
        (None, [only]) => only,
        (None, _) => return None,
    };
    Some((&name.value, &host.0))
}

/// The headers of the host and of the step, whose own win by name; a dropped default stays to be dropped.
fn laid_over(host: Option<&HostForm>, http: &HttpAction) -> Vec<HeaderField> {
    let of_step = &http.headers.0;
    let of_host = host.and_then(|host| host.headers.as_ref()).map_or(&[][..], |headers| &headers.0);
    let left = of_host.iter().filter(|field| !of_step.iter().any(|own| own.name.value == field.name.value));
    left.chain(of_step).cloned().collect()
}
