//! What targets say of their limits, and when the next run would not overstep them.
//!
//! Read are `RateLimit` of the HTTPAPI working group in its later form (`"name";r=50;t=30`) and its earlier one
//! (`limit=100, remaining=50, reset=5`), the older `RateLimit-…` and `X-RateLimit-…`, and `Retry-After` of an answer 429
//! or 503.

use std::collections::HashMap;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::attempt::retry_after;
use crate::base::secret::HostIndex;
use crate::base::time::Timestamp;
use crate::model::observation::{Answer, Exchange};

/// The longest that a target can postpone a run: it cannot talk itself out of being watched.
pub const POSTPONED_MAX: Duration = Duration::from_mins(10);
/// A reset beyond this is a moment, not a length of time: as some write it, in seconds since 1970.
const MOMENTS_BEGIN: u64 = 1_000_000_000;

/// The limits of each host, as its last answer has them.
#[derive(Default)]
pub(super) struct Quotas(HashMap<HostIndex, OfHost>);

#[derive(Default)]
struct OfHost {
    /// Of this run: what the next one will need.
    requests: u64,
    said: Option<Said>,
}

/// Requests that are left, and when there will be more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    remaining: u64,
    renewed_at: Timestamp,
}

impl Quotas {
    pub(super) fn note(&mut self, exchange: &Exchange, now: Timestamp) {
        for hop in &exchange.hops {
            let host = self.0.entry(hop.host).or_default();
            host.requests += 1;
            if let Some(answer) = &hop.answer {
                host.said = said(answer, now).or(host.said);
            }
        }
    }

    /// Until when the next run has to wait; none if nothing is in its way.
    pub(super) fn postponed_until(&self, now: Timestamp) -> Option<Timestamp> {
        let short = self.0.values().filter_map(|host| host.said.filter(|said| said.remaining < host.requests));
        let until = short.map(|said| said.renewed_at).max()?;
        (until > now).then(|| until.min(now.plus(POSTPONED_MAX)))
    }
}

fn said(answer: &Answer, now: Timestamp) -> Option<Said> {
    if matches!(answer.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
        && let Some(pause) = retry_after(answer, now)
    {
        return Some(Said { remaining: 0, renewed_at: now.plus(pause) });
    }
    let (remaining, reset) = in_one(&answer.headers).or_else(|| in_several(&answer.headers))?;
    let renewed_at = if reset >= MOMENTS_BEGIN {
        Timestamp::from_unix_seconds(i64::try_from(reset).ok()?)?
    } else {
        now.plus(Duration::from_secs(reset))
    };
    Some(Said { remaining, renewed_at })
}

/// `RateLimit`: of several policies the one that is nearest to its end.
fn in_one(headers: &HeaderMap) -> Option<(u64, u64)> {
    let text = headers.get("ratelimit")?.to_str().ok()?;
    let number = |text: &str, keys: [&str; 2]| {
        let mut pairs = text.split([';', ',']).filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| keys.contains(&key.trim())).and_then(|(_, value)| value.trim().parse::<u64>().ok())
    };
    let both = |text: &str| Some((number(text, ["r", "remaining"])?, number(text, ["t", "reset"])?));
    if text.contains(';') { text.split(',').filter_map(both).min() } else { both(text) }
}

fn in_several(headers: &HeaderMap) -> Option<(u64, u64)> {
    ["ratelimit", "x-ratelimit"].into_iter().find_map(|prefix| {
        let number = |what: &str| {
            let text = headers.get(format!("{prefix}-{what}"))?.to_str().ok()?;
            // Some name windows behind the number; some have fractions of a second.
            text.split([',', ';', '.']).next()?.trim().parse::<u64>().ok()
        };
        Some((number("remaining")?, number("reset")?))
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Version;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_334_400 + seconds).expect("in range")
    }

    fn check(status: u16, headers: &[(&'static str, &str)], expected: Option<(u64, i64)>) {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).expect("a value"))
        });
        let answer = Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            version: Version::HTTP_11,
            headers: headers.collect(),
            body: Bytes::new(),
            wire_size: 0,
        };
        let told =
            said(&answer, at(0)).map(|said| (said.remaining, said.renewed_at.unix_seconds() - at(0).unix_seconds()));
        assert_eq!(told, expected);
    }

    #[test]
    fn each_way_to_say_it_is_understood() {
        check(200, &[], None);
        check(200, &[("ratelimit", "\"default\";r=50;t=30")], Some((50, 30)));
        check(200, &[("ratelimit", "\"minute\";r=50;t=30, \"day\";r=3;t=4000")], Some((3, 4000)));
        check(200, &[("ratelimit", "limit=100, remaining=7, reset=5")], Some((7, 5)));
        check(200, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "12")], Some((0, 12)));
        check(200, &[("x-ratelimit-remaining", "4"), ("x-ratelimit-reset", "1795334460")], Some((4, 60)));
        check(200, &[("x-ratelimit-remaining", "4"), ("x-ratelimit-reset", "17.5")], Some((4, 17)));
        check(429, &[("retry-after", "90")], Some((0, 90)));
        check(200, &[("retry-after", "90")], None);
        check(200, &[("x-ratelimit-remaining", "none"), ("x-ratelimit-reset", "1")], None);
        check(200, &[("ratelimit", "r=-1;t=x")], None);
    }

    #[test]
    fn a_run_waits_only_for_what_it_needs_and_never_for_long() {
        let quotas = |requests, remaining, renewed| {
            let said = Some(Said { remaining, renewed_at: at(renewed) });
            Quotas(HashMap::from([(HostIndex(0), OfHost { requests, said })])).postponed_until(at(0))
        };
        assert_eq!(quotas(3, 3, 60), None);
        assert_eq!(quotas(3, 2, 60), Some(at(60)));
        assert_eq!(quotas(3, 0, 86_400), Some(at(600)));
        assert_eq!(quotas(3, 0, -5), None, "it has been renewed by now");
    }
}
