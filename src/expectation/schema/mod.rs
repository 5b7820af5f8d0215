//! JSON Schema of inputs and answers: compiled once, references stay inside what was given, patterns are bounded.

mod reference;
mod work;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value as Json;

/// Dialects by the address that `$schema` names, without a fragment.
const DIALECTS: [&str; 5] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema",
];
/// Bytes of a compiled pattern, as for every regular expression of a journey.
const PATTERN_SIZE_MAX: usize = 1 << 20;

/// A compiled schema (default draft 2020-12; `$schema` may name 2019-09, 7, 6, 4; `format` asserted; regex engine linear).
pub struct Schema {
    validator: Validator,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Schema")
    }
}

/// The first thing that is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaMiss {
    /// JSON Pointer of the instance, such as `/items/2/price`; empty for the root.
    pub at: String,
    pub message: String,
}

impl Schema {
    /// `document` is the schema, `name` its path for messages, `others` what `$ref` may lead to, by path in the package.
    /// # Errors
    /// Not a valid schema, a reference that leads outside, a pattern that the linear engine cannot express.
    pub fn compile(name: &str, document: &Json, others: &BTreeMap<String, Json>) -> Result<Self, String> {
        check_dialect(name, document)?;
        let counted = work::counted(document).map_err(|error| format!("schema `{name}`: {error}"))?;
        let package = reference::Package::new(document, others).map_err(|error| format!("schema `{name}`: {error}"))?;
        jsonschema::options()
            .with_base_uri(reference::address(name))
            .with_retriever(package)
            .with_keyword(work::KEYWORD, |_, _, _| Ok(Box::new(work::Counter)))
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_SIZE_MAX))
            .should_validate_formats(true)
            .build(&counted)
            .map(|validator| Self { validator })
            .map_err(|error| refused(name, &error))
    }

    /// Whether the value is valid; a value on which the schema takes too much work is not.
    #[must_use]
    pub fn is_valid(&self, value: &Json) -> bool {
        self.judged(value).unwrap_or(false)
    }

    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, value: &Json) -> Result<(), SchemaMiss> {
        let somewhere = |message: &str| Err(SchemaMiss { at: String::new(), message: message.to_owned() });
        match self.judged(value) {
            None => return somewhere("the schema takes too much work on this value"),
            Some(true) => return Ok(()),
            Some(false) => {}
        }
        let miss = |error: ValidationError<'_>| SchemaMiss {
            at: error.instance_path().to_string(),
            message: error.to_string(),
        };
        work::bounded(work::EXPLAINING_MAX, || self.validator.validate(value).map_err(miss))
            .unwrap_or_else(|| somewhere("it is not valid, and it takes too much work to say where"))
    }

    /// None if it was given up.
    fn judged(&self, value: &Json) -> Option<bool> {
        work::bounded(work::JUDGING_MAX, || self.validator.is_valid(value))
    }
}

fn check_dialect(name: &str, document: &Json) -> Result<(), String> {
    match document.get("$schema") {
        None => Ok(()),
        Some(Json::String(dialect)) if DIALECTS.contains(&dialect.trim_end_matches('#')) => Ok(()),
        Some(other) => Err(format!(
            "schema `{name}`: the dialect {other} is not known; leave `$schema` out for draft 2020-12, or name 2019-09, 7, 6 or 4"
        )),
    }
}

fn refused(name: &str, error: &ValidationError<'_>) -> String {
    use jsonschema::error::ValidationErrorKind::{Format, Referencing};
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { String::new() } else { format!(" at `{place}`") };
    match error.kind() {
        Referencing(reason) => {
            format!("schema `{name}`: {reason}; a reference stays inside the package, such as `$ref: item.json`")
        }
        Format { format } if format == "regex" => format!(
            "schema `{name}`{place}: the pattern {} cannot be used: expressions have no look-around and no \
             back-references, and are bounded in size",
            error.instance()
        ),
        _ => format!("schema `{name}`{place}: {error}"),
    }
}
