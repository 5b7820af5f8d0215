//! What HTML may cost to parse, estimated from above before it is parsed.
//!
//! The algorithm of the HTML standard walks the stack of open elements at nearly every tag, and re-creates every
//! unclosed formatting element (`<b>`, `<font>` …) at nearly every paragraph: a megabyte of `<div>` takes minutes,
//! and one of `<b a=1><b a=2>…<p><p>…` all memory. So elements that surely end are told from those that may stay
//! open. Sure is only what is nested well: wherever the standard's tokenizer may see something else than this
//! scan does (raw text, comments, quotes), a start tag counts as one that stays open, and an end tag not at all.

/// Steps over open elements. An ordinary page of a megabyte stays below a few million.
const STEPS_MAX: u64 = 100_000_000;
/// Formatting elements that may be re-created.
const COPIES_MAX: u64 = 2_000_000;
/// Open elements among which the start of an end tag is looked for.
const SEARCHED_MAX: usize = 64;

const VOID: [&str; 15] = [
    "area", "base", "br", "col", "embed", "hr", "img", "image", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Their content is text up to their end tag, in most places.
const RAW: [&str; 9] = ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"];

/// Whether the document can be parsed in a time that its size justifies.
pub(super) fn is_affordable(text: &str) -> bool {
    let mut scan = Scan { rest: text, ..Scan::default() };
    while scan.next() {
        if scan.steps > STEPS_MAX || scan.copies > COPIES_MAX {
            return false;
        }
    }
    true
}

#[derive(Default)]
struct Scan<'t> {
    rest: &'t str,
    /// Names of elements that are open and still nested well, in lower case.
    open: Vec<String>,
    /// Elements that may stay open to the end.
    unclosed: u64,
    unclosed_formatting: u64,
    open_formatting: u64,
    steps: u64,
    copies: u64,
}

