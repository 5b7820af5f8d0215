//! The bar of phases: how much of the step each of them took.

use std::time::Duration;

use super::canvas::{Canvas, Colour};
use super::glyphs::{self, HEIGHT};
use super::{INK, SOFT, WIDTH};
use crate::base::duration::short_duration;
use crate::model::timing::{Phase, Timings};

const LEFT: u32 = 28;
const BAR_TOP: u32 = 64;
const BAR_HEIGHT: u32 = 44;
const LEGEND_TOP: u32 = 120;
const MARK: u32 = 24;
/// What took next to nothing is still to be seen.
const WIDTH_MIN: f32 = 4.0;

fn colour(phase: Phase) -> Colour {
    match phase {
        Phase::Resolve => Colour(0x8e, 0x63, 0xce),
        Phase::Connect => Colour(0x12, 0x9e, 0xaf),
        Phase::Tls => Colour(0xe3, 0x74, 0x00),
        Phase::Send => Colour(0x5f, 0x63, 0x68),
        Phase::Wait => Colour(0x1a, 0x73, 0xe8),
        Phase::Receive => Colour(0x1e, 0x8e, 0x3e),
    }
}

/// Between the stripes of a phase; none: it is plain. Neighbours differ.
fn gap(phase: Phase) -> Option<f32> {
    match phase {
        Phase::Resolve | Phase::Tls | Phase::Wait => None,
        Phase::Connect => Some(12.0),
        Phase::Send => Some(20.0),
        Phase::Receive => Some(16.0),
    }
}

const REST: Colour = Colour(0xd5, 0xd9, 0xdf);
const STRIPE: Colour = Colour(0xf8, 0xf9, 0xfb);

pub(super) fn draw(canvas: &mut Canvas, timings: &Timings) {
    canvas.text(LEFT, 12, &format!("Where the time of the step went: {}", ascii(timings.total)), INK);
    let mut parts: Vec<_> =
        timings.iter().map(|(phase, time)| (phase.word(), colour(phase), gap(phase), time)).collect();
    parts.push(("rest", REST, None, timings.unaccounted()));
    bar(canvas, &parts, timings.total);
    let (mut x, mut y) = (LEFT, LEGEND_TOP);
    for (name, colour, gap, time) in parts {
        // What is not there needs no explanation.
        if name == "rest" && time < timings.total / 100 {
            continue;
        }
        let text = format!("{name} {}", ascii(time));
        if x + MARK + 10 + glyphs::width(&text) > WIDTH - LEFT {
            (x, y) = (LEFT, y + HEIGHT);
        }
        part(canvas, x as f32, (y + 8) as f32, MARK as f32, MARK as f32, colour, gap);
        x = canvas.text(x + MARK + 10, y, &text, SOFT) + 28;
    }
}

fn bar(canvas: &mut Canvas, parts: &[(&str, Colour, Option<f32>, Duration)], total: Duration) {
    let room = (WIDTH - 2 * LEFT) as f32;
    let shown: f32 = parts.iter().map(|part| share(part.3, total, room)).sum();
    let mut x = LEFT as f32;
    for (_, colour, gap, time) in parts {
        let width = share(*time, total, room) / shown.max(1.0) * room;
        part(canvas, x, BAR_TOP as f32, width, BAR_HEIGHT as f32, *colour, *gap);
        x += width;
    }
}

/// Points that a part takes before all are fitted to the room.
fn share(time: Duration, total: Duration, room: f32) -> f32 {
    if time.is_zero() {
        return 0.0;
    }
    (time.as_secs_f32() / total.as_secs_f32().max(1e-9) * room).max(WIDTH_MIN)
}

fn part(canvas: &mut Canvas, x: f32, y: f32, width: f32, height: f32, colour: Colour, gap: Option<f32>) {
    canvas.rectangle(x, y, width, height, colour);
    if let Some(gap) = gap {
        canvas.stripes(x, y, width, height, gap, STRIPE);
    }
}

/// There is no letter for millionths.
fn ascii(time: Duration) -> String {
    short_duration(time).replace('µ', "u")
}
