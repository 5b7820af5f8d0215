//! Ids, names and slugs: what may be called what, and what becomes a metric label.

/// Longest id: a DNS label, so that ids can become host names and labels anywhere.
pub const ID_LENGTH_MAX: usize = 63;
/// Longest name of a host, input, secret, var or kept value.
pub const NAME_LENGTH_MAX: usize = 64;
/// Where a slug made from a title or a path is cut, which leaves room for `-2` behind it.
pub const SLUG_LENGTH_MAX: usize = 60;

/// Names that templates give a meaning of their own.
pub const RESERVED: [&str; 9] = ["run", "now", "uuid", "random", "fake", "totp", "request", "labels", "max"];

/// Whether `text` is an id: lower-case letters, digits and `-`, starting with a letter or digit.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= ID_LENGTH_MAX && text.bytes().next().is_some_and(alnum) && text.bytes().all(|b| alnum(b) || b == b'-')
}

/// Whether `text` is a name: letters, digits, `_` and `-`, starting with a letter or `_`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.len() <= NAME_LENGTH_MAX
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Lower-cased, every run of other characters turned into one `-`, trimmed, cut to
/// [`SLUG_LENGTH_MAX`]; `home` if nothing is left.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == SLUG_LENGTH_MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "home".to_owned() } else { slug.to_owned() }
}

/// `wanted`, or `wanted-2`, `wanted-3`, … : the first that `taken` does not hold.
pub fn unique(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let mut number = 2_u64;
    loop {
        let candidate = format!("{wanted}-{number}");
        if !taken(&candidate) {
            return candidate;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_of_actions() {
        for (text, expected) in [
            ("get /", "get"),
            ("/", "home"),
            ("post-/v1/tools/tool/runs", "post-v1-tools-tool-runs"),
            ("$.user.role", "user-role"),
            ("Ünïcode", "n-code"),
        ] {
            assert_eq!(slug(text), expected);
        }
    }

    #[test]
    fn a_taken_slug_is_numbered() {
        assert_eq!(unique("get-home", |name| ["get-home", "get-home-2"].contains(&name)), "get-home-3");
    }

    proptest! {
        #[test]
        fn every_slug_is_an_id(text in "\\PC*") {
            prop_assert!(is_id(&slug(&text)));
        }
    }
}