impl Scan<'_> {
    /// Reads up to and including the next tag; false at the end.
    fn next(&mut self) -> bool {
        let Some(at) = self.rest.find('<') else { return false };
        self.rest = &self.rest[at + 1..];
        match self.rest.as_bytes() {
            [b'!', b'-', b'-', ..] => self.skip_comment(),
            [b'!', b'[', ..] => self.trust_nothing(),
            [b'!' | b'?', ..] => self.skip(self.rest.find('>').map_or(self.rest.len(), |end| end + 1)),
            [b'/', letter, ..] if letter.is_ascii_alphabetic() => {
                self.rest = &self.rest[1..];
                let name = self.tag();
                self.end(&name);
            }
            [b'/', ..] => self.skip(self.rest.find('>').map_or(self.rest.len(), |end| end + 1)),
            [letter, ..] if letter.is_ascii_alphabetic() => {
                let name = self.tag();
                self.start(name);
            }
            _ => {}
        }
        true
    }

    fn start(&mut self, name: String) {
        let formatting = FORMATTING.contains(&name.as_str());
        self.steps += 1 + self.unclosed + self.open.len() as u64;
        self.copies += self.unclosed_formatting + self.open_formatting;
        if VOID.contains(&name.as_str()) {
            return;
        }
        if RAW.contains(&name.as_str()) {
            self.skip_raw(&name);
            return;
        }
        self.open_formatting += u64::from(formatting);
        self.open.push(name);
    }

    fn end(&mut self, name: &str) {
        // The standard walks the stack for an end tag, too.
        self.steps += 1 + self.unclosed + self.open.len() as u64;
        if self.open.last().is_some_and(|last| last == name) {
            self.open.pop();
            self.open_formatting -= u64::from(FORMATTING.contains(&name));
        } else {
            // Whether this end tag reaches across what is open inside is the tree builder's secret. One that is
            // looked for in vain leaves everything open, which errs on the safe side.
            let near = self.open.len().saturating_sub(SEARCHED_MAX);
            if let Some(at) = self.open[near..].iter().rposition(|open| open == name) {
                self.leave_open_from(near + at);
            }
        }
    }

    /// The name of a tag in lower case; the rest begins behind the tag.
    fn tag(&mut self) -> String {
        let length =
            self.rest.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or(self.rest.len());
        let name = self.rest[..length].to_ascii_lowercase();
        let bytes = self.rest.as_bytes();
        let (mut at, mut value_may_start) = (length, false);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'>' => {
                    at += 1;
                    break;
                }
                b'"' | b'\'' if value_may_start => {
                    let end = bytes[at + 1..].iter().position(|other| other == byte);
                    at = end.map_or(bytes.len(), |end| at + 1 + end);
                    value_may_start = false;
                }
                b'=' => value_may_start = true,
                byte if byte.is_ascii_whitespace() => {}
                _ => value_may_start = false,
            }
            at += 1;
        }
        self.skip(at.min(bytes.len()));
        name
    }

    /// What is skipped here may be seen elsewhere: each start tag in it counts as one that stays open.
    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.count_hidden(skipped);
    }

    fn count_hidden(&mut self, hidden: &str) -> bool {
        let mut found = false;
        for (at, _) in hidden.match_indices('<') {
            let name = &hidden[at + 1..];
            found |= name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
            if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                self.steps += 1 + self.unclosed + self.open.len() as u64;
                self.unclosed += 1;
                let end = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len());
                let formatting = end <= 6 && FORMATTING.contains(&name[..end].to_ascii_lowercase().as_str());
                self.unclosed_formatting += u64::from(formatting);
            }
        }
        found
    }

    /// `<!-- … -->`, also ended by `--!>`, `<!-->` and `<!--->`.
    fn skip_comment(&mut self) {
        let content = &self.rest[3..];
        let length = if content.starts_with('>') {
            1
        } else if content.starts_with("->") {
            2
        } else {
            let ends = content.match_indices('>').map(|(at, _)| at);
            let end =
                ends.into_iter().find(|at: &usize| content[..*at].ends_with("--") || content[..*at].ends_with("--!"));
            end.map_or(content.len(), |at| at + 1)
        };
        self.skip(3 + length);
    }

    /// The content of a raw text element, and its end tag. If there are tags in it, it may not be one at all.
    fn skip_raw(&mut self, name: &str) {
        let mut end = self.rest.len();
        let mut from = 0;
        while let Some(at) = self.rest[from..].find("</").map(|at| from + at) {
            let behind = &self.rest[at + 2..];
            let is_end = behind.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name))
                && behind[name.len()..].starts_with(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>');
            if is_end {
                end = at;
                break;
            }
            from = at + 2;
        }
        let content = &self.rest[..end];
        self.rest = self.rest[end..].strip_prefix("</").unwrap_or_default();
        if self.count_hidden(content) {
            self.trust_nothing();
        }
        self.tag();
    }

    fn trust_nothing(&mut self) {
        self.leave_open_from(0);
    }

    fn leave_open_from(&mut self, at: usize) {
        for name in self.open.drain(at..) {
            self.unclosed += 1;
            let formatting = u64::from(FORMATTING.contains(&name.as_str()));
            self.unclosed_formatting += formatting;
            self.open_formatting -= formatting;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_affordable;

    fn check(text: &str, affordable: bool) {
        assert_eq!(is_affordable(text), affordable, "{}", &text[..text.len().min(60)]);
    }

    #[test]
    fn ordinary_documents_are_affordable_at_any_size() {
        let row = "<tr><td class=\"a > b\"><a href='/x'>one</a><br><img src=y></td><td><b>two</b></td></tr>\n";
        check(&format!("<!doctype html><html><body><table>{}</table></body></html>", row.repeat(20_000)), true);
        check(&"<ul><li>one<li>two<li>three</ul><script>if (a < b) f('<p>')</script><!-- <div> -->".repeat(500), true);
        check(&"<p>a paragraph".repeat(10_000), true);
        check(&"<svg><path d='m0'/></svg>".repeat(5_000), true);
        check("a < b && c > d </ 3", true);
        check("", true);
    }

    #[test]
    fn what_costs_the_square_of_its_size_is_not() {
        for text in [
            "<div>",
            "<!--><div>",
            "<div><!-- </div> -->",
            "<div><script><!--<script></script></div>--></script>",
            "<div><svg><style><a b=\"</style></div>\"></a></style></svg>",
            "<div a=\"</div>",
            "<div a='</div>'>",
            "<div><table><tr><td></div>",
            "<div><![CDATA[></div>]]>",
            "<div><textarea></div></textarea>",
            "<x></y>",
        ] {
            check(&text.repeat(200_000), false);
        }
        let bold = (0..2_000).map(|n| format!("<b id={n}>")).collect::<Vec<_>>().concat();
        check(&format!("{bold}{}", "<p>x".repeat(2_000)), false);
    }
}
