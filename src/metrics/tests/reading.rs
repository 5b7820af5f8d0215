//! A small strict reader of both formats, independent of the writer: it panics at whatever a scraper would refuse.

use std::collections::BTreeMap;

pub struct Exposed {
    /// Type by family.
    pub families: BTreeMap<String, String>,
    /// In order.
    pub samples: Vec<Sample>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The family under whose TYPE line it stands.
    pub family: String,
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub value: f64,
    pub exemplar: Option<(Vec<(String, String)>, f64)>,
}

impl Exposed {
    /// The value of the series `name{…}` with the labels in the order written.
    pub fn get(&self, series: &str) -> Option<f64> {
        self.samples.iter().find(|sample| sample.series() == series).map(|sample| sample.value)
    }

    pub fn named(&self, name: &str) -> Vec<&Sample> {
        self.samples.iter().filter(|sample| sample.name == name).collect()
    }
}

impl Sample {
    pub fn series(&self) -> String {
        if self.labels.is_empty() {
            return self.name.clone();
        }
        let labels = self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(",");
        format!("{}{{{labels}}}", self.name)
    }

    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.as_str())
    }
}

pub fn read(text: &str) -> Exposed {
    let mut exposed = Exposed { families: BTreeMap::new(), samples: Vec::new() };
    let mut family = String::new();
    assert!(text.is_empty() || text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(exposed.families.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is scattered");
            name.clone_into(&mut family);
        } else if !line.starts_with('#') {
            let sample = sample(line, &family);
            let suffixes = ["", "_total", "_info", "_bucket", "_sum", "_count"];
            assert!(suffixes.iter().any(|suffix| sample.name == format!("{family}{suffix}")), "{line} below {family}");
            exposed.samples.push(sample);
        }
    }
    exposed
}

fn sample(line: &str, family: &str) -> Sample {
    let at = line.find(['{', ' ']).expect("a value");
    let (name, rest) = line.split_at(at);
    let (labels, rest) = labels(rest);
    let (value, exemplar) = match rest.trim_start().split_once(" # ") {
        Some((value, exemplar)) => (value, Some(self::exemplar(exemplar))),
        None => (rest.trim_start(), None),
    };
    assert!(!value.contains(' '), "a timestamp in {line}");
    Sample { family: family.to_owned(), name: name.to_owned(), labels, value: number(value), exemplar }
}

fn exemplar(text: &str) -> (Vec<(String, String)>, f64) {
    let (labels, rest) = labels(text);
    let value = rest.trim_start().split(' ').next().expect("a value of the exemplar");
    (labels, number(value))
}

/// Labels in braces, if there are any, and what follows them.
fn labels(text: &str) -> (Vec<(String, String)>, &str) {
    let mut labels: Vec<(String, String)> = Vec::new();
    let Some(mut rest) = text.strip_prefix('{') else { return (labels, text) };
    loop {
        let (name, after) = rest.split_once("=\"").expect("a label");
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(name.chars().all(word) && !name.starts_with(|c: char| c.is_ascii_digit()), "label name {name}");
        assert!(labels.iter().all(|(other, _)| other != name), "{name} twice");
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next().expect("a closing quote") {
                (at, '"') => break at,
                (_, '\\') => value.push(match characters.next().expect("an escape") {
                    (_, 'n') => '\n',
                    (_, escaped @ ('"' | '\\')) => escaped,
                    (_, other) => panic!("escape of {other}"),
                }),
                (_, other) => value.push(other),
            }
        };
        labels.push((name.to_owned(), value));
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return (labels, rest.strip_prefix('}').expect("a closing brace")),
        }
    }
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        other => other.parse().unwrap_or_else(|_| panic!("{other} is no number")),
    }
}
