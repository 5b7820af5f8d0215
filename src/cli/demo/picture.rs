//! The picture on the terminal: the act, the journeys with their phases, and what happened. Drawn over the one before.

use std::fmt::Write as _;

use crate::app::demo::scene::{Event, EventKind, Row, Scene};
use crate::base::duration::short_duration;
use crate::base::printable::{padded, printable_within, wrapped};
use crate::cli::paint::{self, Painted, Room};
use crate::model::run::Outcome;

/// Where a terminal does not say what it shows at once.
const USUAL: Room = Room { columns: 106, lines: 30 };
/// Of the bar of phases, and of the party, where there is room.
const BAR: usize = 24;
const PARTY: usize = 18;
const TITLE: usize = 42;
/// State, time and the blanks of a line.
const REST: usize = 23;
/// Above the journeys, and between them and what happened.
const HEAD: usize = 6;
const LEGEND: usize = 2;
/// Events below the journeys.
const EVENTS: usize = 10;

/// What stands on the terminal, so that the next picture covers it.
pub(super) struct Canvas {
    /// Without colours, the picture still is one.
    has_colors: bool,
    room: Option<Room>,
    drawn: usize,
}

impl Canvas {
    pub(super) fn new(has_colors: bool) -> Self {
        Self { has_colors, room: None, drawn: 0 }
    }

    /// What the terminal has to be sent, all at once: a picture that is broken off half-way leaves its state behind.
    pub(super) fn picture(&mut self, scene: &Scene, url: &str, room: Option<Room>) -> String {
        let mut text = String::new();
        if self.drawn > 0 && self.room == room {
            let _ = write!(text, "\x1b[{}A", self.drawn);
        } else if self.drawn > 0 {
            // Lines have been wrapped anew: there is no telling where the one before begins.
            text.push_str("\x1b[2J\x1b[H");
        }
        // What does not fit is cut off and not wrapped, which would take two lines.
        text.push_str("\x1b[?7l");
        let lines = lines(scene, url, room.unwrap_or(USUAL));
        for line in &lines {
            let line = if self.has_colors { line.clone() } else { anstream::adapter::strip_str(line).to_string() };
            let _ = writeln!(text, "\x1b[2K{line}");
        }
        text.push_str("\x1b[?7h");
        (self.room, self.drawn) = (room, lines.len());
        text
    }
}

/// Always as many for the same room, so that each picture covers the one before.
fn lines(scene: &Scene, url: &str, room: Room) -> Vec<String> {
    let mut lines = vec![
        format!("{}  {url}  (Ctrl-C ends it)", Painted(paint::STRONG, "forerunner demo")),
        String::new(),
        Painted(paint::STRONG, &format!("Act {} of {}, {} s left", scene.number, scene.of, scene.left.as_secs()))
            .to_string(),
    ];
    lines
        .extend(wrapped(scene.act.announced(), room.columns).iter().map(|line| Painted(paint::HINT, line).to_string()));
    lines.resize(HEAD, String::new());
    let layout = Layout::of(room.columns);
    lines.extend(scene.rows.iter().map(|row| layout.row(row)));
    let legend = if layout.bar > 0 { "bars: r resolve  c connect  t tls  s send  w wait  v receive" } else { "" };
    lines.push(format!("  {}", Painted(paint::FAINT, legend)));
    lines.push(String::new());
    // The line below the picture is the cursor's.
    let events = EVENTS.min(room.lines.saturating_sub(HEAD + scene.rows.len() + LEGEND + 1));
    let latest = scene.events.len().saturating_sub(events);
    lines.extend(scene.events[latest..].iter().map(|told| event(told, room.columns)));
    lines.resize(HEAD + scene.rows.len() + LEGEND + events, String::new());
    lines.truncate(room.lines.saturating_sub(1));
    lines
}

/// How wide things are.
struct Layout {
    title: usize,
    bar: usize,
    party: usize,
}

impl Layout {
    /// The party matters more than the bar, and the bar more than a long title.
    fn of(columns: usize) -> Self {
        let left = columns.saturating_sub(REST);
        let party = PARTY.min(left / 3);
        let bar = if left < 50 { 0 } else { BAR.min(left / 4) };
        Self { title: TITLE.min(left.saturating_sub(party + bar)).max(8), bar, party }
    }

