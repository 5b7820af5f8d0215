//! A point in wall time. It never measures a duration: that is the monotonic clock's work.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;

/// A point in time, UTC, to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    pub const UNIX_EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// # Errors
    /// Years outside −9999 to 9999.
    pub fn from_unix_nanos(nanos: i128) -> Option<Self> {
        jiff::Timestamp::from_nanosecond(nanos).ok().map(Self)
    }

    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        jiff::Timestamp::from_second(seconds).ok().map(Self)
    }

    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    #[must_use]
    pub fn unix_nanos(self) -> i128 {
        self.0.as_nanosecond()
    }

    /// Without what is smaller than a millisecond: what survives being written and read.
    #[must_use]
    pub fn to_millis(self) -> Self {
        Self(jiff::Timestamp::from_millisecond(self.0.as_millisecond()).unwrap_or(self.0))
    }

    /// Later by `duration`; at the end of time it stays there.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration).unwrap_or(jiff::Timestamp::MAX))
    }

    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration).unwrap_or(jiff::Timestamp::MIN))
    }

    /// Whole seconds, `2026-11-22T08:00:00Z`: the text form in journeys.
    #[must_use]
    pub fn rfc3339_seconds(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Milliseconds, `2026-11-22T08:00:00.000Z`: the form in reports and logs.
    #[must_use]
    pub fn rfc3339_millis(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// Reads an RFC 3339 date-time with any offset.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        // jiff also takes spaces, missing offsets' brackets and so on; RFC 3339 has one shape.
        let bytes = text.as_bytes();
        let shape = bytes.len() >= 20
            && bytes[..19].iter().enumerate().all(|(at, b)| match at {
                4 | 7 => *b == b'-',
                10 => matches!(b, b'T' | b't'),
                13 | 16 => *b == b':',
                _ => b.is_ascii_digit(),
            });
        if !shape || text.contains('[') {
            return None;
        }
        text.parse().ok().map(Self)
    }

    /// The calendar in UTC, for formatting.
    #[must_use]
    pub fn zoned(self) -> jiff::Zoned {
        self.0.to_zoned(TimeZone::UTC)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339_millis())
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339_millis())
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no RFC 3339 date-time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_and_nothing_else() {
        for (text, seconds) in [
            ("2026-11-22T08:00:00Z", 1_795_334_400),
            ("2026-11-22T09:00:00+01:00", 1_795_334_400),
            ("1970-01-01T00:00:01.5Z", 1),
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text).map(Timestamp::unix_seconds), Some(seconds), "{text}");
        }
        for text in [
            "2026-11-22",
            "2026-11-22 08:00:00Z",
            "2026-11-22T08:00:00",
            "2026-13-22T08:00:00Z",
            "2026-11-22T08:00:00Z[UTC]",
            "",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
        let moment = Timestamp::from_unix_nanos(1_795_334_400_123_000_000).expect("in range");
        assert_eq!(moment.rfc3339_millis(), "2026-11-22T08:00:00.123Z");
        assert_eq!(moment.rfc3339_seconds(), "2026-11-22T08:00:00Z");
    }
}
