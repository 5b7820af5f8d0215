//! How long runs took in the last hours, which of them failed, and when it began.

use std::time::Duration;

use super::canvas::Canvas;
use super::glyphs;
use super::{BAD, GOOD, GRID, INK, SOFT, WIDTH};
use crate::base::duration::short_duration;
use crate::base::time::Timestamp;
use crate::model::incident::Aspect;
use crate::model::notice::{Notice, Sample};
use crate::model::run::Outcome;
use crate::notify::render::words::between;

const LEFT: u32 = 28;
const TOP: u32 = 70;
const HEIGHT: u32 = 200;
/// A picture that spans less tells seconds.
const SECONDS_BELOW: Duration = Duration::from_mins(10);
/// Between the legend and what is told of the failure.
const GAP: u32 = 32;
/// Dots keep away from the edges.
const INSET: f32 = 12.0;

pub(super) fn draw(canvas: &mut Canvas, top: u32, notice: &Notice) {
    let samples = &notice.recent;
    let Some(first) = samples.first() else { return };
    let slowest = samples.iter().map(|sample| sample.elapsed).max().unwrap_or_default().max(Duration::from_nanos(1));
    let span = between(first.at, notice.at).max(Duration::from_secs(1));
    let place = Place { top: (top + TOP) as f32, since: first.at, span, slowest };
    let x = canvas.text(LEFT, top + 14, "Runs: ", INK);
    let x = canvas.text(x, top + 14, "o", GOOD);
    let x = canvas.text(x, top + 14, " passed  ", SOFT);
    let x = canvas.text(x, top + 14, "x", BAD);
    let x = canvas.text(x, top + 14, " failed", SOFT);
    let longest = format!("  longest {}", short_duration(slowest).replace('µ', "u"));
    let legend_end = canvas.text(x, top + 14, &longest, SOFT);
    let right = (WIDTH - LEFT) as f32;
    for share in [0.0, 0.5, 1.0] {
        let y = place.top + HEIGHT as f32 * share;
        canvas.line((LEFT as f32, y), (right, y), 1.0, GRID, false);
    }
    let clock = |at| clock(at, span);
    // A certificate that runs out has failed nothing.
    if notice.incident.key.aspect == Aspect::Run {
        let text = format!("failed {}", clock(notice.incident.suspected_at));
        began(canvas, &place, notice.incident.suspected_at, (legend_end, top + 14), &text);
    }
    for sample in samples {
        let (x, y) = place.of(sample);
        match sample.outcome {
            Outcome::Failed => canvas.cross(x, y, 7.0, BAD),
            Outcome::Passed | Outcome::Degraded => canvas.dot(x, y, 4.0, GOOD),
            Outcome::Indeterminate => canvas.dot(x, y, 3.0, GRID),
        }
    }
    let below = top + TOP + HEIGHT + 8;
    canvas.text(LEFT, below, &clock(first.at), SOFT);
    let now = format!("{} UTC", clock(notice.at));
    canvas.text(WIDTH - LEFT - glyphs::width(&now), below, &now, SOFT);
}

/// The moment of the first failure. It is told above the runs, behind the legend, where it covers none of them.
fn began(canvas: &mut Canvas, place: &Place, at: Timestamp, (legend_end, line): (u32, u32), text: &str) {
    if at <= place.since {
        return;
    }
    let x = place.x(at);
    canvas.line((x, place.top - 4.0), (x, place.top + HEIGHT as f32 + 4.0), 3.0, BAD, true);
    let wide = glyphs::width(text);
    let first = (legend_end + GAP).min((WIDTH - LEFT).saturating_sub(wide));
    canvas.text((whole(x) + wide / 2).clamp(first + wide, WIDTH - LEFT) - wide, line, text, BAD);
}

/// A point inside of the picture.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is neither negative nor large")]
fn whole(place: f32) -> u32 {
    place as u32
}

/// From times to points.
struct Place {
    top: f32,
    since: Timestamp,
    span: Duration,
    slowest: Duration,
}

impl Place {
    fn x(&self, at: Timestamp) -> f32 {
        let share = between(self.since, at).as_secs_f32() / self.span.as_secs_f32();
        let room = (WIDTH - 2 * LEFT) as f32 - 2.0 * INSET;
        LEFT as f32 + INSET + room * share.clamp(0.0, 1.0)
    }

    fn of(&self, sample: &Sample) -> (f32, f32) {
        let share = sample.elapsed.as_secs_f32() / self.slowest.as_secs_f32();
        let room = HEIGHT as f32 - 2.0 * INSET;
        // On whole points, dots look alike and cost less.
        (self.x(sample.at).round(), (self.top + INSET + room * (1.0 - share.clamp(0.0, 1.0))).round())
    }
}

/// `10:02`, or `10:02:41` where the picture spans few minutes.
fn clock(at: Timestamp, span: Duration) -> String {
    let end = if span < SECONDS_BELOW { 19 } else { 16 };
    at.rfc3339_seconds().get(11..end).unwrap_or_default().to_owned()
}
