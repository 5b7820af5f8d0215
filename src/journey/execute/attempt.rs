//! One attempt at an HTTP action: render, send, keep, judge.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::names::Names;
use super::verdict::{Judged, all_hold, judge, keep};
use super::{Record, Running, request};
use crate::base::secret::Labelled;
use crate::base::time::Timestamp;
use crate::expectation::subject::Subject;
use crate::journey::resolved::{Http, Part, Step};
use crate::model::failure::{Failure, FailureKind};
use crate::model::observation::{Answer, Exchange};
use crate::model::value::Value;
use crate::net::deadline::{Deadline, Limit};
use crate::probe::http::ProbeContext;

/// What one attempt came to.
pub(super) struct Attempt {
    pub(super) failure: Option<Failure>,
    /// A fatal state was reached: no further attempt.
    pub(super) fatal: bool,
    pub(super) kept: Vec<(String, Labelled<Value>)>,
    /// What the target asks to be waited for, in `Retry-After`.
    pub(super) retry_after: Option<Duration>,
    /// Left for `prefer`; none if nothing was sent.
    pub(super) exchange: Option<Exchange>,
}

impl Attempt {
    fn not_sent(failure: Failure) -> Self {
        Self { failure: Some(failure), fatal: false, kept: Vec::new(), retry_after: None, exchange: None }
    }
}

impl<'a> Running<'a> {
    /// Makes one attempt; facts of the answer go to the record.
    pub(super) async fn attempt(
        &mut self,
        part: &Part,
        step: &Step,
        http: &Http,
        names: &mut Names<'a>,
        record: &mut Record,
    ) -> Attempt {
        let journey = self.journey;
        let Some(host) = journey.authority.host(http.host) else {
            return Attempt::not_sent(Failure::new(
                FailureKind::Internal,
                "the step's host is not among the declared ones",
            ));
        };
        record.result.host = Some(host.name.clone());
        if http.action.writes() && !journey.authority.writes {
            let why = format!(
                "`{}` may change something at `{}`, and the binding does not allow writes; allow it with `allow: {{ writes: true }}`",
                http.action.method.value, host.name
            );
            return Attempt::not_sent(Failure::new(FailureKind::WriteRefused, why));
        }
        let request = match request::render(http, host, part, names) {
            Ok(request) => request,
            Err(failure) => return Attempt::not_sent(failure),
        };
        let left_before = self.requests.load(Ordering::Relaxed);
        let context = ProbeContext {
            authority: &journey.authority,
            clock: self.cx.clock,
            user_agent: self.cx.user_agent,
            deadline: self.attempt_deadline(step),
            body_max: journey.limits.body,
            requests: &self.requests,
            discretion: &*self.shared,
        };
        let exchange = if self.cleaning {
            Some(self.session.exchange(&request, &context).await)
        } else {
            tokio::select! {
                biased;
                exchange = self.session.exchange(&request, &context) => Some(exchange),
                () = self.cx.stop.cancelled() => None,
            }
        };
        record.result.requests += left_before - self.requests.load(Ordering::Relaxed);
        let Some(exchange) = exchange else { return Attempt::not_sent(super::stopped()) };
        note_facts(record, &exchange);
        self.quotas.note(&exchange, self.cx.clock.now());
        judge_exchange(step, exchange, names, record, self.cx.clock.now())
    }

    /// The earlier of the step's own limit and the end of the allowance.
    fn attempt_deadline(&self, step: &Step) -> Deadline {
        let own = Instant::now() + step.timeout;
        if own <= self.deadline {
            Deadline { at: own, limit: Limit::Step }
        } else {
            Deadline { at: self.deadline, limit: Limit::Run }
        }
    }
}

