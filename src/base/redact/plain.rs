//! Undoes the ways in which a text is written inside another, and remembers where each byte came from.

use std::ops::Range;

/// One spelling for what differs only in it: ASCII letters in lower case, the URL-safe alphabet of base64 as the
/// standard one, and blanks as the plus signs that stand for them in forms.
const FOLDED: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let plain = (byte as u8).to_ascii_lowercase();
        table[byte] = match plain {
            b' ' | b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        byte += 1;
    }
    table
};

/// Longest character reference that is looked for, from `&` to `;`.
const REFERENCE_BYTES_MAX: usize = 16;

/// The characters that are written by name in markup; anything else is written by number where it is escaped at all.
const NAMED: [(&[u8], char); 36] = [
    (b"amp", '&'),
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"nbsp", ' '),
    (b"tab", '\t'),
    (b"newline", '\n'),
    (b"excl", '!'),
    (b"num", '#'),
    (b"dollar", '$'),
    (b"percnt", '%'),
    (b"lpar", '('),
    (b"rpar", ')'),
    (b"ast", '*'),
    (b"plus", '+'),
    (b"comma", ','),
    (b"period", '.'),
    (b"sol", '/'),
    (b"colon", ':'),
    (b"semi", ';'),
    (b"equals", '='),
    (b"quest", '?'),
    (b"commat", '@'),
    (b"lsqb", '['),
    (b"lbrack", '['),
    (b"bsol", '\\'),
    (b"rsqb", ']'),
    (b"rbrack", ']'),
    (b"hat", '^'),
    (b"lowbar", '_'),
    (b"grave", '`'),
    (b"lcub", '{'),
    (b"verbar", '|'),
    (b"rcub", '}'),
    (b"hyphen", '-'),
];

/// A text as it reads in one spelling, perhaps with escapes undone.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// For each byte, the beginning and end of what it stands for in the text; none: itself.
    places: Option<Vec<(u32, u32)>>,
}

impl View {
    /// Where in the text these bytes come from.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        match &self.places {
            None => range,
            Some(places) => {
                let start = places.get(range.start).map_or(0, |place| place.0 as usize);
                let end =
                    range.end.checked_sub(1).and_then(|last| places.get(last)).map_or(start, |place| place.1 as usize);
                start..end.max(start)
            }
        }
    }
}

/// The text as it is written; with its escapes undone once; and with them undone as often as there are any, in whatever
/// order they lie over each other. At most three views, each not longer than the text, made in time linear in it.
///
/// Undoing once is not enough for an escape inside an escape, and undoing all too much where the text before a value only
/// looks like the beginning of an escape: hence both.
pub(super) fn views(text: &[u8]) -> Vec<View> {
    let written = View { bytes: folded(text), places: None };
    if !text.iter().any(|byte| matches!(byte, b'%' | b'&' | b'\\' | b'\r' | b'\n' | 0)) {
        return vec![written];
    }
    let (wholly, is_nested) = undone(text, true);
    let mut views = vec![written, wholly];
    if is_nested {
        views.push(undone(text, false).0);
    }
    views
}

/// Each byte in the one spelling.
pub(super) fn folded(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| FOLDED[usize::from(*byte)]).collect()
}

/// What is left of a text when all its escapes are undone.
pub(super) fn plain(text: &[u8]) -> Vec<u8> {
    undone(text, true).0.bytes
}

