//! `css:` and `css-all:`: compiled once, found in the HTML of the body, text with white space collapsed.

use serde_json::Value as Json;

use super::SelectError;
use super::source::list;
use crate::base::syntax::SyntaxError;
use crate::expectation::subject::Subject;
use crate::model::value::Value;

/// Characters of a CSS selector.
const CHARACTERS_MAX: usize = 1_000;

#[derive(Clone, Debug)]
pub(super) struct Css {
    selector: scraper::Selector,
    /// Read instead of the text.
    attribute: Option<String>,
}

impl Css {
    /// Offsets of errors are bytes in `text`.
    pub(super) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let at = attribute_start(text);
        let (css, attribute) = match at {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        if css.trim().is_empty() {
            return Err(SyntaxError::new(0, text.len(), "a CSS selector is missing")
                .help("write for example `css:h1` or `css:a.next@href`"));
        }
        if css.chars().count() > CHARACTERS_MAX {
            return Err(SyntaxError::new(
                0,
                text.len(),
                format!("a CSS selector has at most {CHARACTERS_MAX} characters"),
            ));
        }
        if let (Some(at), Some(name)) = (at, attribute)
            && (name.is_empty()
                || name.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'<>/=".contains(c)))
        {
            return Err(SyntaxError::new(at, text.len() - at, format!("`{name}` is not the name of an attribute"))
                .help("what follows the last `@` names the attribute to read: `css:a.next@href`"));
        }
        let selector = scraper::Selector::parse(css).map_err(|error| refused(css, &error))?;
        Ok(Self { selector, attribute: attribute.map(str::to_ascii_lowercase) })
    }

    pub(super) fn find(&self, all: bool, subject: &Subject<'_>) -> Result<Option<Value>, SelectError> {
        let Some(html) = subject.html() else { return Ok(None) };
        let html = html.map_err(SelectError::new)?;
        let mut elements = html.select(&self.selector);
        if !all {
            return Ok(elements.next().and_then(|element| self.read(element)).map(Value::text));
        }
        list(elements.filter_map(|element| self.read(element)).map(Json::from)).map(Some)
    }

    fn read(&self, element: scraper::ElementRef<'_>) -> Option<String> {
        match &self.attribute {
            Some(name) => element.attr(name).map(str::to_owned),
            None => Some(collapsed(element.text())),
        }
    }
}

/// The words of all pieces with one blank between them; a word may go on from one piece to the next.
fn collapsed<'t>(pieces: impl Iterator<Item = &'t str>) -> String {
    let mut text = String::new();
    let mut blank = false;
    for character in pieces.flat_map(str::chars) {
        if character.is_whitespace() {
            blank = !text.is_empty();
        } else {
            if blank {
                text.push(' ');
                blank = false;
            }
            text.push(character);
        }
    }
    text
}

/// Where the last `@` outside brackets and quotes stands.
fn attribute_start(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped, mut found) = (0_usize, None, false, None);
    for (at, character) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, character) {
            (_, '\\') => escaped = true,
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, '@') if depth == 0 => found = Some(at),
            _ => {}
        }
    }
    found
}

fn refused(css: &str, error: &scraper::error::SelectorErrorKind) -> SyntaxError {
    use scraper::error::SelectorErrorKind::{EndOfLine, ExpectedColonOnPseudoElement, ExpectedIdentityOnPseudoElement};
    let reason = match error {
        EndOfLine => "it ends too early",
        ExpectedColonOnPseudoElement | ExpectedIdentityOnPseudoElement => "a pseudo-element has no text of its own",
        _ => "it has a part that is unknown here",
    };
    SyntaxError::new(0, css.len(), format!("`{css}` is not a CSS selector: {reason}")).help(
        "pseudo-classes of position such as `:nth-child(2)`, `:first-of-type`, `:not(…)`, `:is(…)` and `:has(…)` are known; \
         those that need a browser, such as `:hover`, and extensions such as `:contains(…)` are not",
    )
}
