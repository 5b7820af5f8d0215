//! Date formats: the directives that people know from `strftime`, written and read, always in UTC and English.

use std::fmt::Write as _;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::base::syntax::SyntaxError;
use crate::base::time::Timestamp;

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DIRECTIVES: &str = "%Y %m %d %H %M %S %L %j %F %T %a %A %b %B %s %z %%";

/// A format whose directives are all known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Format(Vec<Item>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Literal(char),
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    DayOfYear,
    ShortDayName,
    DayName,
    ShortMonthName,
    MonthName,
    UnixSeconds,
    Offset,
    /// Two digits, in obsolete HTTP dates only.
    ShortYear,
    /// Padded with a blank, in obsolete HTTP dates only.
    PaddedDay,
}

impl Format {
    /// # Errors
    /// A directive that is not one of the 17; the offset is that of its percent sign.
    pub(super) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut items = Vec::new();
        let mut rest = text.char_indices();
        while let Some((at, next)) = rest.next() {
            if next != '%' {
                items.push(Item::Literal(next));
                continue;
            }
            let Some((_, directive)) = rest.next() else {
                return Err(
                    SyntaxError::new(at, 1, "a directive is missing behind `%`").help("write `%%` for a percent sign")
                );
            };
            match directive {
                'Y' => items.push(Item::Year),
                'm' => items.push(Item::Month),
                'd' => items.push(Item::Day),
                'H' => items.push(Item::Hour),
                'M' => items.push(Item::Minute),
                'S' => items.push(Item::Second),
                'L' => items.push(Item::Millisecond),
                'j' => items.push(Item::DayOfYear),
                'a' => items.push(Item::ShortDayName),
                'A' => items.push(Item::DayName),
                'b' => items.push(Item::ShortMonthName),
                'B' => items.push(Item::MonthName),
                's' => items.push(Item::UnixSeconds),
                'z' => items.push(Item::Offset),
                '%' => items.push(Item::Literal('%')),
                'F' => items.extend([Item::Year, Item::Literal('-'), Item::Month, Item::Literal('-'), Item::Day]),
                'T' => items.extend([Item::Hour, Item::Literal(':'), Item::Minute, Item::Literal(':'), Item::Second]),
                other => {
                    let message = format!("unknown directive `%{other}`");
                    let help = format!("the directives are {DIRECTIVES}");
                    return Err(SyntaxError::new(at, 1 + other.len_utf8(), message).help(help));
                }
            }
        }
        Ok(Self(items))
    }

    /// Whether a text of this format says which day it is.
    pub(super) fn names_a_day(&self) -> bool {
        let has = |item: &Item| self.0.contains(item);
        let month = has(&Item::Month) || has(&Item::MonthName) || has(&Item::ShortMonthName);
        has(&Item::UnixSeconds) || has(&Item::Year) && (has(&Item::DayOfYear) || month && has(&Item::Day))
    }

    pub(super) fn write(&self, time: Timestamp) -> String {
        let zoned = time.zoned();
        let day_name = DAYS[usize::try_from(zoned.weekday().to_monday_zero_offset()).unwrap_or(0) % 7];
        let month_name = MONTHS[usize::try_from(zoned.month() - 1).unwrap_or(0) % 12];
        let mut text = String::new();
        for item in &self.0 {
            let _ = match item {
                Item::Literal(literal) => write!(text, "{literal}"),
                Item::Year => write!(text, "{:04}", zoned.year()),
                Item::Month => write!(text, "{:02}", zoned.month()),
                Item::Day | Item::PaddedDay => write!(text, "{:02}", zoned.day()),
                Item::Hour => write!(text, "{:02}", zoned.hour()),
                Item::Minute => write!(text, "{:02}", zoned.minute()),
                Item::Second => write!(text, "{:02}", zoned.second()),
                Item::Millisecond => write!(text, "{:03}", zoned.millisecond()),
                Item::DayOfYear => write!(text, "{:03}", zoned.day_of_year()),
                Item::ShortDayName => write!(text, "{}", &day_name[..3]),
                Item::DayName => write!(text, "{day_name}"),
                Item::ShortMonthName => write!(text, "{}", &month_name[..3]),
                Item::MonthName => write!(text, "{month_name}"),
                Item::UnixSeconds => write!(text, "{}", time.unix_nanos().div_euclid(1_000_000_000)),
                Item::Offset => write!(text, "+0000"),
                Item::ShortYear => write!(text, "{:02}", zoned.year().rem_euclid(100)),
            };
        }
        text
    }

    /// Reads a text of exactly this format; what it does not say is midnight, UTC.
    pub(super) fn read(&self, text: &str) -> Option<Timestamp> {
        let mut parts = Parts::default();
        let mut rest = text;
        for item in &self.0 {
            rest = parts.take(item, rest)?;
        }
        if rest.is_empty() { parts.time() } else { None }
    }
}

/// `2026-11-22`: midnight UTC.
pub(super) fn plain_date(text: &str) -> Option<Timestamp> {
    Format(vec![Item::Year, Item::Literal('-'), Item::Month, Item::Literal('-'), Item::Day]).read(text)
}

