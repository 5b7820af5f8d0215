//! The forms of a secret that no undoing of escapes leads back to it: what is looked for in a text without escapes.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::MASKED_LENGTH_MIN;
use super::plain::{folded, plain};

/// What is looked for.
pub(super) struct Form {
    /// In the one spelling of [`folded`].
    pub(super) bytes: Vec<u8>,
    /// Whether the character before it, or behind it, is partly made of the secret.
    pub(super) shares: (bool, bool),
}

/// Every form once. Together they are about thirty times as long as the value, fifty where it needs escapes itself.
pub(super) fn forms(value: &str) -> Vec<Form> {
    let escaped = json_escaped(value);
    let encoded = percent_encoded(value);
    let mut whole = vec![folded(value.as_bytes()), plain(value.as_bytes()), folded(hex(value.as_bytes()).as_bytes())];
    if value.contains(char::is_control) {
        // Undone, `\n` is an `n`.
        whole.push(plain(escaped.as_bytes()));
    }
    if !value.is_ascii()
        && let Some(latin) = value.chars().map(|character| u8::try_from(character).ok()).collect::<Option<Vec<u8>>>()
    {
        // As it is read by those who take it for UTF-8.
        whole.push(folded(String::from_utf8_lossy(&latin).as_bytes()));
        whole.push(folded(&latin));
    }
    let whole = whole.into_iter().map(|bytes| Form { bytes, shares: (false, false) });
    let inner = STANDARD_NO_PAD.encode(value);
    let texts: HashSet<&str> = [value, &escaped, &encoded, &inner].into_iter().collect();
    let in_base64 = texts.into_iter().flat_map(|text| base64_forms(text.as_bytes()));
    let mut known = HashSet::new();
    whole
        .chain(in_base64)
        .filter(|form| form.bytes.len() >= MASKED_LENGTH_MIN && known.insert(form.bytes.clone()))
        .collect()
}

/// The characters that the value alone decides when it stands none, one or two bytes behind a multiple of three in a longer
/// text, as a password does in `user:password`.
fn base64_forms(value: &[u8]) -> Vec<Form> {
    let form = |(before, undecided): (usize, usize)| {
        let longer = [&[0; 2][..before], value].concat();
        let decided = longer.len() * 8 / 6;
        let encoded = STANDARD_NO_PAD.encode(&longer);
        let bytes = folded(encoded.get(undecided..decided)?.as_bytes());
        Some(Form { bytes, shares: (before > 0, longer.len() % 3 > 0) })
    };
    [(0, 0), (1, 2), (2, 3)].into_iter().filter_map(form).collect()
}

fn json_escaped(value: &str) -> String {
    let quoted = serde_json::Value::String(value.to_owned()).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn percent_encoded(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
        text
    })
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
