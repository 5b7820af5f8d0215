//! Generators: values that a var makes itself: the start of the run, ids, random and made-up data, one-time passwords.

use std::ops::Range;

use crate::base::diagnostic::nearest;
use crate::base::name::is_name;
use crate::base::secret::Labelled;
use crate::base::syntax::SyntaxError;
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::template::error::RenderError;
use crate::template::fake::FakeKind;
use crate::template::stream::Stream;
use crate::template::totp;

/// Most characters of `random N`.
const RANDOM_LENGTH_MAX: u8 = 64;
const RANDOM_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Generator {
    Now,
    Uuid,
    /// Characters, 1 to 64.
    RandomText(u8),
    /// First and last, both included.
    RandomNumber(i64, i64),
    Fake(FakeKind),
    /// The name of the secret, with its place in the template's text.
    Totp(String, Range<usize>),
}

const WORDS: [&str; 5] = ["now", "uuid", "random", "fake", "totp"];

/// A word of a head with its place in the text.
pub(super) type Word<'t> = (&'t str, usize);

impl Generator {
    /// Whether a head that begins with this word is a generator.
    pub(super) fn is_word(word: &str) -> bool {
        WORDS.contains(&word)
    }

    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Uuid => "uuid",
            Self::RandomText(_) | Self::RandomNumber(..) => "random",
            Self::Fake(_) => "fake",
            Self::Totp(..) => "totp",
        }
    }

    /// # Errors
    /// A missing, superfluous or unusable argument.
    pub(super) fn parse(word: Word<'_>, arguments: &[Word<'_>]) -> Result<Self, SyntaxError> {
        let (name, at) = word;
        let wants_argument = !matches!(name, "now" | "uuid");
        if let Some((extra, extra_at)) = arguments.get(usize::from(wants_argument)) {
            let message = format!("`{extra}` is one argument too many for `{name}`");
            return Err(SyntaxError::new(*extra_at, extra.len(), message).help("filters stand behind a bar: ` | `"));
        }
        let argument = match arguments.first() {
            Some(argument) => *argument,
            None if wants_argument => {
                return Err(SyntaxError::new(at, name.len(), format!("`{name}` takes an argument")).help(usage(name)));
            }
            None => ("", at),
        };
        match name {
            "now" => Ok(Self::Now),
            "uuid" => Ok(Self::Uuid),
            "random" => random(argument),
            "fake" => fake(argument),
            _ => totp_name(argument),
        }
    }

    pub(super) fn draw(&self, scope: &dyn Scope, stream: &mut Stream) -> Result<Labelled<Value>, RenderError> {
        Ok(Labelled::open(match self {
            Self::Now => {
                return Ok(scope.get("run.start").unwrap_or_else(|| Labelled::open(Value::Time(scope.now()))));
            }
            Self::Uuid => Value::text(uuid(stream)),
            Self::RandomText(length) => Value::text(random_text(*length, stream)),
            Self::RandomNumber(first, last) => {
                let offset = stream.up_to(last.wrapping_sub(*first).cast_unsigned());
                Value::number(first.wrapping_add(offset.cast_signed()))
            }
            Self::Fake(kind) => Value::text(kind.make(stream)),
            Self::Totp(name, _) => return one_time_password(name, scope),
        }))
    }
}

fn usage(name: &str) -> String {
    match name {
        "random" => "write `random 8` for text or `random 1..6` for a number".to_owned(),
        "fake" => format!("write `fake` and one of {}", FakeKind::words().join(", ")),
        _ => "write `totp` and the name of a secret".to_owned(),
    }
}

fn random((text, at): Word<'_>) -> Result<Generator, SyntaxError> {
    let bad = |message: String| Err(SyntaxError::new(at, text.len(), message).help(usage("random")));
    if let Some((first, last)) = text.split_once("..") {
        return match (first.parse::<i64>(), last.parse::<i64>()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Generator::RandomNumber(first, last)),
            (Ok(_), Ok(_)) => bad(format!("`{text}` is an empty range: the first number is above the last")),
            _ => bad(format!("`{text}` is not a range of integers")),
        };
    }
    match text.parse::<u8>() {
        Ok(length @ 1..=RANDOM_LENGTH_MAX) => Ok(Generator::RandomText(length)),
        _ => bad(format!("`{text}` is not a length from 1 to {RANDOM_LENGTH_MAX}")),
    }
}

fn fake((text, at): Word<'_>) -> Result<Generator, SyntaxError> {
    FakeKind::parse(text).map(Generator::Fake).ok_or_else(|| {
        let help =
            nearest(text, FakeKind::words()).map_or_else(|| usage("fake"), |meant| format!("did you mean `{meant}`?"));
        SyntaxError::new(at, text.len(), format!("unknown kind of made-up data `{text}`")).help(help)
    })
}

fn totp_name((text, at): Word<'_>) -> Result<Generator, SyntaxError> {
    if is_name(text) {
        return Ok(Generator::Totp(text.to_owned(), at..at + text.len()));
    }
    Err(SyntaxError::new(at, text.len(), format!("`{text}` is not the name of a secret")).help(usage("totp")))
}

/// RFC 9562, 5.4: random but for six bits.
fn uuid(stream: &mut Stream) -> String {
    let mut bytes: [u8; 16] = std::array::from_fn(|_| stream.byte());
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = crate::model::value::hexadecimal(&bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

fn random_text(length: u8, stream: &mut Stream) -> String {
    let last = RANDOM_ALPHABET.len() as u64 - 1;
    (0..length).map(|_| char::from(RANDOM_ALPHABET[usize::try_from(stream.up_to(last)).unwrap_or(0)])).collect()
}

fn one_time_password(name: &str, scope: &dyn Scope) -> Result<Labelled<Value>, RenderError> {
    let secret = scope.get(name).ok_or_else(|| RenderError::missing(format!("`{name}` has no value")))?;
    let code = secret.value.as_str().and_then(|text| totp::code(text, scope.now().unix_seconds()));
    let code = code.ok_or_else(|| RenderError::unusable(format!("`totp`: `{name}` is not a base32 secret")))?;
    let made = Labelled::new(Value::text(code), secret.label);
    if made.label.is_secret() {
        scope.derived(&made);
    }
    Ok(made)
}