/// The three forms of RFC 9110, 5.6.7. Names of days are not held against the date.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let clock = [Item::Hour, Item::Literal(':'), Item::Minute, Item::Literal(':'), Item::Second];
    let blank = || Item::Literal(' ');
    let gmt = || " GMT".chars().map(Item::Literal);
    let with_clock = |before: Vec<Item>| before.into_iter().chain(clock.clone());
    let fixed = vec![
        Item::ShortDayName,
        Item::Literal(','),
        blank(),
        Item::Day,
        blank(),
        Item::ShortMonthName,
        blank(),
        Item::Year,
        blank(),
    ];
    let rfc850 = vec![
        Item::DayName,
        Item::Literal(','),
        blank(),
        Item::Day,
        Item::Literal('-'),
        Item::ShortMonthName,
        Item::Literal('-'),
        Item::ShortYear,
        blank(),
    ];
    let asctime = vec![Item::ShortDayName, blank(), Item::ShortMonthName, blank(), Item::PaddedDay, blank()];
    let forms: [Vec<Item>; 3] = [
        with_clock(fixed).chain(gmt()).collect(),
        with_clock(rfc850).chain(gmt()).collect(),
        with_clock(asctime).chain([blank(), Item::Year]).collect(),
    ];
    forms.into_iter().find_map(|items| Format(items).read(text))
}

#[derive(Default)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    day_of_year: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    millisecond: i32,
    unix_seconds: Option<i64>,
    /// East of UTC.
    offset_seconds: i64,
}

impl Parts {
    /// Reads one item from the start of the text; the answer is the rest.
    fn take<'t>(&mut self, item: &Item, text: &'t str) -> Option<&'t str> {
        match item {
            Item::Literal(literal) => text.strip_prefix(*literal),
            Item::Year => digits(text, 4, |number| self.year = i16::try_from(number).ok()),
            Item::ShortYear => digits(text, 2, |number| {
                // RFC 9110 asks for the century that is not far in the future; 1970 is as old as it gets.
                self.year = i16::try_from(if number < 70 { 2000 + number } else { 1900 + number }).ok();
            }),
            Item::Month => digits(text, 2, |number| self.month = i8::try_from(number).ok()),
            Item::Day => digits(text, 2, |number| self.day = i8::try_from(number).ok()),
            Item::PaddedDay => match text.strip_prefix(' ') {
                Some(rest) => digits(rest, 1, |number| self.day = i8::try_from(number).ok()),
                None => digits(text, 2, |number| self.day = i8::try_from(number).ok()),
            },
            Item::Hour => digits(text, 2, |number| self.hour = i8::try_from(number).unwrap_or(-1)),
            Item::Minute => digits(text, 2, |number| self.minute = i8::try_from(number).unwrap_or(-1)),
            Item::Second => digits(text, 2, |number| self.second = i8::try_from(number).unwrap_or(-1)),
            Item::Millisecond => digits(text, 3, |number| self.millisecond = i32::try_from(number).unwrap_or(0)),
            Item::DayOfYear => digits(text, 3, |number| self.day_of_year = i16::try_from(number).ok()),
            Item::ShortDayName => name(text, DAYS.map(|day| &day[..3])).map(|(rest, _)| rest),
            Item::DayName => name(text, DAYS).map(|(rest, _)| rest),
            Item::ShortMonthName => {
                let (rest, index) = name(text, MONTHS.map(|month| &month[..3]))?;
                self.month = i8::try_from(index + 1).ok();
                Some(rest)
            }
            Item::MonthName => {
                let (rest, index) = name(text, MONTHS)?;
                self.month = i8::try_from(index + 1).ok();
                Some(rest)
            }
            Item::UnixSeconds => {
                let signless = text.strip_prefix('-').unwrap_or(text);
                let length = signless.find(|c: char| !c.is_ascii_digit()).unwrap_or(signless.len());
                let end = text.len() - signless.len() + length;
                self.unix_seconds = Some(text[..end].parse().ok()?);
                Some(&text[end..])
            }
            Item::Offset => self.take_offset(text),
        }
    }

    /// `Z`, `+0100` or `+01:00`.
    fn take_offset<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        if let Some(rest) = text.strip_prefix('Z') {
            return Some(rest);
        }
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+')?),
        };
        let (mut hours, mut minutes) = (0, 0);
        let rest = digits(rest, 2, |number| hours = number)?;
        let rest = digits(rest.strip_prefix(':').unwrap_or(rest), 2, |number| minutes = number)?;
        if hours > 23 || minutes > 59 {
            return None;
        }
        self.offset_seconds = sign * i64::from(hours * 3600 + minutes * 60);
        Some(rest)
    }

    fn time(&self) -> Option<Timestamp> {
        if let Some(seconds) = self.unix_seconds {
            return Timestamp::from_unix_seconds(seconds);
        }
        let year = self.year?;
        let date = match self.day_of_year {
            Some(day) => {
                let first = Date::new(year, 1, 1).ok()?;
                let last = first.days_in_year();
                if !(1..=last).contains(&day) {
                    return None;
                }
                first.checked_add(jiff::Span::new().try_days(day - 1).ok()?).ok()?
            }
            None => Date::new(year, self.month?, self.day?).ok()?,
        };
        let time = Time::new(self.hour, self.minute, self.second, self.millisecond * 1_000_000).ok()?;
        let zoned = date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
        let nanos = zoned.timestamp().as_nanosecond() - i128::from(self.offset_seconds) * 1_000_000_000;
        Timestamp::from_unix_nanos(nanos)
    }
}

/// Exactly `count` digits.
fn digits(text: &str, count: usize, found: impl FnOnce(u32)) -> Option<&str> {
    let digits = text.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    found(digits.parse().ok()?);
    Some(&text[count..])
}

/// One of the names, in any case.
fn name<'t, const N: usize>(text: &'t str, names: [&str; N]) -> Option<(&'t str, usize)> {
    let starts = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let index = names.iter().position(|name| starts(name))?;
    Some((&text[names[index].len()..], index))
}
