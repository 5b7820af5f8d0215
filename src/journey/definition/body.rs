//! The body of a request, as data rather than as text wherever that is possible.

use serde_json::Value as Json;

use super::rules;
use crate::base::shape;
use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::span::Spanned;
use crate::base::yaml::{Node, Tree};
use crate::template::{Data, Template};

#[derive(Clone, Debug)]
pub enum Body {
    Json(Spanned<Data>),
    /// Values are scalars or lists of scalars; a list repeats the field.
    Form(Entries<Data>),
    Multipart(Vec<(Spanned<String>, Part)>),
    Text(Spanned<Template>),
    Xml(Spanned<Template>),
    Base64(Spanned<String>),
    GraphQl(GraphQl),
    File(FileBody),
}

impl Body {
    /// The key it is written under.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::Form(_) => "form",
            Self::Multipart(_) => "multipart",
            Self::Text(_) => "text",
            Self::Xml(_) => "xml",
            Self::Base64(_) => "base64",
            Self::GraphQl(_) => "graphql",
            Self::File(_) => "file",
        }
    }
}

/// One part of a multipart body.
#[derive(Clone, Debug)]
pub enum Part {
    Text(Spanned<Template>),
    Long(Box<PartForm>),
}

shape! {
    /// A part in its long form; exactly one of `text`, `json`, `file`.
    pub struct PartForm {
        /// Text of the part.
        text: optional Spanned<Template>,
        /// JSON data.
        json: optional Spanned<Data>,
        /// A file of the package.
        file: optional Spanned<String>,
        /// File name told to the server.
        name: optional Spanned<Template>,
        /// Media type.
        media_type: optional Spanned<String> as "type",
    }
}

/// The value of `multipart`: one part or a list of parts per field.
#[derive(Clone, Debug)]
pub struct Multipart(pub Vec<(Spanned<String>, Part)>);

impl Shape for Multipart {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let fields = Entries::<Node>::read(node, reader)?;
        let mut parts = Vec::new();
        for (key, value) in fields.0 {
            match &value.tree {
                Tree::List(nodes) => {
                    parts.extend(nodes.iter().filter_map(|node| Some((key.clone(), Part::read(node, reader)?))));
                }
                _ => parts.extend(Part::read(&value, reader).map(|part| (key.clone(), part))),
            }
        }
        Some(Self(parts))
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let part = Part::schema(schemas);
        serde_json::json!({ "type": "object", "additionalProperties": { "anyOf": [part, { "type": "array", "items": part }] } })
    }
}

impl Shape for Part {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if matches!(node.tree, Tree::Map(_)) {
            let form = PartForm::read(node, reader)?;
            let given = [form.text.is_some(), form.json.is_some(), form.file.is_some()];
            if given.into_iter().filter(|given| *given).count() != 1 {
                let message = "a part of a multipart body needs exactly one of `text`, `json`, `file`";
                reader.report(&rules::BODY, node.span, message).help =
                    Some("for several parts of one field write a list of them".to_owned());
                return None;
            }
            return Some(Self::Long(Box::new(form)));
        }
        Shape::read(node, reader).map(Self::Text)
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let (short, long) = (Template::schema(schemas), PartForm::schema(schemas));
        serde_json::json!({ "anyOf": [short, long] })
    }
}

shape! {
    /// A GraphQL request.
    pub struct GraphQl {
        /// The query, or `{ file: PATH }`.
        query: required Query,
        /// Variables of the query.
        variables: optional Spanned<Data>,
        /// Name of the operation, where the query has several.
        operation: optional Spanned<String>,
    }
}

/// A GraphQL query: no templates inside, values travel as variables.
#[derive(Clone, Debug)]
pub enum Query {
    Text(Spanned<String>),
    File(Spanned<String>),
}

shape! {
    /// A query kept in a file.
    pub struct QueryFile {
        /// Path in the package.
        file: required Spanned<String>,
    }
}

impl Shape for Query {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.tree {
            Tree::Map(_) => QueryFile::read(node, reader).map(|form| Self::File(form.file)),
            _ => Shape::read(node, reader).map(Self::Text),
        }
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let long = QueryFile::schema(schemas);
        serde_json::json!({ "anyOf": [{ "type": "string" }, long] })
    }
}

shape! {
    /// A file of the package as the body.
    pub struct FileBody {
        /// Path in the package.
        path: required Spanned<String>,
        /// Media type; by default after the extension.
        media_type: optional Spanned<String> as "type",
        /// Whether templates in the file are rendered; by default it is sent byte by byte.
        templates: default(false) bool,
    }
}

/// The value of `file`: a path, or the long form.
#[derive(Clone, Debug)]
pub struct FileChoice(pub FileBody);

impl Shape for FileChoice {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if matches!(node.tree, Tree::Map(_)) {
            return FileBody::read(node, reader).map(Self);
        }
        let path = Shape::read(node, reader)?;
        Some(Self(FileBody { span: node.span, path, media_type: None, templates: false }))
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let long = FileBody::schema(schemas);
        serde_json::json!({ "anyOf": [{ "type": "string", "description": "Path in the package" }, long] })
    }
}
