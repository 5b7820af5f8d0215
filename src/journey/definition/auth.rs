//! `auth`: how a request proves who it is.

use serde_json::Value as Json;

use super::rules;
use crate::base::shape::{Reader, Schemas, Shape};
use crate::base::span::{Span, Spanned};
use crate::base::yaml::{Node, Tree};
use crate::base::{shape, words};
use crate::template::Template;

#[derive(Clone, Debug)]
pub enum Auth {
    /// Switches off the default of the host.
    None(Span),
    Bearer(Spanned<Template>),
    Basic(Basic),
    Hmac(Hmac),
}

shape! {
    /// User and password, RFC 7617 in UTF-8.
    pub struct Basic {
        /// Without a colon.
        user: required Spanned<Template>,
        /// Usually a secret.
        password: required Spanned<Template>,
    }
}

shape! {
    /// A signature over the request.
    pub struct Hmac {
        /// The key, usually a secret.
        key: required Spanned<Template>,
        /// Header that receives the signature.
        header: required Spanned<String>,
        /// `sha256` (default) or `sha512`.
        algorithm: default(HmacAlgorithm::Sha256) HmacAlgorithm,
        /// What is signed; `${request.method}`, `${request.path}`, `${request.body}` and
        /// `${request.time}` stand for parts of the request. Default `${request.body}`.
        over: optional Spanned<Template>,
        /// `hex` (default) or `base64`.
        encoding: default(HmacEncoding::Hex) HmacEncoding,
        /// Text before the signature.
        prefix: optional Spanned<String>,
        /// A header that receives `request.time`, Unix seconds.
        time_header: optional Spanned<String> as "time-header",
    }
}

words! {
    /// Hash function of a signature.
    pub enum HmacAlgorithm {
        /// SHA-256.
        Sha256 = "sha256",
        /// SHA-512.
        Sha512 = "sha512",
    }
}

words! {
    /// How a signature is written.
    pub enum HmacEncoding {
        /// Lower-case hexadecimal.
        Hex = "hex",
        /// Standard base64, padded.
        Base64 = "base64",
    }
}

const KINDS: [&str; 6] = ["bearer", "basic", "oauth2", "hmac", "digest", "sigv4"];

impl Shape for Auth {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.tree {
            Tree::Text(text) if text.text == "none" => return Some(Self::None(node.span)),
            Tree::Map(entries) if entries.len() == 1 => {
                let entry = &entries[0];
                return match entry.key.value.as_str() {
                    "bearer" => Shape::read(&entry.value, reader).map(Self::Bearer),
                    "basic" => Shape::read(&entry.value, reader).map(Self::Basic),
                    "hmac" => Shape::read(&entry.value, reader).map(Self::Hmac),
                    later @ ("oauth2" | "digest" | "sigv4") => {
                        let message = format!("`auth: {later}` comes with a later version of forerunner");
                        reader.report(&rules::LATER, entry.key.span, message).help =
                            Some("this version has `bearer`, `basic` and `hmac`".to_owned());
                        None
                    }
                    _ => {
                        reader.unknown_key(&entry.key, &KINDS);
                        None
                    }
                };
            }
            _ => {}
        }
        reader.wrong_kind(node, "`none` or a map with exactly one of `bearer`, `basic`, `hmac`");
        None
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let template = Template::schema(schemas);
        let (basic, hmac) = (Basic::schema(schemas), Hmac::schema(schemas));
        serde_json::json!({ "anyOf": [
            { "const": "none" },
            { "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
              "properties": { "bearer": template, "basic": basic, "hmac": hmac } },
        ] })
    }
}

impl Auth {
    /// Every template in it, for the checks of names and labels.
    #[must_use]
    pub fn templates(&self) -> Vec<&Spanned<Template>> {
        match self {
            Self::None(_) => Vec::new(),
            Self::Bearer(token) => vec![token],
            Self::Basic(basic) => vec![&basic.user, &basic.password],
            Self::Hmac(hmac) => std::iter::once(&hmac.key).chain(&hmac.over).collect(),
        }
    }
}
