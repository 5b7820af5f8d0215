//! What a relay answers: read line by line, and never more than is worth reading.

use std::fmt;

use crate::base::printable::printable_within;

/// RFC 5321, section 4.5.3.1.5, has 512 bytes; some relays explain themselves at length.
pub(super) const LINE_BYTES_MAX: usize = 4096;
/// An answer to EHLO has a line for each extension.
pub(super) const LINES_MAX: usize = 128;
/// As much of an answer as people are shown.
const SHOWN_COLUMNS: usize = 300;

/// A whole answer: one code, one line or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub code: u16,
    /// Texts of the lines, without codes.
    pub lines: Vec<String>,
}

/// One line of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub code: u16,
    pub last: bool,
    pub text: String,
}

/// Reads a line without its end; none if it is no line of an answer.
pub(super) fn line(bytes: &[u8]) -> Option<Line> {
    let digits = bytes.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let (last, text) = match bytes.get(3) {
        None => (true, &[][..]),
        Some(b' ') => (true, &bytes[4..]),
        Some(b'-') => (false, &bytes[4..]),
        Some(_) => return None,
    };
    (200..=599).contains(&code).then(|| Line { code, last, text: String::from_utf8_lossy(text).into_owned() })
}

impl Reply {
    pub(super) fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// The code of RFC 3463, such as `5.7.1`.
    pub(super) fn enhanced(&self) -> Option<(u8, u16, u16)> {
        let word = self.lines.first()?.split_ascii_whitespace().next()?;
        let mut parts = word.split('.');
        let code = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        (parts.next().is_none() && u16::from(code.0) == self.code / 100).then_some(code)
    }
}

/// One line, safe to print.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        f.write_str(printable_within(&format!("{} {text}", self.code), SHOWN_COLUMNS).trim_end())
    }
}

/// What a relay says it can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    pub starttls: bool,
    pub plain: bool,
    pub login: bool,
    pub eight_bit: bool,
    pub size: bool,
    /// The longest message it takes, in bytes, if it says so.
    pub size_max: Option<u64>,
}

impl Extensions {
    /// Reads the answer to EHLO, whose first line is a greeting.
    pub(super) fn of(reply: &Reply) -> Self {
        let mut found = Self::default();
        for line in reply.lines.iter().skip(1) {
            // `AUTH=` is how some relays said it before there was a standard.
            let line = line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("STARTTLS") => found.starttls = true,
                Some("8BITMIME") => found.eight_bit = true,
                Some("SIZE") => {
                    found.size = true;
                    // 0 is a relay that has no limit.
                    found.size_max = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0);
                }
                Some("AUTH") => words.for_each(|mechanism| match mechanism {
                    "PLAIN" => found.plain = true,
                    "LOGIN" => found.login = true,
                    _ => {}
                }),
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_answer_are_told_apart() {
        for (bytes, expected) in [
            (&b"250 ok"[..], Some((250, true, "ok"))),
            (b"250-SIZE 1", Some((250, false, "SIZE 1"))),
            (b"250", Some((250, true, ""))),
            (b"220 \xff\0", Some((220, true, "\u{fffd}\0"))),
            (b"25 ok", None),
            (b"2500 ok", None),
            (b"150 ok", None),
            (b"650 ok", None),
            (b"250_ok", None),
            (b"HTTP/1.1 200 OK", None),
            (b"", None),
        ] {
            let read = line(bytes);
            let read = read.as_ref().map(|line| (line.code, line.last, line.text.as_str()));
            assert_eq!(read, expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn an_answer_is_shown_in_one_harmless_line() {
        let reply =
            Reply { code: 550, lines: vec!["5.7.1 no\u{1b}[2J".to_owned(), " because ".to_owned(), "x".repeat(1000)] };
        let shown = reply.to_string();
        assert!(shown.starts_with("550 5.7.1 no\\u{1b}[2J because xxx"), "{shown}");
        assert!(shown.chars().count() <= SHOWN_COLUMNS);
        assert_eq!(reply.enhanced(), Some((5, 7, 1)));
    }

    #[test]
    fn extended_codes_belong_to_their_code() {
        for (code, text, expected) in [
            (552, "5.3.4 too big", Some((5, 3, 4))),
            (250, "2.0.0 Ok: queued as 4F3", Some((2, 0, 0))),
            (550, "2.0.0 what", None),
            (550, "no such user", None),
            (550, "5.7 half", None),
            (550, "5.7.1.2 more", None),
        ] {
            assert_eq!(Reply { code, lines: vec![text.to_owned()] }.enhanced(), expected, "{text}");
        }
    }

    #[test]
    fn extensions_are_read_in_any_case() {
        let lines = ["relay STARTTLS", "starttls", "Size 10240", "AUTH=LOGIN plain", "8bitmime", "PIPELINING"];
        let reply = Reply { code: 250, lines: lines.map(str::to_owned).to_vec() };
        let expected = Extensions {
            starttls: true,
            plain: true,
            login: true,
            eight_bit: true,
            size: true,
            size_max: Some(10_240),
        };
        assert_eq!(Extensions::of(&reply), expected);
        let greeting_only = Reply { code: 250, lines: vec!["STARTTLS".to_owned()] };
        assert_eq!(Extensions::of(&greeting_only), Extensions::default());
    }
}
