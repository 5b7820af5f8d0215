//! Runs as JUnit XML, as build servers read it: a test suite per run, a test case per step.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use super::verdict;
use crate::base::printable::{printable, printable_within};
use crate::model::run::{Outcome, Run, StepResult, StepState};

/// Longest name or message in an attribute, in columns.
const ATTRIBUTE_MAX: usize = 1_000;

/// # Errors
/// Those of `out`.
pub fn write(runs: &[Run], elapsed: Duration, out: &mut dyn io::Write) -> io::Result<()> {
    let suites: Vec<Suite> = runs.iter().map(suite).collect();
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"forerunner\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\">",
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.errors),
        sum(|suite| suite.skipped),
        seconds(elapsed)
    )?;
    for suite in &suites {
        out.write_all(suite.xml.as_bytes())?;
    }
    writeln!(out, "</testsuites>")
}

#[derive(Default)]
struct Suite {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    xml: String,
}

fn suite(run: &Run) -> Suite {
    let mut suite = Suite::default();
    let mut cases = String::new();
    for (part, steps) in [("", &run.steps), (".cleanup", &run.cleanup)] {
        for step in steps {
            suite.tests += 1;
            cases.push_str(&case(run, step, part, &mut suite));
        }
    }
    if let Some((kind, text)) = verdict::whole_run(run) {
        let element = if run.outcome == Outcome::Indeterminate { "error" } else { "failure" };
        suite.tests += 1;
        *(if element == "error" { &mut suite.errors } else { &mut suite.failures }) += 1;
        let (name, time) = (attribute(&run.name), seconds(run.elapsed));
        let _ = writeln!(cases, "    <testcase name=\"whole run\" classname=\"{name}\" time=\"{time}\">");
        let _ = writeln!(cases, "      <{element} message=\"{}\" type=\"{kind}\"/>", attribute(&text));
        let _ = writeln!(cases, "    </testcase>");
    }
    let _ = writeln!(
        suite.xml,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\" \
         timestamp=\"{}\" hostname=\"{}\">",
        attribute(&run.name),
        suite.tests,
        suite.failures,
        suite.errors,
        suite.skipped,
        seconds(run.elapsed),
        run.started_at,
        attribute(&run.vantage)
    );
    let _ = writeln!(suite.xml, "    <properties>");
    for (name, value) in [
        ("title", run.title.as_str()),
        ("journey", &run.journey),
        ("outcome", run.outcome.word()),
        ("run", &run.id),
        ("trace", &run.trace_id),
        ("definition", &run.definition.0),
        ("seed", &run.seed.to_string()),
    ] {
        let _ = writeln!(suite.xml, "      <property name=\"{name}\" value=\"{}\"/>", attribute(value));
    }
    for notice in &run.notices {
        let _ = writeln!(suite.xml, "      <property name=\"notice\" value=\"{}\"/>", attribute(notice));
    }
    let _ = writeln!(suite.xml, "    </properties>\n{cases}  </testsuite>");
    suite
}

fn case(run: &Run, step: &StepResult, part: &str, suite: &mut Suite) -> String {
    let mut case = format!(
        "    <testcase name=\"{}\" classname=\"{}{part}\" time=\"{}\"",
        attribute(&step.id),
        attribute(&run.name),
        seconds(step.elapsed)
    );
    let details = verdict::details(step).join("\n");
    let message = attribute(&verdict::reason(step));
    let kind = step.failure.as_ref().map(|failure| failure.kind.word()).unwrap_or_default();
    let inside = match step.state {
        // Clean-up never changes the outcome, so its failure must not make the suite fail.
        StepState::Failed | StepState::Indeterminate if !part.is_empty() => {
            suite.skipped += 1;
            format!(
                "      <skipped message=\"clean-up failed: {message}\"/>\n      <system-err>{}</system-err>\n",
                content(&details)
            )
        }
        StepState::Failed => {
            suite.failures += 1;
            format!("      <failure message=\"{message}\" type=\"{kind}\">{}</failure>\n", content(&details))
        }
        StepState::Indeterminate => {
            suite.errors += 1;
            format!("      <error message=\"{message}\" type=\"{kind}\">{}</error>\n", content(&details))
        }
        StepState::Skipped | StepState::NotRun | StepState::NotNeeded => {
            suite.skipped += 1;
            format!("      <skipped message=\"{}\"/>\n", attribute(&verdict::skipped(step)))
        }
        StepState::Degraded => format!("      <system-out>degraded\n{}</system-out>\n", content(&details)),
        StepState::Passed | StepState::Cleaned => String::new(),
    };
    if inside.is_empty() {
        case.push_str("/>\n");
    } else {
        let _ = write!(case, ">\n{inside}    </testcase>\n");
    }
    case
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

fn attribute(text: &str) -> String {
    escaped(&printable_within(text, ATTRIBUTE_MAX))
}

/// Text with lines of our own; within a line nothing hostile is left.
fn content(text: &str) -> String {
    text.lines().map(|line| escaped(&printable(line))).collect::<Vec<_>>().join("\n")
}

/// For attributes and content alike. What XML cannot hold at all is gone before: it is not printable.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}
