//! The phases of an exchange as a bar: how long, and where the time went.

use std::fmt::Write as _;
use std::time::Duration;

use crate::base::duration::short_duration;
use crate::model::timing::{Phase, Timings};

/// The bar is drawn in thousandths of the longest step.
const WIDTH: f64 = 1000.0;

/// A bar whose length is the total as a part of `longest`, and the durations in words.
pub(super) fn bar(out: &mut String, timings: &Timings, longest: Duration) {
    if timings.total.is_zero() && timings.iter().next().is_none() {
        return;
    }
    let scale = WIDTH / longest.max(timings.total).as_secs_f64().max(f64::MIN_POSITIVE);
    let parts = timings.iter().map(|(phase, duration)| (phase.word(), duration));
    let parts: Vec<(&str, Duration)> = parts.chain([("unaccounted", timings.unaccounted())]).collect();
    let words: Vec<String> = parts
        .iter()
        .filter(|(word, duration)| *word != "unaccounted" || !duration.is_zero())
        .map(|(word, duration)| format!("{word} {}", short_duration(*duration)))
        .collect();
    let words = words.join(" · ");
    let _ = write!(
        out,
        "<div class=\"bar\"><svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{words}\">\
         <rect class=\"track\" width=\"1000\" height=\"10\"/>"
    );
    let mut start = 0.0;
    for (word, duration) in &parts {
        let width = duration.as_secs_f64() * scale;
        let _ = write!(
            out,
            "<rect class=\"{word}\" x=\"{start:.2}\" width=\"{width:.2}\" height=\"10\"><title>{word} {}</title></rect>",
            short_duration(*duration)
        );
        start += width;
    }
    let _ = write!(out, "</svg><div class=\"times\">{words}</div></div>");
}

/// What the colours mean.
pub(super) fn legend(shown: bool) -> String {
    if !shown {
        return String::new();
    }
    let mut legend = "<p class=\"legend\">".to_owned();
    for word in Phase::ALL.map(Phase::word).into_iter().chain(["unaccounted"]) {
        let _ = write!(
            legend,
            "<span><svg viewBox=\"0 0 10 10\"><rect class=\"{word}\" width=\"10\" height=\"10\"/></svg>{word}</span> "
        );
    }
    legend.push_str("</p>\n");
    legend
}
