//! Evidence back from the JSON in which it was stored. What is missing or of another kind counts as absent: the page
//! shows what there is.

use serde_json::Value;

use super::{list, seconds, text};
use crate::base::time::Timestamp;
use crate::model::evidence::{BodyContent, BodyEvidence, ExchangeEvidence, TlsEvidence};
use crate::model::observation::Certificate;
use crate::model::timing::{Phase, Timings};

pub(super) fn exchange(value: &Value) -> ExchangeEvidence {
    let number = |key: &str| value.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    ExchangeEvidence {
        host: owned(value, "host").unwrap_or_default(),
        started_at: time(value, "started_at"),
        method: owned(value, "method").unwrap_or_default(),
        url: owned(value, "url").unwrap_or_default(),
        http_version: owned(value, "http_version"),
        request_headers: headers(value, "request_headers"),
        request_body: value.get("request_body").and_then(body),
        status: number("status").and_then(|status| u16::try_from(status).ok()),
        response_headers: headers(value, "response_headers"),
        response_body: value.get("response_body").and_then(body),
        remote: owned(value, "remote"),
        local: owned(value, "local"),
        resolved: words(value, "resolved"),
        reused: flag(value, "reused"),
        timings: value.get("timings").map(timings).unwrap_or_default(),
        tls: value.get("tls").filter(|tls| tls.is_object()).map(tls),
        span_id: owned(value, "span_id").unwrap_or_default(),
        attempt: number("attempt").unwrap_or_default(),
        iteration: number("iteration").unwrap_or_default(),
    }
}

pub(super) fn timings(value: &Value) -> Timings {
    let mut timings = Timings::default();
    timings.total = seconds(value, "total");
    for phase in Phase::ALL.into_iter().filter(|phase| value.get(phase.word()).is_some()) {
        timings.add(phase, seconds(value, phase.word()));
    }
    timings
}

fn body(value: &Value) -> Option<BodyEvidence> {
    let content = owned(value, "text")
        .map(BodyContent::Text)
        .or_else(|| owned(value, "base64").map(BodyContent::Base64))
        .or_else(|| owned(value, "omitted").map(BodyContent::Omitted))?;
    Some(BodyEvidence {
        size: value.get("size").and_then(Value::as_u64).unwrap_or_default(),
        wire_size: value.get("wire_size").and_then(Value::as_u64),
        media_type: owned(value, "media_type"),
        content,
        cut: flag(value, "cut"),
    })
}

fn tls(value: &Value) -> TlsEvidence {
    TlsEvidence {
        version: owned(value, "version"),
        cipher: owned(value, "cipher"),
        alpn: owned(value, "alpn"),
        chain: list(value, "chain").iter().map(certificate).collect(),
        refused: owned(value, "refused"),
        insecure: flag(value, "insecure"),
    }
}

fn certificate(value: &Value) -> Certificate {
    let word = |key: &str| owned(value, key).unwrap_or_default();
    Certificate {
        subject: word("subject"),
        issuer: word("issuer"),
        serial: word("serial"),
        not_before: time(value, "not_before"),
        not_after: time(value, "not_after"),
        names: words(value, "names"),
        sha256: word("sha256"),
        pem: word("pem"),
    }
}

/// Headers are pairs of name and value.
fn headers(value: &Value, key: &str) -> Vec<(String, String)> {
    let word = |pair: &Value, index: usize| pair.get(index).and_then(Value::as_str).unwrap_or_default().to_owned();
    list(value, key).iter().map(|pair| (word(pair, 0), word(pair, 1))).collect()
}

fn words(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn owned(value: &Value, key: &str) -> Option<String> {
    text(value, key).map(str::to_owned)
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn time(value: &Value, key: &str) -> Timestamp {
    text(value, key).and_then(Timestamp::parse_rfc3339).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn what_was_stored_comes_back_whole() {
        let mut seen = 0;
        for run in [sample::passed(), sample::failed(), sample::looped(), sample::hostile("<b>\u{202e}")] {
            for evidence in run.steps.iter().flat_map(|step| &step.evidence) {
                let evidence = sample::secured(evidence.clone());
                let stored = serde_json::to_value(&evidence).expect("JSON");
                assert_eq!(serde_json::to_value(exchange(&stored)).expect("JSON"), stored);
                seen += 1;
            }
        }
        assert!(seen > 0);
    }

    #[test]
    fn what_nobody_wrote_does_no_harm() {
        for text in
            ["null", "[]", "{}", r#"{"status": -1, "timings": {"total": -5, "wait": 1e300}, "tls": {"chain": [1]}}"#]
        {
            let shown = exchange(&serde_json::from_str(text).expect("JSON"));
            assert!(shown.url.is_empty() && shown.timings.total.is_zero(), "{text}");
        }
    }
}
