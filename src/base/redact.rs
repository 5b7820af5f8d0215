//! Masks secret values in everything that is shown, as written and in the forms in which they travel.

use std::collections::HashSet;
use std::fmt::Write as _;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Shorter values would mask half of every text; the loader warns about secrets that short.
pub const MASKED_LENGTH_MIN: usize = 4;

/// Found in an answer, a value of at least this length is no accident.
const TRACED_LENGTH_MIN: usize = 8;

/// Longer values are refused as secrets by whoever reads or keeps them: every output is searched for each.
pub const SECRET_BYTES_MAX: usize = 16 * 1024;

/// Longer needles are searched for one by one: an automaton of them would take a hundred times their size.
const TOGETHER_BYTES_MAX: usize = 256;

/// Knows the secret values of one run. Without `Debug`: it holds what must not be shown.
#[derive(Default)]
pub struct Redactor {
    /// What is looked for, all at once, and by what it is replaced.
    needles: Vec<(String, String)>,
    /// The same for long ones, the longest first.
    long: Vec<(String, String)>,
    known: HashSet<String>,
    /// Built at the first use after a value was learned.
    matcher: Option<AhoCorasick>,
}

impl Redactor {
    /// Masks `value` from now on as `<name>`: as written, percent-encoded, JSON-, XML- and HTML-escaped, in hexadecimal,
    /// and in base64 of both alphabets at each of the three alignments, so that it is found inside a longer encoded text
    /// as well.
    pub fn learn(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if value.chars().count() < MASKED_LENGTH_MIN || self.known.contains(value) {
            return;
        }
        let mask = format!("<{name}>");
        for form in forms(value) {
            if form.len() < MASKED_LENGTH_MIN || !self.known.insert(form.clone()) {
                continue;
            }
            if form.len() > TOGETHER_BYTES_MAX {
                self.long.push((form, mask.clone()));
            } else {
                self.needles.push((form, mask.clone()));
                self.matcher = None;
            }
        }
        self.long.sort_by_key(|(needle, _)| std::cmp::Reverse(needle.len()));
        // The lines of a value of several lines, such as a key, are secret on their own.
        if value.contains('\n') {
            value.lines().map(str::trim).filter(|line| line.len() >= 16).for_each(|line| self.learn(name, line));
        }
    }

    /// Whether there is anything to mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether a known value stands in the text, also in one that is percent-encoded in a way of its own. Only longer
    /// ones count: short ones turn up by chance.
    pub fn holds_secret(&mut self, text: &str) -> bool {
        self.finds(text) || (text.contains('%') && self.finds(&percent_decoded(text)))
    }

    fn finds(&mut self, text: &str) -> bool {
        self.long.iter().any(|(needle, _)| text.contains(needle.as_str()))
            || self
                .matcher()
                .is_some_and(|matcher| matcher.find_iter(text).any(|found| found.len() >= TRACED_LENGTH_MIN))
    }

    fn matcher(&mut self) -> Option<&AhoCorasick> {
        if self.matcher.is_none() && !self.needles.is_empty() {
            self.matcher = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(self.needles.iter().map(|(needle, _)| needle))
                .ok();
        }
        self.matcher.as_ref()
    }

    /// `text` with every known value replaced; the longest match at the leftmost place wins.
    pub fn mask(&mut self, text: &str) -> String {
        let mut text = std::borrow::Cow::Borrowed(text);
        for (needle, mask) in &self.long {
            if text.contains(needle.as_str()) {
                text = std::borrow::Cow::Owned(text.replace(needle.as_str(), mask));
            }
        }
        if self.needles.is_empty() {
            return text.into_owned();
        }
        self.matcher();
        let Some(matcher) = &self.matcher else {
            // Too many values for one automaton: nothing is shown rather than something leaked.
            return "<withheld>".to_owned();
        };
        let masks: Vec<&str> = self.needles.iter().map(|(_, mask)| mask.as_str()).collect();
        matcher.replace_all(&text, &masks)
    }
}

/// The forms in which a value may stand in what is shown.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let quoted = serde_json::Value::String(value.to_owned()).to_string();
    let json = &quoted[1..quoted.len() - 1];
    forms.extend([json.to_owned(), json.replace('/', "\\/"), ascii_only(json)]);
    // What stays readable differs between paths, queries and forms.
    for kept in ["-._~", "-._~/", "-._*", "-._~!$&'()*+,;=:@/?"] {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            let encoded = percent_encoded(value, kept, digits);
            forms.extend([encoded.replace("%20", "+"), encoded]);
        }
    }
    let xml = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    forms.extend([
        xml.replace('"', "&quot;").replace('\'', "&#39;"),
        xml.replace('"', "&quot;").replace('\'', "&apos;"),
        xml,
    ]);
    forms.extend([hex(value.as_bytes(), b"0123456789abcdef"), hex(value.as_bytes(), b"0123456789ABCDEF")]);
    forms.extend(base64_forms(value.as_bytes()));
    forms
}

