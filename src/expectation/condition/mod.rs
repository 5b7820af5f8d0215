//! Conditions as a tree: the 21 matchers, generic over how literals and schemas are held.

mod docs;

pub use docs::{MATCHER_DOCS, MatcherDoc};

/// How two values are compared by order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    Lt,
    Lte,
    Gt,
    Gte,
}

impl Order {
    /// Whether a value that stands so to the argument satisfies it.
    #[must_use]
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Lt => ordering.is_lt(),
            Self::Lte => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Gte => ordering.is_ge(),
        }
    }
}

/// `L` is a literal (with templates as written, plain data when ready), `S` a schema.
#[derive(Clone, Debug)]
pub enum Condition<L, S> {
    Equals(L),
    Not(Box<Self>),
    Any(Vec<Self>),
    All(Vec<Self>),
    Compare(Order, L),
    In(Vec<L>),
    /// A template that yields the list.
    InList(L),
    Contains(L),
    StartsWith(L),
    EndsWith(L),
    Matches(L),
    Exists(bool),
    Empty(bool),
    Length(Box<Self>),
    Each(Box<Self>),
    Some(Box<Self>),
    Type(Vec<TypeWord>),
    Like(L),
    Schema(S),
}

/// The 21 matchers by name.
pub const MATCHERS: &[&str] = &[
    "equals",
    "not",
    "any",
    "all",
    "lt",
    "lte",
    "gt",
    "gte",
    "in",
    "contains",
    "starts-with",
    "ends-with",
    "matches",
    "exists",
    "empty",
    "length",
    "each",
    "some",
    "type",
    "like",
    "schema",
];

/// What a literal is used for: in a pattern, inserted text is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Literal,
    Pattern,
}

impl<L, S> Condition<L, S> {
    /// The same tree with other literals and schemas.
    /// # Errors
    /// The first that `literal` or `schema` returns.
    pub fn try_map<'a, L2, S2, E>(
        &'a self,
        literal: &mut impl FnMut(&'a L, Role) -> Result<L2, E>,
        schema: &mut impl FnMut(&'a S) -> Result<S2, E>,
    ) -> Result<Condition<L2, S2>, E> {
        Ok(match self {
            Self::Equals(argument) => Condition::Equals(literal(argument, Role::Literal)?),
            Self::Not(inner) => Condition::Not(Box::new(inner.try_map(literal, schema)?)),
            Self::Any(parts) => {
                Condition::Any(parts.iter().map(|part| part.try_map(literal, schema)).collect::<Result<_, E>>()?)
            }
            Self::All(parts) => {
                Condition::All(parts.iter().map(|part| part.try_map(literal, schema)).collect::<Result<_, E>>()?)
            }
            Self::Compare(order, argument) => Condition::Compare(*order, literal(argument, Role::Literal)?),
            Self::In(list) => {
                Condition::In(list.iter().map(|one| literal(one, Role::Literal)).collect::<Result<_, E>>()?)
            }
            Self::InList(argument) => Condition::InList(literal(argument, Role::Literal)?),
            Self::Contains(argument) => Condition::Contains(literal(argument, Role::Literal)?),
            Self::StartsWith(argument) => Condition::StartsWith(literal(argument, Role::Literal)?),
            Self::EndsWith(argument) => Condition::EndsWith(literal(argument, Role::Literal)?),
            Self::Matches(argument) => Condition::Matches(literal(argument, Role::Pattern)?),
            Self::Exists(wanted) => Condition::Exists(*wanted),
            Self::Empty(wanted) => Condition::Empty(*wanted),
            Self::Length(inner) => Condition::Length(Box::new(inner.try_map(literal, schema)?)),
            Self::Each(inner) => Condition::Each(Box::new(inner.try_map(literal, schema)?)),
            Self::Some(inner) => Condition::Some(Box::new(inner.try_map(literal, schema)?)),
            Self::Type(words) => Condition::Type(words.clone()),
            Self::Like(argument) => Condition::Like(literal(argument, Role::Literal)?),
            Self::Schema(argument) => Condition::Schema(schema(argument)?),
        })
    }

    /// Every literal with its role, in order.
    pub fn literals<'a>(&'a self, visit: &mut impl FnMut(&'a L, Role)) {
        match self {
            Self::Matches(argument) => visit(argument, Role::Pattern),
            Self::Equals(argument)
            | Self::Compare(_, argument)
            | Self::InList(argument)
            | Self::Contains(argument)
            | Self::StartsWith(argument)
            | Self::EndsWith(argument)
            | Self::Like(argument) => visit(argument, Role::Literal),
            Self::In(list) => list.iter().for_each(|one| visit(one, Role::Literal)),
            _ => self.parts().iter().for_each(|part| part.literals(visit)),
        }
    }

    /// Every schema, in order.
    pub fn schemas<'a>(&'a self, visit: &mut impl FnMut(&'a S)) {
        match self {
            Self::Schema(schema) => visit(schema),
            _ => self.parts().iter().for_each(|part| part.schemas(visit)),
        }
    }

    /// The conditions it is made of; none for one that looks at the value itself.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::Any(parts) | Self::All(parts) => parts,
            Self::Not(inner) | Self::Length(inner) | Self::Each(inner) | Self::Some(inner) => {
                std::slice::from_ref(inner)
            }
            _ => &[],
        }
    }

    /// The matcher's name: `equals`, `lt` …
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Equals(_) => "equals",
            Self::Not(_) => "not",
            Self::Any(_) => "any",
            Self::All(_) => "all",
            Self::Compare(Order::Lt, _) => "lt",
            Self::Compare(Order::Lte, _) => "lte",
            Self::Compare(Order::Gt, _) => "gt",
            Self::Compare(Order::Gte, _) => "gte",
            Self::In(_) | Self::InList(_) => "in",
            Self::Contains(_) => "contains",
            Self::StartsWith(_) => "starts-with",
            Self::EndsWith(_) => "ends-with",
            Self::Matches(_) => "matches",
            Self::Exists(_) => "exists",
            Self::Empty(_) => "empty",
            Self::Length(_) => "length",
            Self::Each(_) => "each",
            Self::Some(_) => "some",
            Self::Type(_) => "type",
            Self::Like(_) => "like",
            Self::Schema(_) => "schema",
        }
    }
}

