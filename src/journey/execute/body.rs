//! Renders the body of a request: data becomes bytes, each with the label of what went into it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::names::{Names, failure};
use crate::base::secret::{Label, Labelled};
use crate::base::shape::Entries;
use crate::base::span::Spanned;
use crate::journey::definition::body::{Body, FileBody, GraphQl, Part, Query};
use crate::journey::resolved;
use crate::model::failure::{Failure, FailureKind};
use crate::model::scope::Scope;
use crate::model::value::{Value, hexadecimal};
use crate::template::{Data, Escape, Template};

/// A rendered body and the media type it has unless a header says otherwise.
pub(super) struct RenderedBody {
    pub(super) bytes: Labelled<Bytes>,
    pub(super) media_type: String,
}

pub(super) fn render(body: &Body, part: &resolved::Part, names: &Names<'_>) -> Result<RenderedBody, Failure> {
    let with = |bytes: Labelled<String>, media_type: &str| RenderedBody {
        bytes: bytes.map(Bytes::from),
        media_type: media_type.to_owned(),
    };
    Ok(match body {
        Body::Json(data) => with(json_text(&data.value, names, "json")?, "application/json"),
        Body::Form(fields) => with(form(fields, names)?, "application/x-www-form-urlencoded"),
        Body::Multipart(parts) => multipart(parts, part, names)?,
        Body::Text(template) => with(text(template, names, Escape::None, "text")?, "text/plain; charset=utf-8"),
        Body::Xml(template) => with(text(template, names, Escape::Xml, "xml")?, "application/xml"),
        Body::Base64(written) => {
            let compact: String = written.value.split_ascii_whitespace().collect();
            let bytes = STANDARD
                .decode(compact)
                .map_err(|error| Failure::new(FailureKind::ValueUnusable, format!("`base64`: {error}")))?;
            RenderedBody {
                bytes: Labelled::open(Bytes::from(bytes)),
                media_type: "application/octet-stream".to_owned(),
            }
        }
        Body::GraphQl(query) => with(graphql(query, part, names)?, "application/json"),
        Body::File(file) => {
            let bytes = file_bytes(file, part, names)?;
            RenderedBody { bytes, media_type: media_type_of(file) }
        }
    })
}

fn text(
    template: &Spanned<Template>,
    scope: &dyn Scope,
    escape: Escape,
    place: &str,
) -> Result<Labelled<String>, Failure> {
    template.value.render_text(scope, escape).map_err(|error| failure(&error, &format!("`{place}`")))
}

fn json_text(data: &Data, scope: &dyn Scope, place: &str) -> Result<Labelled<String>, Failure> {
    let rendered = data.render(scope).map_err(|error| failure(&error, &format!("`{place}`")))?;
    Ok(rendered.map(|json| json.to_string()))
}

/// The scalars of a form field or query parameter: a list repeats it, null leaves it out.
pub(super) fn scalars(data: &Data, scope: &dyn Scope, place: &str) -> Result<Vec<Labelled<String>>, Failure> {
    let rendered = data.render(scope).map_err(|error| failure(&error, place))?;
    let label = rendered.label;
    let items = match rendered.value {
        Json::Null => Vec::new(),
        Json::Array(items) => items,
        one => vec![one],
    };
    items
        .into_iter()
        .map(|item| match Value::Json(item).to_text() {
            Some(text) => Ok(Labelled::new(text.into_owned(), label)),
            None => {
                Err(Failure::new(FailureKind::ValueUnusable, format!("{place}: a list holds null, which has no text")))
            }
        })
        .collect()
}

fn form(fields: &Entries<Data>, scope: &dyn Scope) -> Result<Labelled<String>, Failure> {
    let mut label = Label::ANYWHERE;
    let mut serializer = url::form_urlencoded::Serializer::new(String::new());
    for (name, data) in &fields.0 {
        for value in scalars(data, scope, &format!("form field `{}`", name.value))? {
            label = label.join(value.label);
            serializer.append_pair(&name.value, &value.value);
        }
    }
    Ok(Labelled::new(serializer.finish(), label))
}

fn graphql(query: &GraphQl, part: &resolved::Part, scope: &dyn Scope) -> Result<Labelled<String>, Failure> {
    let text = match &query.query {
        Query::Text(text) => text.value.clone(),
        Query::File(path) => String::from_utf8_lossy(&package_file(&path.value, part)?).into_owned(),
    };
    let mut body = json!({ "query": text });
    let mut label = Label::ANYWHERE;
    if let Some(variables) = &query.variables {
        let rendered = variables.value.render(scope).map_err(|error| failure(&error, "`graphql.variables`"))?;
        label = rendered.label;
        body["variables"] = rendered.value;
    }
    if let Some(operation) = &query.operation {
        body["operationName"] = Json::String(operation.value.clone());
    }
    Ok(Labelled::new(body.to_string(), label))
}

