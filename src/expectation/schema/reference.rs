//! Where `$ref` may lead: to other documents of the package, by path, and never round in a circle.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jsonschema::{Retrieve, Uri};
use serde_json::Value as Json;

use super::work::counted;

/// A package has no address of its own; this one cannot be reached by anything.
const SCHEME: &str = "package:///";

/// The address of a document, which relative references are resolved against.
pub(super) fn address(path: &str) -> String {
    let mut address = SCHEME.to_owned();
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

/// The documents of a package by their address.
pub(super) struct Package(BTreeMap<String, Json>);

impl Package {
    /// Nothing is copied for a schema that refers to itself only.
    ///
    /// # Errors
    /// A document refers into data.
    pub(super) fn new(document: &Json, others: &BTreeMap<String, Json>) -> Result<Self, String> {
        let mut documents = BTreeMap::new();
        if refers_outside(document) {
            for (path, json) in others {
                let counted = counted(json)?;
                let id = json.get("$id").or_else(|| json.get("id")).and_then(Json::as_str);
                if let Some(id) = id {
                    documents.entry(id.trim_end_matches('#').to_owned()).or_insert_with(|| counted.clone());
                }
                documents.insert(address(path), counted);
            }
        }
        Ok(Self(documents))
    }
}

impl Retrieve for Package {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        self.0.get(uri.as_str()).cloned().ok_or_else(|| {
            let shown = uri.as_str().strip_prefix(SCHEME).unwrap_or(uri.as_str());
            format!("`{shown}` is no document of the package").into()
        })
    }
}

fn refers_outside(schema: &Json) -> bool {
    match schema {
        Json::Object(members) => members.iter().any(|(name, value)| {
            let outside = matches!(name.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef")
                && value.as_str().is_some_and(|target| !target.starts_with('#'));
            outside || refers_outside(value)
        }),
        Json::Array(list) => list.iter().any(refers_outside),
        _ => false,
    }
}
