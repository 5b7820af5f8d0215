//! Masks secret values in everything that is shown, as written and in the forms in which they travel.

mod forms;
mod plain;
mod search;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use super::secret::{HostIndex, Label};
use forms::forms;
use plain::{View, views};
use search::{Needle, Search, Wanted};

/// Shorter values would mask half of every text; the loader warns about secrets that short.
pub const MASKED_LENGTH_MIN: usize = 4;

/// Found in a text, a value of at least this length is no accident.
const TRACED_LENGTH_MIN: usize = 8;

/// Longer values are refused as secrets by whoever reads or keeps them: every output is searched for each.
pub const SECRET_BYTES_MAX: usize = 16 * 1024;

/// Lines of a longer value, from this length on, are secret on their own.
const LINE_BYTES_MIN: usize = 16;

/// Knows the secret values of one run. Without `Debug`: it holds what must not be shown.
///
/// A value is found as written, in hexadecimal, and in base64 of both alphabets at each of the three alignments, so that
/// it is found inside a longer encoded text as well; also where what went into base64 was percent-encoded, JSON-escaped or
/// base64 before. Each of these is found behind any number of escapes over each other: percent-encoding, character
/// references of markup, `\u`, `\x` and the backslashes of JSON, scripts and regular expressions, in letters of either
/// case. ASCII letters match in either case everywhere: names of hosts and headers are lower-cased on the way. Line ends
/// and NULs inside are passed over. What is not found: other ciphers and encodings, and parts of a value.
///
/// Masking takes time linear in the text: at most three readings of it, each a few steps a byte, and one more for each
/// value longer than about 40 bytes whose beginning stands in it. Beside the text it takes nine times its size for a moment.
/// A value takes memory of about two hundred times its size up to 64 bytes, and fifty times what is above.
#[derive(Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
    /// By value, where each stands in the list.
    known: HashMap<String, usize>,
    search: Search,
    /// By needle, whose it is.
    owners: Vec<Owner>,
    /// By bytes, so that each is looked for once.
    forms: HashMap<Vec<u8>, usize>,
}

struct Secret {
    name: String,
    /// The hosts that may see what holds it.
    label: Label,
    is_traced: bool,
}

struct Owner {
    secret: usize,
    shares: (bool, bool),
}

/// The value that keeps a text from a host.
pub struct Kept<'a> {
    pub name: &'a str,
    /// The hosts that may see it.
    pub label: Label,
}

impl Redactor {
    /// Masks `value` from now on as `<name>`, and knows the hosts that may see it: learned twice, those of both times.
    /// Nothing is learned of one that is too short or too long.
    pub fn learn(&mut self, name: &str, value: &str, label: Label) {
        let value = value.trim();
        let length = value.chars().count();
        if length < MASKED_LENGTH_MIN || value.len() > SECRET_BYTES_MAX {
            return;
        }
        if let Some(known) = self.known.get(value) {
            let secret = &mut self.secrets[*known];
            secret.label = secret.label.either(label);
            return;
        }
        let secret = self.secrets.len();
        self.known.insert(value.to_owned(), secret);
        self.secrets.push(Secret { name: name.to_owned(), label, is_traced: length >= TRACED_LENGTH_MIN });
        for form in forms(value) {
            if self.forms.contains_key(&form.bytes) {
                continue;
            }
            self.forms.insert(form.bytes.clone(), secret);
            self.search.add(Needle::new(form.bytes));
            self.owners.push(Owner { secret, shares: form.shares });
        }
        // The lines of a value of several lines, such as a key, are secret on their own.
        if value.contains('\n') {
            let lines = value.lines().map(str::trim).filter(|line| line.len() >= LINE_BYTES_MIN);
            lines.for_each(|line| self.learn(name, line, label));
        }
    }

    /// Whether there is anything to mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// `text` with every known value replaced; values that overlap become one mask, that of the longest.
    pub fn mask(&mut self, text: &str) -> String {
        self.masked(text, Wanted::Longest)
    }

    /// The same for a text whose end is missing: what it ends with may be the beginning of a value.
    pub fn mask_cut(&mut self, text: &str) -> String {
        self.masked(text, Wanted::Beginnings)
    }

