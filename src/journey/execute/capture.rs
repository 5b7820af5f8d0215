//! The one place where a run is redacted: raw exchanges go in, what may be printed, stored and sent comes out.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE};
use url::Url;

use super::names::{Shared, mask};
use super::{Record, Seen};
use crate::base::redact::Redactor;
use crate::base::secret::{Label, Labelled};
use crate::model::authority::Authority;
use crate::model::evidence::{BODY_SHOWN_MAX, BodyContent, BodyEvidence, ExchangeEvidence, TlsEvidence};
use crate::model::failure::Failure;
use crate::model::observation::{Answer, Certificate, Hop, TlsFacts};
use crate::model::run::{Miss, Run, StepResult};

/// Texts of messages and values are cut here, after they were masked, so that a cut never bares half a secret.
const SHOWN_MAX: usize = 200;
/// Failure messages name several things, so they may be longer.
const DETAIL_SHOWN_MAX: usize = 1_000;

/// Masks everything that leaves one run.
pub(super) struct Capture<'a> {
    redactor: Redactor,
    authority: &'a Authority,
    /// Whether exchanges are kept.
    wanted: bool,
}

impl<'a> Capture<'a> {
    pub(super) fn new(shared: &Arc<Shared<'_>>, authority: &'a Authority, wanted: bool) -> Self {
        Self { redactor: shared.take_redactor(), authority, wanted }
    }

    pub(super) fn steps(&mut self, records: Vec<Record>) -> Vec<StepResult> {
        records.into_iter().map(|record| self.step(record)).collect()
    }

    /// Masks what belongs to the run as a whole.
    pub(super) fn finish(&mut self, run: &mut Run) {
        if let Some(failure) = &mut run.failure {
            self.failure(failure);
        }
        for notice in &mut run.notices {
            *notice = self.redactor.mask(notice);
        }
    }

    fn step(&mut self, record: Record) -> StepResult {
        let Record { mut result, exchanges, kept } = record;
        if let Some(failure) = &mut result.failure {
            self.failure(failure);
        }
        result.misses.iter_mut().for_each(|miss| self.miss(miss));
        for text in [&mut result.host, &mut result.remote, &mut result.http_version] {
            *text = text.take().map(|text| self.redactor.mask(&text));
        }
        result.note = result.note.take().map(|note| self.shown(&note, DETAIL_SHOWN_MAX));
        result.kept = kept
            .into_iter()
            .map(|(name, value)| {
                let shown = if value.label.is_secret() {
                    format!("<{name}>")
                } else {
                    let text = value.value.to_text().map_or_else(|| "null".to_owned(), std::borrow::Cow::into_owned);
                    self.shown(&text, SHOWN_MAX)
                };
                (name, shown)
            })
            .collect();
        if self.wanted {
            for seen in &exchanges {
                for (hop, sizes) in seen.exchange.hops.iter().zip(&seen.sizes) {
                    let evidence = self.hop(hop, *sizes, seen);
                    result.evidence.push(evidence);
                }
            }
        }
        result
    }

    fn failure(&mut self, failure: &mut Failure) {
        failure.detail = self.shown(&failure.detail, DETAIL_SHOWN_MAX);
    }

    fn miss(&mut self, miss: &mut Miss) {
        miss.expected = self.shown(&miss.expected, SHOWN_MAX);
        miss.got = self.shown(&miss.got, SHOWN_MAX);
        for text in [&mut miss.difference, &mut miss.hint] {
            *text = text.take().map(|text| self.shown(&text, SHOWN_MAX));
        }
    }

    fn shown(&mut self, text: &str, characters_max: usize) -> String {
        let masked = mask(&mut self.redactor, text);
        match masked.char_indices().nth(characters_max) {
            Some((at, _)) => format!("{}…", &masked[..at]),
            None => masked,
        }
    }

    fn hop(&mut self, hop: &Hop, sizes: Sizes, seen: &Seen) -> ExchangeEvidence {
        let request = &hop.request;
        let url = self.url(&request.url);
        let request_headers =
            request.headers.iter().map(|(name, value)| self.field(name, value.value.as_bytes(), value.label)).collect();
        let request_type = request.headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
        let request_type = request_type.map(|(name, value)| self.header(name, value.value.as_bytes(), value.label));
        let request_body = request.body.as_ref().map(|body| {
            let content = self.content(&body.value, sizes.request, body.label);
            BodyEvidence {
                size: sizes.request,
                wire_size: Some(sizes.request),
                media_type: request_type,
                cut: content.1,
                content: content.0,
            }
        });
        let answer = hop.answer.as_ref();
        let response_headers = answer.map_or_else(Vec::new, |answer| {
            let fields = answer.headers.iter();
            fields.map(|(name, value)| self.field(name, value.as_bytes(), Label::ANYWHERE)).collect()
        });
        ExchangeEvidence {
            host: self.authority.host(hop.host).map(|host| host.name.clone()).unwrap_or_default(),
            started_at: hop.started_at,
            method: request.method.as_str().to_owned(),
            url,
            http_version: answer
                .map(|answer| answer.version)
                .or(request.version)
                .map(|version| format!("{version:?}").replace("HTTP/2.0", "HTTP/2")),
            request_headers,
            request_body,
            status: answer.map(|answer| answer.status.as_u16()),
            response_headers,
            response_body: answer.map(|answer| self.answer_body(answer, sizes)),
            remote: hop.remote.map(|address| address.to_string()),
            local: hop.local.map(|address| address.to_string()),
            resolved: hop.resolved.iter().map(ToString::to_string).collect(),
            reused: hop.reused,
            timings: hop.timings,
            tls: hop.tls.as_ref().map(|tls| self.tls(tls)),
            span_id: request.span_id.clone(),
            attempt: seen.attempt,
            iteration: seen.iteration,
        }
    }

