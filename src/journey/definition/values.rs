//! Single values that are read well and still cannot be meant: a timeout of nothing, a repetition without end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::auth::Auth;
use super::body::Body;
use super::http::header_name;
use super::repeat::Retry;
use super::step::{Action, Step};
use super::{JourneyForm, rules};
use crate::base::shape::Reader;
use crate::base::span::Spanned;

/// Reports every such value of a journey.
pub fn check(form: &JourneyForm, reader: &mut Reader) {
    for (_, host) in form.needs.hosts.iter().flat_map(|hosts| &hosts.0) {
        if let Some(contract) = &host.0.contract {
            let problem =
                reader.report(&rules::LATER, contract.span, "contracts come with a later version of forerunner");
            problem.help = Some("leave it out; `schema` checks a value against a JSON Schema".to_owned());
        }
        host.0.auth.iter().for_each(|written| auth(written, reader));
    }
    form.steps.iter().chain(form.cleanup.iter().flatten()).for_each(|each| step(each, reader));
}

fn step(step: &Step, reader: &mut Reader) {
    if let Some(timeout) = step.timeout.as_ref().filter(|timeout| timeout.value.is_zero()) {
        reader.report(&rules::VALUE, timeout.span, "a timeout of 0 leaves no time for an answer").help =
            Some("leave it out for the default of 10s".to_owned());
    }
    if let Some(each) = step.for_each.as_ref().filter(|each| each.max.value == 0) {
        reader.report(&rules::VALUE, each.max.span, "`max: 0` goes through nothing").help =
            Some("write how many elements are worked on at most".to_owned());
    }
    step.retry.iter().for_each(|written| retry(written, reader));
    if let Action::Http(http) = &step.action {
        http.auth.iter().for_each(|written| auth(written, reader));
        if let Some(Body::Base64(text)) = &http.body {
            base64(text, reader);
        }
    }
}

fn retry(retry: &Retry, reader: &mut Reader) {
    if retry.for_time.is_none() && retry.times.is_none() {
        reader.report(&rules::VALUE, retry.span, "`retry` needs `for` or `times`").help =
            Some("for example `retry: { every: 2s, for: 30s }`".to_owned());
    }
    if let Some(times) = retry.times.as_ref().filter(|times| times.value < 2) {
        let message = format!("`times: {}` repeats nothing: the first attempt counts", times.value);
        reader.report(&rules::VALUE, times.span, message).help =
            Some("write at least 2, or leave `retry` out".to_owned());
    }
}

fn auth(auth: &Auth, reader: &mut Reader) {
    match auth {
        Auth::Basic(basic) => {
            if basic.user.value.constant().is_some_and(|user| user.contains(':')) {
                let message = "the user of `basic` holds no colon: what follows it would be read as the password";
                reader.report(&rules::VALUE, basic.user.span, message).help =
                    Some("write the password under `password`".to_owned());
            }
        }
        Auth::Hmac(hmac) => {
            for header in std::iter::once(&hmac.header).chain(&hmac.time_header) {
                let _ = header_name(header, reader);
            }
        }
        Auth::None(_) | Auth::Bearer(_) => {}
    }
}

fn base64(text: &Spanned<String>, reader: &mut Reader) {
    let compact: String = text.value.split_ascii_whitespace().collect();
    if let Err(error) = STANDARD.decode(compact) {
        let why = error.to_string().to_lowercase();
        let message = format!("this is not base64: {}", why.trim_end_matches('.'));
        reader.report(&rules::VALUE, text.span, message).help =
            Some("write the standard alphabet, padded with `=`".to_owned());
    }
}
