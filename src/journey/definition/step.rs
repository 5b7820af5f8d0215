//! A step: one action, what it must bring, what is kept of it. Its action key decides which other keys it may have.

use std::time::Duration;

use serde_json::Value as Json;

use super::auth::Auth;
use super::body::{Body, FileChoice, GraphQl, Multipart};
use super::condition::Conditions;
use super::http::{Cookies, Follow, HeaderFields, HttpAction, HttpVersion, RequestForm, Target};
use super::repeat::{ForEach, Keeps, Retry};
use super::rules;
use crate::base::diagnostic::nearest;
use crate::base::shape;
use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::span::{Span, Spanned};
use crate::base::yaml::{Node, Tree};
use crate::template::{Data, Template};

shape! {
    /// A step: exactly one action (`get`, `post`, `wait`, `use`, …), its keys, and the common ones.
    pub struct StepForm {
        /// Id of the step; by default made from the action.
        step: optional Spanned<String>,
        /// What the customer does here, in plain words.
        title: optional Spanned<String>,
        /// The systems behind this step.
        systems: optional Vec<Spanned<String>>,
        /// Name of the declared host; may be left out if there is only one.
        at: optional Spanned<String>,

        /// GET this path.
        get: optional Target,
        /// HEAD this path.
        head: optional Target,
        /// POST to this path.
        post: optional Target,
        /// PUT to this path.
        put: optional Target,
        /// PATCH this path.
        patch: optional Target,
        /// DELETE this path.
        delete: optional Target,
        /// OPTIONS of this path.
        options: optional Target,
        /// Any other method.
        request: optional RequestForm,
        /// Only wait, at most 5m.
        wait: optional Spanned<Duration>,
        /// Run another journey of the same package in place.
        use_journey: optional Spanned<String> as "use",
        /// Inputs of the used journey.
        inputs: optional Entries<Data>,
        /// Comes with a later version.
        mail: optional Node,
        /// Comes with a later version.
        within: optional Node,
        /// Comes with a later version.
        dns: optional Node,
        /// Comes with a later version.
        tcp: optional Node,
        /// Comes with a later version.
        tls: optional Node,
        /// Comes with a later version.
        ping: optional Node,
        /// Reserved.
        grpc: optional Node,
        /// Reserved.
        socket: optional Node,
        /// Reserved.
        stream: optional Node,
        /// Reserved.
        browse: optional Node,
        /// Reserved.
        parallel: optional Node,

        /// Query parameters; a list repeats one, null leaves it out.
        query: optional Entries<Data>,
        /// Request headers; a list repeats one, null drops a default.
        headers: optional HeaderFields,
        /// Cookies beside those of the jar, or `none`.
        cookies: optional Cookies,
        /// Authentication, or `none`.
        auth: optional Auth,
        /// Redirects to follow.
        follow: optional Follow,
        /// HTTP version; by default negotiated.
        http: optional Spanned<HttpVersion>,
        /// JSON body, as data.
        json: optional Spanned<Data>,
        /// URL-encoded form.
        form: optional Entries<Data>,
        /// Multipart form.
        multipart: optional Multipart,
        /// Text body.
        text: optional Spanned<Template>,
        /// XML body; templates are escaped.
        xml: optional Spanned<Template>,
        /// Bytes, written in base64.
        base64: optional Spanned<String>,
        /// GraphQL query.
        graphql: optional GraphQl,
        /// A file of the package.
        file: optional FileChoice,

        /// What must hold, else the step fails.
        expect: optional Conditions,
        /// What should hold, else the step is degraded.
        prefer: optional Conditions,
        /// Values to take along.
        keep: optional Keeps,
        /// Repeat until what is expected holds.
        retry: optional Retry,
        /// Only if all of this holds, over `var:` selectors.
        when: optional Conditions,
        /// Once per element of a list.
        for_each: optional ForEach as "for",
        /// Time for one attempt, redirects included; default 10s.
        timeout: optional Spanned<Duration>,
        /// Who repairs this, where it is not the owner of the host.
        owner: optional Spanned<String>,
        /// `none`: no contract check for this step.
        contract: optional Spanned<String>,
        /// `true`: a failure only degrades.
        optional: default(false) bool,
    }
}

/// A step with its action known.
#[derive(Clone, Debug)]
pub struct Step {
    pub span: Span,
    /// As written.
    pub id: Option<Spanned<String>>,
    pub title: Option<Spanned<String>>,
    pub systems: Vec<Spanned<String>>,
    pub at: Option<Spanned<String>>,
    pub action: Action,
    pub expect: Option<Conditions>,
    pub prefer: Option<Conditions>,
    pub keep: Keeps,
    pub retry: Option<Retry>,
    pub when: Option<Conditions>,
    pub for_each: Option<ForEach>,
    pub timeout: Option<Spanned<Duration>>,
    pub owner: Option<Spanned<String>>,
    pub contract: Option<Spanned<String>>,
    pub optional: bool,
}

