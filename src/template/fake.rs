//! Made-up data for forms: plausible at a glance, and never that of a real person, address or line.

use super::lists::{CITIES, COMPANY_FORMS, FAMILY_NAMES, GIVEN_NAMES, STREETS, WORDS};
use super::stream::Stream;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FakeKind {
    Company,
    Person,
    GivenName,
    FamilyName,
    Email,
    City,
    Street,
    Postcode,
    Phone,
    Word,
    Sentence,
}

const KINDS: [(&str, FakeKind); 11] = [
    ("company", FakeKind::Company),
    ("person", FakeKind::Person),
    ("given-name", FakeKind::GivenName),
    ("family-name", FakeKind::FamilyName),
    ("email", FakeKind::Email),
    ("city", FakeKind::City),
    ("street", FakeKind::Street),
    ("postcode", FakeKind::Postcode),
    ("phone", FakeKind::Phone),
    ("word", FakeKind::Word),
    ("sentence", FakeKind::Sentence),
];

/// Reserved for examples (RFC 2606): mail to them reaches nobody.
const DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];
/// Numbers that their regulators keep for fiction; the last digits are drawn.
const PHONES: [(&str, u64); 2] = [("+1 202 555 01", 99), ("+44 20 7946 0", 999)];

impl FakeKind {
    pub(super) fn parse(word: &str) -> Option<Self> {
        KINDS.into_iter().find(|(known, _)| *known == word).map(|(_, kind)| kind)
    }

    pub(super) fn words() -> [&'static str; 11] {
        KINDS.map(|(word, _)| word)
    }

    pub(super) fn make(self, stream: &mut Stream) -> String {
        match self {
            Self::Company => format!("{} {}", stream.choose(FAMILY_NAMES), stream.choose(COMPANY_FORMS)),
            Self::Person => format!("{} {}", stream.choose(GIVEN_NAMES), stream.choose(FAMILY_NAMES)),
            Self::GivenName => stream.choose(GIVEN_NAMES).to_owned(),
            Self::FamilyName => stream.choose(FAMILY_NAMES).to_owned(),
            Self::Email => {
                let (given, family) = (stream.choose(GIVEN_NAMES), stream.choose(FAMILY_NAMES));
                let number = stream.up_to(9_999);
                format!("{given}.{family}{number}@{}", stream.choose(&DOMAINS)).to_lowercase()
            }
            Self::City => stream.choose(CITIES).to_owned(),
            Self::Street => format!("{} {}", stream.up_to(198) + 1, stream.choose(STREETS)),
            Self::Postcode => format!("{:05}", stream.up_to(98_999) + 1_000),
            Self::Phone => {
                let (start, last) = PHONES[usize::from(stream.up_to(1) == 1)];
                let width = if last == 99 { 2 } else { 3 };
                format!("{start}{:0width$}", stream.up_to(last))
            }
            Self::Word => stream.choose(WORDS).to_owned(),
            Self::Sentence => sentence(stream),
        }
    }
}

/// Six to ten words, a capital and a full stop.
fn sentence(stream: &mut Stream) -> String {
    let count = stream.up_to(4) + 6;
    let words: Vec<_> = (0..count).map(|_| stream.choose(WORDS)).collect();
    let text = words.join(" ");
    format!("{}{}.", text[..1].to_ascii_uppercase(), &text[1..])
}
