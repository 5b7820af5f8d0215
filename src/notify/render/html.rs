//! A message as HTML: one column that a telephone shows whole, light and dark, without anything from elsewhere.

use std::fmt::Write as _;

use super::facts::{Letter, Tone};
use super::picture::Picture;

/// Mail programs that know no style sheets show the styles of the elements.
const STYLE: &str = "\
:root{color-scheme:light dark;supported-color-schemes:light dark}\
@media (prefers-color-scheme:dark){\
.page{background:#14171c!important}.card{background:#1d2229!important;color:#e8eaed!important}\
.soft{color:#a5adba!important}.line{border-color:#343b46!important}.code{background:#12151a!important;color:#e8eaed!important}\
a{color:#8ab4f8!important}}";

/// Behind the white first line; dark enough to be read in either mode.
fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "#b3261e",
        Tone::Warning => "#8a5300",
        Tone::Good => "#1e6b34",
        Tone::Quiet => "#3c4654",
    }
}

pub(super) fn write(letter: &Letter, picture: Option<&Picture>) -> String {
    let mut body = format!(
        "<div style=\"padding:16px 18px 4px\"><div style=\"font-size:19px;font-weight:700;line-height:1.3\">{}</div>\n",
        escaped(&letter.title)
    );
    if let Some(said) = &letter.said {
        let _ = writeln!(body, "<p style=\"margin:8px 0 0;overflow-wrap:anywhere\">{}</p>", escaped(said));
    }
    body.push_str("</div>\n");
    rows(letter, &mut body);
    links(letter, &mut body);
    if let Some(picture) = picture {
        let _ = writeln!(
            body,
            "<div style=\"padding:4px 18px 12px\"><img src=\"cid:{}\" width=\"564\" alt=\"{}\" \
             style=\"display:block;width:100%;max-width:564px;height:auto;border-radius:6px\"></div>",
            escaped(&picture.id),
            escaped(&picture.words),
        );
    }
    for block in &letter.blocks {
        let _ = writeln!(
            body,
            "<div style=\"padding:0 18px 12px\"><div class=\"soft\" style=\"color:#5b6472;font-size:14px\">{}</div>\
             <pre class=\"code\" style=\"margin:4px 0 0;padding:10px 12px;background:#f3f4f6;color:#1b1f24;border-radius:6px;\
             font:14px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere\">{}</pre></div>",
            block.label,
            escaped(&block.text),
        );
    }
    let preview = format!("{} {}", letter.title, letter.said.as_deref().unwrap_or_default());
    framed(&Frame { first: &letter.state, tone: letter.tone, preview: &preview, foot: &letter.foot }, &body)
}

/// What stands around every message.
pub(super) struct Frame<'a> {
    /// The first line, in large letters.
    pub first: &'a str,
    pub tone: Tone,
    /// What lists of mails show of it after its first line.
    pub preview: &'a str,
    pub foot: &'a str,
}

/// `body` is markup.
pub(super) fn framed(frame: &Frame<'_>, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">\
         <title>{first}</title><style>{STYLE}</style></head>\n\
         <body class=\"page\" style=\"margin:0;padding:0;background:#eef0f3\">\n\
         <div style=\"display:none;max-height:0;overflow:hidden\">{first}. {preview}</div>\n\
         <table class=\"page\" role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr>\
         <td align=\"center\" style=\"padding:12px 8px\">\n\
         <div class=\"card\" style=\"max-width:600px;text-align:left;background:#ffffff;color:#1b1f24;border-radius:8px;\
         overflow:hidden;font:16px/1.45 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif\">\n\
         <div style=\"background:{colour};color:#ffffff;padding:14px 18px;font-size:19px;font-weight:700\">{first}</div>\n\
         {body}\
         <div class=\"soft line\" style=\"padding:12px 18px 16px;border-top:1px solid #e3e6ea;color:#5b6472;font-size:13px;\
         overflow-wrap:anywhere\">{foot}</div>\n</div>\n</td></tr></table>\n</body></html>\n",
        first = escaped(frame.first),
        preview = escaped(frame.preview),
        colour = colour(frame.tone),
        foot = escaped(frame.foot),
    )
}

fn rows(letter: &Letter, page: &mut String) {
    page.push_str("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"padding:8px 18px 12px\">\n");
    for row in &letter.rows {
        let _ = writeln!(
            page,
            "<tr><td class=\"soft line\" valign=\"top\" style=\"width:118px;padding:5px 10px 5px 0;border-top:1px solid #e3e6ea;\
             color:#5b6472;font-size:14px;line-height:1.6\">{}</td>\
             <td class=\"line\" valign=\"top\" style=\"padding:5px 0;border-top:1px solid #e3e6ea;overflow-wrap:anywhere\">{}</td></tr>",
            row.label,
            escaped(&row.value),
        );
    }
    page.push_str("</table>\n");
}

fn links(letter: &Letter, page: &mut String) {
    if letter.links.is_empty() {
        return;
    }
    page.push_str("<div style=\"padding:0 18px 14px\">\n");
    for (words, link) in &letter.links {
        let _ = writeln!(
            page,
            "<div style=\"padding:7px 0\"><a href=\"{}\" style=\"color:#0b57d0;font-weight:600\">{words}</a></div>",
            escaped(link)
        );
    }
    page.push_str("</div>\n");
}

/// Text as text, also between quotation marks.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
