//! From a web configuration file to what it demands; every problem at once, nothing half in force.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::form::{HttpForm, RateForm, WebForm};
use super::limit::Limit;
use super::policy::Policy;
use super::users::{self, Users, Verified};
use super::{NotUsable, Stamp, rules, tls};
use crate::base::shape::{Entries, Reader, Shape as _};
use crate::base::span::{Span, Spanned};
use crate::base::yaml;
use crate::journey::load::read_source;

/// Beyond it, one password costs this machine half a minute: nobody means that, and anybody could ask for it.
const COST_MAX: u32 = 18;

/// Headers that the format lets be set; of some it also gives the values.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Content-Security-Policy", &[]),
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
];

/// The files that were read, as they were just before.
pub(super) struct Files {
    directory: PathBuf,
    seen: Vec<Stamp>,
}

impl Files {
    /// Reads a file that the configuration names; a relative path starts beside it.
    pub(super) fn read(&mut self, named: &Spanned<String>, reader: &mut Reader) -> Option<Vec<u8>> {
        let path = self.directory.join(&named.value);
        self.seen.push(Stamp::of(&path));
        std::fs::read(&path)
            .map_err(|error| {
                let message = format!("`{}` cannot be read: {error}", path.display());
                reader.report(&rules::WEB_CONFIG, named.span, message);
            })
            .ok()
    }
}

/// Reads the file and what it names; also says which files these were.
pub(super) fn load(path: &Path, verified: &Arc<Verified>) -> (Result<Policy, NotUsable>, Vec<Stamp>) {
    let directory = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
    let mut files = Files { directory, seen: vec![Stamp::of(path)] };
    let source = match read_source(path) {
        Ok(source) => source,
        Err(problem) => return (Err(NotUsable(vec![*problem])), files.seen),
    };
    let parsed = yaml::parse(&source);
    let mut reader = Reader::new(Arc::clone(&source));
    reader.diagnostics = parsed.diagnostics;
    let policy = match parsed.documents.as_slice() {
        [document] => WebForm::read(document, &mut reader).map(|form| policy(&form, verified, &mut files, &mut reader)),
        // An empty file protects nothing, as in every exporter.
        [] => {
            let users = Users::new(BTreeMap::new(), verified);
            Some(Policy { tls: None, certificate: None, headers: Vec::new(), users, limit: None })
        }
        [_, second, ..] => {
            reader.report(&rules::WEB_CONFIG, second.span, "a web configuration is one document, this is a second one");
            None
        }
    };
    match policy.filter(|_| reader.diagnostics.is_empty()) {
        Some(policy) => (Ok(policy), files.seen),
        None => (Err(NotUsable(reader.diagnostics)), files.seen),
    }
}

fn policy(form: &WebForm, verified: &Arc<Verified>, files: &mut Files, reader: &mut Reader) -> Policy {
    let secured = form.tls_server_config.as_ref().and_then(|form| tls::acceptor(form, files, reader));
    let (tls, certificate) = secured.unzip();
    Policy {
        tls,
        certificate,
        headers: form.http_server_config.as_ref().map(|form| headers(form, reader)).unwrap_or_default(),
        users: users(form.basic_auth_users.as_ref(), verified, reader),
        limit: form.rate_limit.as_ref().and_then(|form| limit(form, reader)),
    }
}

fn headers(form: &HttpForm, reader: &mut Reader) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    for (name, value) in form.headers.iter().flat_map(|headers| &headers.0) {
        let Some((_, allowed)) = HEADERS.iter().find(|(known, _)| *known == name.value) else {
            let message = format!("header `{}` cannot be set", name.value);
            reader.report(&rules::WEB_CONFIG, name.span, message).help = Some(format!("one of {}", names()));
            continue;
        };
        let fits = allowed.is_empty() || allowed.iter().any(|one| one.eq_ignore_ascii_case(&value.value));
        match (HeaderName::try_from(&name.value), HeaderValue::try_from(&value.value)) {
            // An empty one means: not set by the file.
            _ if value.value.is_empty() => {}
            (Ok(name), Ok(value)) if fits => headers.push((name, value)),
            _ => {
                let message = format!("`{}` is not a value of `{}`", value.value, name.value);
                let problem = reader.report(&rules::WEB_CONFIG, value.span, message);
                problem.help = (!allowed.is_empty()).then(|| format!("one of {}", allowed.join(", ")));
            }
        }
    }
    headers
}

fn names() -> String {
    HEADERS.map(|(name, _)| name).join(", ")
}

fn users(form: Option<&Entries<Spanned<String>>>, verified: &Arc<Verified>, reader: &mut Reader) -> Users {
    let mut hashes = BTreeMap::new();
    for (user, hash) in form.iter().flat_map(|users| &users.0) {
        match users::cost(&hash.value) {
            Some(cost) if cost <= COST_MAX => {
                hashes.insert(user.value.clone(), hash.value.clone());
            }
            Some(cost) => {
                refuse_hash(hash.span, format!("a cost of {cost} takes too long, it is at most {COST_MAX}"), reader);
            }
            // Whatever it is, perhaps the password itself: it is not shown.
            None => refuse_hash(hash.span, format!("the password of `{}` is not a bcrypt hash", user.value), reader),
        }
    }
    Users::new(hashes, verified)
}

fn refuse_hash(span: Span, message: String, reader: &mut Reader) {
    reader.report(&rules::WEB_CONFIG, span, message).help =
        Some("make one with `htpasswd -nBC 10 \"\" | tr -d ':\\n'`".to_owned());
}

fn limit(form: &RateForm, reader: &mut Reader) -> Option<Limit> {
    if form.interval.value.is_zero() {
        return None;
    }
    if form.burst.value == 0 {
        reader.report(&rules::WEB_CONFIG, form.burst.span, "with `burst: 0` no request would ever be answered");
    }
    Some(Limit::new(form.interval.value, form.burst.value))
}
