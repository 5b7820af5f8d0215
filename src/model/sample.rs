//! Runs made up for tests of everything that shows runs: each kind of outcome, and a hostile one.

use std::time::Duration;

use super::evidence::{BodyContent, BodyEvidence, ExchangeEvidence, TlsEvidence};
use super::failure::{Cause, Failure, FailureKind};
use super::observation::Certificate;
use super::run::{Digest, Miss, Outcome, Place, Run, Section, StepResult, StepState};
use super::timing::{Phase, Timings};
use crate::base::time::Timestamp;

/// 2026-11-22T08:00:00Z and some milliseconds.
pub fn at(millis: u64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_334_400).expect("in range").plus(Duration::from_millis(millis))
}

fn owned(text: &str) -> String {
    text.to_owned()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (owned(name), owned(value))).collect()
}

/// Phases in microseconds; the total is theirs and `rest`.
pub fn timings(phases: &[(Phase, u64)], rest: u64) -> Timings {
    let mut timings = Timings::default();
    for (phase, micros) in phases {
        timings.add(*phase, Duration::from_micros(*micros));
    }
    timings.total = Duration::from_micros(phases.iter().map(|(_, micros)| micros).sum::<u64>() + rest);
    timings
}

pub fn fresh() -> Timings {
    use Phase::{Connect, Receive, Resolve, Send, Tls, Wait};
    timings(&[(Resolve, 31_200), (Connect, 18_400), (Tls, 42_000), (Send, 40), (Wait, 281_000), (Receive, 38_200)], 260)
}

pub fn reused() -> Timings {
    timings(&[(Phase::Send, 35), (Phase::Wait, 190_000), (Phase::Receive, 2_100)], 60)
}

pub fn body(media_type: &str, text: &str) -> BodyEvidence {
    BodyEvidence {
        size: text.len() as u64,
        wire_size: Some(text.len() as u64),
        media_type: Some(owned(media_type)),
        content: BodyContent::Text(owned(text)),
        cut: false,
    }
}

pub fn exchange(method: &str, url: &str, status: u16, timings: Timings) -> ExchangeEvidence {
    ExchangeEvidence {
        host: owned("platform"),
        started_at: at(10),
        method: owned(method),
        url: owned(url),
        http_version: Some(owned("HTTP/1.1")),
        request_headers: pairs(&[
            ("host", "platform.example"),
            ("user-agent", "forerunner/0.1.0"),
            ("accept", "*/*"),
            ("authorization", "Bearer <token>"),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03"),
        ]),
        request_body: None,
        status: Some(status),
        response_headers: pairs(&[("content-type", "application/json"), ("cache-control", "no-store")]),
        response_body: Some(body("application/json", "{\"services\":[]}\n")),
        remote: Some(owned("203.0.113.7:443")),
        local: Some(owned("192.168.1.20:51234")),
        resolved: if timings.get(Phase::Resolve).is_some() { vec![owned("203.0.113.7")] } else { Vec::new() },
        reused: timings.get(Phase::Connect).is_none(),
        timings,
        tls: None,
        span_id: owned("00f067aa0ba902b7"),
        attempt: 1,
        iteration: 1,
    }
}

