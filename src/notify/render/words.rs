//! How times, lengths of time and states are said to people who were asleep a minute ago.

use std::time::Duration;

use crate::base::time::Timestamp;
use crate::model::incident::{Incident, NoticeKind};

/// `9 min 40 s`, `4 h 5 min`, `3 days 2 h`: the two largest units that matter.
pub(super) fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let pair = |large: u64, unit: &str, small: u64, other: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {other}") }
    };
    match (days, hours, minutes) {
        (1.., ..) => pair(days, if days == 1 { "day" } else { "days" }, hours, "h"),
        (0, 1.., _) => pair(hours, "h", minutes, "min"),
        (0, 0, 1..) => pair(minutes, "min", seconds % 60, "s"),
        _ => format!("{seconds} s"),
    }
}

/// From one moment to a later one; nothing if the clock was set back between.
pub(super) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    let nanos = later.unix_nanos().saturating_sub(earlier.unix_nanos()).max(0);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// `10:02:11 UTC`, with the date if that is another day than the one of the message.
pub(super) fn moment(at: Timestamp, seen_from: Timestamp) -> String {
    let (text, today) = (at.rfc3339_seconds(), seen_from.rfc3339_seconds());
    let (date, time) = text.split_at_checked(10).unwrap_or((&text, ""));
    let time = time.trim_start_matches('T').trim_end_matches('Z');
    if today.starts_with(date) { format!("{time} UTC") } else { format!("{date} {time} UTC") }
}

/// The first line of a message: what is the matter, and since when.
pub(super) fn state(kind: NoticeKind, incident: &Incident, at: Timestamp) -> String {
    let since = incident.suspected_at;
    let lasted = length(between(since, at));
    let ended = length(between(since, incident.recovering_since.or(incident.ended_at).unwrap_or(at)));
    let since = moment(since, at);
    match kind {
        NoticeKind::Firing => format!("FIRING since {since} ({lasted})"),
        NoticeKind::Worsened => format!("WORSE, firing since {since} ({lasted})"),
        NoticeKind::Reminder => format!("STILL FIRING since {since} ({lasted})"),
        NoticeKind::Resolved => format!("RESOLVED after {ended}"),
        NoticeKind::Ended => format!("HAPPENED AND ENDED: began {since}, lasted {ended}"),
        NoticeKind::Withdrawn => format!("WITHDRAWN after {lasted}: it is not watched any more"),
        NoticeKind::Digest | NoticeKind::Test => kind.word().to_uppercase(),
    }
}

/// A number of people, as exact as it can be meant.
pub(super) fn people(number: f64) -> String {
    if number < 1.0 {
        return "fewer than one".to_owned();
    }
    // Two digits: the demand is an estimate.
    let scale = 10_f64.powf((number.log10().floor() - 1.0).max(0.0));
    format!("about {:.0}", (number / scale).round() * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_in_two_units() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (580, "9 min 40 s"),
            (3_600, "1 h"),
            (14_700, "4 h 5 min"),
            (86_400, "1 day"),
            (270_000, "3 days 3 h"),
        ] {
            assert_eq!(length(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn people_are_counted_in_two_digits() {
        for (number, expected) in [(0.4, "fewer than one"), (1.2, "about 1"), (47.0, "about 47"), (338.0, "about 340")]
        {
            assert_eq!(people(number), expected);
        }
    }

    #[test]
    fn a_moment_of_another_day_has_its_date() {
        let at = |seconds: i64| Timestamp::from_unix_seconds(1_795_334_400 + seconds).expect("in range");
        assert_eq!(moment(at(131), at(900)), "08:02:11 UTC");
        assert_eq!(moment(at(131), at(90_000)), "2026-11-22 08:02:11 UTC");
    }
}