/// The words of `type`: `null boolean number integer string array object uuid date date-time email ipv4 ipv6 uri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeWord {
    Null,
    Boolean,
    Number,
    Integer,
    String,
    Array,
    Object,
    Uuid,
    Date,
    DateTime,
    Email,
    Ipv4,
    Ipv6,
    Uri,
}

impl TypeWord {
    pub const ALL: [Self; 14] = [
        Self::Null,
        Self::Boolean,
        Self::Number,
        Self::Integer,
        Self::String,
        Self::Array,
        Self::Object,
        Self::Uuid,
        Self::Date,
        Self::DateTime,
        Self::Email,
        Self::Ipv4,
        Self::Ipv6,
        Self::Uri,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::DateTime => "date-time",
            Self::Email => "email",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Uri => "uri",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_matcher_is_listed_and_documented_once() {
        assert_eq!(MATCHERS.len(), 21);
        let documented: Vec<_> = MATCHER_DOCS.iter().map(|row| row.name).collect();
        assert_eq!(documented, MATCHERS);
    }

    #[test]
    fn type_words_read_back() {
        for word in TypeWord::ALL {
            assert_eq!(TypeWord::parse(word.word()), Some(word));
        }
        assert_eq!(TypeWord::parse("text"), None);
    }

    #[test]
    fn a_mapped_tree_visits_literals_and_schemas_in_order() {
        let tree: Condition<&str, u8> = Condition::All(vec![
            Condition::Any(vec![Condition::In(vec!["a", "b"]), Condition::Matches("c")]),
            Condition::Not(Box::new(Condition::Each(Box::new(Condition::Schema(7))))),
            Condition::Length(Box::new(Condition::Compare(Order::Gt, "d"))),
        ]);
        let mut seen = Vec::new();
        tree.literals(&mut |text, role| seen.push((*text, role == Role::Pattern)));
        assert_eq!(seen, [("a", false), ("b", false), ("c", true), ("d", false)]);
        let mapped = tree
            .try_map(&mut |text, _| Ok::<_, ()>(text.len()), &mut |schema| Ok(u16::from(*schema) + 1))
            .expect("nothing fails");
        let mut schemas = Vec::new();
        mapped.schemas(&mut |schema| schemas.push(*schema));
        assert_eq!(schemas, [8]);
        assert!(tree.try_map(&mut |_, _| Err::<(), _>(()), &mut |schema| Ok(*schema)).is_err());
    }
}