/// Over HTTP/2 and TLS, with a chain of two.
pub fn secured(mut exchange: ExchangeEvidence) -> ExchangeEvidence {
    let certificate = |subject: &str, issuer: &str, names: &[&str], days: u64| Certificate {
        subject: owned(subject),
        issuer: owned(issuer),
        serial: owned("0a:1b:2c"),
        not_before: at(0),
        not_after: at(days * 86_400_000),
        names: names.iter().map(|name| owned(name)).collect(),
        sha256: "5f".repeat(32),
        pem: owned("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
    };
    exchange.http_version = Some(owned("HTTP/2"));
    exchange.tls = Some(TlsEvidence {
        version: Some(owned("TLSv1.3")),
        cipher: Some(owned("TLS13_AES_128_GCM_SHA256")),
        alpn: Some(owned("h2")),
        chain: vec![
            certificate("CN=platform.example", "CN=Example CA R1", &["platform.example", "www.platform.example"], 60),
            certificate("CN=Example CA R1", "CN=Example Root", &[], 900),
        ],
        refused: None,
        insecure: false,
    });
    exchange
}

pub fn step(id: &str, action: &str, state: StepState, timings: Timings) -> StepResult {
    StepResult {
        id: owned(id),
        title: None,
        action: owned(action),
        host: Some(owned("platform")),
        owner: Some(owned("platform-team")),
        state,
        failure: None,
        misses: Vec::new(),
        timings,
        elapsed: timings.total,
        started_at: Some(at(10)),
        attempts: 1,
        iterations: None,
        requests: 1,
        status: Some(200),
        http_version: Some(owned("HTTP/1.1")),
        body_bytes: Some(16),
        remote: Some(owned("203.0.113.7:443")),
        certificate_not_after: None,
        conditions: Vec::new(),
        kept: Vec::new(),
        note: None,
        place: Place { file: owned("probes/platform.yaml"), line: 14, column: 7, text: format!("    - {action}") },
        evidence: Vec::new(),
    }
}

/// A step that was never sent: skipped, not run, or not needed.
pub fn unsent(id: &str, action: &str, state: StepState, note: &str) -> StepResult {
    StepResult {
        elapsed: Duration::ZERO,
        started_at: None,
        attempts: 0,
        requests: 0,
        status: None,
        http_version: None,
        body_bytes: None,
        remote: None,
        note: Some(owned(note)),
        ..step(id, action, state, Timings::default())
    }
}

pub fn run(name: &str, title: &str, outcome: Outcome, steps: Vec<StepResult>) -> Run {
    let deciding = |state| steps.iter().find(|step: &&StepResult| step.state == state);
    let cause = [StepState::Failed, StepState::Indeterminate, StepState::Degraded]
        .into_iter()
        .find_map(deciding)
        .and_then(|step| step.failure.as_ref())
        .map(Failure::cause);
    Run {
        id: owned("01KAN3P5A0V2X8QJ6Z4T1M9C7D"),
        name: owned(name),
        journey: owned(name),
        title: owned(title),
        owner: Some(owned("platform-team")),
        vantage: owned("london-1"),
        postponed_until: None,
        recheck: false,
        definition: Digest(format!("sha256:{}", "ab".repeat(32))),
        planned_at: at(0),
        started_at: at(0),
        elapsed: steps.iter().map(|step| step.elapsed).sum::<Duration>() + Duration::from_millis(1),
        outcome,
        cause,
        failure: None,
        trace_id: owned("4bf92f3577b34da6a3ce929d0e0e4736"),
        seed: 42,
        steps,
        cleanup: Vec::new(),
        notices: Vec::new(),
    }
}

pub fn miss(section: Section, selector: &str, matcher: &str, expected: &str, got: &str) -> Miss {
    Miss {
        section,
        selector: owned(selector),
        matcher: owned(matcher),
        expected: owned(expected),
        got: owned(got),
        difference: None,
        hint: None,
        place: Place {
            file: owned("probes/platform.yaml"),
            line: 21,
            column: 9,
            text: format!("        {selector}: {{ {matcher}: {expected} }}"),
        },
    }
}

/// Two steps over HTTP/2, the second on the kept connection, and a value kept.
pub fn passed() -> Run {
    let url = "https://platform.example/";
    let mut first = step("open-home", "get /", StepState::Passed, fresh());
    first.evidence = vec![secured(exchange("GET", url, 200, fresh()))];
    first.kept = pairs(&[("csrf", "<csrf>"), ("build", "2026.11.3")]);
    let mut second = step("list-services", "get /v1/services", StepState::Passed, reused());
    second.evidence =
        vec![secured(exchange("GET", "https://platform.example/v1/services?page=1&q=a%20b", 200, reused()))];
    run("home", "Visitors see the home page and its services", Outcome::Passed, vec![first, second])
}

pub fn degraded() -> Run {
    let mut first = step("open-home", "get /", StepState::Degraded, fresh());
    first.misses = vec![miss(Section::Prefer, "time.total", "below", "300ms", "411ms")];
    first.failure = Some(Failure::new(FailureKind::ExpectationMissed, "1 of 2 preferences does not hold"));
    first.evidence = vec![exchange("GET", "http://platform.example/", 200, fresh())];
    let second =
        unsent("log-in", "post /v1/login", StepState::Skipped, "`when` does not hold: `var:account` is missing");
    run("speed", "The home page is fast", Outcome::Degraded, vec![first, second])
}

/// Retries, misses with a difference and a hint, a step not run, and a clean-up that failed.
pub fn failed() -> Run {
    let first = step("open-home", "get /", StepState::Passed, fresh());
    let mut second = step("find-mentor", "get /v1/mentors?topic=growth", StepState::Failed, reused());
    second.owner = Some(owned("mentors-partner"));
    second.attempts = 3;
    second.requests = 3;
    second.elapsed = Duration::from_millis(2_640);
    second.failure = Some(
        Failure::new(FailureKind::ExpectationMissed, "3 of 4 conditions do not hold after 3 attempts")
            .in_phase(Phase::Receive),
    );
    let mut differing =
        miss(Section::Expect, "$.mentors[0]", "like", "{\"id\": 7, \"name\": \"text\"}", "{\"id\":\"7\"}");
    differing.difference = Some(owned("$.mentors[0].id is the text \"7\", expected the number 7"));
    let mut hinted = miss(Section::Expect, "$.metnors", "count", "at least 3", "missing");
    hinted.hint = Some(owned("the answer has `mentors`"));
    second.misses = vec![differing, hinted, miss(Section::Implied, "status", "in", "200 to 299", "200")];
    second.evidence = (1..=3)
        .map(|attempt| ExchangeEvidence {
            attempt,
            started_at: at(500 + 1_000 * u64::from(attempt)),
            ..secured(exchange("GET", "https://platform.example/v1/mentors?topic=growth", 200, reused()))
        })
        .collect();
    let third = unsent("book", "post /v1/bookings", StepState::NotRun, "the run had ended");
    let mut run = run("booking", "A founder books a mentor", Outcome::Failed, vec![first, second, third]);
    let mut undo = step("delete-draft", "delete /v1/drafts/<draft>", StepState::Failed, reused());
    undo.status = Some(503);
    undo.failure = Some(
        Failure::new(FailureKind::UnexpectedStatus, "answered 503 Service Unavailable, expected 200 to 299")
            .in_phase(Phase::Receive),
    );
    undo.misses = vec![miss(Section::Implied, "status", "in", "200 to 299", "503")];
    run.cleanup = vec![
        undo,
        step("log-out", "post /v1/logout", StepState::Cleaned, reused()),
        unsent("cancel-booking", "delete /v1/bookings/${booking}", StepState::NotNeeded, "`booking` was never kept"),
    ];
    run.notices = vec![owned("certificates of `platform` were not verified")];
    run
}

/// Nothing was sent, and it was our own doing.
pub fn indeterminate() -> Run {
    let only = unsent("log-in", "post /v1/login", StepState::NotRun, "the run could not begin");
    let mut run = run("login", "A founder logs in", Outcome::Indeterminate, vec![only]);
    run.cause = Some(Cause::Input);
    run.failure = Some(Failure::new(
        FailureKind::SecretUnreadable,
        "secret `password` cannot be read: `env:PROBE_PASSWORD` is not set",
    ));
    run
}

/// One step for which our own side lacked something.
pub fn unusable() -> Run {
    let mut only = unsent("log-in", "post /v1/login", StepState::Indeterminate, "");
    only.note = None;
    only.attempts = 1;
    only.failure =
        Some(Failure::new(FailureKind::ValueMissing, "`account` has no value; give it with `--set account=…`"));
    run("login", "A founder logs in", Outcome::Indeterminate, vec![only])
}

/// The connection was refused before anything was sent.
pub fn refused() -> Run {
    let timings = timings(&[(Phase::Resolve, 900), (Phase::Connect, 210)], 40_000);
    let mut only = step("open-home", "get /", StepState::Failed, timings);
    only.status = None;
    only.http_version = None;
    only.body_bytes = None;
    only.failure = Some(
        Failure::new(FailureKind::ConnectionRefused, "203.0.113.7:443 refused the connection").in_phase(Phase::Connect),
    );
    let mut evidence = exchange("GET", "https://platform.example/", 200, timings);
    evidence.status = None;
    evidence.http_version = None;
    evidence.response_headers = Vec::new();
    evidence.response_body = None;
    only.evidence = vec![evidence];
    run("home", "Visitors see the home page", Outcome::Failed, vec![only])
}

/// A loop that stopped at its bound, and a redirect.
pub fn looped() -> Run {
    let mut each = step("open-service", "get /v1/services/${id}", StepState::Passed, reused());
    each.iterations = Some((20, 134));
    each.requests = 20;
    each.elapsed = Duration::from_millis(3_900);
    each.evidence = (1..=2)
        .map(|iteration| ExchangeEvidence {
            iteration,
            ..exchange("GET", "http://platform.example/v1/services/1", 200, reused())
        })
        .collect();
    let mut redirected = step("follow-link", "get /old", StepState::Passed, fresh());
    redirected.requests = 2;
    let mut hop = exchange("GET", "http://platform.example/old", 301, fresh());
    hop.response_headers = pairs(&[("location", "/new"), ("set-cookie", "<set-cookie>")]);
    hop.response_body = None;
    let mut last = exchange("GET", "http://platform.example/new", 200, reused());
    last.started_at = at(400);
    redirected.evidence = vec![hop, last];
    run("services", "Every service page opens", Outcome::Passed, vec![each, redirected])
}

/// What a target or an author may try: escapes, line ends, reordering, markup, a megabyte.
pub const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n::error::x\n]]></failure>\n  ...\nok 99 - fake # SKIP \u{202e}evil\u{0}\u{9b}31m";

