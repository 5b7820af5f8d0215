//! Journeys from their text to their run, against peers that say exactly what a test wants.

mod authority;
mod echoes;
mod outcomes;
mod recheck;
mod redaction;
mod repetition;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use forerunner::base::shape::{Reader, Shape as _};
use forerunner::base::span::Source;
use forerunner::base::time::Timestamp;
use forerunner::base::yaml;
use forerunner::journey::bind::{Surroundings, WrittenAs, bind};
use forerunner::journey::binding::RunEntry;
use forerunner::journey::execute::{Context, Entropy, EvidencePolicy, Look, execute};
use forerunner::journey::load::load;
use forerunner::journey::resolved::Journey;
use forerunner::model::clock::Clock;
use forerunner::model::run::{Run, StepResult};
use forerunner::net::network::{Machine, Network, Settings};
use tokio_util::sync::CancellationToken;

use crate::support::http1::{Act, Seen, serve};

/// Held in the file `key` beside every journey of these tests.
pub const SECRET: &str = "s3cr3t/+pass word&x";

/// The moment at which every run of these tests takes place.
pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse_rfc3339("2026-11-22T12:00:00Z").expect("a time")
    }
}

/// A journey bound, or why it cannot be.
pub fn bound(text: &str, binding: &str) -> Result<Journey, Vec<String>> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("journey.yaml");
    std::fs::write(&path, text).expect("written");
    std::fs::write(directory.path().join("key"), SECRET).expect("written");
    std::fs::write(directory.path().join("body.txt"), "from ${account}\n").expect("written");
    let report = load(&[path]);
    let told = |problems: &[forerunner::base::diagnostic::Diagnostic]| -> Vec<String> {
        let errors = problems.iter().filter(|problem| problem.is_error());
        errors.map(|problem| format!("{}: {}", problem.rule.id, problem.message)).collect()
    };
    let Some(loaded) = report.journeys.first() else { return Err(told(&report.diagnostics)) };
    let machine = Arc::new(Machine::default());
    // Secrets are read when the run starts, so their directory has to outlive this call.
    let kept = directory.keep();
    let around = Surroundings {
        machine: &machine,
        directory: Path::new(&kept),
        allow: None,
        limits: None,
        network: None,
        plain: Arc::new(Network::new(Settings::default(), &machine).expect("a network")),
        written_as: WrittenAs::File,
    };
    let source = Source::new("binding.yaml", binding);
    let parsed = yaml::parse(&source);
    let mut reader = Reader::new(source);
    let entry = RunEntry::read(parsed.documents.first().expect("a binding"), &mut reader).expect("an entry");
    let journeys = bind(loaded, &entry, &around, &mut reader);
    journeys.into_iter().next().ok_or_else(|| told(&reader.diagnostics))
}

/// Runs a journey once; `stop` asks it to end.
pub async fn run(journey: &Journey, stop: CancellationToken) -> Run {
    look(journey, Look::First, stop).await
}

/// Looks at what a journey looks at, for the first or the second time.
pub async fn look(journey: &Journey, look: Look, stop: CancellationToken) -> Run {
    let context = Context {
        clock: &Noon,
        vantage: "here",
        user_agent: "forerunner/test",
        planned_at: Noon.now(),
        entropy: Entropy { seed: 7, id: 11, trace: 13 },
        stop,
        evidence: EvidencePolicy::Always,
        look,
        progress: &|_| {},
    };
    execute(journey, &context).await
}

/// What a walk came to: the run, and what each peer saw.
pub struct Walked {
    pub run: Run,
    pub site: Seen,
    pub partner: Seen,
}

/// `SITE` and `PARTNER` in the journey stand for two peers on loopback, which the binding allows. `binding` adds to it.
pub async fn walk(text: &str, binding: &str, site: Vec<Vec<Act>>, partner: Vec<Vec<Act>>) -> Walked {
    let (site_at, site) = serve(site).await;
    let (partner_at, partner) = serve(partner).await;
    let journey = bound(&placed(text, site_at, partner_at), &allowed(binding)).expect("a journey that can run");
    Walked { run: run(&journey, CancellationToken::new()).await, site, partner }
}

/// The errors with which a journey is refused before anything is sent; it names peers that are not there.
pub fn refused(text: &str, binding: &str) -> Vec<String> {
    let nowhere = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    bound(&placed(text, nowhere(1), nowhere(2)), &allowed(binding)).err().unwrap_or_default()
}

pub fn placed(text: &str, site: SocketAddr, partner: SocketAddr) -> String {
    text.replace("SITE", &format!("http://{site}")).replace("PARTNER", &format!("http://{partner}"))
}

pub fn allowed(binding: &str) -> String {
    format!("allow: {{ private-addresses: true, writes: true }}\n{binding}")
}

/// A run in a few words: outcome and cause, then a line for each step, clean-up behind `--`.
pub fn told(run: &Run) -> String {
    let mut text = run.outcome.word().to_owned();
    if let Some(cause) = run.cause {
        let _ = write!(text, " {}", cause.word());
    }
    for step in &run.steps {
        line(&mut text, step);
    }
    if !run.cleanup.is_empty() {
        text.push_str("\n--");
        run.cleanup.iter().for_each(|step| line(&mut text, step));
    }
    text
}

fn line(text: &mut String, step: &StepResult) {
    let _ = write!(text, "\n{} {}", step.id, step.state.word());
    if let Some(failure) = &step.failure {
        let _ = write!(text, " {}", failure.kind.word());
    }
    if step.attempts > 1 {
        let _ = write!(text, " x{}", step.attempts);
    }
    if let Some((done, of)) = step.iterations {
        let _ = write!(text, " {done}/{of}");
    }
    for miss in &step.misses {
        let _ = write!(text, "\n  {}: {} / {}", miss.selector, miss.expected, miss.got);
    }
}
