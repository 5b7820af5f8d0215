//! A name with its members (`service.id`): how templates and the holes of JSON paths ask a scope for a value.

use serde_json::Value as Json;

use crate::base::name::is_name;
use crate::base::secret::Labelled;
use crate::base::syntax::SyntaxError;
use crate::model::scope::Scope;
use crate::model::value::Value;

/// Names that are not objects but groups of built-ins: a scope is asked for `run.id` as a whole.
const GROUPS: [&str; 2] = ["run", "request"];

/// `name` or `name.member.member`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub name: String,
    pub members: Vec<String>,
}

impl Reference {
    /// Reads a reference that begins `offset` bytes into the text that a person wrote.
    ///
    /// # Errors
    /// A part that is not a name.
    pub fn parse(text: &str, offset: usize) -> Result<Self, SyntaxError> {
        let mut at = offset;
        let mut parts = Vec::new();
        for part in text.split('.') {
            if !is_name(part) {
                return Err(not_a_name(text, part, offset, at));
            }
            parts.push(part.to_owned());
            at += part.len() + 1;
        }
        let name = parts.remove(0);
        Ok(Self { name, members: parts })
    }

    /// The present value; the error says in a sentence part what is not there.
    ///
    /// # Errors
    /// The name has no value, or its value no such member.
    pub fn get(&self, scope: &dyn Scope) -> Result<Labelled<Value>, String> {
        if let [member] = self.members.as_slice()
            && GROUPS.contains(&self.name.as_str())
        {
            let whole = format!("{}.{member}", self.name);
            return scope.get(&whole).ok_or_else(|| format!("`{whole}` has no value here"));
        }
        let found = scope.get(&self.name).ok_or_else(|| format!("`{}` has no value", self.name))?;
        if self.members.is_empty() {
            return Ok(found);
        }
        let mut path = self.name.clone();
        let label = found.label;
        let Value::Json(mut json) = found.value else {
            return Err(format!("`{path}` is a {} and has no members", found.value.kind().word()));
        };
        for member in &self.members {
            json = match json {
                Json::Object(mut members) => match members.swap_remove(member) {
                    Some(json) => json,
                    None => return Err(format!("`{path}` has no member `{member}`")),
                },
                other => {
                    let kind = Value::Json(other).kind().word();
                    return Err(format!("`{path}` is {} and has no members", with_article(kind)));
                }
            };
            path = format!("{path}.{member}");
        }
        Ok(Labelled::new(Value::Json(json), label))
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        self.members.iter().try_for_each(|member| write!(f, ".{member}"))
    }
}

fn not_a_name(text: &str, part: &str, offset: usize, at: usize) -> SyntaxError {
    if text.is_empty() {
        return SyntaxError::new(offset, 0, "a name is missing").help("write a name, as in `${token}`");
    }
    if part.is_empty() {
        return SyntaxError::new(at.saturating_sub(1).max(offset), 1, "a name is missing beside the point")
            .help("write `name.member`, each made of letters, digits, `_` and `-`");
    }
    let error = SyntaxError::new(at, part.len(), format!("`{part}` is not a name"));
    if let Some(bracket) = part.find('[') {
        let path = &text[part.as_ptr().addr() - text.as_ptr().addr() + bracket..];
        let before = &text[..text.len() - path.len()];
        return error.help(format!("there are no indices; write `{before} | jsonpath ${path}`"));
    }
    if part.contains('|') {
        return error.help("a bar needs a blank on both sides, as in `name | filter`");
    }
    error.help("a name is made of letters, digits, `_` and `-` and starts with a letter or `_`")
}

/// `a list`, `an object`, `null`.
#[must_use]
pub fn with_article(kind: &str) -> String {
    match kind {
        "null" | "text" | "bytes" => kind.to_owned(),
        "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}
