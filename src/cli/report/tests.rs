//! What each form says about the same runs, and that nothing a target sends breaks out of it.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::base::printable::{is_hostile, width};
use crate::cli::paint::WIDTH;
use crate::model::sample;

const ELAPSED: Duration = Duration::from_millis(3_210);

fn all() -> Vec<Run> {
    vec![
        sample::passed(),
        sample::degraded(),
        sample::failed(),
        sample::indeterminate(),
        sample::unusable(),
        sample::refused(),
        sample::looped(),
    ]
}

fn plain(bytes: &[u8]) -> String {
    String::from_utf8(anstream::adapter::strip_bytes(bytes).into_vec()).expect("text")
}

fn rendered(format: RunFormat, runs: &[Run], shown: Shown) -> String {
    let mut out = Vec::new();
    write(format, runs, ELAPSED, shown, &mut out).expect("written");
    plain(&out)
}

#[test]
fn people_see_a_tree_of_steps() {
    let shown = rendered(RunFormat::Human, &all(), Shown::default());
    for line in shown.lines() {
        assert!(width(line) <= WIDTH && line == line.trim_end(), "{line}");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_trace_shows_every_exchange() {
    let shown = Shown { trace: true, ..Shown::default() };
    insta::assert_snapshot!(rendered(
        RunFormat::Human,
        &[sample::passed(), sample::looped(), sample::refused()],
        shown
    ));
}

#[test]
fn repeated_runs_are_summed_up() {
    let runs: Vec<Run> = (0..4)
        .map(|index| {
            let mut run = if index == 2 { sample::failed() } else { sample::passed() };
            run.name = "home".to_owned();
            run.steps.iter_mut().for_each(|step| step.elapsed += Duration::from_millis(10 * index));
            run
        })
        .collect();
    insta::assert_snapshot!(rendered(RunFormat::Human, &runs, Shown { repeated: true, ..Shown::default() }));
}

#[test]
fn junit_is_read_by_build_servers() {
    insta::assert_snapshot!(rendered(RunFormat::Junit, &all(), Shown::default()));
}

#[test]
fn tap_is_read_by_prove() {
    insta::assert_snapshot!(rendered(RunFormat::Tap, &all(), Shown::default()));
}

#[test]
fn json_is_the_run_with_a_version() {
    insta::assert_snapshot!(rendered(RunFormat::Json, &[sample::degraded()], Shown::default()));
}

#[test]
fn a_har_report_holds_the_exchanges() {
    let mut out = Vec::new();
    write_report(ReportFormat::Har, &[sample::looped()], ELAPSED, &mut out).expect("written");
    insta::assert_snapshot!(plain(&out));
}

#[test]
fn a_run_that_no_step_explains_still_counts() {
    let mut run = sample::passed();
    run.outcome = crate::model::run::Outcome::Failed;
    run.cause = Some(crate::model::failure::Cause::Timeout);
    let runs = [run];
    assert!(rendered(RunFormat::Junit, &runs, Shown::default()).contains("failures=\"1\""));
    assert!(rendered(RunFormat::Tap, &runs, Shown::default()).contains("\nnot ok 3 - home: whole run\n"));
}

struct Gone;

impl io::Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    for format in [RunFormat::Human, RunFormat::Json, RunFormat::Junit, RunFormat::Tap] {
        let written = write(format, &all(), ELAPSED, Shown::default(), &mut Gone);
        assert!(written.is_err());
        crate::cli::paint::quietly(written).expect("quiet");
    }
}

/// Whether the text is well-formed XML, as far as our writer uses it: elements, attributes, the five entities.
fn is_well_formed(xml: &str) -> bool {
    let Some(mut rest) = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") else { return false };
    let mut open: Vec<&str> = Vec::new();
    let text_is_fine = |text: &str| {
        !text.contains(['<', '>'])
            && !text.chars().any(|c| c != '\n' && is_hostile(c))
            && text
                .split('&')
                .skip(1)
                .all(|part| ["amp;", "lt;", "gt;", "quot;", "apos;"].iter().any(|e| part.starts_with(e)))
    };
    while let Some((text, tail)) = rest.split_once('<') {
        let Some((tag, tail)) = tail.split_once('>') else { return false };
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        if !text_is_fine(text) {
            return false;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            let parts: Vec<&str> = attributes.split('"').collect();
            let names_fit = parts.iter().step_by(2).filter(|name| !name.is_empty()).all(|name| {
                let name = name.trim_start().strip_suffix('=').unwrap_or("!");
                name.bytes().all(|b| b.is_ascii_lowercase())
            });
            if !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                || parts.len().is_multiple_of(2)
                || !names_fit
                || !parts.iter().all(|part| text_is_fine(part) && !part.contains('\n'))
            {
                return false;
            }
            if !is_empty {
                open.push(name);
            }
        }
        rest = tail;
    }
    open.is_empty() && rest.trim().is_empty()
}

/// Reads TAP as a harness would: points in order, each block closed, nothing else on the left edge.
fn tap_points(tap: &str) -> Option<usize> {
    let mut lines = tap.lines();
    (lines.next()? == "TAP version 13").then_some(())?;
    let plan: usize = lines.next()?.strip_prefix("1..")?.parse().ok()?;
    let mut points = 0;
    let mut in_block = false;
    for line in lines {
        if in_block {
            in_block = line != "  ...";
            line.starts_with("  ").then_some(())?;
        } else if line == "  ---" {
            in_block = true;
        } else {
            points += 1;
            let number = line.strip_prefix("not ").unwrap_or(line).strip_prefix("ok ")?.split(' ').next()?;
            (number.parse() == Ok(points)).then_some(())?;
        }
    }
    (!in_block && points == plan).then_some(points)
}

fn check_hostile(text: &str) {
    let runs = [sample::hostile(text)];
    for shown in [Shown::default(), Shown { trace: true, repeated: true, by_flags: true }] {
        let tree = rendered(RunFormat::Human, &runs, shown);
        assert!(!tree.chars().any(|c| c != '\n' && is_hostile(c)), "{tree:?}");
        assert!(shown.trace || tree.lines().all(|line| width(line) <= 4 * WIDTH + 20), "{tree}");
    }
    let junit = rendered(RunFormat::Junit, &runs, Shown::default());
    assert!(is_well_formed(&junit), "{junit}");
    let tap = rendered(RunFormat::Tap, &runs, Shown::default());
    assert_eq!(tap_points(&tap), Some(3), "{tap}");
    let json: Json = serde_json::from_str(&rendered(RunFormat::Json, &runs, Shown::default())).expect("JSON");
    assert_eq!(json["runs"][0]["title"], text);
}

#[test]
fn known_attacks_stay_text() {
    check_hostile(sample::HOSTILE);
    check_hostile("\n  ...\nnot ok 9\n1..0\nBail out!");
    check_hostile("]]>&#0;<!--\"' />");
    check_hostile(&"\u{1b}[31m世".repeat(50_000));
}

#[test]
fn samples_are_well_formed() {
    assert!(is_well_formed(&rendered(RunFormat::Junit, &all(), Shown::default())));
    assert_eq!(tap_points(&rendered(RunFormat::Tap, &all(), Shown::default())), Some(16));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_stays_text(text in any::<String>()) {
        check_hostile(&text);
    }
}
