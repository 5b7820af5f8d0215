//! The sources of selectors: what each is for, which kinds it yields, and where its value is looked up.

use std::ops::Range;

use http::HeaderName;
use regex::Regex;
use serde_json::Value as Json;

use super::cookie::CookieAttribute;
use super::css::Css;
use super::{Family, SelectError, http as answers};
use crate::base::secret::Labelled;
use crate::expectation::filter::regex::{all_matches, first_match};
use crate::expectation::jsonpath::{Found, JsonPath};
use crate::expectation::kinds::Kinds;
use crate::expectation::subject::Subject;
use crate::model::scope::Scope;
use crate::model::timing::Phase;
use crate::model::value::{Kind, Value};

/// Elements of a list that a selector may find.
pub(super) const FOUND_MAX: usize = 10_000;

#[derive(Clone, Debug)]
pub(super) enum Source {
    Status,
    Version,
    Time,
    /// Of one phase, all requests together.
    Phase(Phase),
    Size,
    Url,
    Ip,
    Redirects,
    Body,
    Sha256,
    Header(HeaderName),
    Cookie {
        name: String,
        attribute: CookieAttribute,
    },
    Css {
        all: bool,
        css: Css,
    },
    Regex {
        all: bool,
        regex: Regex,
    },
    Certificate(CertificateField),
    Json(JsonPath),
    Var {
        name: String,
        members: Vec<String>,
    },
    Output(String),
    /// Of a later version.
    Later,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateField {
    Subject,
    Issuer,
    Serial,
    NotBefore,
    NotAfter,
    DaysLeft,
    Names,
    Sha256,
    Pem,
}

impl CertificateField {
    pub(super) const ALL: [(&'static str, Self); 9] = [
        ("subject", Self::Subject),
        ("issuer", Self::Issuer),
        ("serial", Self::Serial),
        ("not-before", Self::NotBefore),
        ("not-after", Self::NotAfter),
        ("days-left", Self::DaysLeft),
        ("names", Self::Names),
        ("sha256", Self::Sha256),
        ("pem", Self::Pem),
    ];
}

impl Source {
    pub(super) fn family(&self) -> Family {
        match self {
            Self::Time => Family::Time,
            Self::Var { .. } => Family::Var,
            Self::Output(_) => Family::Output,
            Self::Later => Family::Later,
            _ => Family::Http,
        }
    }

    /// Whether it looks for all there are, so that an empty list means that nothing was found.
    pub(super) fn finds_several(&self) -> bool {
        match self {
            Self::Json(path) => !path.is_singular(),
            Self::Css { all, .. } | Self::Regex { all, .. } => *all,
            _ => false,
        }
    }

