//! Cuts a chain at its bars and a filter into its arguments; finds where a template ends. Selectors and templates
//! share it, so that both read filters alike.

use std::ops::Range;

use crate::base::syntax::SyntaxError;

/// One word of a filter: its name or an argument, quotes resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    pub text: String,
    /// As written, quotes included, in the whole text.
    pub range: Range<usize>,
    pub quoted: bool,
}

impl Argument {
    /// An error about a part of the argument; the whole of it where escapes moved the bytes.
    #[must_use]
    pub fn error_at(&self, offset: usize, length: usize, message: impl Into<String>) -> SyntaxError {
        match self.verbatim() {
            Some(start) => SyntaxError::new(start + offset, length, message),
            None => self.error(message),
        }
    }

    /// An error about the argument as a whole.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.range.start, self.range.len(), message)
    }

    /// Where the first byte of `text` stands in the source, if `text` stands there byte for byte.
    #[must_use]
    pub fn verbatim(&self) -> Option<usize> {
        let quotes = if self.quoted { 2 } else { 0 };
        (self.text.len() + quotes == self.range.len()).then_some(self.range.start + quotes / 2)
    }
}

/// Where a text is cut into source and filters: byte ranges of the parts between bars that have blanks on both
/// sides and stand outside quotes, brackets and parentheses. Parts come without the blanks around them.
#[must_use]
pub fn split(text: &str) -> Vec<Range<usize>> {
    split_in(text, 0..text.len())
}

/// The same within a part of a text; ranges are of the whole text.
#[must_use]
pub fn split_in(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let part = &text[within.clone()];
    let bytes = part.as_bytes();
    let protected = scan(bytes, false).protected;
    let is_blank_at = |at: usize| bytes.get(at).is_some_and(|byte| is_blank(*byte));
    let mut cuts = Vec::new();
    let mut start = 0;
    for at in 1..bytes.len() {
        if bytes[at] == b'|' && !protected[at] && is_blank_at(at - 1) && is_blank_at(at + 1) {
            cuts.push(start..at);
            start = at + 1;
        }
    }
    cuts.push(start..bytes.len());
    cuts.into_iter().map(|cut| trimmed(text, within.start + cut.start..within.start + cut.end)).collect()
}

/// The words of one part.
///
/// # Errors
/// A quote that is not closed, or text that touches a closing quote.
pub(super) fn arguments(text: &str, part: Range<usize>) -> Result<Vec<Argument>, SyntaxError> {
    let bytes = &text.as_bytes()[part.clone()];
    let protected = scan(bytes, false).protected;
    let mut arguments = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if is_blank(bytes[at]) {
            at += 1;
            continue;
        }
        let end = (at..bytes.len()).find(|end| is_blank(bytes[*end]) && !protected[*end]).unwrap_or(bytes.len());
        let range = part.start + at..part.start + end;
        arguments.push(argument(text, range)?);
        at = end;
    }
    Ok(arguments)
}

/// Longest template in bytes. No sensible one is longer (paths have 500 characters, expressions 1,000); it bounds the
/// search for the end of one that is not closed.
pub const TEMPLATE_BYTES_MAX: usize = 8_192;

/// The offset of the `}` that ends the template whose inside starts at `start`; none if nothing ends it
/// within [`TEMPLATE_BYTES_MAX`].
#[must_use]
pub fn template_end(text: &str, start: usize) -> Option<usize> {
    let bytes = &text.as_bytes()[start..text.len().min(start + TEMPLATE_BYTES_MAX)];
    let scan = scan(bytes, true);
    scan.end.or_else(|| (0..bytes.len()).find(|at| bytes[*at] == b'}' && !scan.protected[*at])).map(|end| start + end)
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let end = range.start + part.trim_end_matches([' ', '\t']).len();
    let start = range.end - part.trim_start_matches([' ', '\t']).len();
    start.min(end)..end
}

fn argument(text: &str, range: Range<usize>) -> Result<Argument, SyntaxError> {
    let written = &text[range.clone()];
    let bytes = written.as_bytes();
    match bytes.first() {
        Some(quote @ (b'\'' | b'"')) => {
            let quote = char::from(*quote);
            let Some(end) = closing_quote(bytes, 0) else {
                return Err(SyntaxError::new(range.start, range.len(), format!("the quote {quote} is not closed"))
                    .help("a quote inside quotes is written with a backslash before it"));
            };
            if end + 1 < bytes.len() {
                return Err(SyntaxError::new(
                    range.start + end + 1,
                    range.len() - end - 1,
                    "a blank is missing behind the closing quote",
                ));
            }
            Ok(Argument { text: unescape(&written[1..end], quote), range, quoted: true })
        }
        Some(b'|' | b'}') => Err(SyntaxError::new(range.start, range.len(), format!("`{written}` starts no argument"))
            .help(format!("put it in quotes, as in '{written}'"))),
        _ => Ok(Argument { text: written.to_owned(), range, quoted: false }),
    }
}

/// A backslash stands for the quote or backslash behind it; every other backslash is kept.
fn unescape(inner: &str, quote: char) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars().peekable();
    while let Some(next) = rest.next() {
        match rest.peek() {
            Some(escaped) if next == '\\' && (*escaped == quote || *escaped == '\\') => {
                text.push(*escaped);
                rest.next();
            }
            _ => text.push(next),
        }
    }
    text
}

fn closing_quote(bytes: &[u8], open: usize) -> Option<usize> {
    let quote = bytes[open];
    let mut at = open + 1;
    while at < bytes.len() {
        if bytes[at] == b'\\' && bytes.get(at + 1).is_some_and(|next| *next == quote || *next == b'\\') {
            at += 2;
        } else if bytes[at] == quote {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

struct Scan {
    /// For every byte whether it stands in quotes or in a group.
    protected: Vec<bool>,
    /// The first `}` outside all of them, if it was looked for and nothing was open before it.
    end: Option<usize>,
}

/// Finds quotes and groups in one pass. An opening quote or bracket without its partner is an ordinary character,
/// as is one behind a backslash and a quote behind a letter or digit (`it's`).
fn scan(bytes: &[u8], to_brace: bool) -> Scan {
    let mut protected = vec![false; bytes.len()];
    let mut open: Vec<(u8, usize)> = Vec::new();
    // How many of `]` and `)` are awaited, so that a closer without an opener costs nothing.
    let mut awaited = [0_usize; 2];
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\'' | b'"' => {
                let opens = !open.is_empty() || at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
                if opens && let Some(end) = closing_quote(bytes, at) {
                    protected[at..=end].fill(true);
                    at = end;
                }
            }
            b'[' => {
                open.push((b']', at));
                awaited[0] += 1;
            }
            b'(' => {
                open.push((b')', at));
                awaited[1] += 1;
            }
            closer @ (b']' | b')') => {
                let kind = usize::from(closer == b')');
                while awaited[kind] > 0 {
                    let Some((awaits, start)) = open.pop() else { break };
                    awaited[usize::from(awaits == b')')] -= 1;
                    if awaits == closer {
                        protected[start..=at].fill(true);
                        break;
                    }
                }
            }
            b'}' if to_brace && open.is_empty() => return Scan { protected, end: Some(at) },
            _ => {}
        }
        at += 1;
    }
    Scan { protected, end: None }
}