#[derive(Clone, Debug)]
pub enum Action {
    Http(Box<HttpAction>),
    Wait(Spanned<Duration>),
    Use(UseAction),
}

#[derive(Clone, Debug)]
pub struct UseAction {
    pub journey: Spanned<String>,
    pub inputs: Entries<Data>,
}

/// Every action word, those of later versions included.
pub const ACTIONS: [&str; 20] = [
    "get", "head", "post", "put", "patch", "delete", "options", "request", "wait", "use", "mail", "dns", "tcp", "tls",
    "ping", "grpc", "socket", "stream", "browse", "parallel",
];

/// Action words that this version refuses.
const LATER: [&str; 10] = ["mail", "dns", "tcp", "tls", "ping", "grpc", "socket", "stream", "browse", "parallel"];

/// Keys that only an HTTP action has.
const HTTP_KEYS: [&str; 14] = [
    "query",
    "headers",
    "cookies",
    "auth",
    "follow",
    "http",
    "json",
    "form",
    "multipart",
    "text",
    "xml",
    "base64",
    "graphql",
    "file",
];

impl Shape for Step {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        reader.expect_map(node, "a step: a map with one action such as `get: /`")?;
        let written: Vec<Spanned<&str>> = match &node.tree {
            Tree::Map(entries) => entries
                .iter()
                .filter(|entry| ACTIONS.contains(&entry.key.value.as_str()))
                .map(|entry| Spanned::new(entry.key.span, entry.key.value.as_str()))
                .collect(),
            _ => Vec::new(),
        };
        let form = StepForm::read(node, reader)?;
        let action = match written.as_slice() {
            [one] => *one,
            // The action is there, mistyped, which has been said.
            [] if has_mistyped_action(node) => return None,
            [] => {
                reader.report(&rules::ACTION, node.span, "the step does nothing: it has no action").help =
                    Some("add one of get, head, post, put, patch, delete, options, request, wait, use".to_owned());
                return None;
            }
            [first, second, ..] => {
                let message =
                    format!("a step does one thing: `{}` and `{}` are two actions", first.value, second.value);
                reader.report(&rules::ACTION, second.span, message).help = Some("make two steps of it".to_owned());
                return None;
            }
        };
        if LATER.contains(&action.value) {
            let message = format!("`{}` steps come with a later version of forerunner", action.value);
            reader.report(&rules::LATER, action.span, message).help =
                Some("this version has HTTP requests, `wait` and `use`".to_owned());
            return None;
        }
        foreign_keys(node, action.value, reader);
        form.into_step(action, reader)
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let step = StepForm::schema(schemas);
        let actions: Vec<_> = ACTIONS
            .iter()
            .filter(|action| !LATER.contains(action))
            .map(|action| serde_json::json!({ "required": [action] }))
            .collect();
        serde_json::json!({ "allOf": [step, { "oneOf": actions }] })
    }
}

fn has_mistyped_action(node: &Node) -> bool {
    let Tree::Map(entries) = &node.tree else { return false };
    let unknown = entries.iter().map(|entry| entry.key.value.as_str()).filter(|key| !StepForm::KEYS.contains(key));
    unknown.filter_map(|key| nearest(key, StepForm::KEYS.iter().copied())).any(|meant| ACTIONS.contains(&meant))
}

/// Reports keys that do not belong to the action.
fn foreign_keys(node: &Node, action: &str, reader: &mut Reader) {
    let Tree::Map(entries) = &node.tree else { return };
    for entry in entries {
        let key = entry.key.value.as_str();
        let belongs = match key {
            "inputs" => action == "use",
            "within" => false,
            "step" | "title" | "systems" | "when" => true,
            _ if key == action => true,
            _ if HTTP_KEYS.contains(&key) || key == "at" || key == "timeout" || key == "contract" => {
                !matches!(action, "wait" | "use")
            }
            "retry" => !matches!(action, "wait" | "use"),
            _ => action != "wait",
        };
        if !belongs {
            let message = format!("`{key}` does not belong to a `{action}` step");
            let problem = reader.report(&rules::ACTION, entry.key.span, message);
            problem.help = Some(match action {
                "wait" => {
                    "`wait` takes no key but `step`, `title` and `when`; to wait for something, use `retry`".to_owned()
                }
                "use" => format!("leave it out: `{key}` belongs to the steps of the used journey"),
                _ => "leave it out".to_owned(),
            });
        }
    }
}