/// Escapes are undone at the end of what was read so far, which is where the result of one can complete another.
/// Backslashes that begin no `\u` or `\x`, line ends and NULs are dropped: one backslash more for each layer of quoting,
/// a line end in every 76 characters of base64, a NUL beside each character of UTF-16. Also says whether the result of an
/// escape was taken for a part of another; only `again` makes it so.
fn undone(text: &[u8], again: bool) -> (View, bool) {
    let mut read = Read { bytes: Vec::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
    let mut is_nested = false;
    // What was made of escapes ends here.
    let mut made = 0;
    for (byte, at) in text.iter().zip(0_u32..) {
        read.push(*byte, (at, at + 1));
        made = made.min(read.bytes.len() - 1);
        while let Some((length, meaning)) = escape(if again { &read.bytes } else { &read.bytes[made..] }) {
            let start = read.bytes.len() - length;
            let place = (read.places[start].0, at + 1);
            is_nested |= start < made;
            read.truncate(start);
            let mut buffer = [0; 4];
            let meant = match meaning {
                Meaning::Byte(byte) => {
                    buffer[0] = byte;
                    &buffer[..1]
                }
                Meaning::Character(character) => character.encode_utf8(&mut buffer).as_bytes(),
            };
            for byte in meant {
                read.push(*byte, place);
            }
            made = read.bytes.len();
            if !again {
                break;
            }
        }
    }
    (read.without_what_is_passed_over(), is_nested)
}

/// What was read so far, with the places where it came from.
struct Read {
    bytes: Vec<u8>,
    places: Vec<(u32, u32)>,
}

impl Read {
    /// Adds a byte; backslashes before it are a part of it, unless they may begin an escape with a number, now or when the
    /// escape that begins here has been undone.
    fn push(&mut self, byte: u8, (mut start, end): (u32, u32)) {
        let byte = FOLDED[usize::from(byte)];
        if !matches!(byte, b'\\' | b'u' | b'x' | b'%' | b'&') {
            while self.bytes.last() == Some(&b'\\') {
                self.bytes.pop();
                start = self.places.pop().map_or(start, |place| place.0);
            }
        }
        self.bytes.push(byte);
        self.places.push((start, end));
    }

    fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
        self.places.truncate(length);
    }

    fn without_what_is_passed_over(mut self) -> View {
        let mut kept = 0;
        let mut escaped_from = None;
        for at in 0..self.bytes.len() {
            let place = self.places[at];
            match self.bytes[at] {
                b'\\' => escaped_from = escaped_from.or(Some(place.0)),
                b'\r' | b'\n' | 0 => escaped_from = None,
                byte => {
                    self.bytes[kept] = byte;
                    self.places[kept] = (escaped_from.take().unwrap_or(place.0), place.1);
                    kept += 1;
                }
            }
        }
        self.truncate(kept);
        View { bytes: self.bytes, places: Some(self.places) }
    }
}

enum Meaning {
    Byte(u8),
    Character(char),
}

/// The escape that these bytes end with: how many bytes it takes, and what it stands for. Letters are lower case here.
fn escape(bytes: &[u8]) -> Option<(usize, Meaning)> {
    match bytes.last()? {
        b'0'..=b'9' | b'a'..=b'f' => numeric(bytes),
        b';' => reference(bytes),
        _ => None,
    }
}

/// `%2f`, `\x2f`, `\u002f`.
fn numeric(bytes: &[u8]) -> Option<(usize, Meaning)> {
    let before = |length: usize| bytes.len().checked_sub(length).map(|start| &bytes[start..]);
    if let [b'%', digits @ ..] = before(3)? {
        return Some((3, Meaning::Byte(u8::try_from(number(digits, 16)?).ok()?)));
    }
    if let [b'\\', b'x', digits @ ..] = before(4)? {
        return Some((4, Meaning::Byte(u8::try_from(number(digits, 16)?).ok()?)));
    }
    let unit = |escape: &[u8]| match escape {
        [b'\\', b'u', digits @ ..] => u16::try_from(number(digits, 16)?).ok(),
        _ => None,
    };
    let last = unit(before(6)?)?;
    if let Some(Ok(character)) = char::decode_utf16([last]).next() {
        return Some((6, Meaning::Character(character)));
    }
    // Half of a pair: the other half stands before it, perhaps with more backslashes between, or is still to come.
    let rest = &bytes[..bytes.len() - 6];
    let between = rest.iter().rev().take_while(|byte| **byte == b'\\').count();
    let rest = &rest[..rest.len() - between];
    let first = unit(&rest[rest.len().checked_sub(6)?..])?;
    Some((12 + between, Meaning::Character(char::decode_utf16([first, last]).next()?.ok()?)))
}

/// `&amp;`, `&#38;`, `&#x26;`.
fn reference(bytes: &[u8]) -> Option<(usize, Meaning)> {
    let length = bytes.iter().rev().take(REFERENCE_BYTES_MAX).position(|byte| *byte == b'&')? + 1;
    let name = &bytes[bytes.len() - length + 1..bytes.len() - 1];
    let character = match name {
        [b'#', b'x', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        name => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((length, Meaning::Character(character)))
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits
        .iter()
        .try_fold(0_u32, |value, digit| value.checked_mul(base)?.checked_add(char::from(*digit).to_digit(base)?))
}
