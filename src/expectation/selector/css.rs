//! `css:` and `css-all:`: compiled once, found in the HTML of the body, text with white space collapsed.

use serde_json::Value as Json;

use super::SelectError;
use super::source::list;
use crate::base::syntax::SyntaxError;
use crate::expectation::subject::{Measures, Subject};
use crate::model::value::Value;

/// Characters of a CSS selector.
const CHARACTERS_MAX: usize = 1_000;
/// Elements that a search may look at: about a second. Ordinary pages need some thousands.
const STEPS_MAX: u64 = 100_000_000;
/// Bytes of all texts that `css-all:` finds.
const FOUND_BYTES_MAX: usize = 16 << 20;

#[derive(Clone, Debug)]
pub(super) struct Css {
    selector: scraper::Selector,
    work: Work,
    /// Read instead of the text.
    attribute: Option<String>,
}

/// What a selector may look at, counted in its text and rather too high than too low.
#[derive(Clone, Copy, Debug)]
struct Work {
    /// Runs of blanks, `>`, `+` and `~`.
    combinators: u64,
    /// Whether siblings are searched.
    siblings: bool,
    /// `:has(…)`.
    below: u64,
}

impl Work {
    fn of(css: &str) -> Self {
        let is_combinator = |c: char| c.is_ascii_whitespace() || ">+~".contains(c);
        let starts =
            css.chars().zip(css.chars().skip(1)).filter(|(one, next)| !is_combinator(*one) && is_combinator(*next));
        let below = css.to_ascii_lowercase().matches(":has(").count() as u64;
        Self { combinators: starts.count() as u64, siblings: css.contains('~'), below }
    }

    /// Elements that may be looked at in a document of these measures.
    fn steps(self, page: &Measures) -> u64 {
        let (around, around_max) =
            if self.siblings { (page.reach, page.reach_max) } else { (page.ancestors, page.depth_max) };
        let up = around.saturating_mul(self.combinators);
        // Every pair of an element and one below it, and what is above that one for each further combinator.
        let further = self.combinators.saturating_sub(self.below);
        let down = around.saturating_mul(self.below).saturating_mul(1 + further.saturating_mul(around_max));
        page.elements.saturating_add(up).saturating_add(down)
    }
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
        Ok(Self { selector, work: Work::of(css), attribute: attribute.map(str::to_ascii_lowercase) })
    }

    pub(super) fn find(&self, all: bool, subject: &Subject<'_>) -> Result<Option<Value>, SelectError> {
        let Some(page) = subject.html() else { return Ok(None) };
        let page = page.map_err(SelectError::new)?;
        if self.work.steps(&page.measures) > STEPS_MAX {
            return Err(SelectError::new("the CSS selector would look at too many elements of this document"));
        }
        let mut elements = page.html.select(&self.selector);
        if !all {
            return Ok(elements.next().and_then(|element| self.read(element)).map(Value::text));
        }
        // Elements stand inside others, so their texts together may be much larger than the body.
        let mut bytes = 0;
        let texts = elements.filter_map(|element| self.read(element)).take_while(|text| {
            bytes += text.len();
            bytes <= FOUND_BYTES_MAX
        });
        let found = list(texts.map(Json::from))?;
        if bytes > FOUND_BYTES_MAX { Err(SelectError::new("it finds too much text")) } else { Ok(Some(found)) }
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
