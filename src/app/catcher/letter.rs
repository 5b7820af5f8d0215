//! A caught mail taken apart, so that it can be shown as mail programs show it. Reads what our own renderer writes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    /// `firing`, `resolved`: from the head.
    pub kind: String,
    pub text: String,
    /// With its pictures inside of it; empty if there is none.
    pub html: String,
    /// The first line of the text: what is the matter.
    pub state: String,
}

/// Parts of parts of parts: more than any mail of ours has.
const DEPTH_MAX: usize = 5;

impl Letter {
    #[must_use]
    pub fn read(to: &str, message: &[u8]) -> Self {
        let message = String::from_utf8_lossy(message);
        let whole = Part::of(&message);
        let mut letter = Self {
            to: to.to_owned(),
            subject: whole.field("Subject").unwrap_or_default(),
            kind: whole.field("X-Forerunner-Kind").unwrap_or_default(),
            ..Self::default()
        };
        let mut pictures = Vec::new();
        letter.take(&whole, &mut pictures, 0);
        for (id, data) in pictures {
            letter.html = letter.html.replace(&format!("cid:{id}"), &format!("data:image/png;base64,{data}"));
        }
        letter.state = letter.text.lines().next().unwrap_or_default().trim().to_owned();
        letter
    }

    fn take(&mut self, part: &Part<'_>, pictures: &mut Vec<(String, String)>, depth: usize) {
        let kind = part.field("Content-Type").unwrap_or_default();
        if let Some(boundary) = parameter(&kind, "boundary").filter(|_| depth < DEPTH_MAX) {
            let mark = format!("--{boundary}");
            let inner = part.body.split(mark.as_str()).skip(1).filter(|piece| !piece.starts_with("--"));
            inner.for_each(|piece| self.take(&Part::of(piece.trim_start_matches("\r\n")), pictures, depth + 1));
        } else if kind.starts_with("text/html") {
            self.html = part.text();
        } else if kind.starts_with("image/png") {
            let id = part.field("Content-ID").unwrap_or_default();
            let data: String = part.body.split_whitespace().collect();
            pictures.push((id.trim_matches(['<', '>']).to_owned(), data));
        } else if self.text.is_empty() {
            self.text = part.text();
        }
    }
}

struct Part<'a> {
    head: &'a str,
    body: &'a str,
}

impl<'a> Part<'a> {
    fn of(text: &'a str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        Self { head, body }
    }

    /// Unfolded.
    fn field(&self, name: &str) -> Option<String> {
        let start = format!("{}:", name.to_ascii_lowercase());
        let mut lines = self.head.split("\r\n").skip_while(|line| !line.to_ascii_lowercase().starts_with(&start));
        let first = lines.next()?.get(start.len()..)?.trim().to_owned();
        let more = lines.take_while(|line| line.starts_with([' ', '\t']));
        Some(more.fold(first, |text, line| format!("{text} {}", line.trim())))
    }

    fn text(&self) -> String {
        match self.field("Content-Transfer-Encoding").unwrap_or_default().to_ascii_lowercase().as_str() {
            "base64" => {
                let data: String = self.body.split_whitespace().collect();
                String::from_utf8_lossy(&STANDARD.decode(data).unwrap_or_default()).into_owned()
            }
            "quoted-printable" => unquoted(self.body),
            _ => self.body.to_owned(),
        }
    }
}

/// Quoted-printable text, RFC 2045, section 6.7. What is no code stands for itself.
fn unquoted(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, more)) = rest.split_first() {
        let code = more.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        if let Some(coded) = code.filter(|_| *byte == b'=').and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(coded);
            rest = &more[2..];
        } else {
            bytes.push(*byte);
            rest = more;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parameter(field: &str, name: &str) -> Option<String> {
    let (_, value) = field.split_once(&format!("{name}="))?;
    let value = value.strip_prefix('"').map_or_else(|| value.split(';').next(), |value| value.split('"').next());
    value.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_of_ours_is_read_back() {
        let message = "Subject: [forerunner] a\r\n b\r\nX-Forerunner-Kind: firing\r\nContent-Type: multipart/alternative;\r\n \
                       boundary=\"x.1\"\r\n\r\n--x.1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nFIRING\r\nmore\r\n\
                       --x.1\r\nContent-Type: multipart/related; boundary=\"y\"\r\n\r\n--y\r\nContent-Type: text/html\r\n\
                       Content-Transfer-Encoding: quoted-printable\r\n\r\n<img src=3D\"cid:p@f\"=\r\n> =C3=BC\r\n--y\r\n\
                       Content-Type: image/png\r\nContent-ID: <p@f>\r\nContent-Transfer-Encoding: base64\r\n\r\nAA\r\nBB\r\n\
                       --y--\r\n--x.1--\r\n";
        let letter = Letter::read("a@x", message.as_bytes());
        assert_eq!((letter.subject.as_str(), letter.kind.as_str()), ("[forerunner] a b", "firing"));
        assert_eq!(letter.state, "FIRING");
        assert_eq!(letter.html.trim(), "<img src=\"data:image/png;base64,AABB\"> ü");
    }

    #[test]
    fn what_is_no_mail_is_an_empty_one() {
        for message in [&b""[..], b"\xff\xfe", b"Content-Type: multipart/mixed; boundary=\"\r\n\r\n----", b"=\r\n=4"] {
            let _ = Letter::read("a@x", message);
        }
    }
}
