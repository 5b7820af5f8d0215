//! Reads Rust source as far as the house rules need it: words, paths, modules, and what is test code.

use std::fmt;

use crate::repository::File;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `::` is one mark; every other mark is a single character.
    Mark(&'static str),
    Other(char),
    /// A string literal of any kind; what it says is of no interest.
    Text,
}

/// A token, the line it stands on (from 1), the module it stands in and whether it is test code.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) line: usize,
    pub(crate) module: Vec<String>,
    pub(crate) test: bool,
}

impl Placed {
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Word(own) if own == word)
    }

    pub(crate) fn is_other(&self, mark: char) -> bool {
        self.token == Token::Other(mark)
    }
}

/// A path with several segments, resolved to the crate's root where it starts at `crate`, `self` or `super`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) line: usize,
    pub(crate) from: Vec<String>,
    pub(crate) test: bool,
    /// Whether it is one of our own modules; otherwise the first segment is a foreign crate or a local name.
    pub(crate) ours: bool,
    pub(crate) to: Vec<String>,
    /// Ends in `*`.
    pub(crate) glob: bool,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = if self.ours { "crate::" } else { "" };
        write!(f, "{root}{}{}", self.to.join("::"), if self.glob { "::*" } else { "" })
    }
}

/// The module that a file under `src/` holds: `src/a/mod.rs` and `src/a.rs` are `a`, `src/lib.rs` is the root.
pub(crate) fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    let mut segments: Vec<_> = inner.split('/').map(str::to_owned).collect();
    if segments.last().is_some_and(|last| last == "mod") || inner == "lib" {
        segments.pop();
    }
    segments
}

/// Splits source into tokens; comments vanish, literals become [`Token::Text`].
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    let next = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let c = chars[at];
        let started = at;
        let mut token = None;
        if c == '/' && next(at + 1) == '/' {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if c == '/' && next(at + 1) == '*' {
            let mut depth = 0;
            loop {
                match (next(at), next(at + 1)) {
                    ('/', '*') => (depth, at) = (depth + 1, at + 2),
                    ('*', '/') => (depth, at) = (depth - 1, at + 2),
                    _ => at += 1,
                }
                if depth == 0 || at >= chars.len() {
                    break;
                }
            }
        } else if let Some(length) = raw_string(&chars[at..]) {
            (at, token) = (at + length, Some(Token::Text));
        } else if c == '"' || (matches!(c, 'b' | 'c') && next(at + 1) == '"') {
            at += if c == '"' { 1 } else { 2 };
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            (at, token) = (at + 1, Some(Token::Text));
        } else if c == '\'' && (next(at + 1) == '\\' || next(at + 2) == '\'') {
            at += if next(at + 1) == '\\' { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            (at, token) = (at + 1, Some(Token::Text));
        } else if c == '\'' {
            // A lifetime or a label: its name must not look like a path.
            at += 1;
            while next(at).is_alphanumeric() || next(at) == '_' {
                at += 1;
            }
        } else if c.is_alphanumeric() || c == '_' {
            while next(at).is_alphanumeric() || next(at) == '_' {
                at += 1;
            }
            token = Some(Token::Word(chars[started..at].iter().collect()));
        } else if c == ':' && next(at + 1) == ':' {
            (at, token) = (at + 2, Some(Token::Mark("::")));
        } else {
            at += 1;
            token = (!c.is_whitespace()).then_some(Token::Other(c));
        }
        found.extend(token.map(|token| (line, token)));
        line += chars[started..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    found
}

/// Characters that a raw string at the start of `chars` takes, if there is one.
fn raw_string(chars: &[char]) -> Option<usize> {
    let prefix = chars.iter().take_while(|c| matches!(c, 'b' | 'c' | 'r')).count();
    let hashes = chars.get(prefix..)?.iter().take_while(|c| **c == '#').count();
    let open = prefix + hashes;
    if prefix == 0 || chars[prefix - 1] != 'r' || chars.get(open) != Some(&'"') {
        return None;
    }
    let closes = |at: usize| chars[at] == '"' && chars[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    let end = (open + 1..chars.len()).find(|at| closes(*at)).unwrap_or(chars.len());
    Some((end + 1 + hashes).min(chars.len()))
}

/// The tokens of a file with module and test code marked. Test code is what stands under `#[cfg(test)]`, in a
/// file called `tests.rs`, or below a folder called `tests`.
pub(crate) fn read((path, text): &File) -> Vec<Placed> {
    let tokens = tokens(text);
    let mut module = module_of(path);
    let file_is_test = module.iter().any(|segment| segment == "tests");
    // Depth of braces at which an inline module ends, and at which test code ends.
    let mut modules = Vec::new();
    let mut test_until: Option<usize> = None;
    let (mut depth, mut placed) = (0_usize, Vec::new());
    let other = |at: usize, mark: char| tokens.get(at).is_some_and(|(_, token)| *token == Token::Other(mark));
    let word = |at: usize| match tokens.get(at) {
        Some((_, Token::Word(word))) => Some(word.as_str()),
        _ => None,
    };
    // The token behind which the item that an attribute marked as test ends.
    let mut test_item_end = None;
    for (at, (line, token)) in tokens.iter().enumerate() {
        if test_item_end.is_some_and(|end| at > end) {
            test_item_end = None;
        }
        if other(at, '#') && other(at + 1, '[') && word(at + 2) == Some("cfg") && other(at + 3, '(') {
            let alone = word(at + 4) == Some("test") && other(at + 5, ')');
            let among = word(at + 4) == Some("all") && other(at + 5, '(') && word(at + 6) == Some("test");
            if (alone || among) && test_item_end.is_none() {
                test_item_end = Some(item_end(&tokens, at));
            }
        }
        match token {
            Token::Other('{') => {
                depth += 1;
                if at >= 2
                    && word(at - 2) == Some("mod")
                    && let Some(name) = word(at - 1)
                {
                    module.push(name.to_owned());
                    modules.push(depth);
                    if name == "tests" && test_until.is_none() {
                        test_until = Some(depth);
                    }
                }
            }
            Token::Other('}') => {
                if modules.last() == Some(&depth) {
                    modules.pop();
                    module.pop();
                }
                if test_until == Some(depth) {
                    test_until = None;
                }
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        let in_test = file_is_test || test_until.is_some() || test_item_end.is_some();
        placed.push(Placed { token: token.clone(), line: *line, module: module.clone(), test: in_test });
    }
    placed
}

/// The last token of the item that starts with the attribute at `at`.
fn item_end(tokens: &[(usize, Token)], at: usize) -> usize {
    let is = |at: usize, mark: char| tokens[at].1 == Token::Other(mark);
    let mut from = at;
    // Over this attribute and those behind it.
    while from + 1 < tokens.len() && is(from, '#') && is(from + 1, '[') {
        let mut open = 0;
        while from < tokens.len() {
            open += usize::from(is(from, '['));
            let closes = is(from, ']');
            from += 1;
            if closes {
                open -= 1;
                if open == 0 {
                    break;
                }
            }
        }
    }
    let by_semicolon = tokens[from..]
        .iter()
        .find_map(|(_, token)| match token {
            Token::Word(word) if word == "pub" => None,
            Token::Word(word) => Some(matches!(word.as_str(), "use" | "const" | "static" | "type")),
            _ => None,
        })
        .unwrap_or(false);
    let mut open = 0_usize;
    for (at, (_, token)) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Other('{' | '[' | '(') => open += 1,
            Token::Other(mark @ ('}' | ']' | ')')) => {
                open = open.saturating_sub(1);
                if open == 0 && *mark == '}' && !by_semicolon {
                    return at;
                }
            }
            Token::Other(';') if open == 0 => return at,
            _ => {}
        }
    }
    tokens.len()
}

/// All files with their tokens; files whose module is declared under `#[cfg(test)]` are test code as a whole.
pub(crate) fn read_all(files: &[File]) -> Vec<(&str, Vec<Placed>)> {
    let mut read: Vec<_> = files.iter().map(|file| (file.0.as_str(), read(file))).collect();
    let declared: Vec<Vec<String>> = read
        .iter()
        .flat_map(|(_, placed)| placed.windows(3))
        .filter(|window| window[0].test && window[0].is_word("mod") && window[2].is_other(';'))
        .filter_map(|window| match &window[1].token {
            Token::Word(name) => Some([window[0].module.clone(), vec![name.clone()]].concat()),
            _ => None,
        })
        .collect();
    for (path, placed) in &mut read {
        let module = module_of(path);
        if declared.iter().any(|test| module.starts_with(test)) {
            for token in placed.iter_mut() {
                token.test = true;
            }
        }
    }
    read
}

/// Every path of a file, groups of `use` spread out. Paths inside macros count like any other.
pub(crate) fn paths(placed: &[Placed]) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, start) in placed.iter().enumerate() {
        let Token::Word(head) = &start.token else { continue };
        let follows = at.checked_sub(1).is_some_and(|before| placed[before].token == Token::Mark("::"));
        let names_root = matches!(head.as_str(), "crate" | "super") && in_use(placed, at);
        if follows || !(names_root || placed.get(at + 1).is_some_and(|next| next.token == Token::Mark("::"))) {
            continue;
        }
        let mut ends = Vec::new();
        spread(placed, at, &[], &mut ends);
        found.extend(ends.into_iter().map(|(segments, glob)| resolve(start, &segments, glob)));
    }
    found
}

/// Whether the word at `at` is all that a `use` names: `use crate as ours`, `use super::{super as top}`.
fn in_use(placed: &[Placed], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| placed[before].is_word("use"))
}

