//! The picture on the terminal: the act, the journeys with their phases, and what happened. Drawn over the one before.

use std::io::Write;

use crate::app::demo::scene::{Event, EventKind, Row, Scene};
use crate::base::duration::short_duration;
use crate::base::printable::{padded, printable_within};
use crate::cli::paint::{self, Painted};
use crate::model::run::Outcome;

/// Of the bar of phases.
const BAR: usize = 24;
const TITLE: usize = 42;
/// Events below the journeys.
const EVENTS: usize = 8;

/// Draws, and says how many lines to go back before the next picture.
pub(super) fn draw(scene: &Scene, url: &str, back: usize, out: &mut dyn Write) -> std::io::Result<usize> {
    let lines = lines(scene, url);
    if back > 0 {
        write!(out, "\x1b[{back}A")?;
    }
    for line in &lines {
        // What the picture before had there is taken away.
        writeln!(out, "\x1b[2K{line}")?;
    }
    out.flush()?;
    Ok(lines.len())
}

/// Always as many, so that each picture covers the one before.
pub(super) fn lines(scene: &Scene, url: &str) -> Vec<String> {
    let mut lines = vec![
        format!("{}  {url}  (Ctrl-C ends it)", Painted(paint::STRONG, "forerunner demo")),
        String::new(),
        format!(
            "{}  {}",
            Painted(paint::STRONG, &format!("Act {} of {}, {} s left", scene.number, scene.of, scene.left.as_secs())),
            Painted(paint::HINT, scene.act.announced())
        ),
        String::new(),
    ];
    lines.extend(scene.rows.iter().map(row));
    lines.push(format!("  {}", Painted(paint::FAINT, "bars: r resolve  c connect  t tls  s send  w wait  v receive")));
    lines.push(String::new());
    let latest = scene.events.len().saturating_sub(EVENTS);
    lines.extend(scene.events[latest..].iter().map(event));
    lines.resize(scene.rows.len() + 6 + EVENTS, String::new());
    lines
}

fn row(row: &Row) -> String {
    let (style, word) = match row.outcome {
        Some(Outcome::Passed) => (paint::GOOD, "ok"),
        Some(Outcome::Degraded) => (paint::WARN, "degraded"),
        Some(Outcome::Failed) => (paint::BAD, "FAILED"),
        Some(Outcome::Indeterminate) => (paint::UNSURE, "unsure"),
        None => (paint::FAINT, "waits"),
    };
    let elapsed = row.outcome.map(|_| short_duration(row.elapsed)).unwrap_or_default();
    let party = row.party.as_deref().map(|party| printable_within(party, 18)).unwrap_or_default();
    format!(
        "  {} {} {elapsed:>7}  {} {}",
        Painted(style, &padded(word, 8)),
        padded(&printable_within(&row.title, TITLE), TITLE),
        Painted(paint::HINT, &padded(&bar(row), BAR)),
        Painted(style, &party),
    )
}

/// A letter for each share of the time; what took next to nothing still has one.
fn bar(row: &Row) -> String {
    let total: f64 = row.phases.iter().map(|(_, seconds)| seconds).sum();
    let mut bar = String::new();
    for (name, seconds) in &row.phases {
        let letter = match name.as_str() {
            "receive" => 'v',
            other => other.chars().next().unwrap_or('?'),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a short line")]
        let width = (seconds / total.max(1e-9) * (BAR - row.phases.len()) as f64).round() as usize + 1;
        bar.extend(std::iter::repeat_n(letter, width));
    }
    bar.chars().take(BAR).collect()
}

pub(super) fn event(event: &Event) -> String {
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
        printable_within(&event.text, 100)
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::time::Timestamp;

    #[test]
    fn every_picture_has_the_same_lines_and_says_the_same_without_colours() {
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
        let plain = |scene: &Scene| {
            let text = lines(scene, "http://127.0.0.1:9797/demo").join("\n");
            anstream::adapter::strip_str(&text).to_string()
        };
        insta::assert_snapshot!(plain(&scene));
        let few = lines(&scene, "").len();
        scene.events = vec![event(EventKind::Resolved, &"x".repeat(500)); 40];
        assert_eq!(lines(&scene, "").len(), few);
        assert!(plain(&scene).lines().all(|line| line.chars().count() < 140));
    }
}