/// The facts that results carry, whatever the verdict.
fn note_facts(record: &mut Record, exchange: &Exchange) {
    let result = &mut record.result;
    result.timings = exchange.timings();
    (result.status, result.http_version, result.body_bytes) = (None, None, None);
    // That of the host of the step: where a redirect leads may be somebody else's.
    let own = exchange.hops.first().map(|first| first.host);
    let leaf =
        exchange.hops.iter().filter(|hop| Some(hop.host) == own).filter_map(|hop| hop.tls.as_ref()?.chain.first());
    result.certificate_not_after = leaf.last().map(|leaf| leaf.not_after).or(result.certificate_not_after);
    if let Some(hop) = exchange.last() {
        result.remote = hop.remote.map(|address| address.to_string());
        if let Some(answer) = &hop.answer {
            result.status = Some(answer.status.as_u16());
            result.http_version = Some(format!("{:?}", answer.version).replace("HTTP/2.0", "HTTP/2"));
            result.body_bytes = u64::try_from(answer.body.len()).ok();
        }
    }
}

/// Keep, then `retry.unless`, then what is expected. An exchange without an answer ends before all that.
fn judge_exchange(
    step: &Step,
    exchange: Exchange,
    names: &mut Names<'_>,
    record: &mut Record,
    now: Timestamp,
) -> Attempt {
    record.result.misses.clear();
    record.result.conditions.clear();
    let mut attempt =
        Attempt::not_sent(Failure::new(FailureKind::Internal, "the exchange ended without answer or failure"));
    if let Some(failure) = &exchange.failure {
        attempt.failure = Some(failure.clone());
    } else if let Some(answer) = exchange.answer() {
        attempt.retry_after = retry_after(answer, now);
        let subject = Subject::of(&exchange);
        let from = exchange.last().map(|hop| hop.host);
        let mut judged = Judged::default();
        attempt.kept = keep(&step.keep, &subject, from, names, &mut judged);
        let unless = step.retry.as_ref().map_or(&[][..], |retry| &retry.unless);
        match all_hold(unless, &subject, names) {
            Ok(None) if !unless.is_empty() => attempt.fatal = true,
            Ok(_) => {}
            Err(failure) => {
                attempt.failure = Some(failure);
                attempt.exchange = Some(exchange);
                return attempt;
            }
        }
        judge(&step.expect, &subject, names, &mut judged);
        attempt.failure = if attempt.fatal {
            let states: Vec<_> = unless.iter().map(|check| format!("`{}`", check.text)).collect();
            let why = format!("`retry.unless` holds ({}): waiting longer cannot help", states.join(", "));
            Some(Failure::new(FailureKind::ExpectationMissed, why))
        } else {
            judged.failure().map(|failure| explained(failure, answer, names))
        };
        record.result.misses = judged.misses;
        record.result.conditions = judged.conditions;
    }
    attempt.exchange = Some(exchange);
    attempt
}

/// Adds to a missed status what the answer itself says about it: where a redirect leads, what a problem document states.
fn explained(mut failure: Failure, answer: &Answer, names: &Names<'_>) -> Failure {
    // Masked before it is cut: half a secret would no longer be found.
    let shortened = |text: &str| shortened(&names.shared.mask(text));
    if failure.kind == FailureKind::UnexpectedStatus
        && answer.status.is_redirection()
        && let Some(location) = answer.headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok())
    {
        let location = shortened(location);
        let _ = write!(failure.detail, "; it redirects to `{location}`, which `follow: 1` would follow");
    }
    let media_type =
        answer.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type.trim_start().starts_with("application/problem+json")
        && let Ok(serde_json::Value::Object(problem)) = serde_json::from_slice(&answer.body)
    {
        // RFC 9457: what identifies the problem; `detail` is left to the evidence.
        let parts = ["type", "title", "status", "instance"].into_iter().filter_map(|name| {
            let text = match problem.get(name)? {
                serde_json::Value::String(text) => shortened(text),
                serde_json::Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Some(format!("{name} `{text}`"))
        });
        let parts: Vec<_> = parts.collect();
        if !parts.is_empty() {
            let _ = write!(failure.detail, "; the target says: {}", parts.join(", "));
        }
    }
    failure
}

/// Foreign text, cut so that a message stays a line.
fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
pub(super) fn retry_after(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let text = answer.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    let seconds = date.timestamp().as_second().checked_sub(now.unix_seconds())?;
    u64::try_from(seconds).ok().map(Duration::from_secs)
}
