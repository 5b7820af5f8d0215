//! The regular expressions of `match` and `search` (RFC 9485), on the linear engine.

use regex::{Regex, RegexBuilder};

/// Longest pattern in characters, as for every regular expression of the language.
const LENGTH_MAX: usize = 1_000;
/// Bytes of a compiled literal pattern.
const SIZE_MAX: usize = 1 << 20;
/// Bytes of a compiled pattern that came from outside the definition, which may be compiled once a node.
const FOREIGN_SIZE_MAX: usize = 1 << 14;

/// Compiles a literal.
pub(super) fn literal(pattern: &str, whole: bool) -> Result<Regex, String> {
    if pattern.chars().count() > LENGTH_MAX {
        return Err(format!("a regular expression has at most {LENGTH_MAX} characters"));
    }
    compile(pattern, whole, SIZE_MAX).map_err(|error| {
        let text = error.to_string();
        text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}

/// Compiles a value; none: it is no pattern, so nothing matches it (RFC 9535, 2.4.6).
pub(super) fn foreign(pattern: &str, whole: bool) -> Option<Regex> {
    if pattern.chars().count() > LENGTH_MAX {
        return None;
    }
    compile(pattern, whole, FOREIGN_SIZE_MAX).ok()
}

fn compile(pattern: &str, whole: bool, size_max: usize) -> Result<Regex, regex::Error> {
    // Alone first: `a)|(b` is no pattern, though it is one between our parentheses.
    let build = |text: &str| RegexBuilder::new(text).crlf(true).size_limit(size_max).dfa_size_limit(size_max).build();
    let alone = build(pattern)?;
    if whole { build(&format!(r"\A(?:{pattern})\z")) } else { Ok(alone) }
}