pub fn hostile(text: &str) -> Run {
    let mut exchange = exchange("GET", text, 200, reused());
    exchange.method = owned(text);
    exchange.host = owned(text);
    exchange.http_version = Some(owned(text));
    exchange.response_headers = pairs(&[(text, text)]);
    exchange.request_headers = pairs(&[(text, text)]);
    exchange.request_body = Some(body(text, text));
    exchange.response_body = Some(body(text, text));
    exchange.remote = Some(owned(text));
    exchange.span_id = owned(text);
    let mut only = step(text, text, StepState::Failed, reused());
    only.title = Some(owned(text));
    only.owner = Some(owned(text));
    only.failure = Some(Failure::new(FailureKind::ContractBroken, text));
    only.note = Some(owned(text));
    only.kept = pairs(&[(text, text)]);
    let mut miss = miss(Section::Expect, text, text, text, text);
    miss.difference = Some(owned(text));
    miss.hint = Some(owned(text));
    miss.place = Place { file: owned(text), line: 1, column: 1, text: owned(text) };
    only.misses = vec![miss];
    only.evidence = vec![secured(exchange)];
    let cleanup = only.clone();
    let mut run = run(text, text, Outcome::Failed, vec![only]);
    run.cause = Some(Cause::Contract);
    run.failure = Some(Failure::new(FailureKind::RunTimeout, text));
    run.cleanup = vec![cleanup];
    run.vantage = owned(text);
    run.trace_id = owned(text);
    run.notices = vec![owned(text)];
    run
}