fn file_bytes(file: &FileBody, part: &resolved::Part, scope: &dyn Scope) -> Result<Labelled<Bytes>, Failure> {
    let bytes = package_file(&file.path.value, part)?;
    if !file.templates {
        return Ok(Labelled::open(bytes));
    }
    let unusable = |why: String| Failure::new(FailureKind::ValueUnusable, format!("file `{}`: {why}", file.path.value));
    let source = std::str::from_utf8(&bytes).map_err(|_| unusable("it is not UTF-8 text".to_owned()))?;
    let template = Template::parse(source).map_err(|error| unusable(error.message))?;
    let rendered = template
        .render_text(scope, Escape::None)
        .map_err(|error| failure(&error, &format!("file `{}`", file.path.value)))?;
    Ok(rendered.map(Bytes::from))
}

fn package_file(path: &str, part: &resolved::Part) -> Result<Bytes, Failure> {
    part.files
        .get(path)
        .cloned()
        .ok_or_else(|| Failure::new(FailureKind::Internal, format!("file `{path}` was not loaded with its journey")))
}

fn media_type_of(file: &FileBody) -> String {
    if let Some(media_type) = &file.media_type {
        return media_type.value.clone();
    }
    let extension = file.path.value.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = match extension.to_ascii_lowercase().as_str() {
        "json" => "application/json",
        "xml" => "application/xml",
        "txt" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "svg" => "image/svg+xml",
        "zip" => "application/zip",
        "graphql" => "application/graphql",
        _ => "application/octet-stream",
    };
    known.to_owned()
}

/// RFC 7578.
fn multipart(
    parts: &[(Spanned<String>, Part)],
    package: &resolved::Part,
    names: &Names<'_>,
) -> Result<RenderedBody, Failure> {
    let mut rendered = Vec::with_capacity(parts.len());
    for (field, part) in parts {
        rendered.push((field, render_part(field, part, package, names)?));
    }
    let boundary = boundary(&rendered, names);
    let mut label = Label::ANYWHERE;
    let mut body = Vec::new();
    for (field, rendered) in rendered {
        label = label.join(rendered.content.label).join(rendered.file_name.label);
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&field.value));
        if let Some(name) = &rendered.file_name.value {
            let _ = write!(head, "; filename=\"{}\"", quoted(name));
        }
        if let Some(media_type) = &rendered.media_type {
            let _ = write!(head, "\r\nContent-Type: {}", media_type.replace(['\r', '\n'], " "));
        }
        head.push_str("\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&rendered.content.value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(RenderedBody {
        bytes: Labelled::new(Bytes::from(body), label),
        media_type: format!("multipart/form-data; boundary={boundary}"),
    })
}

/// A line that no part holds, so that nothing that a target has brought into one can end it. Drawn from the seed, which no
/// target is told, and anew for each request, for a target sees the boundaries of those before; the same in a replay.
fn boundary(parts: &[(&Spanned<String>, RenderedPart)], names: &Names<'_>) -> String {
    loop {
        let drawn = Sha256::new()
            .chain_update(b"boundary")
            .chain_update(names.shared.seed.to_be_bytes())
            .chain_update(names.shared.draw().to_be_bytes())
            .finalize();
        let boundary = format!("forerunner-{}", hexadecimal(&drawn[..16]));
        let is_held = |part: &RenderedPart| {
            let mut windows = part.content.value.windows(boundary.len());
            windows.any(|window| window == boundary.as_bytes())
        };
        if !parts.iter().any(|(_, part)| is_held(part)) {
            return boundary;
        }
    }
}

/// As browsers write names: the three characters that would end the field, percent-encoded.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

struct RenderedPart {
    content: Labelled<Bytes>,
    file_name: Labelled<Option<String>>,
    media_type: Option<String>,
}

fn render_part(
    field: &Spanned<String>,
    part: &Part,
    package: &resolved::Part,
    scope: &dyn Scope,
) -> Result<RenderedPart, Failure> {
    let place = format!("multipart `{}`", field.value);
    let form = match part {
        Part::Text(template) => {
            let content = text(template, scope, Escape::None, &place)?.map(Bytes::from);
            return Ok(RenderedPart { content, file_name: Labelled::open(None), media_type: None });
        }
        Part::Long(form) => form,
    };
    let (content, usual_type, usual_name) = if let Some(template) = &form.text {
        (text(template, scope, Escape::None, &place)?.map(Bytes::from), None, None)
    } else if let Some(data) = &form.json {
        (json_text(&data.value, scope, &place)?.map(Bytes::from), Some("application/json".to_owned()), None)
    } else if let Some(path) = &form.file {
        let file = FileBody { span: path.span, path: path.clone(), media_type: None, templates: false };
        let name = path.value.rsplit('/').next().unwrap_or(&path.value).to_owned();
        (file_bytes(&file, package, scope)?, Some(media_type_of(&file)), Some(name))
    } else {
        (Labelled::open(Bytes::new()), None, None)
    };
    let file_name = match &form.name {
        Some(template) => text(template, scope, Escape::None, &place)?.map(Some),
        None => Labelled::open(usual_name),
    };
    let media_type = form.media_type.as_ref().map(|media_type| media_type.value.clone()).or(usual_type);
    Ok(RenderedPart { content, file_name, media_type })
}
