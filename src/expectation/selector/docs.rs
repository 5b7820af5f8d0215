//! The table of selectors for people: the reference page is made of it, and a test executes every row.

/// One row of the reference page and of the table test.
pub struct SelectorDoc {
    pub form: &'static str,
    pub kind: &'static str,
    pub about: &'static str,
    /// Selector and the JSON form of what it finds in the sample exchange of the table test.
    pub example: (&'static str, &'static str),
}

macro_rules! rows {
    ($($form:literal, $kind:literal, $about:literal, $example:expr;)+) => {
        &[$(SelectorDoc { form: $form, kind: $kind, about: $about, example: $example },)+]
    };
}

pub const SELECTORS: &[SelectorDoc] = rows! {
    "status", "number",
    "The status code of the final response. Where a step names no `status`, it has to be from 200 to 299.",
    ("status", "200");
    "version", "text",
    "The version of HTTP that the response came in: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2` or `HTTP/3`.",
    ("version", "\"HTTP/2\"");
    "time", "duration",
    "How long the action took from its start to its end, redirects included.",
    ("time", "\"812ms\"");
    "time.dns", "duration",
    "How long names took to resolve, all requests together; 0 on a connection that was used again, missing where nothing \
     has to be resolved.",
    ("time.dns", "\"3ms\"");
    "time.connect", "duration",
    "How long the TCP handshakes took, all requests together; 0 on a connection that was used again.",
    ("time.connect", "\"20ms\"");
    "time.tls", "duration",
    "How long the TLS handshakes took, all requests together; 0 on a connection that was used again, missing without TLS.",
    ("time.tls", "\"41ms\"");
    "time.first-byte", "duration",
    "How long the target thought: from the request being sent to the first byte of the response, all requests together.",
    ("time.first-byte", "\"500ms\"");
    "size", "size",
    "The size of the body after content decoding.",
    ("size", "191");
    "url", "text",
    "The URL of the final response, which redirects may have led to.",
    ("url", "\"https://shop.example/tea\"");
    "ip", "text",
    "The address that answered.",
    ("ip", "\"192.0.2.7\"");
    "redirects", "list of text",
    "The URLs that were followed, in order; empty without redirects.",
    ("redirects", "[\"https://shop.example/tea\"]");
    "header:NAME", "text",
    "A header of the response. Several lines are joined by a comma, those of `Set-Cookie` by a line feed.",
    ("header:vary", "\"Accept, Cookie\"");
    "cookie:NAME", "text",
    "The value of a cookie that this response sets.",
    ("cookie:sid", "\"a1b2\"");
    "cookie:NAME.ATTRIBUTE", "text, time, number, boolean",
    "An attribute of that cookie: `value`, `domain`, `path`, `expires` (a time), `max-age` (a number), `secure` and \
     `http-only` (booleans) or `same-site`.",
    ("cookie:sid.expires", "\"2026-12-22T08:00:00Z\"");
    "$…", "JSON value",
    "The value at an RFC 9535 path in the JSON of the body, if the path can name one value only: members and indices.",
    ("$.items[0].name", "\"Oolong\"");
    "$…", "list",
    "Every other path, with wildcards, slices, filters or `..`, finds the list of all its values, maybe none.",
    ("$.items[?@.price > 5].name", "[\"Sencha\"]");
    "css:SELECTOR", "text",
    "The text of the first element of the HTML that a CSS selector finds, its white space collapsed.",
    ("css:h1.title", "\"Tea room\"");
    "css:SELECTOR@ATTRIBUTE", "text",
    "An attribute of that element.",
    ("css:a[rel=next]@href", "\"/tea/2\"");
    "css-all:SELECTOR", "list of text",
    "The texts, or with `@ATTRIBUTE` the attributes, of all elements that the CSS selector finds, maybe none.",
    ("css-all:b", "[\"fresh\",\"green\"]");
    "regex:EXPRESSION", "text",
    "The first match in the body: what the first group caught, or without a group the whole match.",
    ("regex:\"total\": (\\d+)", "\"2\"");
    "regex-all:EXPRESSION", "list of text",
    "All matches in the body, in the same way, maybe none.",
    ("regex-all:<b>(.*?)</b>", "[\"fresh\",\"green\"]");
    "body", "text or bytes",
    "The whole body as text, decoded by its charset, UTF-8 without one; bytes if that fails.",
    ("body | regex total", "\"total\"");
    "sha256", "bytes",
    "The SHA-256 digest of the body after content decoding, printed in hexadecimal.",
    ("sha256", "\"3d62a9fa9ec1cf2c3260565ad63efcec76b273d85d57229ea83bae8b03cc5405\"");
    "cert:FIELD", "text, time, number, list",
    "A fact of the certificate: `subject`, `issuer`, `serial`, `sha256`, `pem` (text), `not-before`, `not-after` (times), \
     `days-left` (whole days, negative after expiry) or `names` (list of text).",
    ("cert:days-left", "29");
    "var:NAME", "any",
    "A value by its name: an input, a var, or what an earlier step or this one has kept; `var:NAME.MEMBER` reaches into \
     an object. Missing if it has no value.",
    ("var:user.id", "7");
    "output:NAME", "any",
    "A value that the used journey gives out, in a step that uses one.",
    ("output:token", "\"t-1\"");
};
