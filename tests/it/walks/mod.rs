//! Journeys walked from their text to a run, against servers on loopback that answer by a script.

mod binding;
mod bodies;
mod cleanup;
mod contract;
mod outcomes;
mod repetition;
mod signing;
mod uses;
mod values;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use forerunner::base::diagnostic::Diagnostic;
use forerunner::base::shape::{Reader, Shape as _};
use forerunner::base::span::Source;
use forerunner::base::time::Timestamp;
use forerunner::base::yaml;
use forerunner::journey::bind::{Surroundings, WrittenAs, bind};
use forerunner::journey::binding::RunEntry;
use forerunner::journey::execute::{Context, Entropy, EvidencePolicy, Look, execute};
use forerunner::journey::load;
use forerunner::journey::resolved::Journey;
use forerunner::model::clock::Clock;
use forerunner::model::run::{Run, StepResult};
use forerunner::net::network::{Machine, Network, Settings};
use tokio_util::sync::CancellationToken;

use crate::support::answers::{Requests, Taken, serve};

/// 2026-11-22T08:00:00Z, and the seconds that a test lets pass at each look.
pub struct Noon {
    next: AtomicI64,
    step: i64,
}

const START: i64 = 1_795_334_400;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.next.fetch_add(self.step, Ordering::Relaxed)).expect("in range")
    }
}

/// A journey, what it is bound with, and who answers.
pub struct Walk<'a> {
    yaml: &'a str,
    binding: &'a str,
    answers: &'a [&'a str],
    partner: &'a [&'a str],
    files: Vec<(&'a str, &'a [u8])>,
    seed: u64,
    clock_step: i64,
    stopped: bool,
}

/// What came of it.
pub struct Walked {
    pub run: Run,
    pub requests: Vec<Taken>,
    pub partner: Vec<Taken>,
    /// Where the first server listens.
    pub address: String,
}

impl<'a> Walk<'a> {
    /// `yaml` is what follows the first lines of a journey with one host, `site`; with its own `needs` it may also
    /// name `http://PARTNER`. `answers` are those of `site`.
    pub fn new(yaml: &'a str, answers: &'a [&'a str]) -> Self {
        Self { yaml, binding: "{}", answers, partner: &[], files: Vec::new(), seed: 7, clock_step: 0, stopped: false }
    }

    pub fn bound(self, binding: &'a str) -> Self {
        Self { binding, ..self }
    }

    pub fn partner(self, partner: &'a [&'a str]) -> Self {
        Self { partner, ..self }
    }

    pub fn file(mut self, path: &'a str, content: &'a [u8]) -> Self {
        self.files.push((path, content));
        self
    }

    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The wall clock goes on by so many seconds at each look.
    pub fn clock_step(self, clock_step: i64) -> Self {
        Self { clock_step, ..self }
    }

    /// The run is asked to stop before it starts.
    pub fn stopped(self) -> Self {
        Self { stopped: true, ..self }
    }

    pub async fn go(self) -> Walked {
        // Waiting costs nothing, but never more than a little at once: what the loopback carries is not overtaken.
        let ticks = tokio::spawn(async {
            loop {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let stop = CancellationToken::new();
        let (partner, partners) = serve(self.partner, stop.clone()).await;
        let answers: Vec<_> =
            self.answers.iter().map(|answer| answer.replace("http://PARTNER", &format!("http://{partner}"))).collect();
        let (site, requests) = serve(&answers.iter().map(String::as_str).collect::<Vec<_>>(), stop.clone()).await;
        let place = |text: &str| {
            let text = text.replace("http://SITE", &format!("http://{site}"));
            let text = text.replace("SITE_PORT", &site.port().to_string());
            text.replace("http://PARTNER", &format!("http://{partner}"))
        };
        let directory = tempfile::tempdir().expect("a directory");
        for (path, content) in &self.files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, place(&String::from_utf8_lossy(content)).as_bytes()).expect("written");
        }
        for (path, content) in self.files.iter().filter(|(path, _)| !is_yaml(path)) {
            std::fs::write(directory.path().join(path), content).expect("written");
        }
        std::fs::write(directory.path().join("j.yaml"), place(&complete(self.yaml))).expect("written");
        let journey = only(bound(directory.path(), "j.yaml", &place(&allowed(self.binding))));
        if self.stopped {
            stop.cancel();
        }
        let clock = Noon { next: AtomicI64::new(START), step: self.clock_step };
        let context = Context {
            clock: &clock,
            vantage: "here",
            user_agent: "forerunner/0 (tests)",
            planned_at: Timestamp::from_unix_seconds(START).expect("in range"),
            entropy: Entropy { seed: self.seed, id: 5, trace: 0xabc },
            stop,
            evidence: EvidencePolicy::Always,
            look: Look::First,
            progress: &|_| {},
        };
        let run = Box::pin(execute(&journey, &context)).await;
        ticks.abort();
        check_contract(&run, &journey);
        let all = |requests: &Requests| requests.all();
        Walked { run, requests: all(&requests), partner: all(&partners), address: site.to_string() }
    }
}

fn is_yaml(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "yaml")
}

/// What stands before every journey of these tests that says nothing else.
fn complete(yaml: &str) -> String {
    let yaml = yaml.trim_start_matches('\n');
    if yaml.starts_with("forerunner:") {
        return yaml.to_owned();
    }
    let needs =
        if yaml.contains("needs:") { "" } else { "needs: { hosts: { site: http://SITE }, writes: [things] }\n" };
    format!("forerunner: 1\njourney: j\n{needs}{yaml}")
}

