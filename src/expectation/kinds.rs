//! Which kinds a value can have, as far as that is known before anything runs.

use crate::model::value::Kind;

/// A set of kinds, and whether the value may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u16);

const ALL: [Kind; 10] = [
    Kind::Null,
    Kind::Boolean,
    Kind::Number,
    Kind::Text,
    Kind::List,
    Kind::Object,
    Kind::Time,
    Kind::Duration,
    Kind::Size,
    Kind::Bytes,
];
const MISSING: u16 = 1 << 15;

impl Kinds {
    /// Anything, or nothing at all: what a name of unknown origin holds.
    pub const ANY: Self = Self(u16::MAX);

    /// Exactly these kinds, and surely present.
    pub fn of(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u16))
    }

    /// What JSON can hold: null, boolean, number, text, list, object.
    #[must_use]
    pub fn json() -> Self {
        Self::of(ALL.into_iter().take(6))
    }

    /// The same, perhaps missing.
    #[must_use]
    pub fn or_missing(self) -> Self {
        Self(self.0 | MISSING)
    }

    /// The same, surely present.
    #[must_use]
    pub fn present(self) -> Self {
        Self(self.0 & !MISSING)
    }

    #[must_use]
    pub fn may_be_missing(self) -> bool {
        self.0 & MISSING != 0
    }

    #[must_use]
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }

    /// The kinds that are in both; missing only if it is in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Kind> {
        ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    /// Whether no kind is left.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// For messages: `text`, `text or bytes`, `any value`.
    #[must_use]
    pub fn describe(self) -> String {
        let words: Vec<_> = self.iter().map(Kind::word).collect();
        if words.len() == ALL.len() { "any value".to_owned() } else { words.join(" or ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_knows_its_kinds_and_whether_the_value_may_be_missing() {
        let kinds = Kinds::of([Kind::Text, Kind::Bytes]);
        assert!(kinds.contains(Kind::Text) && !kinds.contains(Kind::List) && !kinds.may_be_missing());
        assert!(kinds.or_missing().may_be_missing() && !kinds.or_missing().present().may_be_missing());
        assert_eq!(kinds.describe(), "text or bytes");
        assert_eq!(Kinds::ANY.describe(), "any value");
        assert!(Kinds::of([]).or_missing().is_empty());
        assert!(!Kinds::json().contains(Kind::Time));
    }
}