/// JSON text with everything outside ASCII as `\uXXXX`, as many writers do.
fn ascii_only(json: &str) -> String {
    json.encode_utf16().fold(String::with_capacity(json.len()), |mut text, unit| {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
        text
    })
}

fn percent_encoded(value: &str, kept: &str, digits: &[u8; 16]) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&hex(&[byte], digits));
        }
        text
    })
}

/// Every `%XX` as its byte; what is no such thing stays.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

/// The value encoded on its own, and the characters that it alone decides when it stands one, two or three bytes into a
/// longer text, as a password does in `user:password`.
fn base64_forms(value: &[u8]) -> Vec<String> {
    let mut forms = vec![STANDARD.encode(value), URL_SAFE.encode(value)];
    for (before, undecided) in [(0, 0), (1, 2), (2, 3)] {
        let mut longer = vec![0; before];
        longer.extend_from_slice(value);
        let decided = longer.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&longer), URL_SAFE_NO_PAD.encode(&longer)] {
            forms.extend(
                encoded.get(undecided..decided).filter(|form| form.len() > MASKED_LENGTH_MIN).map(str::to_owned),
            );
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(secret: &str, text: &str, masked: &str) {
        let mut redactor = Redactor::default();
        redactor.learn("key", secret);
        assert_eq!(redactor.mask(text), masked, "{secret} in {text}");
    }

    #[test]
    fn a_value_is_masked_in_every_form_in_which_it_travels() {
        check("s3cr3t/+&x", "a s3cr3t/+&x b", "a <key> b");
        check("s3cr3t/+&x", "q=s3cr3t%2F%2B%26x", "q=<key>");
        check("s3cr3t/+&x", "q=s3cr3t%2f%2b%26x", "q=<key>");
        check("pass word", "q=pass+word&r=pass%20word", "q=<key>&r=<key>");
        check("say \"hi\"", r#"{"a":"say \"hi\""}"#, r#"{"a":"<key>"}"#);
        check("a/b/c", r#"{"a":"a\/b\/c"}"#, r#"{"a":"<key>"}"#);
        check("hällo", r#"{"a":"h\u00e4llo"}"#, r#"{"a":"<key>"}"#);
        check("<tag>&", "<b>&lt;tag&gt;&amp;</b>", "<b><key></b>");
        check("hunter22", "hex 68756e7465723232", "hex <key>");
        check("hunter22", &STANDARD.encode("hunter22"), "<key>");
    }

    #[test]
    fn a_value_is_masked_inside_a_longer_base64_text() {
        for before in ["", "u", "us", "usr:", "user:"] {
            let mut redactor = Redactor::default();
            redactor.learn("key", "correct horse battery");
            let masked = redactor.mask(&STANDARD.encode(format!("{before}correct horse battery and more")));
            assert!(masked.contains("<key>"), "{masked}");
        }
    }

    #[test]
    fn a_long_value_is_masked_as_well() {
        let secret = "0123456789abcdef/+".repeat(100);
        check(&secret, &format!("a {secret} b {}", STANDARD.encode(&secret)), "a <key> b <key>");
        check(&secret, &format!("q={}", secret.replace('/', "%2F").replace('+', "%2B")), "q=<key>");
    }

    #[test]
    fn a_text_that_holds_a_secret_is_known_however_it_is_percent_encoded() {
        let mut redactor = Redactor::default();
        redactor.learn("key", "s3cr3t/+pass word&x");
        for (text, holds) in [
            ("x s3cr3t/+pass word&x", true),
            ("x s3cr3t/+pass%20word%26x", true),
            ("%73%33cr3t/+pass%20word%26x", true),
            ("s3cr3t/+pass", false),
            ("100 % of %zz and %", false),
        ] {
            assert_eq!(redactor.holds_secret(text), holds, "{text}");
        }
    }

    #[test]
    fn short_values_are_left_alone() {
        check("abc", "abcabc", "abcabc");
    }

    #[test]
    fn the_lines_of_a_long_value_are_secret_on_their_own() {
        check("first-line-of-the-key\nsecond-line-of-the-key", "x second-line-of-the-key y", "x <key> y");
    }

    proptest! {
        #[test]
        fn no_secret_survives(secret in "[ -~]{6,30}", before in "[a-z ]{0,9}", after in "[a-z ]{0,9}") {
            let secret = secret.trim();
            prop_assume!(secret.len() >= 6 && !"<key>".contains(secret));
            let mut redactor = Redactor::default();
            redactor.learn("key", secret);
            let masked = redactor.mask(&format!("{before}{secret}{after}"));
            prop_assert!(!masked.contains(secret), "{masked}");
        }
    }
}
