//! Pages of keys, made of the editor schema: one table for each kind of map.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value as Json;

use super::{cell, code};

/// `root` is described first, the maps it leads to behind it in the order in which they are met.
pub(super) fn page(title: &str, about: &str, root: &str, schema: &Json) -> String {
    let mut page = format!("# {title}\n\n<!-- Generated from the program by its tests; do not edit. -->\n\n{about}\n");
    let mut waiting = vec![root.to_owned()];
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    while !waiting.is_empty() {
        let name = waiting.remove(0);
        let definition = &schema["definitions"][&name];
        section(&mut page, &name, definition);
        for reference in references(definition) {
            if seen.insert(reference.clone()) {
                waiting.push(reference);
            }
        }
    }
    page
}

fn section(page: &mut String, name: &str, definition: &Json) {
    let _ = write!(page, "\n## {}\n\n", heading(name));
    if let Some(about) = definition["description"].as_str() {
        let _ = write!(page, "{about}\n\n");
    }
    let Some(properties) = maps(definition).into_iter().find_map(|map| map["properties"].as_object()) else { return };
    let required: Vec<_> = definition["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    page.push_str("| key | value | meaning |\n|---|---|---|\n");
    for (key, value) in properties {
        let about = value["description"].as_str().unwrap_or_default();
        let must = if required.contains(&key.as_str()) { " (required)" } else { "" };
        let _ = writeln!(page, "| {}{must} | {} | {} |", code(key), kind(value), cell(about));
    }
}

/// The definition itself, and the parts it is put together of.
fn maps(definition: &Json) -> Vec<&Json> {
    let parts = ["anyOf", "allOf"].into_iter().filter_map(|key| definition[key].as_array()).flatten();
    std::iter::once(definition).chain(parts).collect()
}

/// `StepForm` is a `step` to people.
fn heading(name: &str) -> String {
    let name = name.strip_suffix("Form").unwrap_or(name);
    let mut text = String::new();
    for (at, character) in name.chars().enumerate() {
        if at > 0 && character.is_uppercase() {
            text.push(' ');
        }
        if at == 0 { text.push(character) } else { text.extend(character.to_lowercase()) }
    }
    text
}

fn link(reference: &str) -> String {
    let heading = heading(reference);
    format!("[{}](#{})", heading.to_lowercase(), heading.to_lowercase().replace(' ', "-"))
}

/// What a value is, in a few words.
fn kind(value: &Json) -> String {
    if let Some(reference) = value["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return link(reference);
    }
    if let Some(words) = value["enum"].as_array() {
        let words: Vec<_> = words.iter().map(|word| code(&word.to_string().replace('"', ""))).collect();
        return words.join(", ");
    }
    if !value["const"].is_null() {
        return code(&value["const"].to_string().replace('"', ""));
    }
    for key in ["allOf", "anyOf"] {
        if let Some(parts) = value[key].as_array() {
            let mut kinds: Vec<String> = Vec::new();
            for kind in parts.iter().map(kind).filter(|kind| !kind.is_empty()) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            return kinds.join(", or ");
        }
    }
    match (value["type"].as_str(), value["pattern"].as_str()) {
        (Some("array"), _) => format!("list of {}", kind(&value["items"])),
        (Some("object"), _) if value["additionalProperties"].is_object() => {
            format!("map of {}", kind(&value["additionalProperties"]))
        }
        (Some("object"), _) => "map".to_owned(),
        (Some("string"), Some(pattern)) if pattern.contains("(ms|s|m|h|d)") => "duration".to_owned(),
        (Some("string"), Some(pattern)) if pattern.contains("KiB") => "size".to_owned(),
        (Some("string"), Some(pattern)) if pattern.contains('%') => "percentage".to_owned(),
        (Some("string"), _) => "text".to_owned(),
        (Some(other), _) => other.to_owned(),
        (None, _) => "any value".to_owned(),
    }
}

/// The definitions that this one leads to, in order.
fn references(value: &Json) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::Object(members) => {
            for (key, member) in members {
                match member.as_str() {
                    Some(text) if key == "$ref" => found.extend(text.rsplit('/').next().map(str::to_owned)),
                    _ => collect(member, found),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
