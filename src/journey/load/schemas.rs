//! Compiles JSON Schemas with everything they refer to, none of it from outside the package.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError};

use serde_json::Value as Json;

use super::package::{FileProblem, Package};
use crate::base::span::Source;
use crate::base::yaml;
use crate::expectation::schema::Schema;

/// A compiled schema of the package and the files it is made of.
#[derive(Clone)]
pub(super) struct PackageSchema {
    pub(super) schema: Arc<Schema>,
    pub(super) files: Arc<[String]>,
}

/// Keywords whose values are data, in which `$ref` means nothing.
const DATA: [&str; 4] = ["const", "enum", "default", "examples"];

impl Package {
    /// The schema in a file of the package, compiled at its first use.
    pub(super) fn schema(&self, path: &str) -> Result<PackageSchema, FileProblem> {
        let known = self.schemas.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        known.unwrap_or_else(|| {
            let made = self.document(path).and_then(|document| self.compile(path, &document, true));
            self.schemas.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), made.clone());
            made
        })
    }

    /// A schema that stands in a journey; what it refers to is looked for from the directory of the journey.
    pub(super) fn inline_schema(&self, document: &Json) -> Result<PackageSchema, FileProblem> {
        self.compile(INLINE, document, false)
    }

    fn compile(&self, name: &str, document: &Json, is_file: bool) -> Result<PackageSchema, FileProblem> {
        let mut others = BTreeMap::new();
        let mut waiting = VecDeque::from(references(name, document));
        while let Some((from, target)) = waiting.pop_front() {
            if target == name || others.contains_key(&target) {
                continue;
            }
            let other = self.document(&target).map_err(|problem| FileProblem {
                message: format!("`{from}` refers to `{target}`: {}", problem.message),
                ..problem
            })?;
            waiting.extend(references(&target, &other));
            others.insert(target, other);
        }
        let schema = Schema::compile(name, document, &others)
            .map_err(|message| FileProblem::new(message, "schemas are JSON Schema, draft 2020-12 by default"))?;
        let own = is_file.then(|| name.to_owned());
        Ok(PackageSchema { schema: Arc::new(schema), files: own.into_iter().chain(others.into_keys()).collect() })
    }

    fn document(&self, path: &str) -> Result<Json, FileProblem> {
        let file = self.file(path)?;
        let is_yaml = path.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "yaml" | "yml"));
        let bad = |why: String| FileProblem::new(format!("file `{path}` is not {why}"), "correct the file");
        if !is_yaml {
            return serde_json::from_slice(&file.bytes).map_err(|error| bad(format!("JSON: {error}")));
        }
        let text = std::str::from_utf8(&file.bytes).map_err(|_| bad("UTF-8 text".to_owned()))?;
        let parsed = yaml::parse(&Source::new(path, text));
        if let Some(problem) = parsed.diagnostics.iter().find(|problem| problem.is_error()) {
            return Err(bad(format!("readable: {} at {}", problem.message, problem.position())));
        }
        match parsed.documents.as_slice() {
            [document] => Ok(document.to_json()),
            documents => Err(bad(format!("one document but {}", documents.len()))),
        }
    }
}

/// What messages call a schema without a file.
const INLINE: &str = "inline";

/// Paths in the package that a document refers to, each with the document's own name. References to places outside
/// are left to the compiler, which refuses them.
fn references(name: &str, document: &Json) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![document];
    while let Some(json) = waiting.pop() {
        match json {
            Json::Array(items) => waiting.extend(items),
            Json::Object(members) => {
                for (key, value) in members {
                    match value {
                        Json::String(reference) if key == "$ref" => {
                            found.extend(path_of(name, reference).map(|path| (name.to_owned(), path)));
                        }
                        _ if DATA.contains(&key.as_str()) => {}
                        _ => waiting.push(value),
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The path in the package that a relative reference leads to from the file `from`. None: it stays in the file, or
/// leads outside.
fn path_of(from: &str, reference: &str) -> Option<String> {
    let path = reference.split('#').next().unwrap_or("");
    if path.is_empty() || path.starts_with('/') || path.split('/').next().is_some_and(|first| first.contains(':')) {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a schema refers to anything, itself included.
pub(super) fn has_references(schema: &Json) -> bool {
    match schema {
        Json::Array(items) => items.iter().any(has_references),
        Json::Object(members) => members.iter().any(|(key, value)| {
            matches!(key.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef")
                || (!DATA.contains(&key.as_str()) && has_references(value))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_lead_to_paths_of_the_package() {
        for (from, reference, path) in [
            ("a.json", "b.json", Some("b.json")),
            ("contracts/a.json", "b.json#/$defs/x", Some("contracts/b.json")),
            ("contracts/deep/a.json", "../b.json", Some("contracts/b.json")),
            ("contracts/a.json", "../../b.json", None),
            ("a.json", "#/$defs/x", None),
            ("a.json", "https://example.org/b.json", None),
            ("a.json", "/etc/b.json", None),
        ] {
            assert_eq!(path_of(from, reference).as_deref(), path, "{from} {reference}");
        }
    }

    #[test]
    fn a_reference_in_data_is_none() {
        let schema = json!({ "const": { "$ref": "x.json" }, "items": { "$ref": "y.json" } });
        assert_eq!(references("a.json", &schema), [("a.json".to_owned(), "y.json".to_owned())]);
        assert!(has_references(&schema) && !has_references(&json!({ "enum": [{ "$ref": "x" }] })));
    }
}
