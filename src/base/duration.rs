//! Lengths of time as people write them (`800ms`, `1h30m`) and ratios in per cent (`99.5%`).

use std::fmt::Write as _;
use std::time::Duration;

/// Unit and its length in nanoseconds, longest first: a duration names its units in this order.
const UNITS: [(&str, u128); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

/// Why a text is not a duration, size or percentage; the text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReadable(pub String);

impl std::fmt::Display for NotReadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotReadable {}

/// Reads `800ms`, `5m`, `1h30m`, `28d`, `1.5s` or `0`. Units descend and do not repeat; a day is
/// exactly 24 hours. At most `u64` nanoseconds (584 years).
///
/// # Errors
/// A bare number other than 0, an unknown or repeated unit, or a value out of range.
pub fn parse_duration(text: &str) -> Result<Duration, NotReadable> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let bad = |why: &str| Err(NotReadable(format!("`{text}` is not a duration: {why}")));
    let mut rest = text;
    let mut total: u128 = 0;
    let mut next_unit = 0;
    if rest.is_empty() {
        return bad("write a number and a unit, for example `800ms`");
    }
    while !rest.is_empty() {
        let number = decimal_prefix(rest);
        if number.is_empty() {
            return bad("write a number and a unit, for example `800ms` or `1h30m`");
        }
        rest = &rest[number.len()..];
        let unit = &rest[..rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())];
        if unit.is_empty() {
            return bad(&format!("write the unit, for example `{number}ms`, `{number}s` or `{number}m`"));
        }
        let Some(index) = UNITS.iter().position(|(name, _)| *name == unit) else {
            return bad(&format!("unknown unit `{unit}`, use ms, s, m, h or d"));
        };
        if index < next_unit {
            return bad("units go from long to short and do not repeat, as in `1h30m`");
        }
        next_unit = index + 1;
        rest = &rest[unit.len()..];
        match scaled(number, UNITS[index].1).and_then(|part| total.checked_add(part)) {
            Some(sum) => total = sum,
            None => return bad("it is out of range"),
        }
    }
    match u64::try_from(total) {
        Ok(nanos) => Ok(Duration::from_nanos(nanos)),
        Err(_) => bad("it is out of range"),
    }
}

/// The leading `digits [ "." digits ]` of a text; empty if it does not start so.
pub(crate) fn decimal_prefix(text: &str) -> &str {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(0);
    if whole == 0 {
        return "";
    }
    if text[whole..].starts_with('.') {
        let fraction = digits(whole + 1);
        if fraction > 0 {
            return &text[..whole + 1 + fraction];
        }
    }
    &text[..whole]
}

/// `number` (decimal) times `unit`, cut to a whole number; none on overflow.
pub(crate) fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut total = whole.parse::<u128>().ok()?.checked_mul(unit)?;
    let mut weight = unit;
    for digit in fraction.bytes() {
        weight /= 10;
        total = total.checked_add(u128::from(digit - b'0').checked_mul(weight)?)?;
    }
    Some(total)
}

/// A duration as a person would write it and as [`parse_duration`] reads it back: `1h30m`,
/// `812ms`; below a millisecond as a fraction of one (`0.25ms`).
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    if rest == 0 {
        return "0".to_owned();
    }
    let mut text = String::new();
    for (unit, length) in UNITS {
        if unit == "ms" {
            let (whole, fraction) = (rest / length, rest % length);
            if fraction > 0 {
                let digits = format!("{fraction:06}");
                let _ = write!(text, "{whole}.{}ms", digits.trim_end_matches('0'));
            } else if whole > 0 {
                let _ = write!(text, "{whole}ms");
            }
        } else if rest >= length {
            let _ = write!(text, "{}{unit}", rest / length);
            rest %= length;
        }
    }
    text
}

/// A duration for people who look, with three significant digits: `38µs`, `812ms`, `1.34s`, `2m05s`.
#[must_use]
pub fn short_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let seconds = duration.as_secs_f64();
    if nanos < 1_000 {
        format!("{nanos}ns")
    } else if nanos < 999_500 {
        format!("{:.0}µs", seconds * 1e6)
    } else if nanos < 9_995_000 {
        format!("{:.2}ms", seconds * 1e3)
    } else if nanos < 99_950_000 {
        format!("{:.1}ms", seconds * 1e3)
    } else if nanos < 999_500_000 {
        format!("{:.0}ms", seconds * 1e3)
    } else if seconds < 9.995 {
        format!("{seconds:.2}s")
    } else if seconds < 59.95 {
        format!("{seconds:.1}s")
    } else {
        let whole = (nanos + 500_000_000) / 1_000_000_000;
        if whole < 3600 {
            format!("{}m{:02}s", whole / 60, whole % 60)
        } else {
            format!("{}h{:02}m", whole / 3600, whole % 3600 / 60)
        }
    }
}

/// A ratio strictly between 0 and 1, kept as written: `99.5%`.
#[derive(Clone, Debug, PartialEq)]
pub struct Percent {
    text: String,
    ratio: f64,
}

impl Percent {
    /// # Errors
    /// Anything that is not `digits [ "." digits ] "%"` above 0 and below 100.
    pub fn parse(text: &str) -> Result<Self, NotReadable> {
        let bad =
            || NotReadable(format!("`{text}` is not a percentage: write for example `99.5%`, above 0 and below 100"));
        let number = text.strip_suffix('%').ok_or_else(bad)?;
        if number.is_empty() || decimal_prefix(number) != number {
            return Err(bad());
        }
        let value: f64 = number.parse().map_err(|_| bad())?;
        if value <= 0.0 || value >= 100.0 {
            return Err(bad());
        }
        Ok(Self { text: text.to_owned(), ratio: value / 100.0 })
    }

    /// Between 0 and 1, both excluded.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.ratio
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, millis) in
            [("0", 0), ("800ms", 800), ("1.5s", 1500), ("5m", 300_000), ("1h30m", 5_400_000), ("28d", 2_419_200_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "1.s", "s", "30m1h", "1m1m", "5 m", "-1s", "1y", "99999999999999999999d", "1e3s", "٣s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn percentages_are_strictly_between_nothing_and_all() {
        assert!((Percent::parse("99.5%").expect("valid").ratio() - 0.995).abs() < 1e-12);
        for text in ["99.5", "0%", "100%", "101%", "%", "-1%", "1e1%", "nan%"] {
            assert!(Percent::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn short_form_has_three_digits() {
        for (nanos, text) in [
            (38_000, "38µs"),
            (1_234_000, "1.23ms"),
            (81_250_000, "81.2ms"),
            (812_000_000, "812ms"),
            (1_340_000_000, "1.34s"),
            (125_000_000_000, "2m05s"),
        ] {
            assert_eq!(short_duration(Duration::from_nanos(nanos)), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(nanos: u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = parse_duration(&text);
            let _ = Percent::parse(&text);
        }
    }
}
