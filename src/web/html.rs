//! Text as it may stand in a page: nothing that a target, a file or a request says becomes markup or hides itself.

use std::fmt::{self, Write as _};

use crate::base::printable::is_hostile;

/// Text on one line, in an element or a quoted attribute.
pub(super) struct Line<'a>(pub &'a str);

/// Text that keeps its line ends and tabs, for `pre`.
pub(super) struct Block<'a>(pub &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| write_escaped(f, character))
    }
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\n' | '\t' => f.write_char(character),
            '\r' => Ok(()),
            other => write_escaped(f, other),
        })
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '&' => f.write_str("&amp;"),
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '"' => f.write_str("&quot;"),
        '\'' => f.write_str("&#39;"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        hostile if is_hostile(hostile) => write!(f, "\\u{{{:x}}}", u32::from(hostile)),
        plain => f.write_char(plain),
    }
}

/// How often a page that shows the present is loaded anew.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Refresh {
    Never,
    /// Often enough for a screen on the wall.
    HalfMinute,
}

/// A whole page; `body` is markup.
pub(super) fn document(title: &str, refresh: Refresh, body: &str) -> String {
    let refresh = match refresh {
        Refresh::Never => "",
        Refresh::HalfMinute => "<meta http-equiv=\"refresh\" content=\"30\">\n",
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n{refresh}<title>{} · forerunner</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<header class=\"top\">\
         <a class=\"brand\" href=\"/\">forerunner</a><nav><a href=\"/\">Journeys</a> <a href=\"/incidents\">Incidents</a> \
         <a href=\"/status\">Status</a> \
         <a href=\"/metrics\">Metrics</a></nav></header>\n<main>\n{body}</main>\n</body>\n</html>\n",
        Line(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup_or_hides() {
        for (text, line, block) in [
            ("<b a='\"'>&", "&lt;b a=&#39;&quot;&#39;&gt;&amp;", "&lt;b a=&#39;&quot;&#39;&gt;&amp;"),
            ("a\r\n\tb", "a\\r\\n\\tb", "a\n\tb"),
            ("x\u{202e}y\u{0}", "x\\u{202e}y\\u{0}", "x\\u{202e}y\\u{0}"),
            ("zwölf 世界", "zwölf 世界", "zwölf 世界"),
        ] {
            assert_eq!((Line(text).to_string(), Block(text).to_string()), (line.to_owned(), block.to_owned()));
        }
    }
}
