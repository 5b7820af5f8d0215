//! The HTTP action of a step: method, target, headers, cookies, redirects.

use http::HeaderName;
use serde_json::Value as Json;

use super::auth::Auth;
use super::body::Body;
use super::rules;
use crate::base::diagnostic::Related;
use crate::base::shape;
use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::span::{Span, Spanned};
use crate::base::yaml::{Node, Tree};
use crate::template::{Data, Template};

#[derive(Clone, Debug)]
pub struct HttpAction {
    pub span: Span,
    /// Upper case.
    pub method: Spanned<http::Method>,
    pub target: Target,
    /// Values are scalars, lists of scalars, or null (left out).
    pub query: Entries<Data>,
    pub headers: HeaderFields,
    pub cookies: Option<Cookies>,
    pub auth: Option<Auth>,
    pub follow: Option<Follow>,
    pub version: Option<Spanned<HttpVersion>>,
    pub body: Option<Body>,
}

impl HttpAction {
    /// Whether the method may change something at the target.
    #[must_use]
    pub fn writes(&self) -> bool {
        ![http::Method::GET, http::Method::HEAD, http::Method::OPTIONS].contains(&self.method.value)
    }
}

/// What the action asks for.
#[derive(Clone, Debug)]
pub struct Target {
    pub template: Spanned<Template>,
    pub kind: TargetKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// Starts with `/`: appended to the host's URL.
    Path,
    /// Starts with a template: a URL reference, resolved against the host's URL.
    Reference,
    /// An absolute URL, whose origin must be that of the host.
    Absolute,
}

impl Shape for Target {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let template: Spanned<Template> = Shape::read(node, reader)?;
        let source = template.value.to_source();
        let kind = if source.starts_with('/') && !source.starts_with("//") {
            TargetKind::Path
        } else if source.starts_with("${") {
            TargetKind::Reference
        } else if source.starts_with("https://") || source.starts_with("http://") {
            TargetKind::Absolute
        } else {
            let problem =
                reader.report(&rules::TARGET, node.span, format!("`{source}` is not a path, a template or a URL"));
            problem.help = Some(format!("start it with `/`, for example `/{}`", source.trim_start_matches('/')));
            return None;
        };
        // Between two templates, too, one would be refused when the request is made.
        let fixed = source.split("${").next().into_iter().chain(source.rsplit('}').next());
        if fixed.into_iter().any(|part| part.contains('#')) {
            reader
                .report(&rules::TARGET, node.span, "a target has no fragment: the part behind `#` is never sent")
                .help = Some("leave it out, or write `%23` if the server shall see it".to_owned());
            return None;
        }
        Some(Self { template, kind })
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "type": "string", "description": "A path that starts with `/`, a template, or a URL of the step's host" })
    }
}

shape! {
    /// Any method but CONNECT and TRACE.
    pub struct RequestForm {
        /// The method, for example PURGE.
        method: required Spanned<String>,
        /// What is asked for, as for `get`.
        path: required Target,
    }
}

/// `headers`: field by field; null drops a default header.
#[derive(Clone, Debug, Default)]
pub struct HeaderFields(pub Vec<HeaderField>);

#[derive(Clone, Debug)]
pub struct HeaderField {
    pub name: Spanned<HeaderName>,
    /// Empty: the default header of this name is not sent.
    pub values: Vec<Spanned<Template>>,
}

/// Headers that frame or route the message: wrong by hand, so forerunner writes them.
const FRAMING: [&str; 8] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "keep-alive"];

impl Shape for HeaderFields {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let mut fields = Self::default();
        for (key, value) in Entries::<Node>::read(node, reader)?.0 {
            let Some(name) = header_name(&key, reader) else { continue };
            if let Some(earlier) = fields.0.iter().find(|field| field.name.value == name.value) {
                let first = earlier.name.span;
                let problem =
                    reader.report(&rules::HEADER, key.span, format!("header `{}` is written twice", key.value));
                problem.help = Some("header names do not depend on case; give a list to send several lines".to_owned());
                problem.related.push(Related { span: first, note: "first written here".to_owned() });
                continue;
            }
            let values = match &value.tree {
                Tree::Null => Vec::new(),
                Tree::List(nodes) => nodes.iter().filter_map(|node| Shape::read(node, reader)).collect(),
                _ => Spanned::<Template>::read(&value, reader).into_iter().collect(),
            };
            fields.0.push(HeaderField { name, values });
        }
        Some(fields)
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let template = Template::schema(schemas);
        serde_json::json!({ "type": "object", "additionalProperties": { "anyOf": [
            template, { "type": "array", "items": template }, { "type": "null" } ] } })
    }
}

