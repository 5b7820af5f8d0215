//! Reads the expiry date of a cookie as tolerantly as user agents must (RFC 6265 §5.1.1).

use crate::base::time::Timestamp;

/// The point in time that a cookie's `Expires` names; none if it names none.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = clock_time(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = leading_digits(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_number(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = leading_digits(token, 2, 4)
        {
            year = Some(found);
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let year = match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    };
    if year < 1601 {
        return None;
    }
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    Timestamp::parse_rfc3339(&text)
}

fn is_delimiter(character: char) -> bool {
    matches!(character, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// `hh:mm:ss`, each of one or two digits; what follows the last digit is ignored.
fn clock_time(token: &str) -> Option<(u32, u32, u32)> {
    let mut parts = token.splitn(3, ':');
    let exact = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| leading_digits(part, 1, 2))?;
    let (hour, minute) = (exact(parts.next()?)?, exact(parts.next()?)?);
    let second = leading_digits(parts.next()?, 1, 2)?;
    (hour < 24 && minute < 60 && second < 60).then_some((hour, minute, second))
}

/// From `least` to `most` digits, then the end or something that is no digit.
fn leading_digits(token: &str, least: usize, most: usize) -> Option<u32> {
    let count = token.bytes().take_while(u8::is_ascii_digit).count();
    if (least..=most).contains(&count) { token[..count].parse().ok() } else { None }
}

fn month_number(token: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = token.get(..3)?.to_ascii_lowercase();
    let position = MONTHS.iter().position(|month| *month == start)?;
    u32::try_from(position + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).map(Timestamp::rfc3339_seconds).as_deref(), expected, "{text}");
    }

    #[test]
    fn dates_of_the_wild_are_read() {
        check("Wed, 09 Jun 2021 10:18:14 GMT", Some("2021-06-09T10:18:14Z"));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some("1994-11-06T08:49:37Z"));
        check("Sun Nov  6 08:49:37 1994", Some("1994-11-06T08:49:37Z"));
        check("1 jan 69 1:2:3", Some("2069-01-01T01:02:03Z"));
        check("Thu, 01 Jan 1970 00:00:00 GMT", Some("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "0",
            "tomorrow",
            "Wed, 31 Feb 2021 10:18:14 GMT",
            "1 Jan 1600 00:00:00",
            "1 Jan 2020 24:00:00",
            "ß:é:x",
        ] {
            check(text, None);
        }
    }
}
