//! Walks from the step's request through its redirects to the answer that counts.

use tokio::time::Instant;

use super::leg::Leg;
use super::span::traceparent;
use super::{CookieUse, ProbeContext, Request, Session, allowance, headers, hop};
use crate::model::failure::{Failure, FailureKind};
use crate::model::observation::{Exchange, Hop};
use crate::model::timing::Phase;

pub(super) async fn walk(session: &mut Session, request: &Request, cx: &ProbeContext<'_>) -> Exchange {
    let started = Instant::now();
    let started_at = cx.clock.now();
    let mut hops = Vec::new();
    let mut ended = None;
    let failure = step_by_step(session, request, cx, &mut hops, &mut ended).await.err();
    let elapsed = ended.unwrap_or_else(Instant::now).saturating_duration_since(started);
    Exchange { started_at, elapsed, hops, failure }
}

async fn step_by_step(
    session: &mut Session,
    request: &Request,
    cx: &ProbeContext<'_>,
    hops: &mut Vec<Hop>,
    ended: &mut Option<Instant>,
) -> Result<(), Failure> {
    let mut leg = Leg::first(request, cx)?;
    let mut followed = 0;
    loop {
        leg.judge(cx.authority)?;
        let host = cx
            .authority
            .host(leg.host)
            .ok_or_else(|| Failure::new(FailureKind::OriginRefused, "the host is not declared"))?;
        let span = session.spans.draw();
        let parent = traceparent(session.trace, span);
        let headers = headers::compose(&leg, request, &session.jar, &host.origin, &parent, cx)?;
        leg.judge_content(&headers, cx)?;
        if !allowance::take(cx.requests) {
            let detail = "the requests allowed by `limits.requests` are used up; nothing was sent";
            return Err(Failure::new(FailureKind::AllowanceUsedUp, detail));
        }
        let sent = (headers, format!("{span:016x}"));
        let travelled = hop::travel(session, &leg, host, request.version, sent, cx).await;
        *ended = Some(travelled.ended);
        hops.push(travelled.hop);
        if let Some(failure) = travelled.failure {
            return Err(failure);
        }
        let Some(answer) = hops.last().and_then(|hop| hop.answer.as_ref()) else { return Ok(()) };
        if matches!(request.cookies, CookieUse::Jar { .. }) {
            session.jar.take(&answer.headers, &host.origin, leg.url.value.path(), cx.clock.now());
        }
        let location = Leg::redirect(answer.status, &answer.headers).filter(|_| request.follow.max > 0);
        let Some(location) = location else { return Ok(()) };
        if followed == request.follow.max {
            let detail =
                format!("redirected more than {followed} times, the last time with status {}", answer.status.as_u16());
            return Err(Failure::new(FailureKind::TooManyRedirects, detail).in_phase(Phase::Receive));
        }
        followed += 1;
        leg = leg.follow(answer.status, location, request.host, &request.follow, (cx.authority, cx.discretion))?;
    }
}
