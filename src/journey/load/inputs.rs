//! The inputs of a journey: their schemas compiled, their defaults valid by them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::schemas::has_references;
use super::{Input, rules};
use crate::base::diagnostic::Diagnostic;
use crate::expectation::schema::{Schema, SchemaMiss};
use crate::journey::definition::Definition;

/// The declared inputs, in written order; what is wrong with one is reported, and it is left out.
pub(super) fn declared(definition: &Definition, diagnostics: &mut Vec<Diagnostic>) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (name, input) in definition.form.needs.inputs.iter().flat_map(|inputs| &inputs.0) {
        let mut report = |rule, span, message: String, help: &str| {
            diagnostics.push(Diagnostic::new(rule, &definition.source, span, message).help(help));
        };
        if has_references(&input.schema) {
            let message = format!("the schema of input `{}` refers to another", name.value);
            report(&rules::SCHEMA, input.span, message, "write it out: what a reviewer reads is complete");
            continue;
        }
        let schema = match Schema::compile(&name.value, &input.schema, &BTreeMap::default()) {
            Ok(schema) => schema,
            Err(message) => {
                let help = "an input is a JSON Schema, for example `{ type: string }`";
                report(&rules::SCHEMA, input.span, message, help);
                continue;
            }
        };
        if let Some(default) = &input.default
            && let Err(miss) = schema.check(&default.value)
        {
            let message = format!("the default of `{}` is not valid: {}", name.value, describe(&miss));
            report(&rules::INPUT, default.span, message, "correct the default or the schema");
        }
        let default = input.default.as_ref().map(|default| default.value.clone());
        inputs.push(Input { name: name.value.clone(), schema, default });
    }
    inputs
}

/// Reports values of `vary` that the inputs do not accept.
pub(super) fn varied(definition: &Definition, inputs: &[Input], diagnostics: &mut Vec<Diagnostic>) {
    for (name, value) in definition.form.vary.iter().flatten().flat_map(|entry| &entry.inputs.0) {
        let input = inputs.iter().find(|input| input.name == name.value);
        if let Some(Err(why)) = input.map(|input| input.accept(value)) {
            let message = format!("input `{}` is not valid: {why}", name.value);
            diagnostics.push(
                Diagnostic::new(&rules::INPUT, &definition.source, name.span, message)
                    .help("`needs.inputs` declares what it takes"),
            );
        }
    }
}

/// What is wrong and where, in one part of a sentence.
pub(super) fn describe(miss: &SchemaMiss) -> String {
    if miss.at.is_empty() { miss.message.clone() } else { format!("{} at `{}`", miss.message, miss.at) }
}

impl Input {
    /// # Errors
    /// Why the value cannot be given, in one part of a sentence.
    pub fn accept(&self, value: &Json) -> Result<(), String> {
        self.schema.check(value).map_err(|miss| describe(&miss))
    }
}