/// Loopback is private, and most tests write.
fn allowed(binding: &str) -> String {
    if binding.contains("allow:") {
        return binding.to_owned();
    }
    if binding == "{}" {
        return "allow: { private-addresses: true, writes: true }".to_owned();
    }
    format!("allow: {{ private-addresses: true, writes: true }}\n{}", binding.trim_start_matches('\n'))
}

/// Binds the first journey of a file; its runs, or what is wrong with the binding.
pub fn bound(directory: &Path, file: &str, binding: &str) -> Result<Vec<Journey>, Vec<Diagnostic>> {
    let report = load::load(&[directory.join(file)]);
    let errors: Vec<_> = report.diagnostics.iter().filter(|problem| problem.is_error()).map(told).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let loaded = report.journeys.first().expect("a journey");
    let machine = Arc::new(Machine::default());
    let around = Surroundings {
        machine: &machine,
        directory,
        allow: None,
        limits: None,
        network: None,
        plain: Arc::new(Network::new(Settings::default(), &machine).expect("settings")),
        written_as: WrittenAs::File,
    };
    let source = Source::new("binding.yaml", binding);
    let parsed = yaml::parse(&source);
    let mut reader = Reader::new(Arc::clone(&source));
    reader.diagnostics = parsed.diagnostics;
    let entry = parsed.documents.first().and_then(|document| RunEntry::read(document, &mut reader));
    let journeys = entry.map(|entry| bind(loaded, &entry, &around, &mut reader)).unwrap_or_default();
    if reader.diagnostics.iter().any(Diagnostic::is_error) { Err(reader.diagnostics) } else { Ok(journeys) }
}

#[track_caller]
fn only(bound: Result<Vec<Journey>, Vec<Diagnostic>>) -> Journey {
    match bound {
        Ok(journeys) => journeys.into_iter().next().expect("a run"),
        Err(problems) => panic!("{}", problems.iter().map(told).collect::<Vec<_>>().join("\n")),
    }
}

/// `rule line:column message (help)`.
pub fn told(problem: &Diagnostic) -> String {
    let help = problem.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    format!("{} {} {}{help}", problem.rule.id, problem.position(), problem.message)
}

/// What holds for every run, whatever happened.
fn check_contract(run: &Run, journey: &Journey) {
    assert_eq!(run.definition, journey.digest);
    assert_eq!((run.id.len(), run.trace_id.len()), (26, 32));
    let mut requests = 0;
    for step in run.steps.iter().chain(&run.cleanup) {
        let phases: Duration = step.timings.iter().map(|(_, duration)| duration).sum();
        assert_eq!(phases + step.timings.unaccounted(), step.timings.total, "{}", step.id);
        assert!(step.timings.total <= step.elapsed && step.elapsed <= run.elapsed, "{}", step.id);
        assert!(step.misses.len() <= 20 && step.conditions.len() <= 20);
        for exchange in &step.evidence {
            let phases: Duration = exchange.timings.iter().map(|(_, duration)| duration).sum();
            assert_eq!(phases + exchange.timings.unaccounted(), exchange.timings.total, "{}", step.id);
        }
        requests += step.requests;
    }
    assert_eq!(run.requests(), requests);
}

/// `outcome cause; step state kind attempts`, clean-up behind `~`.
pub fn brief(run: &Run) -> String {
    let cause = run.cause.map_or_else(String::new, |cause| format!(" {}", cause.word()));
    let whole = run.failure.as_ref().map_or_else(String::new, |failure| format!(" {}", failure.kind.word()));
    let steps = run.steps.iter().map(step).chain(run.cleanup.iter().map(|result| format!("~ {}", step(result))));
    let parts: Vec<_> = [format!("{}{cause}{whole}", run.outcome.word())].into_iter().chain(steps).collect();
    parts.join("; ")
}

fn step(result: &StepResult) -> String {
    let kind = result.failure.as_ref().map_or_else(String::new, |failure| format!(" {}", failure.kind.word()));
    let attempts = if result.attempts > 1 { format!(" x{}", result.attempts) } else { String::new() };
    let iterations = result.iterations.map_or_else(String::new, |(done, of)| format!(" {done} of {of}"));
    format!("{} {}{kind}{attempts}{iterations}", result.id, result.state.word())
}

/// `name=value` of what a step kept.
pub fn kept(result: &StepResult) -> String {
    result.kept.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// The lines of the requests.
pub fn lines(requests: &[Taken]) -> Vec<String> {
    requests.iter().map(Taken::line).collect()
}

/// One row of a table: a journey, the answers it gets, and what becomes of the run.
pub type Row<'a> = (&'a str, &'a [&'a str], &'a str);

/// All rows that are not as written are shown, not only the first.
pub async fn check(rows: &[Row<'_>]) {
    let mut wrong = String::new();
    for (yaml, answers, expected) in rows {
        let walked = Walk::new(yaml, answers).go().await;
        let got = brief(&walked.run);
        if got != *expected {
            let _ = writeln!(wrong, "{yaml}\n  expected {expected}\n  got      {got}");
            for step in walked.run.steps.iter().chain(&walked.run.cleanup) {
                if let Some(failure) = &step.failure {
                    let _ = writeln!(wrong, "           {}: {}", step.id, failure.detail);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A file with a text, in a directory that lives as long as the test.
pub fn written(directory: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).expect("written");
    path
}