impl StepForm {
    fn into_step(self, action: Spanned<&str>, reader: &mut Reader) -> Option<Step> {
        let (at, span) = (self.at.clone(), self.span);
        let step = |form: Self, action: Action| Step {
            span,
            id: form.step,
            title: form.title,
            systems: form.systems.unwrap_or_default(),
            at,
            action,
            expect: form.expect,
            prefer: form.prefer,
            keep: form.keep.unwrap_or_default(),
            retry: form.retry,
            when: form.when,
            for_each: form.for_each,
            timeout: form.timeout,
            owner: form.owner,
            contract: form.contract,
            optional: form.optional,
        };
        match action.value {
            "wait" => {
                let wait = self.wait?;
                Some(step(self, Action::Wait(wait)))
            }
            "use" => {
                let (journey, inputs) = (self.use_journey.clone()?, self.inputs.clone().unwrap_or_default());
                Some(step(self, Action::Use(UseAction { journey, inputs })))
            }
            _ => {
                let (http, rest) = self.into_http(action, reader)?;
                Some(step(rest, Action::Http(Box::new(http))))
            }
        }
    }

    /// Moves the keys of an HTTP action out of the form.
    fn into_http(mut self, action: Spanned<&str>, reader: &mut Reader) -> Option<(HttpAction, Self)> {
        let target = match action.value {
            "get" => self.get.take(),
            "head" => self.head.take(),
            "post" => self.post.take(),
            "put" => self.put.take(),
            "patch" => self.patch.take(),
            "delete" => self.delete.take(),
            "options" => self.options.take(),
            _ => None,
        };
        let (method, target) = match (target, self.request.take()) {
            (Some(target), _) => (action.map(str::to_ascii_uppercase), target),
            (None, Some(form)) => (form.method, form.path),
            (None, None) => return None,
        };
        let method = method_token(&method, reader)?;
        let body = self.take_body(&method, reader);
        let http = HttpAction {
            span: action.span,
            method,
            target,
            query: self.query.take().unwrap_or_default(),
            headers: self.headers.take().unwrap_or_default(),
            cookies: self.cookies.take(),
            auth: self.auth.take(),
            follow: self.follow.take(),
            version: self.http.take(),
            body,
        };
        Some((http, self))
    }

    fn take_body(&mut self, method: &Spanned<http::Method>, reader: &mut Reader) -> Option<Body> {
        let mut bodies: Vec<Body> = [
            self.json.take().map(Body::Json),
            self.form.take().map(Body::Form),
            self.multipart.take().map(|multipart| Body::Multipart(multipart.0)),
            self.text.take().map(Body::Text),
            self.xml.take().map(Body::Xml),
            self.base64.take().map(Body::Base64),
            self.graphql.take().map(Body::GraphQl),
            self.file.take().map(|file| Body::File(file.0)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if let [first, second, ..] = bodies.as_slice() {
            let message = format!("a step sends one body: `{}` and `{}` are two", first.key(), second.key());
            reader.report(&rules::BODY, self.span, message).help = Some("leave one of them out".to_owned());
        }
        let body = if bodies.is_empty() { return None } else { bodies.remove(0) };
        if method.value == http::Method::HEAD {
            let message = format!("`head` sends no body, so `{}` cannot be sent", body.key());
            reader.report(&rules::BODY, method.span, message).help =
                Some(format!("use another method, or leave `{}` out", body.key()));
        }
        if matches!(body, Body::GraphQl(_)) && method.value != http::Method::POST {
            reader.report(&rules::BODY, method.span, "a `graphql` body needs `post`").help =
                Some("write `post:` with the same path".to_owned());
        }
        Some(body)
    }
}

fn method_token(method: &Spanned<String>, reader: &mut Reader) -> Option<Spanned<http::Method>> {
    let refused = match http::Method::from_bytes(method.value.as_bytes()) {
        Ok(http::Method::CONNECT | http::Method::TRACE) => "it would open a tunnel or echo secrets",
        Ok(token) => return Some(Spanned::new(method.span, token)),
        Err(_) => "it is not a method token",
    };
    let message = format!("method `{}` cannot be sent: {refused}", method.value);
    reader.report(&rules::VALUE, method.span, message).help =
        Some("any other method is, for example `PURGE`".to_owned());
    None
}

impl Step {
    /// The word of the action.
    #[must_use]
    pub fn action_word(&self) -> String {
        match &self.action {
            Action::Http(http) => http.method.value.as_str().to_ascii_lowercase(),
            Action::Wait(_) => "wait".to_owned(),
            Action::Use(_) => "use".to_owned(),
        }
    }

    #[must_use]
    pub fn http(&self) -> Option<&HttpAction> {
        match &self.action {
            Action::Http(http) => Some(http),
            _ => None,
        }
    }
}
