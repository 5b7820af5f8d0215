//! The table of matchers for people: the reference page is made of it, and a test executes every row.

/// One row of the reference page and of the table test.
pub struct MatcherDoc {
    pub name: &'static str,
    pub argument: &'static str,
    pub value: &'static str,
    pub about: &'static str,
    /// JSON of the condition map (`{"gte": 3}`), a JSON value for which it holds, one for which it fails; a missing
    /// value is an empty text.
    pub example: (&'static str, &'static str, &'static str),
}

macro_rules! rows {
    ($($name:literal, $argument:literal, $value:literal, $about:literal, $example:expr;)+) => {
        &[$(MatcherDoc { name: $name, argument: $argument, value: $value, about: $about, example: $example },)+]
    };
}

pub const MATCHER_DOCS: &[MatcherDoc] = rows! {
    "equals", "literal", "any",
    "The value equals the literal: numbers by what they are worth, text letter by letter, lists and objects whole. \
     A literal that stands alone means the same.",
    (r#"{"equals": {"state": "open", "seats": 2}}"#, r#"{"seats": 2.0, "state": "open"}"#, r#"{"state": "open"}"#);
    "not", "condition", "any",
    "The condition fails. A missing value satisfies no condition, not even this one.",
    (r#"{"not": {"equals": "sold out"}}"#, r#""open""#, r#""sold out""#);
    "any", "list of conditions", "any",
    "At least one of the conditions holds.",
    (r#"{"any": [{"type": "null"}, {"gte": 0}]}"#, "null", "-1");
    "all", "list of conditions", "any",
    "Every one of the conditions holds; needed where one matcher is used twice.",
    (r#"{"all": [{"contains": "tea"}, {"contains": "coffee"}]}"#, r#""coffee or tea""#, r#""tea""#);
    "lt", "literal", "number, duration, size, time, RFC 3339 text",
    "The value is less than the literal, or earlier.",
    (r#"{"lt": 10}"#, "9.5", "10");
    "lte", "literal", "number, duration, size, time, RFC 3339 text",
    "The value is at most the literal, or not later.",
    (r#"{"lte": 10}"#, "10", "10.5");
    "gt", "literal", "number, duration, size, time, RFC 3339 text",
    "The value is greater than the literal, or later. Text is never ordered by the alphabet.",
    (r#"{"gt": "2026-11-22T09:00:00+01:00"}"#, r#""2026-11-22T08:30:00Z""#, r#""2026-11-22T07:59:59Z""#);
    "gte", "literal", "number, duration, size, time, RFC 3339 text",
    "The value is at least the literal, or not earlier.",
    (r#"{"gte": "2026-11-22"}"#, r#""2026-11-22""#, r#""2026-11-21""#);
    "in", "list of literals", "any",
    "The value equals one of the literals. A template that yields a list may stand for them.",
    (r#"{"in": [200, 204]}"#, "204", "201");
    "contains", "literal", "text, list, object",
    "Text contains the text, a list contains an element that equals the literal, an object has a member of that name. \
     For several use `all`.",
    (r#"{"contains": "vip"}"#, r#"["new", "vip"]"#, r#"["vips"]"#);
    "starts-with", "text", "text",
    "The text begins with this one, in the same case.",
    (r#"{"starts-with": "https://"}"#, r#""https://shop.example/""#, r#""http://shop.example/""#);
    "ends-with", "text", "text",
    "The text ends with this one, in the same case.",
    (r#"{"ends-with": ".pdf"}"#, r#""invoice.pdf""#, r#""invoice.PDF""#);
    "matches", "regular expression", "text",
    "The expression is found somewhere in the text; anchor it with `^` and `$` to describe the whole.",
    (r#"{"matches": "^[A-Z]{2}-\\d+$"}"#, r#""AB-17""#, r#""xAB-17""#);
    "exists", "true or false", "any, or missing",
    "The value is present, or with `false` missing; null is present. Where a path or an `…-all:` selector can find \
     several, having found none counts as missing.",
    (r#"{"exists": true}"#, "null", "");
    "empty", "true or false", "text, bytes, list, object",
    "There is nothing in it, or with `false` something.",
    (r#"{"empty": false}"#, "[0]", "[]");
    "length", "condition on a number", "text, bytes, list, object",
    "The number of characters, bytes, elements or members satisfies the condition.",
    (r#"{"length": {"gte": 1, "lte": 3}}"#, r#""äöü""#, r#""""#);
    "each", "condition", "list",
    "Every element satisfies the condition, which is also true of an empty list: demand a length beside it.",
    (r#"{"each": {"type": "integer"}}"#, "[1, 2.0]", "[1, 2.5]");
    "some", "condition", "list",
    "At least one element satisfies the condition.",
    (r#"{"some": {"gt": 100}}"#, "[1, 101]", "[]");
    "type", "type word, or list of them", "null, boolean, number, text, list, object",
    "The value is of the type, or of one of the types: `null`, `boolean`, `number`, `integer`, `string`, `array`, \
     `object`, or text in the form `uuid`, `date`, `date-time`, `email`, `ipv4`, `ipv6` or `uri`.",
    (r#"{"type": ["date-time", "null"]}"#, r#""2028-02-29T12:00:00Z""#, r#""2027-02-29T12:00:00Z""#);
    "like", "literal", "any",
    "As `equals`, but objects may have more members than the literal names; lists have the same length and are \
     compared element by element in this way.",
    (r#"{"like": {"user": {"role": "admin"}}}"#, r#"{"user": {"role": "admin", "id": 7}, "at": 0}"#, r#"{"user": {"id": 7}}"#);
    "schema", "path, or inline schema", "null, boolean, number, text, list, object",
    "The value is valid by the JSON Schema, draft 2020-12 unless `$schema` names 2019-09, 7, 6 or 4; `format` counts.",
    (r#"{"schema": {"type": "object", "required": ["id"]}}"#, r#"{"id": 1}"#, "{}");
};
