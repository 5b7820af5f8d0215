//! Reads XML as strictly as a build server would, as far as our reports use it.

/// The names of the elements in order; panics where a parser would refuse the text.
#[track_caller]
pub fn elements(text: &str) -> Vec<String> {
    let mut rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("a declaration").trim();
    let (mut open, mut found) = (Vec::<String>::new(), Vec::new());
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!open.is_empty() || before.trim().is_empty(), "text outside: {before}");
        references(before);
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closes what was opened last");
            continue;
        }
        let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "a name: {name}");
        attribute_names(attributes);
        found.push(name.to_owned());
        if !alone {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "everything is closed: {open:?} {rest}");
    found
}

fn attribute_names(mut rest: &str) {
    let mut names = Vec::new();
    while !rest.trim().is_empty() {
        let (name, after) = rest.trim_start().split_once("=\"").expect("an attribute has a value in quotes");
        let (value, after) = after.split_once('"').expect("a value ends");
        references(value);
        assert!(!names.contains(&name), "twice: {name}");
        names.push(name);
        rest = after;
    }
}

/// An ampersand begins a reference that every parser knows; other characters are allowed in XML.
fn references(text: &str) {
    for after in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "apos;", "#"];
        assert!(known.iter().any(|name| after.starts_with(name)), "a reference: &{after}");
    }
    assert!(text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r')), "a control character: {text:?}");
}
