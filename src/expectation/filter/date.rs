//! The filters of times and durations.

use serde_json::Value as Json;

use super::calendar::{self, Format};
use super::lexer::Argument;
use super::row::{Build, FilterDoc, of_value, quoted, scoped, some_number, some_text, text};
use crate::base::secret::Labelled;
use crate::base::syntax::SyntaxError;
use crate::base::time::Timestamp;
use crate::expectation::kinds::Kinds;
use crate::model::value::{Kind, Value};

const NANOS_PER_DAY: i128 = 86_400_000_000_000;

pub(super) const DATE: FilterDoc = FilterDoc {
    name: "date",
    arguments: "FORMAT",
    signature: "Ti, T → T",
    about: "Writes a time, or an RFC 3339 text, in UTC with `%Y %m %d %H %M %S %L` (milliseconds) `%j %F %T %a %A %b %B %s` (Unix seconds) `%z %%`; names are English.",
    example: (r#""2026-11-22T09:30:00+01:00""#, "date '%a %d %b %Y, %H:%M'", r#""Sun 22 Nov 2026, 08:30""#),
    takes: &[Kind::Time, Kind::Text],
    yields: some_text,
    build: |arguments| {
        let format = format(arguments)?;
        Ok(of_value(move |value| {
            let time = time(&value)?;
            Ok(Value::text(format.write(time)))
        }))
    },
};

pub(super) const TO_DATE: FilterDoc = FilterDoc {
    name: "to-date",
    arguments: "[FORMAT]",
    signature: "T, N → Ti",
    about: "Reads a time: without FORMAT from RFC 3339, an RFC 3339 date (midnight UTC) or an HTTP date, with it in the directives of `date`; a number is Unix seconds.",
    example: (r#""Sun, 22 Nov 2026 08:00:00 GMT""#, "to-date", r#""2026-11-22T08:00:00Z""#),
    takes: &[Kind::Text, Kind::Number],
    yields: |_| Kinds::of([Kind::Time]),
    build: to_date,
};

pub(super) const DAYS_FROM_NOW: FilterDoc = FilterDoc {
    name: "days-from-now",
    arguments: "",
    signature: "Ti, date T → I",
    about: "Counts the whole days from now to a time or an RFC 3339 date, rounded down; it is negative in the past.",
    example: (r#""2026-12-02T07:00:00Z""#, "days-from-now", "9"),
    takes: &[Kind::Time, Kind::Text],
    yields: some_number,
    build: |_| {
        Ok(scoped(|value, scope| {
            let time = time(&value)?;
            let days = (time.unix_nanos() - scope.now().unix_nanos()).div_euclid(NANOS_PER_DAY);
            let days = i64::try_from(days).map_err(|_| "the result is out of range".to_owned())?;
            Ok(Some(Labelled::open(Value::number(days))))
        }))
    },
};

fn format(arguments: &[Argument]) -> Result<Format, SyntaxError> {
    let Some(argument) = arguments.first() else { return Ok(Format::default()) };
    Format::parse(&argument.text).map_err(|error| {
        let placed = argument.error_at(error.offset, error.length, error.message);
        match error.help {
            Some(help) => placed.help(help),
            None => placed,
        }
    })
}

fn to_date(arguments: &[Argument]) -> Build {
    let format = if arguments.is_empty() { None } else { Some(format(arguments)?) };
    if let (Some(argument), Some(format)) = (arguments.first(), &format)
        && !format.names_a_day()
    {
        return Err(argument
            .error("this format names no day, so nothing can be read with it")
            .help("use `%F`, `%Y %m %d`, `%Y %j` or `%s`"));
    }
    Ok(of_value(move |value| {
        if let Value::Json(Json::Number(number)) = &value {
            return unix(number).map(Value::Time).ok_or_else(|| format!("{number} Unix seconds are out of range"));
        }
        let text = text(&value)?;
        let read = match &format {
            Some(format) => format.read(text),
            None => any_form(text),
        };
        read.map(Value::Time).ok_or_else(|| match &format {
            Some(_) => format!("the text {} does not fit the format", quoted(text)),
            None => format!("the text {} is not an RFC 3339 time or date and not an HTTP date", quoted(text)),
        })
    }))
}

fn any_form(text: &str) -> Option<Timestamp> {
    date_form(text).or_else(|| calendar::http_date(text))
}

/// An RFC 3339 date-time, or a date, which is its midnight in UTC.
fn date_form(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text).or_else(|| calendar::plain_date(text))
}

fn time(value: &Value) -> Result<Timestamp, String> {
    match value {
        Value::Time(time) => Ok(*time),
        other => {
            let text = text(other)?;
            date_form(text).ok_or_else(|| format!("the text {} is not an RFC 3339 time or date", quoted(text)))
        }
    }
}

fn unix(number: &serde_json::Number) -> Option<Timestamp> {
    if let Some(seconds) = number.as_i64() {
        return Timestamp::from_unix_seconds(seconds);
    }
    let nanos = number.as_f64()? * 1e9;
    if nanos.abs() > 1e22 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "far below 2^127, and below a nanosecond nothing is kept")]
    Timestamp::from_unix_nanos(nanos as i128)
}