/// Follows a path from the word at `at`; a group ends in several.
fn spread(placed: &[Placed], at: usize, before: &[String], ends: &mut Vec<(Vec<String>, bool)>) -> usize {
    let mut segments = before.to_vec();
    let mut at = at;
    loop {
        match placed.get(at).map(|placed| &placed.token) {
            Some(Token::Word(word)) => segments.push(word.clone()),
            Some(Token::Other('*')) => {
                ends.push((segments, true));
                return at + 1;
            }
            Some(Token::Other('{')) => {
                at += 1;
                while at < placed.len() && !placed[at].is_other('}') {
                    let word = matches!(placed[at].token, Token::Word(_));
                    if placed[at].is_word("as") {
                        at += 2;
                    } else if word || placed[at].is_other('*') || placed[at].is_other('{') {
                        at = spread(placed, at, &segments, ends);
                    } else {
                        at += 1;
                    }
                }
                return at + 1;
            }
            _ => {
                ends.push((segments, false));
                return at.max(1);
            }
        }
        at += 1;
        if placed.get(at).is_none_or(|next| next.token != Token::Mark("::")) {
            ends.push((segments, false));
            return at;
        }
        at += 1;
    }
}

fn resolve(start: &Placed, segments: &[String], glob: bool) -> Path {
    let mut to: Vec<String> = Vec::new();
    let mut ours = false;
    for (index, segment) in segments.iter().enumerate() {
        match segment.as_str() {
            "crate" | "forerunner" if index == 0 => ours = true,
            "self" | "super" if index == 0 => {
                (to, ours) = (start.module.clone(), true);
                if segment == "super" {
                    to.pop();
                }
            }
            "super" => {
                to.pop();
            }
            "self" => {}
            _ => to.push(segment.clone()),
        }
    }
    Path { line: start.line, from: start.module.clone(), test: start.test, ours, to, glob }
}
