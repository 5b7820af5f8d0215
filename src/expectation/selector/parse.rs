//! Reads a selector: the source up to the first bar, then the filters; a word that is unknown gets a suggestion.

use http::HeaderName;

use super::Selector;
use super::cookie::CookieAttribute;
use super::css::Css;
use super::source::{CertificateField, Source};
use crate::base::diagnostic::nearest;
use crate::base::name::is_name;
use crate::base::syntax::SyntaxError;
use crate::expectation::filter::regex::compile;
use crate::expectation::filter::{self, Chain};
use crate::expectation::jsonpath::JsonPath;
use crate::model::timing::Phase;

pub(super) const BLANKS: [char; 2] = [' ', '\t'];

const WORDS: [&str; 28] = [
    "status",
    "version",
    "time",
    "time.dns",
    "time.connect",
    "time.tls",
    "time.first-byte",
    "time.min",
    "time.max",
    "size",
    "url",
    "ip",
    "redirects",
    "body",
    "sha256",
    "from",
    "to",
    "subject",
    "text",
    "html",
    "dkim",
    "answers",
    "rcode",
    "ttl",
    "sent",
    "received",
    "loss",
    "$",
];
const PREFIXES: [&str; 11] =
    ["header", "cookie", "css", "css-all", "xpath", "xpath-all", "regex", "regex-all", "cert", "var", "output"];

pub(super) fn selector(text: &str) -> Result<Selector, SyntaxError> {
    let parts = filter::split(text);
    let whole = parts.first().map_or(0..0, Clone::clone);
    let source_end = text[..whole.end].trim_end_matches(BLANKS).len();
    let written = text[whole.start..source_end.max(whole.start)].trim_start_matches(BLANKS);
    let start = source_end - written.len();
    if written.is_empty() {
        return Err(SyntaxError::new(0, text.len(), "a selector is missing")
            .help("write for example `status`, `header:Content-Type` or `$.id`"));
    }
    let source = source(written).map_err(|error| SyntaxError { offset: error.offset + start, ..error })?;
    let filters = parts.get(1..).unwrap_or_default();
    for part in filters {
        // Only a JSON path can tell a value from its own syntax.
        let filter = text[part.clone()].trim_start_matches(BLANKS);
        if !filter.starts_with("jsonpath") {
            refuse_template(filter)
                .map_err(|error| SyntaxError { offset: error.offset + part.end - filter.len(), ..error })?;
        }
    }
    let filters = Chain::parse(text, filters)?;
    Ok(Selector { text: text.to_owned(), source_end, source, filters })
}

fn refuse_template(text: &str) -> Result<(), SyntaxError> {
    let Some(at) = text.find("${") else { return Ok(()) };
    let length = text[at..].find('}').map_or(text.len() - at, |end| end + 1);
    Err(SyntaxError::new(at, length, "a selector contains no template").help(
        "only a literal inside a filter of a JSON path may be one, as in `$.items[?@.id == ${id}]`; otherwise select more \
         and compare with the template in the condition",
    ))
}

fn source(text: &str) -> Result<Source, SyntaxError> {
    if text.starts_with('$') && !text.starts_with("${") {
        return JsonPath::parse(text).map(Source::Json);
    }
    refuse_template(text)?;
    if let Some((prefix, rest)) = text.split_once(':')
        && PREFIXES.contains(&prefix)
    {
        let at = prefix.len() + 1;
        return prefixed(prefix, rest).map_err(|error| SyntaxError { offset: error.offset + at, ..error });
    }
    word(text).ok_or_else(|| unknown(text))
}

fn word(text: &str) -> Option<Source> {
    Some(match text {
        "status" => Source::Status,
        "version" => Source::Version,
        "time" => Source::Time,
        "time.dns" => Source::Phase(Phase::Resolve),
        "time.connect" => Source::Phase(Phase::Connect),
        "time.tls" => Source::Phase(Phase::Tls),
        "time.first-byte" => Source::Phase(Phase::Wait),
        "size" => Source::Size,
        "url" => Source::Url,
        "ip" => Source::Ip,
        "redirects" => Source::Redirects,
        "body" => Source::Body,
        "sha256" => Source::Sha256,
        "time.min" | "time.max" | "from" | "to" | "subject" | "text" | "html" | "dkim" | "answers" | "rcode"
        | "ttl" | "sent" | "received" | "loss" => Source::Later,
        _ => return None,
    })
}

/// Offsets are bytes in `rest`.
fn prefixed(prefix: &str, rest: &str) -> Result<Source, SyntaxError> {
    let wrong = |message: String| SyntaxError::new(0, rest.len(), message);
    match prefix {
        "header" => HeaderName::from_bytes(rest.as_bytes()).map(Source::Header).map_err(|_| {
            wrong(format!("`{rest}` is not the name of a header")).help("write for example `header:Content-Type`")
        }),
        "cookie" => cookie(rest),
        "css" | "css-all" => Css::parse(rest).map(|css| Source::Css { all: prefix == "css-all", css }),
        "regex" | "regex-all" => {
            if rest.is_empty() {
                return Err(wrong("a regular expression is missing".to_owned()));
            }
            Ok(Source::Regex { all: prefix == "regex-all", regex: compile(rest)? })
        }
        "cert" => known(rest, &CertificateField::ALL).map(Source::Certificate).ok_or_else(|| {
            let words = CertificateField::ALL.map(|(word, _)| word);
            wrong(format!("`{rest}` is no fact of a certificate")).help(suggestion(rest, &words))
        }),
        "var" => var(rest),
        "output" if is_name(rest) => Ok(Source::Output(rest.to_owned())),
        "output" => Err(wrong(format!("`{rest}` is not a name")).help("write for example `output:token`")),
        _ => Ok(Source::Later),
    }
}