    /// Names with their byte ranges in the source.
    pub(super) fn names(&self) -> Vec<(&str, Range<usize>)> {
        const VAR: usize = "var:".len();
        match self {
            Self::Var { name, .. } => vec![(name, VAR..VAR + name.len())],
            Self::Json(path) => path.names().iter().map(|(name, range)| (name.as_str(), range.clone())).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn kinds(&self) -> Kinds {
        let one = |kind| Kinds::of([kind]);
        match self {
            Self::Status => one(Kind::Number),
            Self::Version | Self::Url => one(Kind::Text),
            Self::Time => one(Kind::Duration),
            Self::Phase(_) => one(Kind::Duration).or_missing(),
            Self::Size => one(Kind::Size),
            Self::Body => Kinds::of([Kind::Text, Kind::Bytes]),
            Self::Sha256 => one(Kind::Bytes),
            Self::Cookie { attribute, .. } => one(attribute.kind()).or_missing(),
            Self::Certificate(field) => one(match field {
                CertificateField::NotBefore | CertificateField::NotAfter => Kind::Time,
                CertificateField::DaysLeft => Kind::Number,
                CertificateField::Names => Kind::List,
                _ => Kind::Text,
            })
            .or_missing(),
            Self::Json(path) if path.is_singular() => Kinds::json().or_missing(),
            Self::Redirects | Self::Css { all: true, .. } | Self::Regex { all: true, .. } | Self::Json(_) => {
                one(Kind::List)
            }
            Self::Ip | Self::Header(_) | Self::Css { .. } | Self::Regex { .. } => one(Kind::Text).or_missing(),
            Self::Var { .. } | Self::Output(_) | Self::Later => Kinds::ANY,
        }
    }

    pub(super) fn find(
        &self,
        subject: &Subject<'_>,
        scope: &dyn Scope,
    ) -> Result<Option<Labelled<Value>>, SelectError> {
        Ok(match self {
            Self::Time => subject.elapsed().map(Value::Duration).map(Labelled::open),
            Self::Var { name, members } => var(name, members, scope),
            Self::Output(name) => subject.output(name).cloned(),
            Self::Json(path) => return json(path, subject, scope),
            Self::Css { all, css } => css.find(*all, subject)?.map(Labelled::open),
            Self::Regex { all, regex } => matches(regex, *all, subject)?.map(Labelled::open),
            Self::Later => return Err(SelectError::new("this selector is not supported yet")),
            Self::Url => subject.answer().and(subject.exchange()).and_then(answers::url),
            Self::Redirects => subject.answer().and(subject.exchange()).map(answers::redirects),
            _ => match (subject.exchange(), subject.answer()) {
                (Some(exchange), Some(answer)) => self.fact(exchange, answer, subject, scope).map(Labelled::open),
                _ => None,
            },
        })
    }

    /// What stands in the head of the answer, or was seen of the connection.
    fn fact(
        &self,
        exchange: &crate::model::observation::Exchange,
        answer: &crate::model::observation::Answer,
        subject: &Subject<'_>,
        scope: &dyn Scope,
    ) -> Option<Value> {
        match self {
            Self::Status => Some(Value::number(answer.status.as_u16())),
            Self::Version => Some(Value::text(answers::version(answer.version))),
            Self::Phase(phase) => answers::phase(exchange, *phase).map(Value::Duration),
            Self::Size => Some(Value::Size(answer.body.len() as u64)),
            Self::Ip => exchange.last()?.remote.map(|remote| Value::text(remote.ip().to_canonical().to_string())),
            Self::Body => Some(match subject.text()? {
                Ok(text) => Value::text(text),
                Err(_) => Value::Bytes(answer.body.to_vec()),
            }),
            Self::Sha256 => Some(Value::Bytes(answers::sha256(&answer.body))),
            Self::Header(name) => answers::header(&answer.headers, name).map(Value::text),
            Self::Cookie { name, attribute } => super::cookie::find(&answer.headers, name, *attribute),
            Self::Certificate(field) => answers::certificate(exchange, *field, scope.now()),
            _ => None,
        }
    }
}

fn var(name: &str, members: &[String], scope: &dyn Scope) -> Option<Labelled<Value>> {
    let Labelled { value, label } = scope.get(name)?;
    if members.is_empty() {
        return Some(Labelled::new(value, label));
    }
    let Value::Json(json) = value else { return None };
    let member = members.iter().try_fold(&json, |json, member| json.as_object()?.get(member))?;
    Some(Labelled::new(Value::Json(member.clone()), label))
}

fn json(path: &JsonPath, subject: &Subject<'_>, scope: &dyn Scope) -> Result<Option<Labelled<Value>>, SelectError> {
    let Some(body) = subject.json() else { return Ok(None) };
    let body = body.map_err(SelectError::new)?;
    let (found, label) = path.select(body, scope).map_err(|error| SelectError::new(error.to_string()))?;
    let value = match found {
        Found::One(node) => node.cloned(),
        Found::Many(nodes) => Some(Json::Array(nodes.into_iter().cloned().collect())),
    };
    Ok(value.map(|json| Labelled::new(Value::Json(json), label)))
}

/// In the body, as the filter `regex` does in any text.
fn matches(regex: &Regex, all: bool, subject: &Subject<'_>) -> Result<Option<Value>, SelectError> {
    let Some(text) = subject.text() else { return Ok(None) };
    let text = text.map_err(SelectError::new)?;
    if all {
        return list(all_matches(regex, text).map(Json::from)).map(Some);
    }
    Ok(first_match(regex, text).map(Value::text))
}

/// A list within the bound of what a selector may find.
pub(super) fn list(found: impl Iterator<Item = Json>) -> Result<Value, SelectError> {
    let list: Vec<_> = found.take(FOUND_MAX + 1).collect();
    if list.len() > FOUND_MAX { Err(too_many()) } else { Ok(Value::Json(Json::Array(list))) }
}

fn too_many() -> SelectError {
    SelectError::new(format!("it finds more than {FOUND_MAX} values"))
}
