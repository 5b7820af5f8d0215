//! Where the time of the failing step went, and how long runs took in the last hours, as a picture for those who look
//! rather than read. It has a background of its own, so that it looks the same in light and dark.

mod canvas;
mod glyphs;
mod history;
mod phases;

use std::fmt::Write as _;

use self::canvas::{Canvas, Colour};
use super::words::{length, moment};
use crate::base::duration::short_duration;
use crate::model::incident::Aspect;
use crate::model::notice::Notice;
use crate::model::run::{Outcome, Run};

/// More than this would keep telephones waiting.
const PNG_BYTES_MAX: usize = 40_000;
/// Twice the size at which it is shown, for screens with small points.
const WIDTH: u32 = 1128;
const PHASES_HEIGHT: u32 = 210;
const HISTORY_HEIGHT: u32 = 340;
/// Fewer runs say nothing of how it was before.
const RUNS_MIN: usize = 3;

const PAPER: Colour = Colour(0xf8, 0xf9, 0xfb);
const INK: Colour = Colour(0x1b, 0x1f, 0x24);
const SOFT: Colour = Colour(0x5b, 0x64, 0x72);
const GRID: Colour = Colour(0xd5, 0xd9, 0xdf);
const GOOD: Colour = Colour(0x1a, 0x73, 0xe8);
const BAD: Colour = Colour(0xc5, 0x22, 0x1f);

pub(super) struct Picture {
    pub png: Vec<u8>,
    /// Content id, without brackets.
    pub id: String,
    /// The same for those who do not see it.
    pub words: String,
}

/// None if there is nothing to see, or it cannot be drawn.
pub(super) fn draw(notice: &Notice) -> Option<Picture> {
    if notice.incident.key.aspect == Aspect::Own {
        return None;
    }
    let step = notice.run.as_deref().and_then(Run::deciding_step).filter(|step| step.timings.iter().next().is_some());
    let has_history = notice.recent.len() >= RUNS_MIN;
    let height = step.map_or(0, |_| PHASES_HEIGHT) + if has_history { HISTORY_HEIGHT } else { 0 };
    let mut canvas = Canvas::new(WIDTH, height, PAPER)?;
    let mut words = String::new();
    if let Some(step) = step {
        phases::draw(&mut canvas, &step.timings);
        let times = step.timings.iter().map(|(phase, time)| format!("{} {}", phase.word(), short_duration(time)));
        let times: Vec<_> = times.collect();
        let _ =
            write!(words, "Time of the step: {}, in all {}. ", times.join(", "), short_duration(step.timings.total));
    }
    if has_history {
        let top = step.map_or(0, |_| PHASES_HEIGHT);
        history::draw(&mut canvas, top, notice);
        let failed = notice.recent.iter().filter(|sample| sample.outcome == Outcome::Failed).count();
        let slowest = notice.recent.iter().map(|sample| sample.elapsed).max().unwrap_or_default();
        let since = notice.recent.first().map_or(notice.at, |sample| sample.at);
        let _ = write!(
            words,
            "{} runs since {}, {failed} of them failed, the longest took {}; first failed {}, {} before this mail.",
            notice.recent.len(),
            moment(since, notice.at),
            short_duration(slowest),
            moment(notice.incident.suspected_at, notice.at),
            length(super::words::between(notice.incident.suspected_at, notice.at)),
        );
    }
    let png = canvas.png().filter(|png| png.len() <= PNG_BYTES_MAX)?;
    let id = format!("times.{}.{}@forerunner", notice.incident.id.to_lowercase(), notice.incident.seq);
    Some(Picture { png, id, words: words.trim().to_owned() })
}