    /// The hosts that may see this text: those that may see every value in it. Only values of at least eight characters
    /// count: shorter ones turn up by chance.
    pub fn label_of(&mut self, text: &[u8]) -> Label {
        self.traced(text).into_iter().fold(Label::ANYWHERE, |label, secret| label.join(self.secrets[secret].label))
    }

    /// The value because of which `host` may not see this text, as [`Redactor::label_of`] has it; none if it may.
    pub fn kept_from(&mut self, host: HostIndex, text: &[u8]) -> Option<Kept<'_>> {
        if self.secrets.iter().all(|secret| !secret.is_traced || secret.label.allows(host)) {
            return None;
        }
        let found = self.traced(text);
        let refusing =
            found.into_iter().map(|secret| &self.secrets[secret]).find(|secret| !secret.label.allows(host))?;
        Some(Kept { name: &refusing.name, label: refusing.label })
    }

    /// The values in a text that are there by no accident.
    fn traced(&mut self, text: &[u8]) -> Vec<usize> {
        if !self.search.build() {
            // Nothing can be said of the text, so it is as if all stood in it.
            return (0..self.secrets.len()).collect();
        }
        let mut is_found = vec![false; self.secrets.len()];
        for view in views(text) {
            self.search.find(&view.bytes, Wanted::All, &mut |found| {
                let secret = self.owners[found.needle].secret;
                is_found[secret] |= found.place.len() >= TRACED_LENGTH_MIN && self.secrets[secret].is_traced;
            });
        }
        (0..self.secrets.len()).filter(|secret| is_found[*secret]).collect()
    }

    fn masked(&mut self, text: &str, wanted: Wanted) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        if !self.search.build() {
            // Too many values: nothing is shown rather than something leaked.
            return "<withheld>".to_owned();
        }
        let mut found: Vec<(Range<usize>, usize)> = Vec::new();
        for view in views(text.as_bytes()) {
            self.search.find(&view.bytes, wanted, &mut |one| {
                let owner = &self.owners[one.needle];
                let place = view.place(widened(&view, one.place, owner.shares, text.as_bytes()));
                match found.last_mut() {
                    // A value that overlaps itself, over and over.
                    Some((last, secret))
                        if *secret == owner.secret && (last.start..last.end).contains(&place.start) =>
                    {
                        last.end = last.end.max(place.end);
                    }
                    _ => found.push((place, owner.secret)),
                }
            });
        }
        self.replaced(text, found)
    }

    fn replaced(&self, text: &str, mut found: Vec<(Range<usize>, usize)>) -> String {
        found.sort_unstable_by_key(|(place, secret)| (place.start, std::cmp::Reverse(place.end), *secret));
        let mut masked = String::with_capacity(text.len());
        let mut shown = 0;
        let mut rest = found.into_iter().peekable();
        while let Some((place, mut secret)) = rest.next() {
            let (mut end, mut longest) = (place.end, place.len());
            while let Some((next, other)) = rest.next_if(|(next, _)| next.start < end) {
                end = end.max(next.end);
                if next.len() > longest {
                    (longest, secret) = (next.len(), other);
                }
            }
            // Half of an escaped character may belong to a value; it is masked whole.
            let start = text.floor_char_boundary(place.start).max(shown);
            masked.push_str(&text[shown..start]);
            masked.push('<');
            masked.push_str(&self.secrets[secret].name);
            masked.push('>');
            shown = text.ceil_char_boundary(end).max(start);
        }
        masked.push_str(&text[shown..]);
        masked
    }
}

/// With the characters at the ends that are partly made of the value, and the padding behind them.
fn widened(view: &View, place: Range<usize>, (before, behind): (bool, bool), text: &[u8]) -> Range<usize> {
    let is_digit = |at: usize| {
        view.bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
            && text.get(view.place(at..at + 1).start) != Some(&b' ')
    };
    let mut range = place;
    if before && range.start > 0 && is_digit(range.start - 1) {
        range.start -= 1;
    }
    if behind {
        range.end += usize::from(is_digit(range.end));
        range.end += view.bytes[range.end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    }
    range
}