fn known<T: Copy>(word: &str, table: &[(&'static str, T)]) -> Option<T> {
    table.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

fn suggestion(word: &str, known: &[&'static str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known are {}", known.join(", ")),
    }
}

/// The attribute is what follows the last point, if it is one of the eight words.
fn cookie(text: &str) -> Result<Source, SyntaxError> {
    let split = text.rsplit_once('.').and_then(|(name, word)| Some((name, known(word, &CookieAttribute::ALL)?)));
    let (name, attribute) = split.unwrap_or((text, CookieAttribute::Value));
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token_byte) {
        return Err(SyntaxError::new(0, text.len(), format!("`{name}` is not the name of a cookie"))
            .help("write for example `cookie:session` or `cookie:session.expires`"));
    }
    Ok(Source::Cookie { name: name.to_owned(), attribute })
}

fn var(text: &str) -> Result<Source, SyntaxError> {
    let mut names = text.split('.');
    let mut at = 0;
    for name in text.split('.') {
        if !is_name(name) {
            let help = "write for example `var:user` or `var:user.id`; what lies deeper is reached by `| jsonpath`";
            return Err(SyntaxError::new(at, name.len(), format!("`{name}` is not a name")).help(help));
        }
        at += name.len() + 1;
    }
    let name = names.next().unwrap_or_default().to_owned();
    Ok(Source::Var { name, members: names.map(str::to_owned).collect() })
}

/// What people write who know another tool, and what it is called here.
const ELSEWHERE: [(&str, &str); 16] = [
    ("code", "status"),
    ("status-code", "status"),
    ("statuscode", "status"),
    ("response-time", "time"),
    ("latency", "time"),
    ("duration", "time"),
    ("elapsed", "time"),
    ("ttfb", "time.first-byte"),
    ("time.wait", "time.first-byte"),
    ("time.resolve", "time.dns"),
    ("length", "size"),
    ("content-type", "header:Content-Type"),
    ("location", "header:Location"),
    ("certificate", "cert:"),
    ("tls", "cert:"),
    ("protocol", "version"),
];

fn unknown(text: &str) -> SyntaxError {
    let error = SyntaxError::new(0, text.len(), format!("unknown selector `{text}`"));
    let lower = text.to_ascii_lowercase().replace('_', "-");
    let (head, rest) = text.find(['.', ':', '[', ' ']).map_or((text, ""), |at| text.split_at(at));
    let behind = rest.trim_start_matches(['.', ':', ' ']);
    let help = match head.to_ascii_lowercase().as_str() {
        "json" | "jsonpath" | "json-path" | "body" | "response" if behind.starts_with('$') => {
            format!("a JSON path stands alone: write `{behind}`")
        }
        "body" | "json" | "jsonpath" | "response" | "res" | "data" if !rest.is_empty() => {
            let step = if behind.starts_with('[') { behind.to_owned() } else { format!(".{behind}") };
            format!("a value of a JSON body is found by its path: write `${step}`")
        }
        "header" | "headers" if !rest.is_empty() => {
            let name = behind.trim_matches(['[', ']', '"', '\'']);
            format!("write `header:{name}`")
        }
        "cookies" | "set-cookie" if !rest.is_empty() => {
            format!("write `cookie:{}`", behind.trim_matches(['[', ']', '"', '\'']))
        }
        "cert" | "tls" | "certificate" if !rest.is_empty() => format!("write `cert:{behind}`"),
        "vars" | "input" | "inputs" | "secret" | "secrets" if !rest.is_empty() => format!("write `var:{behind}`"),
        "outputs" if !rest.is_empty() => format!("write `output:{behind}`"),
        other => {
            if let Some((_, here)) = ELSEWHERE.iter().find(|(word, _)| *word == lower) {
                format!("did you mean `{here}`?")
            } else if text.contains(':') {
                let meant = nearest(other, PREFIXES);
                meant.map_or_else(
                    || format!("the prefixes are {}", PREFIXES.map(|prefix| format!("`{prefix}:`")).join(", ")),
                    |meant| format!("did you mean `{meant}:{behind}`?"),
                )
            } else if let Some(meant) = nearest(text, WORDS) {
                format!("did you mean `{meant}`?")
            } else if let Some(meant) = nearest(text, PREFIXES) {
                format!("did you mean `{meant}:…`?")
            } else {
                "a selector is a word such as `status`, `time` or `body`, has a prefix such as `header:`, `css:` or `var:`, or \
                 is a JSON path such as `$.id`"
                    .to_owned()
            }
        }
    };
    error.help(help)
}
