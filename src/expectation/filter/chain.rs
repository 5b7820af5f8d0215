//! A chain of filters: parsed once with every argument checked, then applied value by value.

use std::ops::Range;
use std::sync::Arc;

use super::FilterError;
use super::lexer::{Argument, arguments};
use super::row::{Apply, FilterDoc};
use super::table::FILTERS;
use crate::base::diagnostic::nearest;
use crate::base::secret::Labelled;
use crate::base::syntax::SyntaxError;
use crate::expectation::kinds::Kinds;
use crate::model::scope::Scope;
use crate::model::value::Value;

/// Most bytes of a text that a filter makes: above every body limit, below what could exhaust the machine.
pub(super) const TEXT_BYTES_MAX: usize = 64 << 20;

/// A chain of filters, parsed, its arguments checked; may be empty.
#[derive(Clone, Default)]
pub struct Chain(Vec<Filter>);

#[derive(Clone)]
struct Filter {
    row: &'static FilterDoc,
    /// As written: name and arguments.
    source: String,
    apply: Arc<Apply>,
    names: Vec<(String, Range<usize>)>,
}

impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(left, right)| left.source == right.source)
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chain({:?})", self.to_source())
    }
}

impl Chain {
    /// Parses the parts behind the source. Offsets of errors are bytes in `text`.
    ///
    /// # Errors
    /// An unknown filter (with the nearest known one), a wrong number of arguments, an argument that cannot be used
    /// (regular expression, date format, number, JSON path).
    pub fn parse(text: &str, parts: &[Range<usize>]) -> Result<Self, SyntaxError> {
        parts.iter().map(|part| filter(text, part.clone())).collect::<Result<_, _>>().map(Self)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// ` | first | to-int`, reads back equal.
    #[must_use]
    pub fn to_source(&self) -> String {
        self.0.iter().flat_map(|filter| [" | ", &filter.source]).collect()
    }

    /// The last filter's name.
    #[must_use]
    pub fn last(&self) -> Option<&'static str> {
        self.0.last().map(|filter| filter.row.name)
    }

    /// Names it refers to: keys of `hmac`, holes of JSON paths; each with its byte range in the text it was parsed from.
    #[must_use]
    pub fn names(&self) -> Vec<(&str, Range<usize>)> {
        let names = self.0.iter().flat_map(|filter| &filter.names);
        names.map(|(name, range)| (name.as_str(), range.clone())).collect()
    }

    /// Applies the filters in order. Missing stays missing (none). The label of the input is kept, that of an
    /// `hmac` key joined. What is made out of a secret is told to `scope.derived`.
    ///
    /// # Errors
    /// A filter whose input has the wrong kind or cannot be read. The message quotes no secret.
    pub fn apply(
        &self,
        input: Option<Labelled<Value>>,
        scope: &dyn Scope,
    ) -> Result<Option<Labelled<Value>>, FilterError> {
        let Some(Labelled { mut value, mut label }) = input else { return Ok(None) };
        for filter in &self.0 {
            let name = filter.row.name;
            let kind = value.kind();
            if !filter.row.accepts().contains(kind) {
                return Err(wrong_kind(filter.row, Kinds::of([kind])));
            }
            let outcome = (filter.apply)(value, scope).map_err(|why| {
                let message = if label.is_secret() {
                    format!("`{name}` cannot use its input, which is secret and not shown")
                } else {
                    format!("`{name}`: {why}")
                };
                FilterError { filter: name, message }
            })?;
            let Some(made) = outcome else { return Ok(None) };
            label = label.join(made.label);
            value = made.value;
            if value.as_str().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
                return Err(FilterError { filter: name, message: format!("`{name}`: {TOO_LONG}") });
            }
        }
        let made = Labelled::new(value, label);
        if !self.0.is_empty() && label.is_secret() {
            scope.derived(&made);
        }
        Ok(Some(made))
    }

    /// The kinds that come out, as far as known.
    ///
    /// # Errors
    /// No kind of `input` can pass; the message names the filter.
    pub fn kinds(&self, input: Kinds) -> Result<Kinds, FilterError> {
        let mut kinds = input;
        for filter in &self.0 {
            let usable = kinds.present().and(filter.row.accepts().present());
            if usable.is_empty() {
                return Err(wrong_kind(filter.row, kinds));
            }
            let made = (filter.row.yields)(usable);
            kinds = if kinds.may_be_missing() { made.or_missing() } else { made };
        }
        Ok(kinds)
    }
}

pub(super) const TOO_LONG: &str = "the result would be longer than 64 MiB";

fn wrong_kind(row: &FilterDoc, found: Kinds) -> FilterError {
    let message = format!("`{}` takes {}, not {}", row.name, row.accepts().describe(), found.describe());
    FilterError { filter: row.name, message }
}

fn filter(text: &str, part: Range<usize>) -> Result<Filter, SyntaxError> {
    let words = arguments(text, part.clone())?;
    let Some((name, arguments)) = words.split_first() else {
        return Err(SyntaxError::new(part.start, part.len(), "a filter is missing behind the bar")
            .help("write for example ` | first`"));
    };
    let row = FILTERS.iter().find(|row| row.name == name.text && !name.quoted).ok_or_else(|| unknown(name))?;
    check_count(row, name, arguments)?;
    let built = (row.build)(arguments)?;
    Ok(Filter { row, source: text[part].to_owned(), apply: built.apply, names: built.names })
}

fn unknown(name: &Argument) -> SyntaxError {
    if let Some((first, second)) = name.text.split_once('|')
        && FILTERS.iter().any(|row| row.name == first)
    {
        return name
            .error(format!("unknown filter `{}`", name.text))
            .help(format!("a bar needs a blank on both sides: `{first} | {second}`"));
    }
    let help = match nearest(&name.text, FILTERS.iter().map(|row| row.name)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the filters are {}", FILTERS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ")),
    };
    name.error(format!("unknown filter `{}`", name.text)).help(help)
}

fn check_count(row: &FilterDoc, name: &Argument, arguments: &[Argument]) -> Result<(), SyntaxError> {
    let all = row.arguments.split_whitespace().count();
    let needed = row.arguments.split_whitespace().filter(|word| !word.starts_with('[')).count();
    if (needed..=all).contains(&arguments.len()) {
        return Ok(());
    }
    let wanted = match (needed, all) {
        (_, 0) => "no argument".to_owned(),
        (0, 1) => "at most one argument".to_owned(),
        (_, 1) => "one argument".to_owned(),
        (_, number) => format!("{number} arguments"),
    };
    let given = arguments.len();
    let error = match arguments.get(all) {
        Some(extra) => extra.error(format!("`{}` takes {wanted}, not {given}", row.name)),
        None => name.error(format!("`{}` takes {wanted}, not {given}", row.name)),
    };
    let usage = format!("{} {}", row.name, row.arguments);
    Err(error.help(format!("write `{}`; an argument with blanks or bars is quoted", usage.trim_end())))
}
