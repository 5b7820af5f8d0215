//! Phases as a bar and as numbers. The bar has one texture per phase, so that it reads without colour.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::base::duration::short_duration;
use crate::base::printable::width;
use crate::cli::paint::{FAINT, Painted};
use crate::model::timing::{Phase, Timings};

/// The unaccounted rest is shown from this share of the total on.
const UNACCOUNTED_PER_CENT_MIN: u32 = 5;
const UNACCOUNTED: (&str, Style) = ("·", FAINT);

fn texture(phase: Phase) -> (&'static str, Style) {
    match phase {
        Phase::Resolve => ("░", AnsiColor::Cyan.on_default()),
        Phase::Connect => ("▒", AnsiColor::Yellow.on_default()),
        Phase::Tls => ("▓", AnsiColor::Magenta.on_default()),
        Phase::Send => ("▴", AnsiColor::BrightBlue.on_default()),
        Phase::Wait => ("█", AnsiColor::Green.on_default()),
        Phase::Receive => ("▾", AnsiColor::Blue.on_default()),
    }
}

/// What stands in a bar, in order, the unaccounted rest last.
fn parts(timings: &Timings) -> impl Iterator<Item = ((&'static str, Style), Duration)> {
    timings
        .iter()
        .map(|(phase, duration)| (texture(phase), duration))
        .chain(std::iter::once((UNACCOUNTED, timings.unaccounted())))
}

/// The bar, padded to `columns`, which stand for `slowest`. Each phase ends where its time ends, so
/// short phases may have no cell: the bar does not lie about proportions, the numbers tell the rest.
pub(super) fn bar(timings: &Timings, slowest: Duration, columns: usize) -> String {
    // Rounded to the nearest cell; the bar of nothing is empty.
    let cell = |at: Duration| {
        let scaled = at.as_nanos() * columns as u128 * 2 + slowest.as_nanos();
        scaled
            .checked_div(slowest.as_nanos() * 2)
            .map_or(0, |cell| usize::try_from(cell).unwrap_or(columns).min(columns))
    };
    let mut drawn = String::new();
    let (mut elapsed, mut at) = (Duration::ZERO, 0);
    for ((sign, style), duration) in parts(timings) {
        elapsed += duration;
        let end = cell(elapsed);
        drawn.push_str(&Painted(style, &sign.repeat(end.saturating_sub(at))).to_string());
        at = at.max(end);
    }
    // Something happened, so something is seen.
    if at == 0 && timings.total > Duration::ZERO && columns > 0 {
        let longest = parts(timings).max_by_key(|(_, duration)| *duration);
        if let Some(((sign, style), _)) = longest {
            drawn.push_str(&Painted(style, sign).to_string());
            at = 1;
        }
    }
    drawn + &" ".repeat(columns - at)
}

/// `█ wait 190ms  ▾ receive 2.10ms`, in lines of at most `columns`. A phase that did not happen is not named.
pub(super) fn numbers(timings: &Timings, columns: usize) -> Vec<String> {
    let rest = timings.unaccounted();
    let rest = (timings.total > Duration::ZERO && rest * 100 > timings.total * UNACCOUNTED_PER_CENT_MIN).then_some((
        UNACCOUNTED,
        "unaccounted",
        rest,
    ));
    let named = timings.iter().map(|(phase, duration)| (texture(phase), phase.word(), duration)).chain(rest);
    let mut lines: Vec<(usize, String)> = Vec::new();
    for ((sign, style), word, duration) in named {
        let duration = short_duration(duration);
        let wide = width(sign) + word.len() + width(&duration) + 2;
        let part = format!("{} {} {duration}", Painted(style, sign), Painted(FAINT, word));
        match lines.last_mut() {
            Some((taken, line)) if *taken + 2 + wide <= columns => {
                line.push_str("  ");
                line.push_str(&part);
                *taken += 2 + wide;
            }
            _ => lines.push((wide, part)),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::timings;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn check(phases: &[(Phase, u64)], rest: u64, slowest_micros: u64, expected: &str) {
        let drawn = bar(&timings(phases, rest), Duration::from_micros(slowest_micros), 10);
        assert_eq!(plain(&drawn), expected, "{phases:?}");
    }

    #[test]
    fn a_bar_is_in_proportion() {
        use Phase::{Connect, Receive, Resolve, Send, Tls, Wait};
        check(&[(Resolve, 10), (Connect, 10), (Tls, 20), (Wait, 50), (Receive, 10)], 0, 100, "░▒▓▓█████▾");
        check(&[(Wait, 50)], 0, 100, "█████     ");
        check(&[(Wait, 50)], 50, 100, "█████·····");
        check(&[(Send, 1), (Wait, 2)], 0, 1_000, "█         ");
        check(&[], 0, 0, "          ");
        check(&[(Wait, 500)], 0, 100, "██████████");
    }

    #[test]
    fn numbers_name_what_happened_and_a_rest_that_matters() {
        let lines = |phases: &[(Phase, u64)], rest: u64, columns: usize| {
            numbers(&timings(phases, rest), columns).iter().map(|line| plain(line)).collect::<Vec<_>>()
        };
        assert_eq!(lines(&[(Phase::Send, 40), (Phase::Wait, 1_200)], 20, 80), ["▴ send 40µs  █ wait 1.20ms"]);
        assert_eq!(lines(&[(Phase::Wait, 900)], 100, 80), ["█ wait 900µs  · unaccounted 100µs"]);
        assert_eq!(lines(&[(Phase::Wait, 900)], 100, 20), ["█ wait 900µs", "· unaccounted 100µs"]);
        assert!(lines(&[], 0, 80).is_empty());
    }
}