    fn row(&self, row: &Row) -> String {
        let (style, word) = match row.outcome {
            Some(Outcome::Passed) => (paint::GOOD, "ok"),
            Some(Outcome::Degraded) => (paint::WARN, "degraded"),
            Some(Outcome::Failed) => (paint::BAD, "FAILED"),
            Some(Outcome::Indeterminate) => (paint::UNSURE, "unsure"),
            None => (paint::FAINT, "waits"),
        };
        let elapsed = row.outcome.map(|_| short_duration(row.elapsed)).unwrap_or_default();
        let party = row.party.as_deref().map(|party| printable_within(party, self.party)).unwrap_or_default();
        let bar = if row.outcome.is_some() { bar(row, self.bar) } else { String::new() };
        format!(
            "  {} {} {elapsed:>7}  {} {}",
            Painted(style, &padded(word, 8)),
            padded(&printable_within(&row.title, self.title), self.title),
            Painted(paint::HINT, &padded(&bar, self.bar)),
            Painted(style, &party),
        )
    }
}

/// A letter for each share of the time; what took next to nothing still has one.
fn bar(row: &Row, columns: usize) -> String {
    let total: f64 = row.phases.iter().map(|(_, seconds)| seconds).sum();
    let mut bar = String::new();
    for (name, seconds) in &row.phases {
        let letter = match name.as_str() {
            "receive" => 'v',
            other => other.chars().next().unwrap_or('?'),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a short line")]
        let width = (seconds / total.max(1e-9) * columns.saturating_sub(row.phases.len()) as f64).round() as usize + 1;
        bar.extend(std::iter::repeat_n(letter, width));
    }
    bar.chars().take(columns).collect()
}

/// Time and word of an event, and the blanks beside them.
const SPENT: usize = 27;

pub(super) fn event(event: &Event, columns: usize) -> String {
    let style = match event.kind {
        EventKind::Opened => paint::BAD,
        EventKind::Resolved => paint::GOOD,
        EventKind::Mailed => paint::HINT,
    };
    let time = event.at.rfc3339_seconds();
    format!(
        "  {} {} {}",
        time.get(11..19).unwrap_or_default(),
        Painted(style, &padded(event.kind.word(), 15)),
        printable_within(&event.text, columns.saturating_sub(SPENT))
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::time::Timestamp;

    #[test]
    fn every_picture_fits_and_covers_the_one_before() {
        let at = Timestamp::from_unix_seconds(1_795_334_400).expect("in range");
        let row = |outcome, party: Option<&str>| Row {
            title: "A business owner books a mentor".to_owned(),
            outcome,
            elapsed: Duration::from_millis(412),
            phases: [("connect", 0.01), ("tls", 0.04), ("wait", 0.3), ("receive", 0.002)]
                .map(|(name, seconds)| (name.to_owned(), seconds))
                .to_vec(),
            party: party.map(str::to_owned),
            said: None,
        };
        let event = |kind, text: &str| Event { at, kind, text: text.to_owned() };
        let mut scene = Scene {
            number: 6,
            of: 7,
            left: Duration::from_secs(9),
            rows: vec![
                row(Some(Outcome::Passed), None),
                row(Some(Outcome::Failed), Some("mentors-partner")),
                row(None, None),
            ],
            events: vec![
                event(EventKind::Opened, "Book a mentor: fails"),
                event(EventKind::Mailed, "to oncall@example.org: FIRING"),
            ],
            ..Scene::default()
        };
        let plain = |scene: &Scene, columns, lines| {
            let picture =
                Canvas::new(false).picture(scene, "http://127.0.0.1:9797/demo", Some(Room { columns, lines }));
            let controls = ["\x1b[?7l", "\x1b[?7h", "\x1b[2K"];
            controls.iter().fold(picture, |text, control| text.replace(control, ""))
        };
        insta::assert_snapshot!(format!("{}{}", plain(&scene, 120, 40), plain(&scene, 80, 24)));
        scene.events = vec![event(EventKind::Resolved, &"x".repeat(500)); 40];
        let mut canvas = Canvas::new(true);
        for columns in [20, 40, 72, 80, 100, 106, 200] {
            for height in [1, 5, 12, 24, 50] {
                let text = plain(&scene, columns, height);
                assert!(text.lines().count() < height.max(2), "{columns} × {height}: {text}");
                let fits = |line: &str| line.trim_end().chars().count() <= columns;
                assert!(columns < 60 || text.lines().all(fits), "{columns}: {text}");
                canvas.picture(&scene, "", Some(Room { columns, lines: height }));
            }
        }
        let room = Some(Room { columns: 80, lines: 24 });
        assert!(canvas.picture(&scene, "", room).starts_with("\x1b[2J\x1b[H"), "a terminal of another size");
        assert!(canvas.picture(&scene, "", room).starts_with("\x1b[21A"), "the same again covers it");
    }
}
