//! `needs`: the whole authority of a journey. Who has read it knows everything the journey can reach, receive and send.

use serde_json::Value as Json;

use super::auth::Auth;
use super::http::HeaderFields;
use crate::base::shape;
use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::span::{Span, Spanned};
use crate::base::yaml::{Node, Tree};

shape! {
    /// Everything a journey may touch.
    pub struct Needs {
        /// Hosts it may reach, by name.
        hosts: optional Entries<Host>,
        /// Values the binding gives, each with its JSON Schema.
        inputs: optional Entries<Input>,
        /// Secrets, each with the hosts that may see it.
        secrets: optional Entries<SecretNeed>,
        /// Mailboxes it reads.
        mailboxes: optional Vec<Spanned<String>>,
        /// What it creates or changes, in words for people.
        writes: optional Vec<Spanned<String>>,
    }
}

shape! {
    /// A host in its long form.
    pub struct HostForm {
        /// `scheme://host[:port][/base-path]`.
        url: required Spanned<String>,
        /// Who repairs this host.
        owner: optional Spanned<String>,
        /// An OpenAPI document in the package.
        contract: optional Node,
        /// Headers sent on every request to this host.
        headers: optional HeaderFields,
        /// Authentication of every step at this host.
        auth: optional Auth,
        /// `false`: a new connection for every request.
        reuse: default(true) bool,
    }
}

/// A declared host; `NAME: URL` is short for `NAME: { url: URL }`.
#[derive(Clone, Debug)]
pub struct Host(pub HostForm);

impl Shape for Host {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Tree::Text(text) = &node.tree {
            let url = Spanned::new(node.span, text.text.clone());
            return Some(Self(HostForm {
                span: node.span,
                url,
                owner: None,
                contract: None,
                headers: None,
                auth: None,
                reuse: true,
            }));
        }
        reader.expect_map(node, "a URL or a map with `url`")?;
        HostForm::read(node, reader).map(Self)
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let long = HostForm::schema(schemas);
        serde_json::json!({ "anyOf": [{ "type": "string", "description": "URL of the host" }, long] })
    }
}

/// An input: its JSON Schema, and the value it has if the binding gives none.
#[derive(Clone, Debug)]
pub struct Input {
    pub span: Span,
    /// Without `default`.
    pub schema: Json,
    pub default: Option<Spanned<Json>>,
}

impl Shape for Input {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        reader.expect_map(node, "a JSON Schema such as `{ type: string }`")?;
        let mut schema = node.to_json();
        let default = match &node.tree {
            Tree::Map(entries) => entries
                .iter()
                .find(|entry| entry.key.value == "default")
                .map(|entry| Spanned::new(entry.value.span, entry.value.to_json())),
            _ => None,
        };
        if let Json::Object(members) = &mut schema {
            members.shift_remove("default");
        }
        Some(Self { span: node.span, schema, default })
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "type": "object", "description": "JSON Schema (draft 2020-12) of the input, plus `default`" })
    }
}

shape! {
    /// A secret and the hosts that may see it.
    pub struct SecretNeed {
        /// Declared hosts this value may be sent to; not empty.
        to: required Vec<Spanned<String>>,
        /// The value comes from a `keep` of that name instead of the binding.
        kept: default(false) bool,
    }
}
