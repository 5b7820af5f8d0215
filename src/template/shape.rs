//! Reads templates and data from a file, and says exactly where one of them is wrong.

use serde_json::{Value as Json, json};

use super::data::{Data, Text, Tree};
use super::rules;
use super::text::Template;
use crate::base::shape::{Reader, Schemas, Shape};
use crate::base::yaml::{self, Node};

/// Longest literal text in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;

impl Shape for Template {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.tree {
            yaml::Tree::Text(text) => template(node, text, reader),
            // The same sentence and help as for every other text.
            _ => String::read(node, reader).and(None),
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "string" })
    }
}

impl Shape for Data {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        Some(Self(match &node.tree {
            yaml::Tree::Text(text) => {
                let template = template(node, text, reader)?;
                match template.constant() {
                    Some(text) => Tree::Constant(Json::String(text)),
                    None => Tree::Text(Text { span: node.span, verbatim: text.verbatim, template }),
                }
            }
            yaml::Tree::List(nodes) => list(nodes, reader)?,
            yaml::Tree::Map(entries) => map(entries, reader)?,
            yaml::Tree::Null | yaml::Tree::Bool(_) | yaml::Tree::Number(_) => Tree::Constant(node.to_json()),
        }))
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({})
    }
}

/// Every item is read, so that all problems are found.
fn list(nodes: &[Node], reader: &mut Reader) -> Option<Tree> {
    let items: Vec<_> = nodes.iter().map(|node| Data::read(node, reader)).collect();
    let items: Vec<Data> = items.into_iter().collect::<Option<_>>()?;
    let constant: Option<Vec<_>> = items.iter().map(Data::constant).collect();
    Some(constant.map_or_else(|| Tree::List(items), |items| Tree::Constant(Json::Array(items))))
}

fn map(entries: &[yaml::Entry], reader: &mut Reader) -> Option<Tree> {
    let mut members = Vec::new();
    let mut whole = true;
    for entry in entries {
        let key = &entry.key;
        if key.value.contains("${") {
            let problem =
                reader.report(&rules::TEMPLATE_KEY, key.span, format!("the key `{}` holds a template", key.value));
            problem.help = Some("templates stand in values only; write the key out".to_owned());
            whole = false;
        }
        match Data::read(&entry.value, reader) {
            Some(value) => members.push((key.value.clone(), value)),
            None => whole = false,
        }
    }
    if !whole {
        return None;
    }
    let constant: Option<serde_json::Map<_, _>> =
        members.iter().map(|(name, value)| Some((name.clone(), value.constant()?))).collect();
    Some(constant.map_or_else(|| Tree::Map(members), |members| Tree::Constant(Json::Object(members))))
}

fn template(node: &Node, text: &yaml::Text, reader: &mut Reader) -> Option<Template> {
    if text.text.len() > TEXT_BYTES_MAX {
        let message = format!("this text has {} bytes, more than 64 KiB", text.text.len());
        reader.report(&rules::TEXT_SIZE, node.span, message).help =
            Some("put it in a file of the package and name the file".to_owned());
        return None;
    }
    match Template::parse(&text.text) {
        Ok(template) => Some(template),
        Err(error) => {
            let place = node.part(error.offset, error.length);
            reader.report(&rules::TEMPLATE, place, error.message).help = error.help;
            None
        }
    }
}