/// A header that a definition may set.
pub fn header_name(key: &Spanned<String>, reader: &mut Reader) -> Option<Spanned<HeaderName>> {
    let Ok(name) = HeaderName::try_from(key.value.as_str()) else {
        reader.report(&rules::HEADER, key.span, format!("`{}` is not a header name", key.value)).help =
            Some("names are letters, digits and a few signs such as `-`, without blanks and colons".to_owned());
        return None;
    };
    if FRAMING.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
        let problem =
            reader.report(&rules::HEADER, key.span, format!("header `{}` cannot be set in a journey", key.value));
        problem.help = Some("it frames or routes the message, so forerunner writes it itself".to_owned());
        return None;
    }
    Some(Spanned::new(key.span, name))
}

#[derive(Clone, Debug)]
pub enum Cookies {
    /// `none`: send none and store none.
    None,
    /// In addition to the jar.
    Also(Entries<Spanned<Template>>),
}

impl Shape for Cookies {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.tree {
            Tree::Text(text) if text.text == "none" => Some(Self::None),
            Tree::Map(_) => Entries::read(node, reader).map(Self::Also),
            _ => {
                reader.wrong_kind(node, "`none` or a map of cookies");
                None
            }
        }
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let template = Template::schema(schemas);
        serde_json::json!({ "anyOf": [{ "const": "none" }, { "type": "object", "additionalProperties": template }] })
    }
}

/// `follow: N`, or with the hosts the chain may also enter.
#[derive(Clone, Debug)]
pub struct Follow {
    pub span: Span,
    /// 1 to 20.
    pub max: u8,
    pub to: Vec<Spanned<String>>,
}

shape! {
    /// Redirects to follow, and the hosts they may lead to.
    pub struct FollowForm {
        /// At most this many, 1 to 20.
        max: required Spanned<u64>,
        /// Further declared hosts that the chain may enter.
        to: optional Vec<Spanned<String>>,
    }
}

impl Shape for Follow {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let (max, to) = match &node.tree {
            Tree::Number(_) => (Spanned::<u64>::read(node, reader)?, Vec::new()),
            Tree::Map(_) => {
                let form = FollowForm::read(node, reader)?;
                (form.max, form.to.unwrap_or_default())
            }
            _ => {
                reader.wrong_kind(node, "a number of redirects, or a map with `max` and `to`");
                return None;
            }
        };
        let number = u8::try_from(max.value).ok().filter(|number| (1..=20).contains(number));
        if number.is_none() {
            let message = format!("`follow` takes 1 to 20 redirects, not {}", max.value);
            reader.report(&rules::VALUE, max.span, message).help =
                Some("leave it out to take a redirect as the answer".to_owned());
        }
        Some(Self { span: node.span, max: number?, to })
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let long = FollowForm::schema(schemas);
        serde_json::json!({ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 20 }, long] })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    Http10,
    Http11,
    Http2,
}

impl Shape for HttpVersion {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = match &node.tree {
            Tree::Text(text) => text.text.clone(),
            Tree::Number(number) => number.to_string(),
            _ => String::new(),
        };
        match text.as_str() {
            "1.0" => Some(Self::Http10),
            "1.1" => Some(Self::Http11),
            "2" | "2.0" => Some(Self::Http2),
            "3" | "3.0" => {
                reader.report(&rules::LATER, node.span, "HTTP/3 comes with a later version of forerunner").help =
                    Some("leave `http` out: the version is negotiated".to_owned());
                None
            }
            _ => {
                reader.wrong_kind(node, "an HTTP version: `1.0`, `1.1` or `2`");
                None
            }
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "enum": [1.0, 1.1, 2, "1.0", "1.1", "2"] })
    }
}