    fn answer_body(&mut self, answer: &Answer, sizes: Sizes) -> BodyEvidence {
        let media_type = answer.headers.get(CONTENT_TYPE);
        let media_type = media_type.map(|value| self.header(&CONTENT_TYPE, value.as_bytes(), Label::ANYWHERE));
        let (content, cut) = self.content(&answer.body, sizes.answer, Label::ANYWHERE);
        BodyEvidence { size: sizes.answer, wire_size: Some(answer.wire_size), media_type, content, cut }
    }

    fn tls(&mut self, tls: &TlsFacts) -> TlsEvidence {
        TlsEvidence {
            version: tls.version.map(str::to_owned),
            cipher: tls.cipher.as_ref().map(|cipher| self.redactor.mask(cipher)),
            alpn: tls.alpn.as_ref().map(|alpn| self.redactor.mask(alpn)),
            chain: tls.chain.iter().map(|certificate| self.certificate(certificate)).collect(),
            refused: tls.refused.as_ref().map(|refused| self.redactor.mask(refused)),
            insecure: tls.insecure,
        }
    }

    /// The names in a certificate, and its serial number, are whatever its issuer wrote.
    fn certificate(&mut self, certificate: &Certificate) -> Certificate {
        let mut shown = certificate.clone();
        for text in [&mut shown.subject, &mut shown.issuer].into_iter().chain(&mut shown.names) {
            *text = self.redactor.mask(text);
        }
        let serial = certificate.serial.replace(':', "");
        if self.redactor.mask(&serial) != serial {
            "<serial>".clone_into(&mut shown.serial);
        }
        // What is masked above stands in the encoded certificate too, perhaps as characters of two bytes.
        shown.pem = if shown == *certificate { self.redactor.mask(&shown.pem) } else { "<certificate>".to_owned() };
        shown
    }

    /// A value too short to be searched for is still a secret: then nothing is shown but the place.
    fn url(&mut self, url: &Labelled<Url>) -> String {
        let masked = self.redactor.mask(url.value.as_str());
        if url.label.is_secret() && masked == url.value.as_str() {
            return format!("{}/<url>", url.value.origin().ascii_serialization());
        }
        masked
    }

    fn field(&mut self, name: &HeaderName, value: &[u8], label: Label) -> (String, String) {
        let value = self.header(name, value, label);
        (self.redactor.mask(name.as_str()), value)
    }

    /// Credentials are masked by their header's name, anything else by value.
    fn header(&mut self, name: &HeaderName, value: &[u8], label: Label) -> String {
        if [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE].contains(name) {
            return format!("<{name}>");
        }
        // Where it is not UTF-8 it is Latin-1, as headers once were.
        let text =
            std::str::from_utf8(value).map_or_else(|_| value.iter().copied().map(char::from).collect(), str::to_owned);
        let masked = self.redactor.mask(&text);
        if label.is_secret() && masked == text { format!("<{name}>") } else { masked }
    }

    /// What is shown of a body, and whether it is cut. `body` may already be the beginning of a longer one.
    fn content(&mut self, body: &Bytes, size: u64, label: Label) -> (BodyContent, bool) {
        let Ok(text) = std::str::from_utf8(body).or_else(|error| match error.error_len() {
            // Only the last character is cut in two.
            None => Ok(std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default()),
            Some(_) => Err(error),
        }) else {
            if !self.redactor.is_empty() || label.is_secret() {
                let why = "bytes that are not text are not kept where secrets took part";
                return (BodyContent::Omitted(why.to_owned()), true);
            }
            let shown = &body[..body.len().min(BODY_SHOWN_MAX)];
            return (BodyContent::Base64(STANDARD.encode(shown)), shown.len() as u64 != size);
        };
        let whole = body.len() as u64 == size;
        let masked = if whole { self.redactor.mask(text) } else { self.redactor.mask_cut(text) };
        if label.is_secret() && masked == text && !text.is_empty() {
            return (BodyContent::Omitted("it holds a secret too short to be masked".to_owned()), true);
        }
        // Where the end is missing, it may be half a secret in escapes that no longer looks like one.
        let readable = if whole { masked.len() } else { masked.len().saturating_sub(SPARE) };
        let end = masked.floor_char_boundary(readable.min(BODY_SHOWN_MAX));
        let cut = !whole || end < masked.len();
        (BodyContent::Text(masked[..end].to_owned()), cut)
    }
}

/// Bytes kept beyond what is shown, so that a secret at the cut is still recognised.
const SPARE: usize = 4 * 1024;

/// The whole sizes of a request's and an answer's body, of which only the beginning is kept.
#[derive(Clone, Copy, Default)]
pub(super) struct Sizes {
    request: u64,
    answer: u64,
}

impl Sizes {
    /// Cuts the bodies of a hop to what evidence can show; a loop of large answers would fill the memory otherwise.
    pub(super) fn shrink(hop: &mut Hop) -> Self {
        let mut sizes = Self::default();
        if let Some(body) = &mut hop.request.body {
            sizes.request = shrink(&mut body.value);
        }
        if let Some(answer) = &mut hop.answer {
            sizes.answer = shrink(&mut answer.body);
        }
        sizes
    }
}

fn shrink(body: &mut Bytes) -> u64 {
    let size = body.len() as u64;
    if body.len() > BODY_SHOWN_MAX + SPARE {
        *body = Bytes::copy_from_slice(&body[..BODY_SHOWN_MAX + SPARE]);
    }
    size
}
